//===- AlongTest.cpp - Order, totals and rows along one axis --------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Random shapes and few different values, so that ties are many; references are
// written index by index.
//
//===----------------------------------------------------------------------===//
#include "KernelFixture.h"
#include <cmath>
#include <functional>

using namespace mlir;
using namespace weft;
using namespace weft::kernels;
using test::each;
using test::flat;
using test::Kernels;
using test::Shape;

namespace {
NamedAttribute flag(MLIRContext &context, StringRef name, bool value) {
  Builder b(&context);
  return b.getNamedAttr(name, b.getBoolAttr(value));
}

/// Line by line: the values along `axis` in, those along `axis` of `out` back.
std::vector<float>
lineByLine(ArrayRef<int64_t> in, ArrayRef<int64_t> out, int64_t axis,
           const std::vector<float> &x,
           llvm::function_ref<std::vector<float>(std::vector<float>)> f) {
  std::vector<float> y(llvm::product_of(out));
  Shape lines(in);
  lines[axis] = 1;
  each(lines, [&](ArrayRef<int64_t> line) {
    Shape at(line);
    std::vector<float> values;
    for (at[axis] = 0; at[axis] < in[axis]; ++at[axis])
      values.push_back(x[flat(in, at)]);
    values = f(values);
    for (at[axis] = 0; at[axis] < out[axis]; ++at[axis])
      y[flat(out, at)] = values[at[axis]];
  });
  return y;
}

TEST_F(Kernels, TopKPutsTheLowerIndexFirst) {
  for (int round = 0; round < 60; ++round) {
    Shape in = shape(1 + unsigned(below(4)));
    int64_t axis = below(in.size());
    in[axis] = 1 + below(9);
    Shape out(in);
    out[axis] = 1 + below(in[axis]);
    bool largest = below(2), whole = below(2);
    std::vector<float> x;
    for (int64_t i = 0; i < f32(in).getNumElements(); ++i)
      x.push_back(below(8) == 0 ? (below(2) ? INFINITY : -INFINITY)
                                : float(below(5)) - 2);
    if (whole) // integers have other instructions
      for (float &v : x)
        v = std::isinf(v) ? 7 : v;
    auto want = lineByLine(in, out, axis, x, [&](std::vector<float> v) {
      std::vector<float> order;
      for (size_t i = 0; i < v.size(); ++i)
        order.push_back(float(i));
      std::stable_sort(order.begin(), order.end(), [&](float a, float b) {
        return largest ? v[size_t(a)] > v[size_t(b)]
                       : v[size_t(a)] < v[size_t(b)];
      });
      return order;
    });
    test::Words words = test::wordsOf(x), index;
    if (whole)
      for (size_t i = 0; i < x.size(); ++i)
        words[i] = uint32_t(int32_t(x[i]));
    for (float v : want)
      index.push_back(uint32_t(v));
    expect(problem("nn.top_k", {whole ? i32(in) : f32(in)}, i32(out),
                   {number("axis", axis), number("k", out[axis]),
                    flag(c.context, "largest", largest)}),
           {words}, index);
  }
}

TEST_F(Kernels, CumulativeSumsAndProducts) {
  for (int round = 0; round < 80; ++round) {
    Shape in = shape(1 + unsigned(below(4)));
    int64_t axis = below(in.size());
    bool sum = below(2), exclusive = below(2), reverse = below(2);
    std::vector<float> x;
    for (int64_t i = 0; i < f32(in).getNumElements(); ++i)
      x.push_back(float(below(9)) - 4);
    auto want = lineByLine(in, in, axis, x, [&](std::vector<float> v) {
      if (reverse)
        std::reverse(v.begin(), v.end());
      float so = sum ? 0 : 1;
      for (float &e : v) {
        float next = sum ? so + e : so * e;
        e = exclusive ? so : next;
        so = next;
      }
      if (reverse)
        std::reverse(v.begin(), v.end());
      return v;
    });
    expect(
        problem(sum ? "nn.cum_sum" : "nn.cum_prod", {f32(in)}, f32(in),
                {number("axis", axis), flag(c.context, "exclusive", exclusive),
                 flag(c.context, "reverse", reverse)}),
        {test::wordsOf(x)}, test::wordsOf(want));
  }
}

TEST_F(Kernels, CacheUpdateAlongAnyAxis) {
  const char *how[] = {"", "add", "mul", "max", "min"};
  for (int round = 0; round < 120; ++round) {
    Shape cache = shape(1 + unsigned(below(4))), rows = cache, at;
    int64_t axis = below(cache.size()), n = cache[axis];
    rows[axis] = 1 + below(3);
    bool wrap = below(2), perBatch = axis > 0 && below(2);
    StringRef reduction = how[below(5)];
    auto x = values(f32(cache)), u = values(f32(rows));
    // Also from the end and outside on both sides, often the same twice.
    at = perBatch ? Shape{cache[0], rows[axis]} : Shape{rows[axis]};
    test::Words positions;
    for (int64_t i = 0; i < llvm::product_of(at); ++i)
      positions.push_back(uint32_t(below(3 * n + 2) - n - 1));
    std::vector<float> want = x;
    int64_t k = 0;
    each(rows, [&](ArrayRef<int64_t> from) {
      int64_t row = from[axis] + (perBatch ? from[0] * rows[axis] : 0);
      int64_t position = int32_t(positions[row]);
      position += wrap && position < 0 ? n : 0;
      Shape to(from);
      to[axis] = position;
      float value = u[k++];
      if (position < 0 || position >= n)
        return;
      float &old = want[flat(cache, to)];
      old = reduction == "add"   ? old + value
            : reduction == "mul" ? old * value
            : reduction == "max" ? std::max(old, value)
            : reduction == "min" ? std::min(old, value)
                                 : value;
    });
    Builder b(&c.context);
    SmallVector<NamedAttribute> config = {number("axis", axis)};
    if (wrap)
      config.push_back(b.getNamedAttr("wrap", b.getUnitAttr()));
    if (!reduction.empty())
      config.push_back(b.getNamedAttr("reduction", b.getStringAttr(reduction)));
    expect(problem("nn.cache_update", {f32(cache), f32(rows), i32(at)},
                   f32(cache), config),
           {test::wordsOf(x), test::wordsOf(u), positions},
           test::wordsOf(want));
  }
}
} // namespace
