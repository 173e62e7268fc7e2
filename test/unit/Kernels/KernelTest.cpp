//===- KernelTest.cpp - Kernels on one PE against plain loops -------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Random shapes; references are written index by index. What needs more than
// one PE is tested end to end (weft.sweep).
//
//===----------------------------------------------------------------------===//
#include "KernelFixture.h"
#include <algorithm>
#include <cmath>
#include <set>

using namespace mlir;
using namespace weft;
using namespace weft::kernels;
using test::each;
using test::flat;
using test::Kernels;
using test::Shape;

namespace {
TEST_F(Kernels, BinaryOpsBroadcast) {
  for (int round = 0; round < 60; ++round) {
    Shape out = shape(unsigned(below(5))), sides[2];
    for (Shape &s : sides) {
      s.assign(out.begin() + below(out.size() + 1), out.end());
      for (int64_t &n : s)
        if (below(3) == 0)
          n = 1;
    }
    // The result's shape is what the operands broadcast to.
    for (size_t d = 0; d < out.size(); ++d) {
      int64_t n = 1;
      for (const Shape &s : sides)
        if (s.size() + d >= out.size())
          n = std::max(n, s[s.size() + d - out.size()]);
      out[d] = n;
    }
    auto a = values(f32(sides[0])), b = values(f32(sides[1]));
    std::vector<float> sum, greater;
    test::Words larger;
    each(out, [&](ArrayRef<int64_t> at) {
      float x = a[flat(sides[0], at)], y = b[flat(sides[1], at)];
      sum.push_back(x - y);
      larger.push_back(x >= y);
    });
    std::vector<test::Words> in = {test::wordsOf(a), test::wordsOf(b)};
    expect(problem("nn.sub", {f32(sides[0]), f32(sides[1])}, f32(out)), in,
           test::wordsOf(sum));
    expect(
        problem("nn.greater_equal", {f32(sides[0]), f32(sides[1])}, i32(out)),
        in, larger);
  }
}

TEST_F(Kernels, Transpose) {
  for (int round = 0; round < 40; ++round) {
    unsigned rank = 1 + unsigned(below(5));
    Shape in = shape(rank), perm, out;
    for (unsigned d = 0; d < rank; ++d)
      perm.push_back(d);
    std::shuffle(perm.begin(), perm.end(), rng);
    for (int64_t d : perm)
      out.push_back(in[d]);
    auto x = values(f32(in));
    std::vector<float> want;
    each(out, [&](ArrayRef<int64_t> at) {
      Shape from(rank);
      for (unsigned d = 0; d < rank; ++d)
        from[perm[d]] = at[d];
      want.push_back(x[flat(in, from)]);
    });
    expect(problem("nn.transpose", {f32(in)}, f32(out), {list("perm", perm)}),
           {test::wordsOf(x)}, test::wordsOf(want));
  }
}

TEST_F(Kernels, SliceWithAnyStep) {
  for (int round = 0; round < 60; ++round) {
    Shape in = shape(1 + unsigned(below(4))), out, starts, steps;
    for (int64_t n : in) {
      int64_t step = below(3) == 0 ? -1 - below(2) : 1 + below(2);
      int64_t start = below(n);
      int64_t room = step > 0 ? (n - 1 - start) / step : start / -step;
      // Often the whole dimension, forwards or backwards.
      if (below(2)) {
        step = below(2) ? 1 : -1;
        start = step > 0 ? 0 : n - 1;
        room = n - 1;
        out.push_back(n);
      } else {
        out.push_back(1 + below(room + 1));
      }
      starts.push_back(start);
      steps.push_back(step);
    }
    auto x = values(f32(in));
    std::vector<float> want;
    each(out, [&](ArrayRef<int64_t> at) {
      Shape from;
      for (size_t d = 0; d < in.size(); ++d)
        from.push_back(starts[d] + at[d] * steps[d]);
      want.push_back(x[flat(in, from)]);
    });
    expect(problem("nn.slice", {f32(in)}, f32(out),
                   {list("sizes", out), list("starts", starts),
                    list("steps", steps)}),
           {test::wordsOf(x)}, test::wordsOf(want));
  }
}

TEST_F(Kernels, Reshape) {
  for (auto [from, to] : {std::pair<Shape, Shape>{{2, 3, 4}, {6, 4}},
                          {{2, 3, 4}, {4, 6}},
                          {{1}, {}},
                          {{}, {1, 1}},
                          {{12}, {3, 2, 2}}}) {
    auto x = values(f32(from));
    expect(problem("nn.reshape", {f32(from)}, f32(to)), {test::wordsOf(x)},
           test::wordsOf(x));
  }
}

TEST_F(Kernels, Concat) {
  for (int round = 0; round < 30; ++round) {
    Shape a = shape(1 + unsigned(below(4))), b = a, out = a;
    int64_t axis = below(a.size());
    b[axis] = 1 + below(4);
    out[axis] = a[axis] + b[axis];
    auto x = values(f32(a)), y = values(f32(b));
    std::vector<float> want;
    each(out, [&](ArrayRef<int64_t> at) {
      Shape from(at);
      bool second = at[axis] >= a[axis];
      from[axis] -= second ? a[axis] : 0;
      want.push_back(second ? y[flat(b, from)] : x[flat(a, from)]);
    });
    expect(problem("nn.concat", {f32(a), f32(b)}, f32(out),
                   {number("axis", axis)}),
           {test::wordsOf(x), test::wordsOf(y)}, test::wordsOf(want));
  }
}

TEST_F(Kernels, GatherAlongAnyAxis) {
  for (int round = 0; round < 40; ++round) {
    Shape table = shape(1 + unsigned(below(3))),
          ids = shape(unsigned(below(3)));
    int64_t axis = below(table.size());
    Shape out(table.begin(), table.begin() + axis);
    out.append(ids);
    out.append(table.begin() + axis + 1, table.end());
    auto x = values(f32(table));
    test::Words index;
    for (int64_t i = 0; i < i32(ids).getNumElements(); ++i)
      index.push_back(uint32_t(below(2 * table[axis]) - table[axis]));
    std::vector<float> want;
    each(out, [&](ArrayRef<int64_t> at) {
      int64_t id = int32_t(index[flat(ids, at.slice(axis, ids.size()))]);
      Shape from(at.take_front(axis));
      from.push_back(id < 0 ? id + table[axis] : id);
      from.append(at.begin() + axis + ids.size(), at.end());
      want.push_back(x[flat(table, from)]);
    });
    Builder b(&c.context);
    expect(problem("nn.gather", {f32(table), i32(ids)}, f32(out),
                   {number("axis", axis)}),
           {test::wordsOf(x), index}, test::wordsOf(want));
  }
}

TEST_F(Kernels, Reduce) {
  for (int round = 0; round < 60; ++round) {
    Shape in = shape(1 + unsigned(below(4))), axes, out;
    bool keep = below(2);
    for (size_t d = 0; d < in.size(); ++d) {
      if (below(2))
        axes.push_back(d);
      if (!llvm::is_contained(axes, int64_t(d)))
        out.push_back(in[d]);
      else if (keep)
        out.push_back(1);
    }
    if (axes.empty())
      continue;
    const char *ops[] = {"nn.reduce_sum", "nn.reduce_mean", "nn.reduce_max",
                         "nn.reduce_min"};
    int kind = int(below(4));
    auto x = values(f32(in));
    std::vector<float> want(f32(out).getNumElements(), kind < 2    ? 0
                                                       : kind == 2 ? -INFINITY
                                                                   : INFINITY);
    int64_t count = 1;
    for (int64_t a : axes)
      count *= in[a];
    int64_t n = 0;
    each(in, [&](ArrayRef<int64_t> at) {
      Shape to;
      for (size_t d = 0; d < in.size(); ++d) {
        if (!llvm::is_contained(axes, int64_t(d)))
          to.push_back(at[d]);
        else if (keep)
          to.push_back(0);
      }
      float &w = want[flat(out, to)], v = x[n++];
      w = kind < 2    ? w + v / (kind == 1 ? float(count) : 1)
          : kind == 2 ? std::max(w, v)
                      : std::min(w, v);
    });
    Builder b(&c.context);
    expect(problem(ops[kind], {f32(in)}, f32(out),
                   {list("axes", axes),
                    b.getNamedAttr("keepdims", b.getBoolAttr(keep))}),
           {test::wordsOf(x)}, test::wordsOf(want), 1e-4);
  }
}

TEST_F(Kernels, SoftmaxAlongAnyAxis) {
  for (int round = 0; round < 20; ++round) {
    Shape s = shape(1 + unsigned(below(4)));
    int64_t axis = below(s.size());
    auto x = values(f32(s));
    std::vector<double> total(x.size(), 0);
    each(s, [&](ArrayRef<int64_t> at) {
      Shape line(at);
      line[axis] = 0;
      total[flat(s, line)] += std::exp(double(x[flat(s, at)]));
    });
    std::vector<float> want;
    each(s, [&](ArrayRef<int64_t> at) {
      Shape line(at);
      line[axis] = 0;
      want.push_back(
          float(std::exp(double(x[flat(s, at)])) / total[flat(s, line)]));
    });
    expect(problem("nn.softmax", {f32(s)}, f32(s), {number("axis", axis)}),
           {test::wordsOf(x)}, test::wordsOf(want), 1e-6);
  }
}

/// numpy.matmul, index by index.
std::vector<float> product(ArrayRef<int64_t> a, ArrayRef<int64_t> b,
                           ArrayRef<int64_t> out, const std::vector<float> &x,
                           const std::vector<float> &y) {
  bool row = a.size() == 1, column = b.size() == 1;
  std::vector<float> want;
  each(out, [&](ArrayRef<int64_t> at) {
    size_t batch = at.size() - (row ? 0 : 1) - (column ? 0 : 1);
    Shape lead(at.take_front(batch));
    double sum = 0;
    for (int64_t k = 0; k < a.back(); ++k) {
      Shape ia(lead), ib(lead);
      if (!row)
        ia.push_back(at[batch]);
      ia.push_back(k);
      ib.push_back(k);
      if (!column)
        ib.push_back(at.back());
      sum += double(x[flat(a, ia)]) * y[flat(b, ib)];
    }
    want.push_back(float(sum));
  });
  return want;
}

TEST_F(Kernels, MatMulAsInNumpy) {
  const std::tuple<Shape, Shape, Shape> cases[] = {
      {{3, 4}, {4, 5}, {3, 5}},
      {{4}, {4, 5}, {5}},
      {{3, 4}, {4}, {3}},
      {{4}, {4}, {}},
      {{2, 3, 4}, {4, 5}, {2, 3, 5}},
      {{2, 3, 4}, {2, 4, 5}, {2, 3, 5}},
      {{2, 1, 3, 4}, {3, 4, 2}, {2, 3, 3, 2}},
      {{1, 3, 4}, {2, 4, 1}, {2, 3, 1}},
      {{2, 3, 4}, {4}, {2, 3}},
      {{4}, {2, 4, 3}, {2, 3}}};
  for (const auto &[a, b, out] : cases) {
    auto x = values(f32(a)), y = values(f32(b));
    expect(problem("nn.matmul", {f32(a), f32(b)}, f32(out)),
           {test::wordsOf(x), test::wordsOf(y)},
           test::wordsOf(product(a, b, out, x, y)), 1e-4);
  }
}

TEST_F(Kernels, LinearInBothOrientations) {
  auto x = values(f32({2, 3, 5})), w = values(f32({5, 7})),
       b = values(f32({7}));
  auto want = product({2, 3, 5}, {5, 7}, {2, 3, 7}, x, w);
  for (size_t i = 0; i < want.size(); ++i)
    want[i] += b[i % 7];
  Problem p = problem("nn.linear", {f32({2, 3, 5}), f32({5, 7}), f32({7})},
                      f32({2, 3, 7}));
  p.constant = {false, true, true};
  expect(p, {test::wordsOf(x), test::wordsOf(w), test::wordsOf(b)},
         test::wordsOf(want), 1e-4);
}

/// A convolution whose windows tile the image, its weight in any order of a
/// patch's elements.
TEST_F(Kernels, PatchesAreAConvolution) {
  for (int round = 0; round < 30; ++round) {
    Shape image = shape(6), order = {1, 3, 5}, out = {image[0]};
    std::shuffle(order.begin(), order.end(), rng);
    int64_t features = 1 + below(4);
    Shape weight = {image[order[0]], image[order[1]], image[order[2]],
                    features};
    out.append({image[2] * image[4], features});
    auto x = values(f32(image)), w = values(f32(weight)),
         b = values(f32({1, features}));
    std::vector<float> want;
    each({image[0], image[2], image[4], features}, [&](ArrayRef<int64_t> at) {
      double sum = b[at[3]];
      each({image[1], image[3], image[5]}, [&](ArrayRef<int64_t> in) {
        Shape from = {at[0], in[0], at[1], in[1], at[2], in[2]};
        Shape row = {from[order[0]], from[order[1]], from[order[2]], at[3]};
        sum += double(x[flat(image, from)]) * w[flat(weight, row)];
      });
      want.push_back(float(sum));
    });
    Problem p =
        problem("wafer.patches", {f32(image), f32(weight), f32({1, features})},
                f32(out), {list("order", order)});
    p.constant = {false, true, true};
    expect(p, {test::wordsOf(x), test::wordsOf(w), test::wordsOf(b)},
           test::wordsOf(want), 1e-3);
  }
}

TEST_F(Kernels, NormOfEqualValuesIsTheBias) {
  Builder b(&c.context);
  std::vector<float> x(12, 3.25f), gain(4, 2.0f), bias = {1, 2, 3, 4}, want;
  for (int i = 0; i < 12; ++i)
    want.push_back(bias[i % 4]);
  expect(problem("nn.layer_norm", {f32({3, 4}), f32({4}), f32({4})},
                 f32({3, 4}),
                 {b.getNamedAttr("epsilon", b.getF32FloatAttr(1e-12f))}),
         {test::wordsOf(x), test::wordsOf(gain), test::wordsOf(bias)},
         test::wordsOf(want), 0);
}
/// Two batches, 3 queries, 4 keys, 2 heads of 3 features, of 2 in the values.
std::vector<float> attended(ArrayRef<float> q, ArrayRef<float> k,
                            ArrayRef<float> v, int groups, bool causal) {
  std::vector<float> out;
  auto at = [](ArrayRef<float> x, int rows, int features, int b, int row,
               int f) { return double(x[(b * rows + row) * features + f]); };
  for (int n = 0; n < 2 * 3 * 2 * 2; ++n) {
    int f = n % 2, h = n / 2 % 2, i = n / 4 % 3, b = n / 12;
    int g = h * groups / 2;
    double sum = 0, weighted = 0;
    for (int j = 0; j < 4; ++j) {
      double score = 0;
      for (int d = 0; d < 3; ++d)
        score += at(q, 3, 6, b, i, 3 * h + d) *
                 at(k, 4, 3 * groups, b, j, 3 * g + d);
      if (causal && j > i + 1)
        continue;
      double p = std::exp(0.5 * score);
      sum += p;
      weighted += p * at(v, 4, 2 * groups, b, j, 2 * g + f);
    }
    out.push_back(float(weighted / sum));
  }
  return out;
}

TEST_F(Kernels, AttentionInAllForms) {
  Builder b(&c.context);
  for (int groups : {1, 2})
    for (bool causal : {false, true}) {
      auto tq = f32({2, 3, 6}), tk = f32({2, 4, 3 * groups}),
           tv = f32({2, 4, 2 * groups});
      auto q = values(tq), k = values(tk), v = values(tv);
      Problem p =
          problem("nn.attention", {tq, tk, tv}, f32({2, 3, 4}),
                  {number("num_heads", 2), number("num_kv_heads", groups),
                   b.getNamedAttr("scale", b.getF32FloatAttr(0.5)),
                   b.getNamedAttr("causal", b.getBoolAttr(causal))});
      std::string why;
      std::set<std::string> forms;
      for (const Option &o : allOptions(p, Rect{0, 0, 1, 1}, why))
        forms.insert(o.algorithm);
      EXPECT_EQ(forms, (std::set<std::string>{"attention", "attention_block",
                                              "attention_values"}));
      expect(p, {test::wordsOf(q), test::wordsOf(k), test::wordsOf(v)},
             test::wordsOf(attended(q, k, v, groups, causal)), 1e-4);
    }
}
} // namespace
