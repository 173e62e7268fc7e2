//===- SplitRows.cpp - Elementwise math dealt to replicas -----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A tensor split over one axis is replicated over the other, and an elementwise
// kernel computes the same on every replica. For functions that cost many
// instructions an element it is cheaper that each replica takes some rows, and
// a masked all-reduce puts them together: own rows at their place, zeros
// elsewhere.
//
//===----------------------------------------------------------------------===//
#include "weft/Kernels/Code.h"

using namespace mlir;
using namespace weft::kernels;

namespace {
/// Rows per replica: the least divisor of all rows that `pes` replicas cover.
int64_t rowsPerPE(int64_t rows, int64_t pes) {
  int64_t parts = rows / ((rows + pes - 1) / pes); // at most `pes` to try
  while (rows % parts != 0)
    --parts;
  return rows / parts;
}

bool isScalar(RankedTensorType t) { return t.getNumElements() == 1; }

class SplitRows final : public Kernel {
  void options(const Problem &p, const Rect &r, std::vector<Option> &out,
               std::string &why) const override {
    for (RankedTensorType t : p.ins)
      if (t.getShape() != p.out.getShape() && !isScalar(t))
        return;
    std::vector<Option> plain;
    elementwiseKernel().options(p, r, plain, why);
    for (Option &o : plain) {
      int8_t axis = axisOf(o.out);
      int64_t rows = rowsOf(o.out);
      if (axis == None || rowsPerPE(rows, r.length(other(axis))) == rows)
        continue;
      o.algorithm = "split_rows";
      out.push_back(o);
    }
  }

  bool inPlace(const Problem &p, const Option &, unsigned i) const override {
    return p.ins[i].getShape() == p.out.getShape();
  }

  void expand(const Problem &p, const Option &o, Code &c) const override {
    int8_t axis = axisOf(o.out), replicas = other(axis);
    int64_t rows = rowsOf(o.out), tile = tileElems(o.out) / rows;
    int64_t pes = c.rect.length(replicas), mine = rowsPerPE(rows, pes);
    Idx first = c.mul(c.coord(replicas), mine);
    bool idle = mine * pes != rows; // some replicas have no rows
    Idx start = idle ? c.min(first, rows - mine) : first;

    // The same problem on my rows, as a matrix of its own.
    Problem part = p;
    Option with = o;
    auto matrix = [&](RankedTensorType t) {
      return laidOut(RankedTensorType::get({mine, p.out.getShape().back()},
                                           t.getElementType()),
                     c.rect, axis);
    };
    SmallVector<Value> operands = c.ins;
    Value result = c.out;
    for (auto [i, type] : llvm::enumerate(p.ins)) {
      if (isScalar(type)) {
        part.ins[i] = RankedTensorType::get({1}, type.getElementType());
        with.ins[i] = laidOut(part.ins[i], c.rect, None);
        continue;
      }
      with.ins[i] = matrix(type);
      part.ins[i] =
          RankedTensorType::get(with.ins[i].getShape(), type.getElementType());
      c.ins[i] = c.scratch(tile * mine, type.getElementType());
      c.strided(V::VMov, {tile, mine}, {c.ins[i], 0, {mine, 1}},
                {{operands[i], start, {rows, 1}}});
    }
    with.out = matrix(p.out);
    part.out =
        RankedTensorType::get(with.out.getShape(), p.out.getElementType());
    Value partial = c.scratch(tile * mine, p.out.getElementType());
    c.out = partial;
    elementwiseKernel().expand(part, with, c);
    c.ins = operands;
    c.out = result;

    c.fill(c.view(result, 0, tile * rows), 0);
    Code::Operand target{result, start, {rows, 1}},
        source{partial, 0, {mine, 1}};
    if (idle)
      c.strided(V::VSel, {tile, mine}, target,
                {{c.toI32(c.less(first, rows)), 0, {}}, source});
    else
      c.strided(V::VMov, {tile, mine}, target, {source});
    c.allReduce(c.view(result, 0, tile * rows), replicas);
  }
};
} // namespace

const Kernel &weft::kernels::splitRowsKernel() {
  static const SplitRows kernel;
  return kernel;
}
