//===- Build.h - Small programs for the simulator's tests -----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Programs are written as assembly text and put together in memory, so a test
// shows exactly what runs.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TEST_UNIT_SIM_BUILD_H
#define WEFT_TEST_UNIT_SIM_BUILD_H

#include "weft/Binary/Isa.h"
#include "weft/Sim/Simulator.h"
#include "llvm/ADT/StringRef.h"
#include <cstring>
#include <gtest/gtest.h>
#include <sstream>

namespace weft::sim {

constexpr uint32_t CodeAddr = 4352, DataAddr = 16384;

struct Builder {
  bin::Program p;
  Target t;

  explicit Builder(uint32_t w = 1, uint32_t h = 1, const char *preset = "wse2")
      : t(llvm::cantFail(loadTarget(preset))) {
    p.gridW = w;
    p.gridH = h;
  }

  static std::vector<uint32_t> assemble(const std::string &text) {
    std::vector<uint32_t> words;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (llvm::StringRef(line).trim().empty())
        continue;
      std::string error;
      auto i = isa::parseInstr(line, error);
      EXPECT_TRUE(i) << line << ": " << error;
      if (i)
        isa::encode(*i, words);
    }
    return words;
  }

  /// A class with one start task at word 0.
  bin::PEClass &cls(const std::string &name, bin::Pattern where,
                    const std::string &text,
                    std::vector<bin::QueueBinding> queues = {}) {
    bin::PEClass c;
    c.name = name;
    c.where = {where};
    c.codeAddr = CodeAddr;
    c.code = assemble(text);
    c.queues = std::move(queues);
    c.tasks = {{0, 0, true}};
    p.classes.push_back(std::move(c));
    return p.classes.back();
  }

  void route(uint8_t color, bin::Pattern where, unsigned rx, unsigned tx) {
    p.routes.push_back({where, color, uint8_t(rx), uint8_t(tx)});
  }

  /// A tensor of `n` f32 elements, all of them on each PE of `where` or, with
  /// an axis, `n` tiles over it.
  static bin::IOTensor tensor(const std::string &name, bin::Pattern where,
                              uint32_t addr, uint32_t n,
                              bin::Axis axis = bin::Axis::None,
                              uint32_t tiles = 1) {
    bin::IOTensor io;
    io.name = name;
    io.shape = {uint64_t(n) * tiles};
    io.place.where = where;
    io.place.addr = addr;
    io.place.dims = {{axis, n * tiles, n, 1}};
    return io;
  }
};

inline std::vector<uint8_t> bytesOf(const std::vector<float> &v) {
  std::vector<uint8_t> b(v.size() * 4);
  memcpy(b.data(), v.data(), b.size());
  return b;
}

inline std::vector<float> floatsOf(const std::vector<uint8_t> &b) {
  std::vector<float> v(b.size() / 4);
  memcpy(v.data(), b.data(), b.size());
  return v;
}

/// Fresh simulator, inputs set, run; the outputs as f32.
struct Ran {
  Stats stats;
  std::vector<std::vector<float>> outputs;
  std::string error, rule;
};

inline Ran runIt(const Builder &b,
                 const std::vector<std::vector<float>> &inputs = {}) {
  Ran r;
  auto take = [&](llvm::Error e) {
    handleAllErrors(
        std::move(e),
        [&](const RunError &x) {
          r.error = x.message;
          r.rule = x.rule;
        },
        [&](const llvm::ErrorInfoBase &x) { r.error = x.message(); });
  };
  auto s = Simulator::create(b.p, b.t);
  if (!s)
    return take(s.takeError()), r;
  for (size_t i = 0; i < inputs.size(); ++i)
    if (llvm::Error e = (*s)->setInput(i, bytesOf(inputs[i])))
      return take(std::move(e)), r;
  auto stats = (*s)->run();
  if (!stats)
    return take(stats.takeError()), r;
  r.stats = *stats;
  for (size_t i = 0; i < b.p.outputs.size(); ++i) {
    auto out = (*s)->getOutput(i);
    if (!out)
      return take(out.takeError()), r;
    r.outputs.push_back(floatsOf(*out));
  }
  return r;
}

} // namespace weft::sim
#endif
