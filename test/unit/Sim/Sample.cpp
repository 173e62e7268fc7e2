//===- Sample.cpp - Writes the programs and tensors of weft-run's tests ---===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// weft-run is tested without a compiler: this writes a small program that adds
// two rows over a 4x1 grid, its inputs and what is expected of it.
//
//===----------------------------------------------------------------------===//
#include "weft/Binary/File.h"
#include "weft/Binary/Isa.h"
#include "weft/Support/TensorFile.h"
#include "weft/Target/Target.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>

using namespace llvm;
using namespace weft;
using bin::ElemType;

static std::vector<uint32_t> assemble(std::vector<std::string> lines) {
  std::vector<uint32_t> words;
  std::string error;
  for (const std::string &line : lines)
    isa::encode(isa::parseInstr(line, error).value(), words);
  return words;
}

static bin::IOTensor tensor(std::string name, ElemType type, ElemType storage,
                            bin::Pattern where, uint32_t addr, uint32_t n,
                            uint32_t tile) {
  bin::IOTensor t;
  t.name = std::move(name);
  t.type = type;
  t.shape = {1, n};
  t.place.where = where;
  t.place.addr = addr;
  t.place.storage = storage;
  t.place.dims = {{bin::Axis::None, 1, 1, 1}, {bin::Axis::X, n, tile, 1}};
  return t;
}

/// x + y on four PEs, six elements in tiles of two (one PE holds padding), and
/// `ids` handed through; `sent` and `taken` words travel from PE 0 to PE 1.
static bin::Program sample(unsigned sent, unsigned taken) {
  Target t = cantFail(loadTarget("wse2"));
  cantFail(cutGrid(t, 4, 1));
  bin::Program p;
  p.name = "sample";
  p.targetYaml = printTarget(t);
  p.gridW = 4;
  p.stages = {{"all", {0, 0, 4, 1, 1, 1}}};
  p.nodes = {{0, "add", "Add", bin::LedgerEntry::Executed}};
  p.kernels = {{"add", "local", {0, 0, 4, 1, 1, 1}, {0}, 0}};
  std::vector<std::string> body = {
      "dsd d0, r0+16384, f32, [2:1]", "dsd d1, r0+16448, f32, [2:1]",
      "dsd d2, r0+16512, f32, [2:1]", "vfadd d2, d0, d1", "vfmac d2, d0, r0"};
  auto cls = [&](std::string name, bin::Pattern where, std::string last,
                 bool out, int color) {
    bin::PEClass c;
    c.name = std::move(name);
    c.where = {where};
    c.codeAddr = 4352;
    std::vector<std::string> lines = body;
    if (!last.empty())
      lines.push_back(last);
    lines.push_back("halt");
    c.code = assemble(lines);
    if (color >= 0)
      c.queues = {{out, 2, uint8_t(color)}};
    c.tasks = {{0, 0, true}};
    c.ranges = {{0, uint32_t(c.code.size()), 0}};
    p.classes.push_back(std::move(c));
  };
  cls("from", {0, 0, 1, 1, 1, 1}, "vmov out2, r1, len=" + std::to_string(sent),
      true, 3);
  cls("to", {1, 0, 1, 1, 1, 1}, "vrsum r1, in2, len=" + std::to_string(taken),
      false, 3);
  cls("rest", {2, 0, 2, 1, 1, 1}, "", false, -1);
  p.routes = {{{0, 0, 1, 1, 1, 1}, 3, bin::Ramp, bin::East},
              {{1, 0, 1, 1, 1, 1}, 3, bin::West, bin::Ramp}};
  p.streams = {{"s", 3, {0, 0, 1, 1, 1, 1}, 1, 1, 0, 0, sent}};
  bin::Pattern row = {0, 0, 4, 1, 1, 1};
  p.inputs = {tensor("x", ElemType::F32, ElemType::F32, row, 16384, 6, 2),
              tensor("x=y", ElemType::F32, ElemType::F32, row, 16448, 6, 2),
              tensor("ids", ElemType::I64, ElemType::I32, row, 16576, 6, 2)};
  p.outputs = {
      tensor("sum", ElemType::F32, ElemType::F32, row, 16512, 6, 2),
      tensor("ids out", ElemType::I64, ElemType::I32, row, 16576, 6, 2)};
  return p;
}

template <typename T>
static FileTensor host(ElemType type, std::vector<T> values) {
  FileTensor t;
  t.type = type;
  t.shape = {1, values.size()};
  t.bytes.resize(values.size() * sizeof(T));
  memcpy(t.bytes.data(), values.data(), t.bytes.size());
  return t;
}

int main(int argc, char **argv) {
  if (argc != 2)
    return 1;
  std::string dir = std::string(argv[1]) + "/";
  cantFail(bin::writeFile(sample(5, 5), dir + "good.weft"));
  cantFail(bin::writeFile(sample(3, 5), dir + "deadlock.weft"));
  cantFail(bin::writeFile(sample(9, 5), dir + "left.weft"));
  auto put = [&](const char *name, const FileTensor &t) {
    cantFail(writeTensor(dir + name, t));
  };
  put("x.npy", host<float>(ElemType::F32, {1, 2, 3, 4, 5, 6}));
  put("y.pb", host<float>(ElemType::F32, {10, 20, 30, 40, 50, 60}));
  put("sum.npy", host<float>(ElemType::F32, {11, 22, 33, 44, 55, 66}));
  put("near.npy", host<float>(ElemType::F32, {11, 22, 33, 44, 55, 66.5}));
  put("five.npy", host<float>(ElemType::F32, {1, 2, 3, 4, 5}));
  put("ids.npy",
      host<int64_t>(ElemType::I64, {0, -1, 2147483647, -2147483648, 7, 8}));
  put("huge.npy", host<int64_t>(ElemType::I64, {0, 1, 2147483648, 3, 4, 5}));
  return 0;
}
