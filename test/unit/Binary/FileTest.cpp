//===- FileTest.cpp - .weft files: round trip and hostile input -----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Binary/File.h"
#include "Sections.h"
#include "weft/Binary/Dump.h"
#include "weft/Binary/Isa.h"
#include "weft/Target/Target.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/xxhash.h"
#include "gtest/gtest.h"
#include <functional>
#include <random>

using namespace weft;
using namespace weft::bin;

namespace {

std::vector<uint32_t> code(std::initializer_list<const char *> lines) {
  std::vector<uint32_t> words;
  for (const char *line : lines) {
    std::string error;
    auto i = isa::parseInstr(line, error);
    EXPECT_TRUE(i) << error;
    isa::encode(*i, words);
  }
  return words;
}

const uint8_t Bytes[64] = {1, 2, 3, 4, 5, 6, 7, 8};

Placement rows(Pattern where) {
  return {
      where, 8192, ElemType::F32, {{Axis::X, 8, 2, 1}, {Axis::None, 2, 2, 2}}};
}

/// A program in which every section holds something.
Program sample() {
  Target t = *loadTarget("wse2");
  llvm::cantFail(cutGrid(t, 4, 2));
  Program p;
  p.name = "sample";
  p.targetYaml = printTarget(t);
  p.gridW = 4;
  p.gridH = 2;
  p.stages = {{"all", {0, 0, 4, 2}}};
  PEClass c;
  c.name = "worker";
  c.where = {{0, 0, 4, 2}};
  c.codeAddr = 4176;
  c.code = code({"dsd d0, r0+8192, f32, [2:1, 2:2]", "vfadd d0, d0, in2",
                 "vmov out2, d0, async=1, advance", "wait 1", "halt"});
  c.queues = {{false, 2, 3}, {true, 2, 3}};
  c.tasks = {{0, 0, true}, {3, 4, false}};
  c.ranges = {{0, 4, 0}, {4, uint32_t(c.code.size()), 1}};
  c.callKernels = {0, -1};
  p.classes = {c};
  p.routes = {{{0, 0, 1, 2}, 3, Ramp, East},
              {{1, 0, 2, 2}, 3, West, East | Ramp},
              {{3, 0, 1, 2}, 3, West, Ramp}};
  p.switches = {{{1, 0, 1, 2}, 3, 1, North, East | Ramp}};
  p.streams = {{"row", 3, {0, 0, 1, 2}, 1, 3, 0, 0, 4}};
  p.tensors = {{"w", ElemType::F32, {8, 2}, 0, 64, Bytes},
               {"empty", ElemType::I8, {0, 3}, 0, 0, nullptr},
               {"b", ElemType::F16, {3}, 0, 6, Bytes}};
  p.inits = {{0, rows({0, 0, 4, 2}), true}};
  IOTensor x;
  x.name = "x";
  x.shape = {8, 2};
  x.place = rows({0, 0, 4, 1});
  IOTensor y = x, k, alias = x;
  y.name = "y";
  k.name = "k";
  k.kind = IOTensor::Constant;
  k.shape = {3};
  k.type = ElemType::F16;
  k.ref = 2;
  alias.kind = IOTensor::InputAlias;
  IOTensor unused = k;
  unused.kind = IOTensor::Unused;
  p.inputs = {x, unused};
  IOTensor cache = x, next;
  cache.name = "cache";
  cache.shape = {2, 8};
  cache.place.addr = 9000;
  cache.perm = {1, 0};
  next = cache;
  next.name = "next";
  next.state = 2;
  p.inputs.push_back(cache);
  p.outputs = {y, k, alias, next};
  p.repeatable = true;
  p.kernels = {{"matmul", "chain", {0, 0, 4, 2}, {0, 1}, 0},
               {"add", "local", {0, 0, 4, 2}, {}, 0}};
  p.nodes = {{0, "n0", "MatMul", LedgerEntry::Executed},
             {5, "", "Add", LedgerEntry::Dead}};
  p.values = {{"v", ElemType::F16, {8, 2}, 0, rows({0, 0, 4, 2})},
              {"u", ElemType::F32, {8, 2}, 1, rows({0, 0, 4, 1})}};
  p.nodeOutputs = {{"v", ""}, {}};
  p.memory = {{"code", MemRange::Code, {0, 0, 4, 2}, 4176, 40},
              {"w", MemRange::Weights, {0, 0, 4, 2}, 8192, 16}};
  p.cyclesLower = 10;
  p.cyclesEstimate = 20;
  p.costReport = std::string("a\0b", 3);
  p.defaultRtol = 2e-3;
  return p;
}

struct TempDir {
  llvm::SmallString<64> path;
  TempDir() { llvm::sys::fs::createUniqueDirectory("weft", path); }
  ~TempDir() { llvm::sys::fs::remove_directories(path); }
  std::string operator/(const char *name) const {
    return (path + "/" + name).str();
  }
};

std::string fileBytes(const Program &p) {
  TempDir dir;
  std::string path = dir / "p.weft";
  llvm::Error e = writeFile(p, path);
  EXPECT_FALSE(bool(e)) << llvm::toString(std::move(e));
  auto buffer = llvm::MemoryBuffer::getFile(path);
  EXPECT_TRUE(bool(buffer));
  return (*buffer)->getBuffer().str();
}

llvm::Expected<Loaded> load(const std::string &bytes) {
  return loadBuffer(llvm::MemoryBuffer::getMemBufferCopy(bytes, "t.weft"));
}

std::string loadError(const std::string &bytes) {
  auto loaded = load(bytes);
  return loaded ? "" : llvm::toString(loaded.takeError());
}

TEST(File, RoundTripOfEverything) {
  std::string bytes = fileBytes(sample());
  auto loaded = load(bytes);
  ASSERT_TRUE(bool(loaded)) << llvm::toString(loaded.takeError());
  const Program &p = loaded->program, s = sample();
  EXPECT_EQ(p.name, s.name);
  EXPECT_EQ(p.targetYaml, s.targetYaml);
  EXPECT_EQ(p.classes[0].code, s.classes[0].code);
  EXPECT_EQ(p.classes[0].tasks[1].entry, 4u);
  EXPECT_EQ(p.classes[0].callKernels, s.classes[0].callKernels);
  EXPECT_EQ(p.routes[1].tx, East | Ramp);
  EXPECT_EQ(p.switches[0].where, s.switches[0].where);
  EXPECT_EQ(p.switches[0].position, 1u);
  EXPECT_EQ(p.switches[0].rx, North);
  EXPECT_EQ(p.streams[0].words, 4u);
  EXPECT_EQ(p.inits[0].place.dims, s.inits[0].place.dims);
  EXPECT_EQ(p.tensors[2].offset, 64u);
  EXPECT_EQ(std::string(p.tensors[2].data, p.tensors[2].data + 6),
            std::string(Bytes, Bytes + 6));
  EXPECT_EQ(p.outputs[1].kind, IOTensor::Constant);
  EXPECT_EQ(p.nodes[1].fate, LedgerEntry::Dead);
  EXPECT_EQ(p.values[1].place.where, s.values[1].place.where);
  EXPECT_EQ(p.nodeOutputs, s.nodeOutputs);
  EXPECT_EQ(p.costReport, s.costReport);
  EXPECT_EQ(p.defaultRtol, 2e-3);
  EXPECT_EQ(p.inputs[2].perm, s.inputs[2].perm);
  EXPECT_EQ(p.outputs[3].state, 2);
  EXPECT_EQ(p.outputs[0].state, -1);
  EXPECT_TRUE(p.repeatable);
  // Writing what was read gives the same bytes: nothing was lost.
  EXPECT_EQ(fileBytes(p), bytes);
}

/// Every view of whatever loads must be printable.
void dumpAll(const Program &p) {
  llvm::raw_null_ostream os;
  dumpSummary(p, os);
  dumpCode(p, os);
  dumpRoutes(p, os);
  dumpMemory(p, os);
  dumpIO(p, os);
  dumpValues(p, os);
  dumpMap(p, os);
  dumpSvg(p, os);
}

/// The file that the lit tests of weft-objdump look at: of this format version,
/// so every later minor version must load it. WEFT_UPDATE=1 writes it anew.
TEST(File, FixtureLoads) {
  if (getenv("WEFT_UPDATE"))
    llvm::cantFail(writeFile(sample(), FIXTURE));
  auto loaded = loadFile(FIXTURE);
  ASSERT_TRUE(bool(loaded))
      << llvm::toString(loaded.takeError()) << "; WEFT_UPDATE=1 writes it anew";
  EXPECT_EQ(loaded->program.classes[0].code, sample().classes[0].code);
}

TEST(File, SameProgramSameBytes) {
  EXPECT_EQ(fileBytes(sample()), fileBytes(sample()));
}

template <typename View> std::string shown(View view) {
  std::string s;
  llvm::raw_string_ostream os(s);
  view(sample(), os);
  return s;
}
bool has(const std::string &text, const char *part) {
  return text.find(part) != std::string::npos;
}

TEST(Dump, CodeShowsAddressesKernelsAndTasks) {
  std::string s = shown(dumpCode);
  EXPECT_TRUE(has(s, "class 'worker': 9 words at 0x1050, on 8 PEs: (0, 0) 4x2"))
      << s;
  EXPECT_TRUE(has(s, "task 0 (start):\n")) << s;
  EXPECT_TRUE(has(s, "  kernel 'matmul' (chain), node 0 'n0' MatMul, 5 '' "
                     "Add\n"))
      << s;
  EXPECT_TRUE(has(s, "    1060: 61000042                    vfadd d0, d0, "
                     "in2\n"))
      << s;
}

TEST(Dump, RoutesByColour) {
  std::string s = shown(dumpRoutes);
  EXPECT_TRUE(has(s, "colour 3: 3 settings on 8 routers, 1 later positions, "
                     "1 streams\n"))
      << s;
  EXPECT_TRUE(has(s, "west -> east ramp                (1, 0) 2x2\n")) << s;
  EXPECT_TRUE(has(s, "position 1: north -> east ramp   (1, 0) 1x2\n")) << s;
  EXPECT_TRUE(has(s, "stream 'row': (0, 0) 1x2 to (x+1..x+3, y), 4 words\n"))
      << s;
}

TEST(Dump, MemoryTable) {
  std::string s = shown(dumpMemory);
  EXPECT_TRUE(has(s, "  weights          16 bytes\n")) << s;
  EXPECT_TRUE(has(s, "  total            56 of 49152 bytes\n")) << s;
  EXPECT_TRUE(has(s, "      2000   2010     16  weights     'w'\n")) << s;
}

TEST(Dump, Map) {
  EXPECT_EQ(shown(dumpMap), "grid 4x2\n"
                            "+all-+\n"
                            "|aaaa|\n"
                            "|aaaa|\n"
                            "+----+\n"
                            "  a  class 'worker', 8 PEs\n"
                            "  stage 'all' (0, 0) 4x2\n");
}

TEST(Dump, MapOfAWaferFitsATerminal) {
  Program p = sample();
  p.gridW = 750;
  p.gridH = 994;
  p.stages = {{"left", {0, 0, 375, 994}}, {"right", {375, 0, 375, 994}}};
  p.classes[0].where = {{0, 0, 375, 994}};
  p.classes.push_back(p.classes[0]);
  p.classes[1].where = {{375, 0, 188, 497, 2, 2}};
  std::string s;
  llvm::raw_string_ostream os(s);
  dumpMap(p, os);
  EXPECT_TRUE(has(s, "one character per 8x8 PEs")) << s;
  size_t widest = 0;
  for (size_t at = 0; at < s.size(); at = s.find('\n', at) + 1)
    widest = std::max(widest, s.find('\n', at) - at);
  EXPECT_LE(widest, 100u);
  std::string svg;
  llvm::raw_string_ostream svgOs(svg);
  dumpSvg(p, svgOs);
  EXPECT_LT(svg.size(), 5000u);
}

TEST(Dump, HostileNamesAreEscaped) {
  Program p = sample();
  p.classes[0].name = "\033[2J<script>";
  std::string s;
  llvm::raw_string_ostream os(s);
  dumpMap(p, os);
  dumpSvg(p, os);
  EXPECT_FALSE(has(s, "\033"));
  EXPECT_FALSE(has(s, "\n<script>"));
}

TEST(File, DataIsPageAligned) {
  std::string bytes = fileBytes(sample());
  auto elf = llvm::object::ELFFile<llvm::object::ELF64LE>::create(bytes);
  ASSERT_TRUE(bool(elf));
  for (auto &s : llvm::cantFail(elf->sections()))
    if (llvm::cantFail(elf->getSectionName(s)) == section::Data) {
      EXPECT_EQ(s.sh_offset % 4096, 0u);
    }
}

TEST(File, UnwritablePathsAreErrors) {
  EXPECT_NE(llvm::toString(writeFile(sample(), "/no/such/folder/p.weft")), "");
  if (llvm::sys::fs::exists("/dev/full")) {
    EXPECT_EQ(llvm::toString(writeFile(sample(), "/dev/full")),
              "cannot write '/dev/full': No space left on device");
  }
  EXPECT_NE(loadError(""), "");
  EXPECT_FALSE(
      bool(llvm::errorToBool(loadFile("/no/such").takeError()) == false));
}

//===----------------------------------------------------------------------===//
// Each mistake in a program is found, with its place
//===----------------------------------------------------------------------===//

struct Mistake {
  std::function<void(Program &)> make;
  const char *message;
};

void expectNamed(llvm::ArrayRef<Mistake> mistakes) {
  TempDir dir;
  for (const Mistake &m : mistakes) {
    Program p = sample();
    m.make(p);
    std::string wrong = llvm::toString(writeFile(p, dir / "p.weft"));
    EXPECT_EQ(wrong, std::string("internal: program is not well-formed: ") +
                         m.message);
  }
}

TEST(File, MistakesAreNamed) {
  const Mistake mistakes[] = {
      {[](Program &p) { p.gridW = 5; },
       "section .weft.target: the program's grid is 5x2, the target's 4x2"},
      {[](Program &p) { p.gridH = 0; },
       "section .weft.target: the program's grid is 4x0, the target's 4x2"},
      {[](Program &p) { p.routes[1].where.w = 4; },
       "section .weft.routes, route 1: pattern (1, 0) 4x2 step (1, 1) leaves "
       "the grid of 4x2"},
      {[](Program &p) { p.routes[1].where.dx = 0xffffffff; },
       "section .weft.routes, route 1: pattern (1, 0) 2x2 step (4294967295, 1) "
       "leaves the grid of 4x2"},
      {[](Program &p) { p.routes[0].where.h = 0; },
       "section .weft.routes, route 0: a pattern has an extent or step of 0"},
      {[](Program &p) { p.routes[0].color = 32; },
       "section .weft.routes, route 0: colour is not below 32"},
      {[](Program &p) { p.routes[0].rx = East | West; },
       "section .weft.routes, route 0: receive ports are not one port"},
      {[](Program &p) { p.routes[0].tx = 0; },
       "section .weft.routes, route 0: transmit ports are none or unknown"},
      {[](Program &p) { p.switches[0].position = 0; },
       "section .weft.switches, switch 0: position 0, allowed are 1 to 3"},
      {[](Program &p) { p.switches[0].position = 4; },
       "section .weft.switches, switch 0: position 4, allowed are 1 to 3"},
      {[](Program &p) { p.switches[0].rx = 0; },
       "section .weft.switches, switch 0: receive ports are not one port"},
      {[](Program &p) { p.switches[0].where.w = 4; },
       "section .weft.switches, switch 0: pattern (1, 0) 4x2 step (1, 1) "
       "leaves "
       "the grid of 4x2"},
      {[](Program &p) { p.streams[0].dx0 = 4; },
       "section .weft.streams, stream 0: receivers are not a rectangle"},
      {[](Program &p) { p.classes[0].codeAddr = 49152 - 16; },
       "section .weft.classes, class 0: bytes 49136 to 49172 leave the SRAM of "
       "49152 bytes"},
      {[](Program &p) { p.classes[0].code.back() = 0x7f000000; },
       "section .weft.classes, class 0: code: word 8: unknown opcode 0x7f"},
      {[](Program &p) { p.classes[0].tasks[1].entry = 1; },
       "section .weft.classes, class 0: task 3 starts at word 1, where no "
       "instruction begins"},
      {[](Program &p) { p.classes[0].ranges[0].kernel = 2; },
       "section .weft.classes, class 0: code range 0 to 4 of kernel 2 is out "
       "of "
       "range"},
      {[](Program &p) { p.classes[0].callKernels[1] = 2; },
       "section .weft.classes, class 0: a call is of kernel 2, which does not "
       "exist"},
      {[](Program &p) { p.inits[0].tensor = 3; },
       "section .weft.tensors, initial data 0: tensor 3 does not exist"},
      {[](Program &p) { p.tensors[0].shape = {1ull << 40, 1ull << 40}; },
       "section .weft.tensors, tensor 0: shape and size of 'w' differ"},
      {[](Program &p) { p.tensors[0].type = ElemType(15); },
       "section .weft.tensors, tensor 0: unknown element type"},
      {[](Program &p) { p.inits[0].place.dims[0].tile = 1; },
       "section .weft.tensors, initial data 0: 4 tiles of 1 hold fewer "
       "elements "
       "than the extent 8"},
      {[](Program &p) { p.inits[0].place.dims[0].stride = 0xffffffff; },
       "section .weft.tensors, initial data 0: a tile is larger than the SRAM"},
      {[](Program &p) { p.inits[0].place.addr = 49152 - 12; },
       "section .weft.tensors, initial data 0: bytes 49140 to 49156 leave the "
       "SRAM of 49152 bytes"},
      {[](Program &p) { p.inits[0].place.dims.pop_back(); },
       "section .weft.tensors, initial data 0: the placed dimensions hold "
       "another number of elements than the shape"},
      {[](Program &p) { p.outputs[0].kind = IOTensor::Kind(4); },
       "section .weft.io, output 0: unknown kind"},
      {[](Program &p) { p.outputs[0].kind = IOTensor::Unused; },
       "section .weft.io, output 0: an output is used"},
      {[](Program &p) { p.inputs[0].kind = IOTensor::InputAlias; },
       "section .weft.io, input 0: an input is no alias"},
      {[](Program &p) { p.outputs[1].ref = 0; },
       "section .weft.io, output 1: type or shape differs from that of the "
       "tensor"},
      {[](Program &p) { p.outputs[2].ref = 3; },
       "section .weft.io, output 2: input 3 does not exist"},
      {[](Program &p) { p.kernels[0].nodes[1] = 2; },
       "section .weft.kernels, kernel 0: node 2 does not exist"},
      {[](Program &p) { p.nodes[0].fate = LedgerEntry::Fate(4); },
       "section .weft.ledger, node 0: unknown fate 4"},
      {[](Program &p) { p.values[0].kernel = 2; },
       "section .weft.values, value 0: kernel 2 does not exist"},
      {[](Program &p) { std::swap(p.values[0].kernel, p.values[1].kernel); },
       "section .weft.values, value 1: is not in the order of kernels"},
      {[](Program &p) { p.values[0].type = ElemType(8); },
       "section .weft.values, value 0: unknown element type"},
      {[](Program &p) { p.values[1].place.addr = 49152 - 8; },
       "section .weft.values, value 1: bytes 49144 to 49160 leave the SRAM of "
       "49152 bytes"},
      {[](Program &p) { p.nodeOutputs.pop_back(); },
       "section .weft.values, names of node 2: there are names for 1 nodes, "
       "the ledger has 2"},
      {[](Program &p) { p.memory[1].bytes = 0xffffffff; },
       "section .weft.memory, range 1: bytes 8192 to 4294975487 leave the SRAM "
       "of 49152 bytes"},
      {[](Program &p) { p.defaultRtol = -1; },
       "section .weft.io, tolerance 0: the default tolerance is not a number"},
  };
  expectNamed(mistakes);
}

TEST(File, MistakesOfStatesAreNamed) {
  expectNamed({
      {[](Program &p) { p.inputs[2].perm = {0, 0}; },
       "section .weft.io, input 2: the permutation is none of 2 dimensions"},
      {[](Program &p) { p.outputs[3].perm = {0, 1, 2}; },
       "section .weft.io, output 3: the permutation is none of 2 dimensions"},
      {[](Program &p) { p.inputs[0].state = 0; },
       "section .weft.io, input 0: an input is no state of an input"},
      {[](Program &p) { p.outputs[3].state = 3; },
       "section .weft.io, output 3: state 3 is no input"},
      {[](Program &p) { p.outputs[3].state = -2; },
       "section .weft.io, output 3: state -2 is no input"},
      {[](Program &p) { p.outputs[0].state = 2; },
       "section .weft.io, output 0: two outputs are the state of input 2"},
      {[](Program &p) { p.outputs[3].place.addr += 4; },
       "section .weft.io, output 3: its place, type or shape differs from that "
       "of input 2, whose state it is"},
      {[](Program &p) { p.outputs[3].state = 1; },
       "section .weft.io, output 3: its place, type or shape differs from that "
       "of input 1, whose state it is"},
      {[](Program &p) { p.outputs[3].perm = {}; },
       "section .weft.io, output 3: its place, type or shape differs from that "
       "of input 2, whose state it is"},
      {[](Program &p) { p.repeatable = false; },
       "section .weft.io, output 3: a state needs a repeatable program"},
  });
}

//===----------------------------------------------------------------------===//
// Hostile files
//===----------------------------------------------------------------------===//

TEST(File, EveryTruncationIsAnError) {
  std::string bytes = fileBytes(sample());
  for (size_t n = 0; n < bytes.size(); n += n < 9000 ? 1 : 7)
    ASSERT_NE(loadError(bytes.substr(0, n)), "") << n;
}

/// Recomputes the checksums of a damaged file, so that the damage reaches the
/// record readers. False if the file's structure is damaged too.
bool repairChecksums(std::string &bytes) {
  auto elf = llvm::object::ELFFile<llvm::object::ELF64LE>::create(bytes);
  if (!elf)
    return llvm::consumeError(elf.takeError()), false;
  auto sections = elf->sections();
  if (!sections)
    return llvm::consumeError(sections.takeError()), false;
  FileHeader header;
  size_t headerAt = 0;
  for (auto &s : *sections) {
    auto name = elf->getSectionName(s);
    auto content = elf->getSectionContents(s);
    if (!name || !content) {
      llvm::consumeError(name.takeError());
      llvm::consumeError(content.takeError());
      return false;
    }
    if (*name == section::Header)
      headerAt = s.sh_offset;
    else if (*name != section::Data && name->starts_with(".weft"))
      header.sections.push_back(
          {name->str(), s.sh_size, llvm::xxh3_64bits(*content)});
  }
  ByteWriter w;
  w(header);
  w.number(llvm::xxh3_64bits(llvm::StringRef(w.bytes)));
  if (!headerAt || headerAt + w.bytes.size() > bytes.size())
    return false;
  bytes.replace(headerAt, w.bytes.size(), w.bytes);
  return true;
}

// A file of 2.0 has no switches, and a later one sections unknown to us.
TEST(File, SectionsOfOtherMinorVersionsComeAndGo) {
  std::string bytes = fileBytes(sample());
  const std::string ours = section::Switches, theirs = ".weft.newthing";
  unsigned renamed = 0;
  for (size_t at = 0; (at = bytes.find(ours, at)) != std::string::npos; ++at) {
    bytes.replace(at, ours.size(), theirs);
    ++renamed;
  }
  EXPECT_EQ(renamed, 2u); // in the header and in the section table
  EXPECT_EQ(loadError(bytes), "section .weft.header: checksum differs");
  ASSERT_TRUE(repairChecksums(bytes));
  auto loaded = load(bytes);
  ASSERT_TRUE(bool(loaded)) << llvm::toString(loaded.takeError());
  EXPECT_TRUE(loaded->program.switches.empty());
  EXPECT_EQ(loaded->program.routes.size(), sample().routes.size());
}

TEST(File, FiveThousandByteFlipsNeverCrash) {
  const std::string bytes = fileBytes(sample());
  std::mt19937 random(7);
  unsigned accepted = 0, repaired = 0;
  for (unsigned n = 0; n < 5000; ++n) {
    std::string damaged = bytes;
    unsigned flips = 1 + random() % 3;
    for (unsigned k = 0; k < flips; ++k)
      damaged[random() % damaged.size()] ^= 1 + random() % 255;
    if (n % 2)
      repaired += repairChecksums(damaged);
    auto loaded = load(damaged);
    if (loaded) {
      ++accepted;
      dumpAll(loaded->program);
    } else

      EXPECT_NE(llvm::toString(loaded.takeError()), "");
  }
  // Padding and names may change unnoticed; most else may not.
  EXPECT_LT(accepted, 4000u);
  EXPECT_GT(repaired, 1000u);
}

/// Damage aimed at the records: overwrite aligned words in record sections with
/// values that stress counts and ranges.
TEST(File, WildNumbersInRecordsNeverCrash) {
  const std::string bytes = fileBytes(sample());
  size_t end = bytes.find(".weft.header");
  ASSERT_NE(end, std::string::npos);
  std::mt19937 random(8);
  const uint32_t wild[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x10000};
  for (unsigned n = 0; n < 5000; ++n) {
    std::string damaged = bytes;
    for (unsigned k = 0; k < 2; ++k) {
      uint32_t v = wild[random() % 6];
      memcpy(&damaged[64 + random() % (bytes.size() - 68)], &v, 4);
    }
    repairChecksums(damaged);
    auto loaded = load(damaged);
    if (loaded)
      dumpAll(loaded->program);
    else
      llvm::consumeError(loaded.takeError());
  }
}

TEST(File, ForeignFilesAreRefused) {
  std::string bytes = fileBytes(sample());
  EXPECT_EQ(loadError("hello"), "not a .weft file (no ELF magic)");
  std::string other = bytes;
  other[18] = 62; // EM_X86_64
  EXPECT_EQ(loadError(other), "not a .weft file (an ELF file of another kind)");
}

TEST(File, OtherVersionsAreRefused) {
  std::string bytes = fileBytes(sample());
  size_t at = bytes.find("WEFT");
  ASSERT_NE(at, std::string::npos);
  bytes[at + 4] = char(VersionMajor + 1);
  EXPECT_EQ(loadError(bytes),
            "the file has format version 3.1, this tool reads 2.x");
  bytes[at + 4] = 1;
  EXPECT_EQ(loadError(bytes),
            "the file has format version 1.1, this tool reads 2.x");
}

TEST(File, DamagedDataNamesTheTensor) {
  std::string bytes = fileBytes(sample());
  size_t at = bytes.find(std::string("\1\2\3\4\5\6\7\10", 8));
  ASSERT_NE(at, std::string::npos);
  bytes[at] ^= 1;
  EXPECT_EQ(loadError(bytes), "section .weft.data, offset 0: checksum "
                              "of tensor 'w' differs");
}

} // namespace
