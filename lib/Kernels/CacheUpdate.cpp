//===- CacheUpdate.cpp - Rows written into a cache ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Cache and update lie alike, so every PE that holds a part of a row of the
// cache holds that part of the update: nothing travels. Only the address
// depends on the position. One that lies outside is clamped, and its row
// selected away. With a reduction the row is combined with what lies there.
//
//===----------------------------------------------------------------------===//
#include "Functions.h"
#include "weft/Kernels/Code.h"

using namespace mlir;
using namespace weft::kernels;

namespace {
/// A row that lies there and one of the update, as the reduction says.
class Reduction {
public:
  Reduction(const Problem &p, Code &c, Ints sizes)
      : c(c), sizes(sizes), how(p.text("reduction")),
        kind(intKind(p.text("int"))),
        isFloat(mlir::isa<FloatType>(p.out.getElementType())),
        flips(!isFloat && kind.usesTopBit() && (how == "max" || how == "min")) {
    SmallVector<int64_t> dense(sizes.size(), 1);
    for (size_t d = sizes.size(); d-- > 1;)
      dense[d - 1] = dense[d] * sizes[d];
    auto row = [&] {
      return Code::Operand{
          c.scratch(llvm::product_of(sizes), p.out.getElementType()), 0, dense};
    };
    result = row();
    if (flips)
      other = row();
  }

  Code::Operand combined(Code::Operand old, Code::Operand add) {
    V op = how == "add"   ? (isFloat ? V::VFAdd : V::VAdd)
           : how == "mul" ? (isFloat ? V::VFMul : V::VMul)
           : how == "max" ? (isFloat ? V::VFMax : V::VMax)
                          : (isFloat ? V::VFMin : V::VMin);
    // Signed order is that of unsigned words whose top bit is flipped.
    Code::Operand top{c.i32(0x80000000), 0, {}};
    if (flips) {
      c.strided(V::VXor, sizes, result, {old, top});
      c.strided(V::VXor, sizes, other, {add, top});
      old = result;
      add = other;
    }
    c.strided(op, sizes, result, {old, add});
    if (flips)
      c.strided(V::VXor, sizes, result, {result, top});
    else if (!isFloat)
      wrapIntegers(c, kind, sizes, result);
    return result;
  }

private:
  Code &c;
  Ints sizes;
  std::string how;
  IntKind kind;
  bool isFloat, flips;
  Code::Operand result, other;
};

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
    bool perBatch = p.ins[2].getRank() == 2;
    SmallVector<int64_t> sizes, to, from;
    for (auto [d, map] : llvm::enumerate(dimMaps(o.out))) {
      bool one = int64_t(d) == axis || (perBatch && d == 0);
      sizes.push_back(one ? 1 : int64_t(map.tile));
      to.push_back(map.stride);
    }
    for (const weft::bin::DimMap &map : dimMaps(o.ins[1]))
      from.push_back(map.stride);
    if (!p.flag("in_place")) {
      Value old = c.view(c.ins[0], 0, tileElems(o.out));
      c.vec(V::VMov, c.view(c.out, 0, tileElems(o.out)), old);
    }
    std::optional<Reduction> reduction;
    if (!p.text("reduction").empty())
      reduction.emplace(p, c, sizes);
    auto oneRow = [&](Idx position, Idx old, Idx add) {
      Idx at = index(p, c, position, n);
      Value inside = c.toI32(c.inRange(at, n));
      Idx row = c.min(c.max(at, 0), n - 1);
      Code::Operand target{c.out, c.add(old, c.mul(row, to[axis])), to};
      Code::Operand source{c.ins[1], add, from};
      if (reduction)
        source = reduction->combined(target, source);
      c.strided(V::VSel, sizes, target, {{inside, 0, {}}, source});
    };
    int64_t rows = p.ins[2].getShape().back();
    auto rowsOf = [&](Idx batch, std::vector<weft::bin::DimMap> maps) {
      c.loop(rows, [&](Idx i) {
        Idx add = perBatch ? c.mul(batch, from[0]) : Idx(0);
        add = c.add(c.mul(i, from[axis]), add);
        Idx old = perBatch ? c.mul(batch, to[0]) : Idx(0);
        oneRow(perBatch ? c.add(batch, c.mul(i, maps[1].stride)) : i, old, add);
      });
    };
    c.loop(perBatch ? p.ins[2].getDimSize(0) : 1,
           [&](Idx b) { rowsOf(b, dimMaps(o.ins[2])); });
  }

  static Idx index(const Problem &p, Code &c, Idx i, int64_t n) {
    Value raw = c.load(c.ins[2], i);
    Idx at(arith::IndexCastOp::create(c.b, c.loc, c.b.getIndexType(), raw));
    if (!p.flag("wrap"))
      return at;
    Value wrapped = c.index(c.add(at, n));
    Value plain = c.index(at);
    return Idx(c.select(c.less(at, 0), wrapped, plain));
  }
};
} // namespace

const Kernel &weft::kernels::cacheUpdateKernel() {
  static const CacheUpdate kernel;
  return kernel;
}
