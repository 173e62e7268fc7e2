//===- Along.cpp - Order and running totals along one axis ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// top_k, cum_sum and cum_prod: vector ops over all lines at once, one step of
// the axis after the other. The axis lies whole on a PE; the last dimension may
// be split if it is another. No count depends on data: top_k looks at all
// elements once for each of its k results.
//
//===----------------------------------------------------------------------===//
#include "Functions.h"
#include <limits>

using namespace mlir;
using namespace weft::kernels;

namespace {
/// A tile as lines along the axis: what surrounds them, and the step.
struct Lines {
  SmallVector<int64_t> sizes, strides; // of the other dimensions
  int64_t extent, step;

  Lines(RankedTensorType type, int64_t axis) {
    for (auto [d, map] : llvm::enumerate(dimMaps(type)))
      if (int64_t(d) == axis) {
        extent = map.tile;
        step = map.stride;
      } else {
        sizes.push_back(map.tile);
        strides.push_back(map.stride);
      }
  }
  /// Element `i` of every line.
  Code::Operand at(Code &c, Value buffer, Idx i) const {
    return {buffer, c.mul(i, step), strides};
  }
};

class Along final : public Kernel {
  void options(const Problem &p, const Rect &r, std::vector<Option> &out,
               std::string &) const override {
    bool isProduct = p.op == "nn.cum_prod";
    if (p.op != "nn.top_k" && p.op != "nn.cum_sum" && !isProduct)
      return;
    for (int8_t axis : {None, X, Y}) {
      // Products of padding, which holds anything, would not stay finite.
      if (axis != None &&
          (isProduct || p.integer("axis") == p.out.getRank() - 1))
        continue;
      Option o;
      o.algorithm = "along";
      o.ins = {laidOut(p.ins[0], r, axis)};
      o.out = laidOut(p.out, r, axis);
      out.push_back(o);
    }
  }

  void expand(const Problem &p, const Option &o, Code &c) const override {
    if (p.op == "nn.top_k")
      return topK(p, o, c);
    c.inWide(o.out, [&] { cumulative(p, o, c); });
  }

  static void cumulative(const Problem &p, const Option &o, Code &c) {
    bool isFloat = mlir::isa<FloatType>(p.out.getElementType());
    bool isSum = p.op == "nn.cum_sum", exclusive = p.flag("exclusive");
    V op =
        isSum ? (isFloat ? V::VFAdd : V::VAdd) : (isFloat ? V::VFMul : V::VMul);
    Value neutral = isFloat ? c.f32(isSum ? 0 : 1) : c.i32(isSum ? 0 : 1);
    Lines x(o.ins[0], p.integer("axis")), y(o.out, p.integer("axis"));
    int64_t n = x.extent;
    auto place = [&](Idx i) { return p.flag("reverse") ? c.sub(n - 1, i) : i; };
    Code::Operand first = x.at(c, c.ins[0], place(0));
    if (exclusive)
      first = {neutral, 0, {}};
    c.strided(V::VMov, x.sizes, y.at(c, c.out, place(0)), {first});
    if (n == 1)
      return;
    c.loop(n - 1, [&](Idx i) {
      Idx before = place(i), here = place(c.add(i, 1));
      Code::Operand sum = y.at(c, c.out, before),
                    term = x.at(c, c.ins[0], exclusive ? before : here);
      c.strided(op, x.sizes, y.at(c, c.out, here), {sum, term});
    });
  }

  /// k times the best element that is not yet taken; of equal ones the first,
  /// because the search for its place runs backwards.
  static void topK(const Problem &p, const Option &o, Code &c) {
    Type i32 = c.b.getI32Type();
    bool isFloat = mlir::isa<FloatType>(p.ins[0].getElementType());
    bool largest = p.flag("largest");
    int64_t axis = p.integer("axis"), all = tileElems(o.ins[0]);
    Lines x(o.ins[0], axis), y(o.out, axis);
    int64_t n = x.extent, lines = all / n;
    double inf = std::numeric_limits<double>::infinity();
    Value worst = isFloat ? c.f32(largest ? -inf : inf)
                          : c.i32(largest ? 0x80000000u : 0x7fffffffu);
    Type work = isFloat ? Type(c.b.getF32Type()) : i32;
    Value left = c.scratch(all, work), open = c.scratch(all, i32),
          hit = c.scratch(all, i32), best = c.scratch(lines, work),
          found = c.scratch(lines, i32), order = c.scratch(n, i32);
    SmallVector<int64_t> dense(x.sizes.size(), 1);
    for (size_t d = dense.size(); d-- > 1;)
      dense[d - 1] = dense[d] * x.sizes[d];
    Code::Operand bests{best, 0, dense}, founds{found, 0, dense};
    // Signed order is that of unsigned words whose top bit is flipped.
    Value input = c.view(c.ins[0], 0, all);
    if (intKind(p.text("int")).usesTopBit()) {
      Value topBit = c.i32(0x80000000);
      c.vec(V::VXor, c.view(left, 0, all), {input, topBit});
    } else {
      c.vec(V::VMov, c.view(left, 0, all), input);
    }
    Value one = c.i32(1);
    c.vec(V::VMov, c.view(open, 0, all), one);
    if (isFloat) { // NaN, which would pass through every maximum, is the worst
      Value whole = c.view(left, 0, all), isNaN = c.view(hit, 0, all);
      c.vec(V::VFEq, isNaN, {whole, whole});
      c.vec(V::VXor, isNaN, {isNaN, c.i32(1)});
      c.vec(V::VSel, whole, {isNaN, worst});
    }
    c.loop(n, [&](Idx i) { c.store(number(c, i), order, i); });
    c.loop(p.integer("k"), [&](Idx r) {
      c.strided(V::VMov, x.sizes, bests, {x.at(c, left, 0)});
      V better = isFloat ? (largest ? V::VFMax : V::VFMin)
                         : (largest ? V::VMax : V::VMin);
      c.loop(n, [&](Idx i) {
        c.strided(better, x.sizes, bests, {bests, x.at(c, left, i)});
      });
      everywhere(c, x, isFloat ? V::VFEq : V::VEq, hit, left, bests);
      Value equal = c.view(hit, 0, all), untaken = c.view(open, 0, all);
      c.vec(V::VAnd, c.view(hit, 0, all), {equal, untaken});
      c.strided(V::VMov, x.sizes, founds, {{c.i32(0), 0, {}}});
      c.loop(n, [&](Idx i) {
        Idx back = c.sub(n - 1, i);
        c.strided(V::VSel, x.sizes, founds,
                  {x.at(c, hit, back), {number(c, back), 0, {}}});
      });
      c.strided(V::VMov, x.sizes, y.at(c, c.out, r), {founds});
      take(c, x, order, hit, founds);
      Value taken = c.view(hit, 0, all);
      c.vec(V::VSel, c.view(left, 0, all), {taken, worst});
      Value again = c.view(hit, 0, all), zero = c.i32(0);
      c.vec(V::VSel, c.view(open, 0, all), {again, zero});
    });
  }

  static Value number(Code &c, Idx i) {
    return arith::IndexCastOp::create(c.b, c.loc, c.b.getI32Type(), c.index(i));
  }

  /// hit = op(x, of its line) for all elements.
  static void everywhere(Code &c, const Lines &x, V op, Value hit, Value from,
                         const Code::Operand &line) {
    SmallVector<int64_t> sizes{x.extent}, own{x.step}, ofLine{0};
    llvm::append_range(sizes, x.sizes);
    llvm::append_range(own, x.strides);
    llvm::append_range(ofLine, line.strides);
    c.strided(op, sizes, {hit, 0, own},
              {{from, 0, own}, {line.buffer, 0, ofLine}});
  }

  /// hit = is this element's number that found in its line?
  static void take(Code &c, const Lines &x, Value order, Value hit,
                   const Code::Operand &found) {
    SmallVector<int64_t> sizes{x.extent}, own{x.step}, ofLine{0}, number{1};
    llvm::append_range(sizes, x.sizes);
    llvm::append_range(own, x.strides);
    llvm::append_range(ofLine, found.strides);
    number.append(x.sizes.size(), 0);
    c.strided(V::VEq, sizes, {hit, 0, own},
              {{order, 0, number}, {found.buffer, 0, ofLine}});
  }
};
} // namespace

const Kernel &weft::kernels::alongKernel() {
  static const Along kernel;
  return kernel;
}
