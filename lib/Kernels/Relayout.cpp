//===- Relayout.cpp - From one layout to another --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Replicated to split is a local copy. Else a masked all-reduce along the axis
// that is given up: every PE puts the features it has at their place in the
// wanted tile, zeros elsewhere.
//
//===----------------------------------------------------------------------===//
#include "weft/Kernels/Code.h"

using namespace mlir;
using namespace weft::kernels;

namespace {
class Relayout final : public Kernel {
  void options(const Problem &p, const Rect &r, std::vector<Option> &out,
               std::string &) const override {
    if (p.op != "wafer.relayout")
      return;
    for (int8_t from : {None, X, Y})
      for (int8_t to : {None, X, Y})
        if (from != to)
          out.push_back({"relayout",
                         {laidOut(p.ins[0], r, from)},
                         laidOut(p.out, r, to)});
  }

  void expand(const Problem &p, const Option &o, Code &c) const override {
    int8_t from = axisOf(o.ins[0]), to = axisOf(o.out);
    int64_t rows = rowsOf(o.out), size = p.out.getShape().back();
    int64_t have = tileDim(o.ins[0], p.out.getRank() - 1);
    int64_t want = tileDim(o.out, p.out.getRank() - 1);
    Idx first = c.mul(c.coord(from), have);     // feature of my source's start
    Idx firstWanted = c.mul(c.coord(to), want); // and of my target's
    if (from == None) {
      c.loop(want, [&](Idx f) {
        Idx feature = c.add(firstWanted, f);
        if (isPadded(o.out))
          feature = c.min(feature, size - 1);
        Value from = c.view(c.ins[0], c.mul(feature, rows), rows);
        c.vec(V::VMov, c.view(c.out, c.mul(f, rows), rows), from);
      });
      return;
    }
    c.fill(c.view(c.out, 0, want * rows), 0);
    c.loop(have, [&](Idx f) {
      Idx feature = c.add(first, f);
      Idx local = c.sub(feature, firstWanted);
      Value valid = c.inRange(local, want);
      if (isPadded(o.ins[0]))
        valid = arith::AndIOp::create(c.b, c.loc, valid, c.less(feature, size));
      Idx row = c.min(c.max(local, 0), want - 1);
      Value mine = c.toI32(valid);
      Value from = c.view(c.ins[0], c.mul(f, rows), rows);
      c.vec(V::VSel, c.view(c.out, c.mul(row, rows), rows), {mine, from});
    });
    c.allReduce(c.view(c.out, 0, want * rows), from);
  }
};
} // namespace

const Kernel &weft::kernels::relayoutKernel() {
  static const Relayout kernel;
  return kernel;
}
