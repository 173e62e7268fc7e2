//===- SplitReduce.cpp - Reductions over a split last dimension -----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Every PE reduces its own part. Sums are added along the axis. Maxima and
// minima are put into a vector with one place for each PE, zeros elsewhere,
// which is added up likewise, so that all PEs have all of them.
//
//===----------------------------------------------------------------------===//
#include "Functions.h"
#include "weft/Kernels/Code.h"
#include <functional>
#include <limits>

using namespace mlir;
using namespace weft::kernels;

namespace {
/// The tile of the operand: kept dimensions, with strides in both tensors, and
/// reduced ones but the last.
struct Tile {
  SmallVector<int64_t> kept, keptIn, keptOut, over, overIn;
  int64_t last = 1, step = 1;

  Tile(const Problem &p, const Option &o) {
    std::vector<weft::bin::DimMap> in = dimMaps(o.ins[0]), out = dimMaps(o.out);
    SmallVector<int64_t> axes = p.list("axes");
    unsigned outDim = 0;
    for (auto [d, map] : llvm::enumerate(in)) {
      bool reduced = llvm::is_contained(axes, int64_t(d));
      if (d + 1 == in.size()) {
        last = map.tile;
        step = map.stride;
      } else if (reduced) {
        over.push_back(map.tile);
        overIn.push_back(map.stride);
        outDim += p.flag("keepdims");
      } else {
        kept.push_back(map.tile);
        keptIn.push_back(map.stride);
        keptOut.push_back(out[outDim++].stride);
      }
    }
  }
};

class SplitReduce final : public Kernel {
  void options(const Problem &p, const Rect &r, std::vector<Option> &out,
               std::string &) const override {
    if (!llvm::StringRef(p.op).starts_with("nn.reduce_") || !operation(p) ||
        p.ins[0].getRank() == 0 ||
        !llvm::is_contained(p.list("axes"), p.ins[0].getRank() - 1) ||
        p.ins[0].getShape().back() == 1 ||
        (!isSum(p) && intKind(p.text("int")).usesTopBit()))
      return; // maxima of uint32 are for the kernels of whole tensors
    for (int8_t axis : {X, Y})
      out.push_back({"split_reduce",
                     {laidOut(p.ins[0], r, axis)},
                     laidOut(p.out, r, None)});
  }

  static bool isFloat(const Problem &p) {
    return mlir::isa<FloatType>(p.out.getElementType());
  }

  static std::optional<V> operation(const Problem &p) {
    bool f = isFloat(p);
    if (p.op == "nn.reduce_sum" || p.op == "nn.reduce_mean")
      return f ? V::VFAdd : V::VAdd;
    if (p.op == "nn.reduce_max")
      return f ? V::VFMax : V::VMax;
    if (p.op == "nn.reduce_min")
      return f ? V::VFMin : V::VMin;
    return std::nullopt;
  }

  static bool isSum(const Problem &p) {
    return p.op == "nn.reduce_sum" || p.op == "nn.reduce_mean";
  }

  /// What changes nothing.
  static Value neutral(const Problem &p, Code &c) {
    constexpr double inf = std::numeric_limits<double>::infinity();
    bool isMax = p.op == "nn.reduce_max";
    if (isFloat(p))
      return c.f32(isSum(p) ? 0 : isMax ? -inf : inf);
    return c.i32(isSum(p) ? 0 : isMax ? 0x80000000u : 0x7fffffffu);
  }

  void expand(const Problem &p, const Option &o, Code &c) const override {
    c.inWide(o.out, [&] {
      reduceTile(p, o, c);
      int8_t axis = axisOf(o.ins[0]);
      int64_t n = tileElems(o.out);
      if (isSum(p))
        c.allReduce(c.view(c.out, 0, n), axis);
      else
        combine(p, c, axis, n);
      if (p.op == "nn.reduce_mean") {
        Value sum = c.view(c.out, 0, n);
        Value factor = c.f32(double(p.out.getNumElements()) /
                             double(p.ins[0].getNumElements()));
        c.vec(V::VFMul, c.view(c.out, 0, n), {sum, factor});
      }
    });
  }

  /// This PE's part, without padding.
  static void reduceTile(const Problem &p, const Option &o, Code &c) {
    Tile tile(p, o);
    V op = *operation(p);
    Code::Operand sum{c.out, 0, tile.keptOut};
    c.strided(V::VMov, tile.kept, sum, {{neutral(p, c), 0, {}}});
    bool padded = isPadded(o.ins[0]);
    int64_t n = tileElems(o.out);
    Value other = padded ? c.scratch(n, isFloat(p) ? Type(c.b.getF32Type())
                                                   : Type(c.b.getI32Type()))
                         : Value();
    Idx first = c.mul(c.coord(axisOf(o.ins[0])), tile.last);
    c.loop(tile.last, [&](Idx f) {
      Value inside;
      if (padded)
        inside = c.toI32(c.less(c.add(first, f), p.ins[0].getShape().back()));
      std::function<void(size_t, Idx)> walk = [&](size_t d, Idx at) {
        if (d < tile.over.size())
          return c.loop(tile.over[d], [&](Idx i) {
            walk(d + 1, c.add(at, c.mul(i, tile.overIn[d])));
          });
        Code::Operand x{c.ins[0], at, tile.keptIn};
        if (!padded)
          return c.strided(op, tile.kept, sum, {sum, x});
        Code::Operand next{other, 0, tile.keptOut};
        c.strided(op, tile.kept, next, {sum, x});
        c.strided(V::VSel, tile.kept, sum, {{inside, 0, {}}, next});
      };
      walk(0, c.mul(f, tile.step));
    });
  }

  /// The best of all PEs' n values each.
  static void combine(const Problem &p, Code &c, int8_t axis, int64_t n) {
    int64_t pes = c.rect.length(axis);
    if (pes == 1)
      return;
    Value all = c.scratch(pes * n, isFloat(p) ? Type(c.b.getF32Type())
                                              : Type(c.b.getI32Type()));
    Value result = c.view(c.out, 0, n);
    Value zero = isFloat(p) ? c.f32(0) : c.i32(0);
    c.vec(V::VMov, c.view(all, 0, pes * n), zero);
    c.vec(V::VMov, c.view(all, c.mul(c.coord(axis), n), n), {result});
    c.allReduce(c.view(all, 0, pes * n), axis);
    c.vec(V::VMov, result, {c.view(all, 0, n)});
    c.loop(pes - 1, [&](Idx i) {
      c.vec(*operation(p), result,
            {result, c.view(all, c.mul(c.add(i, 1), n), n)});
    });
  }
};
} // namespace

const Kernel &weft::kernels::splitReduceKernel() {
  static const SplitReduce kernel;
  return kernel;
}
