//===- Norm.cpp - LayerNorm and RMSNorm over a split last dimension -------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Per row two sums over the features (mean, then variance of the centred
// values: two passes, so that no precision is lost), each an all-reduce of one
// word per row. Padding features are zeroed by a mask of ones and zeros that
// is laid out like a weight.
//
// Weights are one number per feature: over the whole tile, in one op, they are
// a walk of stride 0, which is in the way of half of the elements beside it; or
// they are scalars, an op per feature.
//
//===----------------------------------------------------------------------===//
#include "weft/Kernels/Code.h"

using namespace mlir;
using namespace weft::kernels;

namespace {
class Norm final : public Kernel {
public:
  explicit Norm(bool scalars) : scalars(scalars) {}

private:
  bool scalars; // weights are
  void options(const Problem &p, const Rect &r, std::vector<Option> &out,
               std::string &why) const override {
    if (p.op != "nn.layer_norm" && p.op != "nn.rms_norm")
      return;
    if (scalars && rowsOf(p.out) == 1) // then stride 0 is none
      return;
    for (int8_t axis : {X, Y, None}) {
      Option o;
      o.algorithm = scalars ? "norm_scalars" : "norm";
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
    // Two of them, so that x and what is left of it may lie as they like in
    // their lines: each only has to lie unlike its own sums.
    Value mean = centre ? c.scratch(rows) : Value();
    Value variance = c.scratch(rows), tmp0 = c.scratch(rows),
          tmp1 = c.scratch(rows);
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
      Value sum = c.view(mean, 0, rows);
      c.fill(sum, 0);
      c.loop(t, [&](Idx f) {
        c.vec(V::VFAdd, sum, {sum, c.view(in, c.mul(f, rows), rows)});
      });
      c.allReduce(sum, axisOf(o.out));
      c.vec(V::VFMul, sum, {sum, c.f32(inverse)});
      tile(V::VFSub, in, all, mean, perRow);
      if (masked)
        tile(V::VFMul, y, all, c.ins[operands], perFeature);
      in = y;
    }
    Value sv = c.view(variance, 0, rows);
    c.fill(sv, 0);
    c.loop(t, [&](Idx f) {
      Value row = c.view(in, c.mul(f, rows), rows);
      c.vec(V::VFMac, sv, {row, row});
    });
    c.allReduce(sv, axisOf(o.out));
    c.vec(V::VFMul, sv, {sv, c.f32(inverse)});
    c.vec(V::VFAdd, sv, {sv, c.f32(p.real("epsilon"))});
    Value guess = c.view(tmp0, 0, rows);
    c.rsqrt(sv, sv, guess, c.view(tmp1, 0, rows));
    tile(V::VFMul, in, all, variance, perRow);
    if (scalars)
      return scaleByScalars(c, y, t, rows, operands);
    Value scaled = y;
    if (operands == 2)
      y = c.out;
    tile(V::VFMul, scaled, all, c.ins[1], perFeature);
    y = c.out;
    if (operands > 2)
      tile(V::VFAdd, scaled, all, c.ins[2], perFeature);
  }

  /// out = y * weight + bias, feature by feature.
  static void scaleByScalars(Code &c, Value y, int64_t t, int64_t rows,
                             unsigned operands) {
    c.loop(t, [&](Idx f) {
      Idx at = c.mul(f, rows);
      Value row = c.view(y, at, rows), result = c.view(c.out, at, rows);
      Value weight = c.load(c.ins[1], f);
      c.vec(V::VFMul, operands > 2 ? row : result, {row, weight});
      if (operands < 3)
        return;
      Value bias = c.load(c.ins[2], f);
      c.vec(V::VFAdd, result, {row, bias});
    });
  }

  bool inPlace(const Problem &, const Option &, unsigned i) const override {
    return i == 0;
  }
};
} // namespace

const Kernel &weft::kernels::normKernel(bool scalars) {
  static const Norm tile(false), kernel(true);
  return scalars ? kernel : tile;
}
