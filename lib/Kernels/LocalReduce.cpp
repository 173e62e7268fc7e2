//===- LocalReduce.cpp - Reductions of one PE's data ----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Local.h"
#include <limits>

using namespace mlir;
using namespace weft;
using namespace weft::kernels;
using local::Strides;

static constexpr double largest = std::numeric_limits<float>::max();
static constexpr double smallest = std::numeric_limits<float>::min(); // normal

void local::reduce(const Problem &p, const Option &o, Code &c) {
  Strides sizes = tileShape(o.ins[0]), in = storage(o.ins[0]);
  SmallVector<bool> reduced(sizes.size(), p.list("axes").empty());
  for (int64_t a : p.list("axes"))
    reduced[a < 0 ? a + int64_t(sizes.size()) : a] = true;
  Strides outStorage = storage(o.out), kept, keptIn, keptOut, over, overIn;
  unsigned outDim = 0;
  int64_t count = 1;
  for (size_t d = 0; d < sizes.size(); ++d) {
    if (reduced[d]) {
      over.push_back(sizes[d]);
      overIn.push_back(in[d]);
      count *= p.ins[0].getDimSize(d);
      outDim += p.flag("keepdims");
    } else {
      kept.push_back(sizes[d]);
      keptIn.push_back(in[d]);
      keptOut.push_back(outStorage[outDim++]);
    }
  }
  bool isFloat = mlir::isa<FloatType>(o.out.getElementType());
  bool isMax = p.op == "nn.reduce_max", isMin = p.op == "nn.reduce_min";
  V op = isMax   ? (isFloat ? V::VFMax : V::VMax)
         : isMin ? (isFloat ? V::VFMin : V::VMin)
                 : (isFloat ? V::VFAdd : V::VAdd);
  Code::Operand target{c.out, 0, keptOut};
  if (isMax || isMin) // start from index 0 of every reduced dimension
    c.strided(V::VMov, kept, target, {{c.ins[0], 0, keptIn}});
  else
    c.strided(V::VMov, kept, target, {{isFloat ? c.f32(0) : c.i32(0), 0, {}}});
  std::function<void(size_t, Idx)> walk = [&](size_t d, Idx at) {
    if (d == over.size())
      return c.strided(op, kept, target, {target, {c.ins[0], at, keptIn}});
    c.loop(over[d],
           [&](Idx i) { walk(d + 1, c.add(at, c.mul(i, overIn[d]))); });
  };
  walk(0, 0);
  if (p.op == "nn.reduce_mean")
    c.strided(V::VFMul, kept, target,
              {target, {c.f32(1.0 / double(count)), 0, {}}});
}

void local::reduceUnsigned(const Problem &p, const Option &o, Code &c) {
  Value input = c.ins[0];
  int64_t all = tileElems(o.ins[0]), n = tileElems(o.out);
  c.ins[0] = c.scratch(all, c.b.getI32Type());
  Value plain = c.view(input, 0, all), topBit = c.i32(0x80000000);
  c.vec(V::VXor, c.view(c.ins[0], 0, all), {plain, topBit});
  reduce(p, o, c);
  Value flipped = c.view(c.out, 0, n);
  topBit = c.i32(0x80000000);
  c.vec(V::VXor, c.view(c.out, 0, n), {flipped, topBit});
  c.ins[0] = input;
}

void local::softmax(const Problem &p, const Option &o, Code &c) {
  int64_t axis = p.integer("axis", -1), rank = o.out.getRank();
  axis = axis < 0 ? axis + rank : axis;
  int64_t total = tileElems(o.out), n = tileDim(o.out, axis), lines = total / n;
  Strides s = storage(o.out), outer, outerS, lineS;
  for (int64_t d = 0; d < rank; ++d)
    if (d != axis) {
      outer.push_back(tileDim(o.out, d));
      outerS.push_back(s[d]);
    }
  lineS = rowMajor(outer);
  Value m = c.scratch(lines), t0 = c.scratch(total), t1 = c.scratch(total);
  Value inv = c.scratch(lines);
  Code::Operand stat{m, 0, lineS}, inverse{inv, 0, lineS};
  auto slice = [&](Value v, Idx i) {
    return Code::Operand{v, c.mul(i, s[axis]), outerS};
  };
  c.strided(V::VMov, outer, stat, {slice(c.ins[0], 0)});
  c.loop(n, [&](Idx i) {
    c.strided(V::VFMax, outer, stat, {stat, slice(c.ins[0], i)});
  });
  bool zeroMasked = p.flag("zero_masked");
  auto atLeast = [&](double least) {
    Value most = c.view(m, 0, lines), bound = c.f32(least);
    c.vec(V::VFMax, c.view(m, 0, lines), {most, bound});
  };
  if (zeroMasked) // exp(-inf) for all, not for a NaN
    atLeast(-largest);
  c.loop(n, [&](Idx i) {
    Code::Operand x = slice(c.ins[0], i);
    c.strided(V::VFSub, outer, slice(c.out, i), {x, stat});
  });
  Value tmp1 = c.view(t1, 0, total), tmp0 = c.view(t0, 0, total);
  c.exp(c.view(c.out, 0, total), tmp0, tmp1);
  c.fill(c.view(m, 0, lines), 0);
  c.loop(n, [&](Idx i) {
    c.strided(V::VFAdd, outer, stat, {stat, slice(c.out, i)});
  });
  if (zeroMasked)
    atLeast(smallest);
  Value last = c.view(t0, 0, lines), sums = c.view(m, 0, lines);
  c.reciprocal(c.view(inv, 0, lines), sums, last);
  c.loop(n, [&](Idx i) {
    Code::Operand x = slice(c.out, i);
    c.strided(V::VFMul, outer, slice(c.out, i), {x, inverse});
  });
}
