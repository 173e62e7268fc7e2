//===- Build.h - Programs for the verifier's tests ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Built in memory from assembly text; the unit tests break them one rule at a
// time, and weft-verify-sample writes some as files for the lit tests.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TEST_UNIT_VERIFY_BUILD_H
#define WEFT_TEST_UNIT_VERIFY_BUILD_H

#include "weft/Binary/Isa.h"
#include "weft/Binary/Program.h"
#include "weft/Target/Target.h"
#include <cstdlib>
#include <string>

namespace weft::test {

using namespace weft::bin;

inline std::vector<uint32_t> assemble(const std::vector<std::string> &lines) {
  std::vector<uint32_t> words;
  for (const std::string &line : lines) {
    std::string error;
    auto i = isa::parseInstr(line, error);
    if (!i)
      llvm::report_fatal_error(llvm::Twine(line) + ": " + error);
    isa::encode(*i, words);
  }
  return words;
}

inline const Target &wse2() {
  static const Target t = llvm::cantFail(loadTarget("wse2"));
  return t;
}

inline PEClass makeClass(std::string name, std::vector<Pattern> where,
                         const std::vector<std::string> &lines) {
  PEClass c;
  c.name = std::move(name);
  c.where = std::move(where);
  c.codeAddr = 4176;
  c.code = assemble(lines);
  c.tasks = {{0, 0, true}};
  return c;
}

inline QueueBinding in(uint8_t queue, uint8_t color) {
  return {false, queue, color};
}
inline QueueBinding out(uint8_t queue, uint8_t color) {
  return {true, queue, color};
}

inline const float Data[32] = {1, 2, 3};
inline const int32_t Table[4] = {10000, 10032, 10064, 10096};

constexpr uint8_t Even = 0, Odd = 1, Cast = 2, Line = 3; // colours

/// An input of `words` f32 for each PE of a row, the same in all rows.
inline IOTensor ownWords(uint32_t W, uint32_t H, uint32_t words) {
  IOTensor x;
  x.name = "x";
  x.shape = {W, words};
  x.place = {{0, 0, W, H},
             9000,
             ElemType::F32,
             {{Axis::X, W, 1, 1}, {Axis::None, words, words, 1}}};
  return x;
}

/// `words` f32 of each PE are summed along each row of a W x H grid (W even) to
/// x = 0 by a chain with colours by parity, and the sum is multicast back.
inline Program chain(uint32_t W, uint32_t H, unsigned words) {
  Program p;
  p.name = "chain";
  p.gridW = W;
  p.gridH = H;
  std::string vec = ", f32, [" + std::to_string(words) + ":1]";
  std::string own = "dsd d0, r0+9000" + vec, sum = "dsd d1, r0+9400" + vec;
  std::vector<std::string> back = {"vmov d1, in3", "halt"};
  auto with = [&](std::vector<std::string> a) {
    a.insert(a.end(), back.begin(), back.end());
    return a;
  };
  PEClass root = makeClass("root", {{0, 0, 1, H}},
                           {own, sum, "vfadd d1, d0, in2",
                            "vmov out2, d1, async=1", "wait 1", "halt"});
  root.queues = {in(2, Odd), out(2, Cast)};
  PEClass even = makeClass("even", {{2, 0, W / 2 - 1, H, 2, 1}},
                           with({own, sum, "vfadd out2, d0, in2"}));
  even.queues = {in(2, Odd), out(2, Even), in(3, Cast)};
  PEClass odd = makeClass("odd", {{1, 0, W / 2 - 1, H, 2, 1}},
                          with({own, sum, "vfadd out2, d0, in2"}));
  odd.queues = {in(2, Even), out(2, Odd), in(3, Cast)};
  PEClass tail =
      makeClass("tail", {{W - 1, 0, 1, H}}, with({own, sum, "vmov out2, d0"}));
  tail.queues = {out(2, Odd), in(3, Cast)};
  p.classes = {root, even, odd, tail};
  p.routes = {
      {{1, 0, W / 2, H, 2, 1}, Odd, Ramp, West},
      {{0, 0, W / 2, H, 2, 1}, Odd, East, Ramp},
      {{2, 0, W / 2 - 1, H, 2, 1}, Even, Ramp, West},
      {{1, 0, W / 2 - 1, H, 2, 1}, Even, East, Ramp},
      {{0, 0, 1, H}, Cast, Ramp, East},
      {{1, 0, W - 2, H}, Cast, West, East | Ramp},
      {{W - 1, 0, 1, H}, Cast, West, Ramp},
  };
  p.streams = {{"odd", Odd, {1, 0, W / 2, H, 2, 1}, -1, -1, 0, 0, words},
               {"even", Even, {2, 0, W / 2 - 1, H, 2, 1}, -1, -1, 0, 0, words},
               {"cast", Cast, {0, 0, 1, H}, 1, int32_t(W) - 1, 0, 0, words}};
  IOTensor x = ownWords(W, H, words);
  p.inputs = {x};
  IOTensor y = x;
  y.name = "y";
  y.place.addr = 9400;
  p.outputs = {y};
  return p;
}

/// In each row of a W x H grid the PEs 1 .. W - 1 send `words` f32 each to PE
/// 0, on one colour whose routers advance.
inline Program gather(uint32_t W, uint32_t H, unsigned words) {
  Program p;
  p.name = "gather";
  p.gridW = W;
  p.gridH = H;
  std::string n = std::to_string(words);
  std::string own = "dsd d0, r0+9000, f32, [" + n + ":1]";
  PEClass root = makeClass("root", {{0, 0, 1, H}},
                           {"dsd d1, r0+12000, f32, [" + n + ":1]",
                            "loop r1, " + std::to_string(W - 1), "vmov d1, in2",
                            "dsdadd d1, r0+" + std::to_string(4 * words),
                            "endloop r1", "halt"});
  root.queues = {in(2, Line)};
  PEClass inner = makeClass("inner", {{1, 0, W - 2, H}},
                            {own, "vmov out2, d0, advance", "halt"});
  PEClass last =
      makeClass("last", {{W - 1, 0, 1, H}}, {own, "vmov out2, d0", "halt"});
  inner.queues = last.queues = {out(2, Line)};
  p.classes = {root, inner, last};
  p.routes = {{{0, 0, 1, H}, Line, East, Ramp},
              {{1, 0, W - 1, H}, Line, Ramp, West}};
  p.switches = {{{1, 0, W - 2, H}, Line, 1, East, West}};
  for (uint32_t x = 1; x != W; ++x)
    p.streams.push_back({"from " + std::to_string(x),
                         Line,
                         {x, 0, 1, H},
                         -int32_t(x),
                         -int32_t(x),
                         0,
                         0,
                         words});
  p.inputs = {ownWords(W, H, words)};
  IOTensor y;
  y.name = "y";
  y.shape = {words * (W - 1)};
  y.place = {{0, 0, 1, H},
             12000,
             ElemType::F32,
             {{Axis::None, words * (W - 1), words * (W - 1), 1}}};
  p.outputs = {y};
  p.memory = {{"x", MemRange::IO, {0, 0, W, H}, 9000, 4 * words},
              {"y", MemRange::IO, {0, 0, 1, H}, 12000, 4 * words * (W - 1)}};
  return p;
}

/// One PE that runs `lines`; table at 20000 (4 addresses), data at 10000.
inline Program single(const std::vector<std::string> &lines) {
  Program p;
  p.classes = {makeClass("one", {{0, 0, 1, 1}}, lines)};
  Tensor table, data;
  table.name = "table";
  table.type = ElemType::I32;
  table.shape = {4};
  table.bytes = 16;
  table.data = reinterpret_cast<const uint8_t *>(Table);
  data.name = "data";
  data.shape = {32};
  data.bytes = sizeof Data;
  data.data = reinterpret_cast<const uint8_t *>(Data);
  p.tensors = {table, data};
  p.inits = {
      {0, {{0, 0, 1, 1}, 20000, ElemType::I32, {{Axis::None, 4, 4, 1}}}, false},
      {1,
       {{0, 0, 1, 1}, 10000, ElemType::F32, {{Axis::None, 32, 32, 1}}},
       true}};
  return p;
}

/// Two PEs; `west` and `east` are what they run after their descriptors.
inline Program pair(std::vector<std::string> west,
                    std::vector<std::string> east) {
  Program p;
  p.gridW = 2;
  for (auto *code : {&west, &east}) {
    code->insert(code->begin(), "dsd d0, r0+9000, f32, [64:1]");
    code->push_back("halt");
  }
  p.classes = {makeClass("west", {{0, 0, 1, 1}}, west),
               makeClass("east", {{1, 0, 1, 1}}, east)};
  p.classes[0].queues = {out(2, 0), out(3, 1), in(2, 2)};
  p.classes[1].queues = {in(2, 0), in(3, 1), out(2, 2)};
  p.routes = {{{0, 0, 1, 1}, 0, Ramp, East}, {{1, 0, 1, 1}, 0, West, Ramp},
              {{0, 0, 1, 1}, 1, Ramp, East}, {{1, 0, 1, 1}, 1, West, Ramp},
              {{1, 0, 1, 1}, 2, Ramp, West}, {{0, 0, 1, 1}, 2, East, Ramp}};
  p.streams = {{"a", 0, {0, 0, 1, 1}, 1, 1, 0, 0, 64},
               {"b", 1, {0, 0, 1, 1}, 1, 1, 0, 0, 64},
               {"c", 2, {1, 0, 1, 1}, -1, -1, 0, 0, 64}};
  return p;
}

} // namespace weft::test
#endif
