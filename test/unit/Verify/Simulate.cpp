//===- Simulate.cpp - A run of a program on random inputs -----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Simulate.h"
#include <random>

using namespace weft;
using namespace weft::bin;
using namespace weft::test;

/// Small numbers of the type, from the seed.
static std::vector<uint8_t> randomInput(const IOTensor &t,
                                        std::mt19937_64 &rng) {
  uint64_t n = 1;
  for (uint64_t d : t.shape)
    n *= d;
  std::vector<uint8_t> bytes;
  auto put = [&](auto v) {
    auto *b = reinterpret_cast<const uint8_t *>(&v);
    bytes.insert(bytes.end(), b, b + sizeof v);
  };
  for (uint64_t i = 0; i != n; ++i)
    switch (t.type) {
    case ElemType::F32:
      put(float(int64_t(rng() % 2001) - 1000) / 700);
      break;
    case ElemType::F16: // 0.5 to 2, either sign
      put(uint16_t(0x3800 + rng() % 0x800 + (rng() % 2 << 15)));
      break;
    case ElemType::BF16:
      put(uint16_t(0x3f00 + rng() % 0x100 + (rng() % 2 << 15)));
      break;
    default:
      for (unsigned b = 0; b != elemBytes(t.type); ++b)
        bytes.push_back(b == 0 ? uint8_t(rng() % 2) : 0);
    }
  return bytes;
}

Ran test::simulate(const Program &p, const Target &t, uint64_t maxCycles) {
  Ran r;
  auto failed = [&](llvm::Error e) {
    bool is = bool(e);
    r.error += llvm::toString(std::move(e));
    return is;
  };
  auto s = sim::Simulator::create(p, t);
  if (!s) {
    failed(s.takeError());
    return r;
  }
  std::mt19937_64 rng(7);
  for (size_t i = 0; i != p.inputs.size(); ++i)
    if (failed((*s)->setInput(i, randomInput(p.inputs[i], rng))))
      return r;
  auto stats = (*s)->run(maxCycles);
  if (!stats) {
    failed(stats.takeError());
    return r;
  }
  r.stats = *stats;
  for (size_t i = 0; i != p.outputs.size(); ++i) {
    auto out = (*s)->getOutput(i);
    if (out)
      r.outputs.push_back(std::move(*out));
    else
      failed(out.takeError());
  }
  return r;
}
