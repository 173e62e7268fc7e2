//===- WeftFuzzer.cpp - Any bytes as a .weft file -------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Loads, writes, loads again, verifies and shows. What must hold: no input
// crashes, hangs or takes much memory; a refusal has a message; a file that is
// accepted is written back with the same content.
//
//===----------------------------------------------------------------------===//
#include "Container.h"
#include "RecordEditor.h"
#include "weft/Binary/Dump.h"
#include "weft/Binary/File.h"
#include "weft/Verify/Verifier.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

using namespace weft;
using llvm::StringRef;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

namespace {

[[noreturn]] void wrong(const char *what) {
  llvm::errs() << "fuzz: property does not hold: " << what << "\n";
  abort();
}

/// All that a program says; where its tensors lie is the writer's choice.
std::string contentOf(const bin::Program &program) {
  bin::Program p = program;
  std::vector<bin::StoredTensor> tensors;
  std::string content;
  for (bin::Tensor &t : p.tensors) {
    t.offset = 0;
    tensors.push_back({t, llvm::xxh3_64bits({t.data, size_t(t.bytes)})});
  }
  bin::visitSections(p, tensors, [&](const char *, auto &...values) {
    bin::ByteWriter w;
    w(values...);
    content += w.bytes;
  });
  for (const bin::PEClass &c : p.classes)
    content.append(reinterpret_cast<const char *>(c.code.data()),
                   4 * c.code.size());
  return content + p.targetYaml;
}

llvm::Expected<bin::Loaded> load(StringRef bytes) {
  return bin::loadBuffer(llvm::MemoryBuffer::getMemBuffer(bytes, "", false));
}

void checkRoundTrip(const bin::Program &p) {
  std::string bytes;
  llvm::raw_string_ostream os(bytes);
  if (llvm::Error e = bin::writeStream(p, os)) {
    llvm::errs() << llvm::toString(std::move(e)) << "\n";
    wrong("what the loader accepts, the writer accepts");
  }
  auto again = load(bytes);
  if (!again) {
    llvm::errs() << llvm::toString(again.takeError()) << "\n";
    wrong("what is written is accepted");
  }
  if (contentOf(p) != contentOf(again->program))
    wrong("what is written is what was loaded");
}

void checkViews(const bin::Program &p) {
  llvm::raw_null_ostream os;
  bin::dumpSummary(p, os);
  bin::dumpCode(p, os);
  bin::dumpRoutes(p, os);
  bin::dumpMemory(p, os);
  bin::dumpIO(p, os);
  bin::dumpMap(p, os);
  bin::dumpSvg(p, os);
}

/// Whether it took the usual time: the verifier keeps bits for each byte of
/// SRAM and walks each instruction that a PE executes.
bool checkVerifier(const bin::Program &p) {
  llvm::Expected<Target> target = parseTarget(p.targetYaml, "");
  if (!target)
    wrong("an accepted file has a target");
  verify::Result r = verify::verify(p, *target);
  for (const verify::Finding &f : r.findings)
    if (f.rule.empty() || f.message.empty())
      wrong("a finding has a rule and a message");
  if (verify::printResult(r).empty())
    wrong("a result has a report");
  uint64_t pes = 0;
  for (const bin::PEClass &c : p.classes)
    for (const bin::Pattern &where : c.where)
      pes += where.count();
  return target->sramBytes <= 16384 && r.counts.instructions / 16384 <= pes;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  StringRef bytes(reinterpret_cast<const char *>(data), size);
  auto loaded = load(bytes);
  if (!loaded) {
    if (llvm::toString(loaded.takeError()).empty())
      wrong("a refusal has a message");
    return 0;
  }
  bool quick = checkVerifier(loaded->program);
  // The rest is simpler code, run on a part of the inputs.
  uint64_t lot = llvm::xxh3_64bits(bytes) % 16;
  if (lot < 2)
    checkRoundTrip(loaded->program);
  if (lot == 2)
    checkViews(loaded->program);
  return quick ? 0 : -1; // -1: no parent of others
}

//===----------------------------------------------------------------------===//
// Mutation
//===----------------------------------------------------------------------===//

namespace {

size_t give(const std::string &file, uint8_t *data, size_t maxSize) {
  if (file.size() > maxSize)
    return 0;
  memcpy(data, file.data(), file.size());
  return file.size();
}

void editRecords(fuzz::SectionMap &sections, fuzz::Random &random) {
  fuzz::Records r;
  if (!fuzz::readRecords(sections, r))
    return;
  for (unsigned n = random.oneIn(4) ? 1 + random.below(4) : 1; n; --n) {
    if (random.oneIn(2)) {
      fuzz::editCode(r.program, random);
      continue;
    }
    auto visit = [&](fuzz::RecordEditor &editor) {
      bin::visitSections(r.program, r.tensors,
                         [&](const char *, auto &...v) { editor(v...); });
    };
    fuzz::RecordEditor all(random);
    visit(all);
    fuzz::RecordEditor one(random, random.below(all.fields()));
    visit(one);
  }
  fuzz::writeRecords(r, sections);
}

/// Bytes of one section, without regard for what they mean.
void editSection(fuzz::SectionMap &sections, fuzz::Random &random) {
  auto it = std::next(sections.begin(), random.below(sections.size()));
  std::string &s = it->second;
  size_t size = s.size();
  s.resize(size + 64);
  s.resize(
      LLVMFuzzerMutate(reinterpret_cast<uint8_t *>(s.data()), size, s.size()));
}

/// A number in the target; most other changes end in the YAML reader, which
/// has a fuzzer of its own.
void editTarget(fuzz::SectionMap &sections, fuzz::Random &random) {
  std::string &yaml = sections[bin::section::Target];
  size_t at = yaml.find_first_of("0123456789", random.below(yaml.size() + 1));
  if (at == std::string::npos)
    return;
  size_t end = std::min(yaml.find_first_not_of("0123456789", at), yaml.size());
  uint32_t v = 0;
  StringRef(yaml).slice(at, end).getAsInteger(10, v);
  yaml.replace(at, end - at, std::to_string(random.changed(v)));
}

} // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t maxSize, unsigned seed) {
  fuzz::Random random(seed);
  unsigned kind = random.below(32);
  fuzz::SectionMap sections;
  if (kind)
    sections = fuzz::takeApart({reinterpret_cast<char *>(data), size});
  if (sections.empty())
    return LLVMFuzzerMutate(data, size, maxSize);
  if (kind == 1)
    editTarget(sections, random);
  else if (kind <= 3)
    editSection(sections, random);
  else
    editRecords(sections, random);
  unsigned align = random.oneIn(16) ? 1 << random.below(8) : 64;
  std::string file = fuzz::putTogether(sections, align);
  if (kind == 2) // the ELF structure itself
    for (unsigned n = 1 + random.below(3); n; --n) {
      size_t table = 64 * (sections.size() + 3), at = random.below(64 + table);
      uint8_t &c = reinterpret_cast<uint8_t &>(
          file[at < 64 ? at : file.size() - table + at - 64]);
      c = random.changed(c);
    }
  return give(file, data, maxSize);
}

/// Some sections of one file and the others of another.
extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t aSize,
                                            const uint8_t *b, size_t bSize,
                                            uint8_t *out, size_t maxSize,
                                            unsigned seed) {
  fuzz::Random random(seed);
  auto first = fuzz::takeApart({reinterpret_cast<const char *>(a), aSize});
  auto second = fuzz::takeApart({reinterpret_cast<const char *>(b), bSize});
  for (auto &[name, content] : second)
    if (random.oneIn(4))
      first[name] = content;
  return give(fuzz::putTogether(first, 64), out, maxSize);
}
