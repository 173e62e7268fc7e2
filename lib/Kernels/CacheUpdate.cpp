//===- CacheUpdate.cpp - Rows written into a cache ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Cache and update lie alike, so every PE that holds a part of a row of the
// cache holds that part of the update: nothing travels. Only the address
// depends on the position. One that lies outside is clamped, and its row
// selected away.
//
//===----------------------------------------------------------------------===//
#include "weft/Kernels/Code.h"

using namespace mlir;
using namespace weft::kernels;

namespace {
class CacheUpdate final : public Kernel {
  void options(const Problem &p, const Rect &r, std::vector<Option> &out,
               std::string &) const override {
    if (p.op != "nn.cache_update")
      return;
    for (int8_t axis : {None, X, Y}) {
      // A split dimension has no address that holds on every PE.
      if (axis != None && p.integer("axis") == p.out.getRank() - 1)
        continue;
      Option o;
      o.algorithm = "cache_update";
      o.ins = {laidOut(p.ins[0], r, axis), laidOut(p.ins[1], r, axis),
               laidOut(p.ins[2], r, None)};
      o.out = laidOut(p.out, r, axis);
      out.push_back(o);
    }
  }

  bool inPlace(const Problem &, const Option &, unsigned i) const override {
    return i == 0;
  }

  void expand(const Problem &p, const Option &o, Code &c) const override {
    int64_t axis = p.integer("axis"), n = o.out.getDimSize(axis);
    SmallVector<int64_t> sizes, to, from;
    for (auto [d, map] : llvm::enumerate(dimMaps(o.out))) {
      sizes.push_back(int64_t(d) == axis ? 1 : int64_t(map.tile));
      to.push_back(map.stride);
    }
    for (const weft::bin::DimMap &map : dimMaps(o.ins[1]))
      from.push_back(map.stride);
    if (!p.flag("in_place"))
      c.vec(V::VMov, c.view(c.out, 0, tileElems(o.out)),
            c.view(c.ins[0], 0, tileElems(o.out)));
    c.loop(p.ins[2].getDimSize(0), [&](Idx i) {
      Idx at = position(p, c, i, n);
      Value inside = c.toI32(c.inRange(at, n));
      Idx row = c.min(c.max(at, 0), n - 1);
      c.strided(V::VSel, sizes, {c.out, c.mul(row, to[axis]), to},
                {{inside, 0, {}}, {c.ins[1], c.mul(i, from[axis]), from}});
    });
  }

  static Idx position(const Problem &p, Code &c, Idx i, int64_t n) {
    Value raw = c.load(c.ins[2], i);
    Idx at(arith::IndexCastOp::create(c.b, c.loc, c.b.getIndexType(), raw));
    if (!p.flag("wrap"))
      return at;
    Value wrapped = c.index(c.add(at, n));
    return Idx(c.select(c.less(at, 0), wrapped, c.index(at)));
  }
};
} // namespace

const Kernel &weft::kernels::cacheUpdateKernel() {
  static const CacheUpdate kernel;
  return kernel;
}
