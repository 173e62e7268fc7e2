//===- Gemm.cpp - Y = X W + b on the collective basis ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// W stays resident, K over one axis and N over the other. Each PE multiplies
// its K tile of all rows with its W tile; the partial sums are chain-reduced
// along K's axis and multicast back, so Y is split over the other axis and
// the next GEMM swaps the axes without a transpose. Two vector orientations:
// over rows (tokens), scalar from W; or over N, scalar from X (for few rows).
// Or, as a block, one op for the whole product of the tiles, in which W and X
// are walks with strides of 0: no set-up and no loop, but of three operands in
// memory two are in each other's way.
// f16 products accumulate in f32, on the PE and along the chain; the root
// rounds once and multicasts f16. With --acc=f16 all of it is f16.
//
//===----------------------------------------------------------------------===//
#include "weft/Kernels/Code.h"

using namespace mlir;
using namespace weft;
using namespace weft::kernels;

namespace {
class Gemm final : public Kernel {
public:
  explicit Gemm(bool block) : block(block) {}

private:
  bool block;
  void options(const Problem &p, const Rect &r, std::vector<Option> &out,
               std::string &why) const override {
    if (p.op != "nn.linear")
      return;
    if (!p.constant[1] || (p.ins.size() > 2 && !p.constant[2])) {
      if (!block) // one reason is enough
        why = "gemm keeps its weight resident, so weight and bias must be "
              "constants";
      return;
    }
    int64_t n = p.ins[1].getDimSize(1);
    for (int8_t k : {X, Y})
      for (bool overRows : {true, false}) {
        if (block && overRows)
          continue;
        Option o;
        o.algorithm = block ? "gemm_block" : "gemm";
        o.ins.push_back(laidOut(p.ins[0], r, k));
        o.ins.push_back(laidOut(p.ins[1], r, {k, other(k)}, !overRows));
        // As [1, N] with the unit dimension over K's axis, only the root line
        // holds the bias; elsewhere it is padding, which is zero.
        if (p.ins.size() > 2)
          o.ins.push_back(
              laidOut(RankedTensorType::get({1, n}, p.ins[2].getElementType()),
                      r, {k, other(k)}));
        o.out = laidOut(p.out, r, other(k));
        out.push_back(o);
      }
  }

  void expand(const Problem &p, const Option &o, Code &c) const override {
    Value x = c.ins[0], w = c.ins[1];
    int64_t rows = rowsOf(o.out), nt = tileDim(o.out, o.out.getRank() - 1);
    int64_t kt = tileDim(o.ins[1], 0);
    Type acc = accumulatorType(p);
    bool own = acc == o.out.getElementType();
    Value y = own ? c.out : c.scratch(nt * rows, acc);
    bool overRows = !wafer::layoutOf(o.ins[1]).getRowMajor();
    if (c.ins.size() > 2)
      c.strided(V::VMov, {nt, rows}, {y, 0, {rows, 1}},
                {{c.ins[2], 0, {1, 0}}});
    else
      c.fill(c.view(y, 0, nt * rows), 0);
    if (block)
      c.strided(V::VFMac, {kt, nt, rows}, {y, 0, {0, rows, 1}},
                {{x, 0, {rows, 0, 1}}, {w, 0, {nt, 1, 0}}});
    else if (overRows)
      c.loop(nt, [&](Idx n) {
        Idx yn = c.mul(n, rows), wn = c.mul(n, kt);
        c.loop(kt, [&](Idx k) {
          Value weight = c.load(w, c.add(wn, k));
          Value column = c.view(x, c.mul(k, rows), rows);
          c.vec(V::VFMac, c.view(y, yn, rows), {column, weight});
        });
      });
    else
      c.loop(kt, [&](Idx k) {
        Idx wk = c.mul(k, nt), xk = c.mul(k, rows);
        c.loop(rows, [&](Idx m) {
          Value scalar = c.load(x, c.add(xk, m));
          Value weights = c.view(w, wk, nt);
          c.vec(V::VFMac, c.view(y, m, {nt}, {rows}), {weights, scalar});
        });
      });
    Value sum = c.view(y, 0, nt * rows);
    c.allReduce(c.view(c.out, 0, nt * rows), sum, other(axisOf(o.out)));
  }
};
} // namespace

const Kernel &weft::kernels::gemmKernel(bool block) {
  static const Gemm loops(false), whole(true);
  return block ? whole : loops;
}
