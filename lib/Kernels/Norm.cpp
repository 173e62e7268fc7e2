//===- Norm.cpp - LayerNorm and RMSNorm over a split last dimension -------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Per row two sums over the features (mean, then variance of the centred
// values: two passes, so that no precision is lost), each an all-reduce of one
// word per row. Padding features are zeroed by a mask of ones and zeros that
// is laid out like a weight.
//
//===----------------------------------------------------------------------===//
#include "weft/Kernels/Code.h"

using namespace mlir;
using namespace weft::kernels;

namespace {
class Norm final : public Kernel {
  void options(const Problem &p, const Rect &r, std::vector<Option> &out,
               std::string &why) const override {
    if (p.op != "nn.layer_norm" && p.op != "nn.rms_norm")
      return;
    for (int8_t axis : {X, Y, None}) {
      Option o;
      o.algorithm = "norm";
      for (RankedTensorType t : p.ins)
        o.ins.push_back(laidOut(t, r, axis));
      o.out = laidOut(p.out, r, axis);
      if (isPadded(o.out)) {
        o.validOnes = p.out.getShape().back();
        o.ins.push_back(laidOut(
            RankedTensorType::get({o.validOnes}, p.out.getElementType()), r,
            axis));
      }
      out.push_back(o);
    }
  }

  void expand(const Problem &p, const Option &o, Code &c) const override {
    bool centre = p.op == "nn.layer_norm";
    unsigned operands = p.ins.size();
    Value x = c.ins[0], y;
    int64_t rows = rowsOf(o.out), t = tileDim(o.out, o.out.getRank() - 1);
    double inverse = 1.0 / double(p.out.getShape().back());
    const int64_t all[] = {rows, 1}, perRow[] = {0, 1}, perFeature[] = {1, 0};
    Value stat = c.scratch(rows), tmp = c.scratch(rows), rstd = c.scratch(rows);
    Value sv = c.view(stat, 0, rows);
    // What lies between x and the result is f32; the last step rounds.
    y = isNarrow(o.out.getElementType()) ? c.scratch(t * rows) : c.out;
    auto tile = [&](V op, Value a, Ints as, Value b, Ints bs) {
      c.strided(
          op, {t, rows}, {y, 0, SmallVector<int64_t>(ArrayRef(all))},
          {{a, 0, SmallVector<int64_t>(as)}, {b, 0, SmallVector<int64_t>(bs)}});
    };
    bool masked = o.validOnes > 0;
    // Masked x, if there is padding; else x itself is read.
    if (masked)
      tile(V::VFMul, x, all, c.ins[operands], perFeature);
    Value in = masked ? y : x;
    if (centre) {
      c.fill(sv, 0);
      c.loop(t, [&](Idx f) {
        c.vec(V::VFAdd, sv, {sv, c.view(in, c.mul(f, rows), rows)});
      });
      c.allReduce(sv, axisOf(o.out));
      c.vec(V::VFMul, sv, {sv, c.f32(inverse)});
      tile(V::VFSub, in, all, stat, perRow);
      if (masked)
        tile(V::VFMul, y, all, c.ins[operands], perFeature);
      in = y;
    }
    c.fill(sv, 0);
    c.loop(t, [&](Idx f) {
      Value row = c.view(in, c.mul(f, rows), rows);
      c.vec(V::VFMac, sv, {row, row});
    });
    c.allReduce(sv, axisOf(o.out));
    c.vec(V::VFMul, sv, {sv, c.f32(inverse)});
    c.vec(V::VFAdd, sv, {sv, c.f32(p.real("epsilon"))});
    Value scratch = c.view(tmp, 0, rows);
    c.rsqrt(c.view(rstd, 0, rows), sv, scratch);
    tile(V::VFMul, in, all, rstd, perRow);
    Value scaled = y;
    if (operands == 2)
      y = c.out;
    tile(V::VFMul, scaled, all, c.ins[1], perFeature);
    y = c.out;
    if (operands > 2)
      tile(V::VFAdd, scaled, all, c.ins[2], perFeature);
  }

  bool inPlace(const Problem &, const Option &, unsigned i) const override {
    return i == 0;
  }
};
} // namespace

const Kernel &weft::kernels::normKernel() {
  static const Norm kernel;
  return kernel;
}
