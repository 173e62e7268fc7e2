//===- SplitSoftmax.cpp - Softmax over a split last dimension -------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Each PE has some columns of all rows. The largest value of each row is found
// among those of the PEs, which are put into a vector with one place for each
// PE; the sums of exponentials are added along the axis.
//
//===----------------------------------------------------------------------===//
#include "weft/Kernels/Code.h"
#include <limits>

using namespace mlir;
using namespace weft::kernels;

namespace {
constexpr double largest = std::numeric_limits<float>::max();

/// Rows whose largest values are exchanged at once: bounds the scratch.
constexpr int64_t wordsAtOnce = 512;

class SplitSoftmax final : public Kernel {
  void options(const Problem &p, const Rect &r, std::vector<Option> &out,
               std::string &) const override {
    if (p.op != "nn.softmax" || p.out.getRank() == 0)
      return;
    int64_t last = p.out.getRank() - 1, axis = p.integer("axis", -1);
    if ((axis < 0 ? axis + last + 1 : axis) != last ||
        p.out.getDimSize(last) == 1)
      return;
    for (int8_t over : {X, Y})
      out.push_back({"split_softmax",
                     {laidOut(p.ins[0], r, over)},
                     laidOut(p.out, r, over)});
  }

  void expand(const Problem &p, const Option &o, Code &c) const override {
    c.inWide(o.out, [&] { softmax(p, o, c); });
  }

  /// Calls body(f, is column f of the tile inside the tensor? or null).
  static void columns(const Problem &p, const Option &o, Code &c,
                      llvm::function_ref<void(Idx, Value)> body) {
    int64_t t = tileDim(o.out, p.out.getRank() - 1);
    Idx first = c.mul(c.coord(axisOf(o.out)), t);
    bool padded = isPadded(o.out);
    c.loop(t, [&](Idx f) {
      Value inside;
      if (padded)
        inside = c.toI32(c.less(c.add(first, f), p.out.getShape().back()));
      body(f, inside);
    });
  }

  static void softmax(const Problem &p, const Option &o, Code &c) {
    int64_t rows = rowsOf(o.out), t = tileDim(o.out, p.out.getRank() - 1);
    int8_t axis = axisOf(o.out);
    Value stat = c.scratch(rows), next = c.scratch(rows);
    Value tmp0 = c.scratch(t * rows), tmp1 = c.scratch(t * rows);
    // stat = op(stat, column) without padding
    auto gather = [&](V op, Value from) {
      columns(p, o, c, [&](Idx f, Value inside) {
        Value column = c.view(from, c.mul(f, rows), rows);
        Value all = c.view(stat, 0, rows), other = c.view(next, 0, rows);
        if (!inside)
          return c.vec(op, all, {all, column});
        c.vec(op, other, {all, column});
        c.vec(V::VSel, all, {inside, other});
      });
    };
    auto atLeast = [&](double least) {
      Value all = c.view(stat, 0, rows), bound = c.f32(least);
      if (p.flag("zero_masked"))
        c.vec(V::VFMax, c.view(stat, 0, rows), {all, bound});
    };
    c.fill(c.view(stat, 0, rows), -std::numeric_limits<double>::infinity());
    gather(V::VFMax, c.ins[0]);
    largestOfAll(c, stat, rows, axis);
    atLeast(-largest); // exp(-inf) for all, not for a NaN
    // Padding becomes 0, whose exponential is finite.
    if (isPadded(o.out))
      c.fill(c.view(c.out, 0, t * rows), 0);
    columns(p, o, c, [&](Idx f, Value inside) {
      Value x = c.view(c.ins[0], c.mul(f, rows), rows),
            most = c.view(stat, 0, rows);
      Value target = c.view(c.out, c.mul(f, rows), rows);
      Value lower = inside ? c.view(next, 0, rows) : target;
      c.vec(V::VFSub, lower, {x, most});
      if (inside)
        c.vec(V::VSel, target, {inside, lower});
    });
    Value first = c.view(tmp0, 0, t * rows), second = c.view(tmp1, 0, t * rows);
    c.exp(c.view(c.out, 0, t * rows), first, second);
    c.fill(c.view(stat, 0, rows), 0);
    gather(V::VFAdd, c.out);
    c.allReduce(c.view(stat, 0, rows), axis);
    // The largest of a row adds 1: only a row without keys is below, whose
    // padding must stay finite in 16 bits.
    atLeast(0.5);
    Value inverse = c.view(tmp0, 0, rows), scratch = c.view(tmp1, 0, rows),
          sums = c.view(stat, 0, rows);
    c.reciprocal(inverse, sums, scratch);
    Code::Operand result{c.out, 0, {rows, 1}};
    c.strided(V::VFMul, {t, rows}, result, {result, {tmp0, 0, {0, 1}}});
  }

  /// Of each row, over the axis.
  static void largestOfAll(Code &c, Value stat, int64_t rows, int8_t axis) {
    int64_t pes = c.rect.length(axis);
    if (pes == 1)
      return;
    int64_t n = std::min(rows, std::max<int64_t>(1, wordsAtOnce / pes));
    Value all = c.scratch(pes * n);
    c.loop((rows + n - 1) / n, [&](Idx i) {
      // The last rows come twice if n does not divide them.
      Idx start = rows % n ? c.min(c.mul(i, n), rows - n) : c.mul(i, n);
      Value result = c.view(stat, start, n);
      c.fill(c.view(all, 0, pes * n), 0);
      c.vec(V::VMov, c.view(all, c.mul(c.coord(axis), n), n), {result});
      c.allReduce(c.view(all, 0, pes * n), axis);
      c.vec(V::VMov, result, {c.view(all, 0, n)});
      c.loop(pes - 1, [&](Idx j) {
        Value theirs = c.view(all, c.mul(c.add(j, 1), n), n);
        c.vec(V::VFMax, result, {result, theirs});
      });
    });
  }
};
} // namespace

const Kernel &weft::kernels::splitSoftmaxKernel() {
  static const SplitSoftmax kernel;
  return kernel;
}
