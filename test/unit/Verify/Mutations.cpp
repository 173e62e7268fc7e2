//===- Mutations.cpp - Random edits of valid files ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//   weft-verify-mutations [--edits=N] [--seed=N] [--verbose] FILE.weft...
//
// Edits one number of a file at a time, writes the file anew with right
// checksums and reads it back. Loader or verifier must refuse it, or it must
// run to its end, give the same output, and do the work that the verifier
// counted. Only edits that say what to compute on may change the output.
//
//===----------------------------------------------------------------------===//
#include "Edits.h"
#include "Simulate.h"
#include "weft/Binary/File.h"
#include "weft/Verify/Verifier.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>

using namespace weft;
using namespace weft::bin;
using namespace weft::test;
using llvm::StringRef;

namespace {

struct Tally {
  uint64_t edits = 0, refused = 0, same = 0, other = 0, failures = 0;
};

class Campaign {
public:
  bool verbose = false;
  uint64_t maxEdits = 2000, seed = 1;
  std::map<std::string, Tally> kinds;
  std::map<std::string, uint64_t> rules; // the first of each refusal

  /// False if the file itself is not fine.
  bool load(const std::string &path) {
    auto loaded = loadFile(path);
    if (!loaded)
      return complain(path, toString(loaded.takeError()));
    auto target = parseTarget(loaded->program.targetYaml, path);
    if (!target)
      return complain(path, toString(target.takeError()));
    verify::Result r = verify::verify(loaded->program, *target);
    if (!r.ok())
      return complain(path, r.findings[0].rule + ": " + r.findings[0].message);
    Ran clean = simulate(loaded->program, *target, 1 << 30);
    if (!clean.error.empty())
      return complain(path, clean.error);
    Edits edits(loaded->program);
    files.push_back({path, std::move(*loaded), std::move(*target),
                     std::move(clean), std::move(edits)});
    return true;
  }

  void run() {
    for (uint64_t n = 0; n != maxEdits; ++n)
      one(files[(seed + n) % files.size()], seed + n);
  }

private:
  struct File {
    std::string path;
    Loaded loaded;
    Target target;
    Ran clean;
    Edits edits;
  };

  static bool complain(const std::string &path, const std::string &what) {
    llvm::errs() << path << ": error: " << what << "\n";
    return false;
  }

  void one(const File &file, uint64_t n) {
    std::mt19937_64 rng(n);
    Program p = file.loaded.program;
    Edits::Edit edit = file.edits.apply(p, rng);
    Tally &t = kinds[edit.kind];
    ++t.edits;
    std::string rule, why = outcome(file, p, edit.kind, rule);
    ++(why == "refused" ? t.refused
       : why == "same"  ? t.same
       : why == "other" ? t.other
                        : t.failures);
    if (!rule.empty())
      ++rules[rule];
    bool bad = why != "refused" && why != "same" && why != "other";
    if (bad || verbose)
      llvm::outs() << file.path << ", seed " << n << ": " << edit.kind << ": "
                   << edit.what << ": " << why
                   << (rule.empty() ? "" : ", " + rule) << "\n";
  }

  /// "refused", "same", "other" (a legal program that computes something else),
  /// or what went wrong.
  std::string outcome(const File &file, const Program &edited,
                      const std::string &kind, std::string &rule) {
    std::string bytes;
    llvm::raw_string_ostream os(bytes);
    if (llvm::Error e = writeStream(edited, os)) { // the loader's own checks
      llvm::consumeError(std::move(e));
      rule = "loader";
      return "refused";
    }
    auto loaded =
        loadBuffer(llvm::MemoryBuffer::getMemBuffer(bytes, "edited", false));
    if (!loaded) {
      llvm::consumeError(loaded.takeError());
      rule = "loader";
      return "refused";
    }
    const Program &p = loaded->program;
    verify::Result v = verify::verify(p, file.target);
    if (!v.ok()) {
      rule = v.findings[0].rule;
      return "refused";
    }
    Ran r = simulate(p, file.target, 20 * file.clean.stats.cycles + 100000);
    if (!r.error.empty())
      return "accepted, but: " + r.error;
    if (v.counts.waveletHops != r.stats.waveletHops ||
        v.counts.maxLinkWavelets != r.stats.maxLinkWavelets ||
        v.counts.macs != r.stats.macs ||
        v.counts.sramPeakBytes < r.stats.sramPeakBytes)
      return "accepted, but the run does other work than was counted";
    if (r.outputs == file.clean.outputs)
      return "same";
    return Edits::keepsOutput(kind) ? "accepted, but the output differs"
                                    : "other";
  }

  std::vector<File> files;
};

void print(const Campaign &c, double seconds) {
  Tally all;
  llvm::outs() << "kind         edits  refused     same    other failures\n";
  auto line = [&](StringRef name, const Tally &t) {
    llvm::outs() << llvm::formatv("{0,-9}{1,9}{2,9}{3,9}{4,9}{5,9}\n", name,
                                  t.edits, t.refused, t.same, t.other,
                                  t.failures);
  };
  for (const auto &[kind, t] : c.kinds) {
    line(kind, t);
    all.edits += t.edits, all.refused += t.refused, all.same += t.same;
    all.other += t.other, all.failures += t.failures;
  }
  line("all", all);
  llvm::outs() << "refused first by:";
  for (const auto &[rule, n] : c.rules)
    llvm::outs() << " " << rule << " " << n;
  llvm::outs() << llvm::formatv("\nseeds {0} to {1}, {2:f0} edits/s\n", c.seed,
                                c.seed + c.maxEdits - 1,
                                double(all.edits) / seconds);
}

} // namespace

int main(int argc, char **argv) {
  Campaign c;
  bool ok = true;
  for (int i = 1; i < argc; ++i) {
    StringRef a = argv[i];
    if (a.consume_front("--edits="))
      ok &= !a.getAsInteger(10, c.maxEdits);
    else if (a.consume_front("--seed="))
      ok &= !a.getAsInteger(10, c.seed);
    else if (a == "--verbose")
      c.verbose = true;
    else
      ok &= c.load(a.str());
  }
  auto start = std::chrono::steady_clock::now();
  if (!ok || argc < 2)
    return 1;
  c.run();
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  print(c, took.count());
  uint64_t failures = 0;
  for (const auto &[kind, t] : c.kinds)
    failures += t.failures;
  return failures != 0;
}
