//===- Embedding.cpp - Gather of rows from a distributed table ------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The table's rows are split over one axis, its columns over the other. Every
// PE gives its part of the row or zeros, and an all-reduce along the rows' axis
// adds them up, so nothing but an address depends on data. An index outside of
// the table gives zeros.
//
//===----------------------------------------------------------------------===//
#include "weft/Kernels/Code.h"

using namespace mlir;
using namespace weft::kernels;

namespace {
class Embedding final : public Kernel {
  void options(const Problem &p, const Rect &r, std::vector<Option> &out,
               std::string &why) const override {
    if (p.op != "nn.gather" || p.integer("axis") != 0 ||
        p.ins[0].getRank() != 2 ||
        !mlir::isa<FloatType>(p.ins[0].getElementType()))
      return;
    if (!p.constant[0]) {
      why = "embedding needs a constant table";
      return;
    }
    for (int8_t axis : {X, Y}) {
      Option o;
      o.algorithm = "embedding";
      o.ins.push_back(laidOut(p.ins[0], r, {other(axis), axis}, true));
      o.ins.push_back(laidOut(p.ins[1], r, None));
      o.out = laidOut(p.out, r, axis);
      out.push_back(o);
    }
  }

  void expand(const Problem &p, const Option &o, Code &c) const override {
    int8_t rowAxis = other(axisOf(o.out));
    int64_t rows = tileDim(o.ins[0], 0), cols = tileDim(o.ins[0], 1);
    int64_t n = rowsOf(o.out), total = p.ins[0].getDimSize(0);
    c.fill(c.view(c.out, 0, n * cols), 0);
    Idx first = c.mul(c.coord(rowAxis), rows);
    int64_t inner = p.ins[1].getRank() ? p.ins[1].getShape().back() : 1;
    // Indices lie feature-major: token (i, j) at j * outer + i.
    int64_t outer = n / inner;
    c.loop(outer, [&](Idx i) {
      c.loop(inner, [&](Idx j) {
        Value raw = c.load(c.ins[1], c.add(i, c.mul(j, outer)));
        Idx id(arith::IndexCastOp::create(c.b, c.loc, c.b.getIndexType(), raw));
        Value wrapped = c.index(c.add(id, total));
        Value plain = c.index(id);
        id = Idx(c.select(c.less(id, 0), wrapped, plain));
        Idx local = c.sub(id, first);
        Value mine = c.toI32(c.inRange(local, rows));
        Idx row = c.min(c.max(local, 0), rows - 1);
        Idx token = c.add(c.mul(i, inner), j);
        Value found = c.view(c.ins[0], c.mul(row, cols), cols);
        c.vec(V::VSel, c.view(c.out, token, {cols}, {n}), {mine, found});
      });
    });
    c.allReduce(c.view(c.out, 0, n * cols), rowAxis);
  }
};
} // namespace

const Kernel &weft::kernels::embeddingKernel() {
  static const Embedding kernel;
  return kernel;
}
