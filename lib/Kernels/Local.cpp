//===- Local.cpp - Whole ops on one PE's data -----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The fallback for small odd ops: operands replicated, every PE computes the
// whole result (so that no broadcast follows). Ops that leave the last
// dimension alone (`rows`) do the same on tiles of a split last dimension,
// where nothing is redundant.
//
//===----------------------------------------------------------------------===//
#include "Functions.h"
#include <limits>

using namespace mlir;
using namespace weft::kernels;

namespace {
constexpr double largest = std::numeric_limits<float>::max();
constexpr double smallest = std::numeric_limits<float>::min(); // normal

using Strides = SmallVector<int64_t>;

Strides storage(RankedTensorType type) {
  Strides s;
  for (const weft::bin::DimMap &d : dimMaps(type))
    s.push_back(d.stride);
  return s;
}

Strides tileShape(RankedTensorType type) {
  Strides s;
  for (unsigned d = 0; d < type.getRank(); ++d)
    s.push_back(tileDim(type, d));
  return s;
}

Strides rowMajor(ArrayRef<int64_t> shape) {
  Strides s(shape.size(), 1);
  for (int d = int(shape.size()) - 2; d >= 0; --d)
    s[d] = s[d + 1] * shape[d + 1];
  return s;
}

bool isReduce(StringRef op) { return op.starts_with("nn.reduce_"); }

/// Does the op leave the last dimension and its order alone?
bool keepsLast(const Problem &p) {
  int64_t last = int64_t(p.ins[0].getRank()) - 1;
  if (last < 0 || p.out.getRank() == 0 ||
      p.ins[0].getShape().back() != p.out.getShape().back())
    return false;
  if (p.op == "nn.reshape")
    return true;
  if (isReduce(p.op))
    return !llvm::is_contained(p.list("axes"), last);
  if (p.op == "nn.transpose")
    return p.list("perm").back() == last;
  if (p.op == "nn.slice")
    return p.list("steps").back() == 1; // of equal size: all of it, in order
  if (p.op == "nn.concat")
    return p.integer("axis") != last;
  return p.op == "nn.expand" && p.ins[0].getRank() == p.out.getRank();
}

class Local final : public Kernel {
public:
  explicit Local(bool split) : split(split) {}

private:
  bool split;

  static bool known(const Problem &p) {
    return isReduce(p.op) ||
           llvm::is_contained(ArrayRef<StringRef>{"nn.reshape", "nn.transpose",
                                                  "nn.slice", "nn.concat",
                                                  "nn.expand", "nn.softmax",
                                                  "nn.matmul", "nn.gather"},
                              p.op);
  }

  void options(const Problem &p, const Rect &r, std::vector<Option> &out,
               std::string &why) const override {
    if (!known(p))
      return;
    if (split && !keepsLast(p))
      return;
    for (int8_t axis : {None, X, Y}) {
      if ((axis == None) == split)
        continue;
      Option o;
      o.algorithm = split ? "rows" : "local";
      for (RankedTensorType t : p.ins)
        o.ins.push_back(laidOut(t, r, axis));
      o.out = laidOut(p.out, r, axis);
      out.push_back(o);
    }
  }

  void expand(const Problem &p, const Option &o, Code &c) const override {
    if (p.op == "nn.reshape")
      return reshape(o, c);
    if (p.op == "nn.transpose" || p.op == "nn.slice" || p.op == "nn.expand")
      return permute(p, o, c);
    if (p.op == "nn.concat")
      return concat(p, o, c);
    if (intKind(p.text("int")).usesTopBit() &&
        (p.op == "nn.reduce_max" || p.op == "nn.reduce_min"))
      return reduceUnsigned(p, o, c);
    if (isReduce(p.op))
      return c.inWide(o.out, [&] { reduce(p, o, c); });
    if (p.op == "nn.softmax")
      return c.inWide(o.out, [&] { softmax(p, o, c); });
    if (p.op == "nn.matmul" && accumulatorType(p) == o.out.getElementType())
      return matmul(o, c);
    if (p.op == "nn.matmul")
      return c.inWide(o.out, [&] { matmul(o, c); });
    gather(p, o, c);
  }

  /// With an equal last dimension the storage is the same (the compiler then
  /// aliases and this is never called); else through a row-major copy.
  static void reshape(const Option &o, Code &c) {
    Value tmp = c.scratch(tileElems(o.out), o.out.getElementType());
    Strides in = tileShape(o.ins[0]), out = tileShape(o.out);
    c.strided(V::VMov, in, {tmp, 0, rowMajor(in)},
              {{c.ins[0], 0, storage(o.ins[0])}});
    c.strided(V::VMov, out, {c.out, 0, storage(o.out)},
              {{tmp, 0, rowMajor(out)}});
  }

  static void permute(const Problem &p, const Option &o, Code &c) {
    Strides from = storage(o.ins[0]), src;
    int64_t offset = 0;
    if (p.op == "nn.transpose") {
      for (int64_t d : p.list("perm"))
        src.push_back(from[d]);
    } else if (p.op == "nn.slice") {
      Strides starts = p.list("starts"), steps = p.list("steps");
      for (auto [d, s] : llvm::enumerate(from)) {
        // The last dimension of a split layout is taken whole.
        bool whole =
            p.ins[0].getDimSize(d) == p.out.getDimSize(d) && steps[d] > 0;
        offset += whole ? 0 : starts[d] * s;
        src.push_back(whole ? s : steps[d] * s);
      }
    } else {
      int64_t shift = o.out.getRank() - o.ins[0].getRank();
      for (int64_t d = 0; d < o.out.getRank(); ++d)
        src.push_back(d < shift || o.ins[0].getDimSize(d - shift) == 1
                          ? 0
                          : from[d - shift]);
    }
    c.strided(V::VMov, tileShape(o.out), {c.out, 0, storage(o.out)},
              {{c.ins[0], offset, src}});
  }

  static void concat(const Problem &p, const Option &o, Code &c) {
    int64_t axis = p.integer("axis");
    if (axis < 0)
      axis += o.out.getRank();
    int64_t at = 0;
    for (auto [value, type] : llvm::zip(c.ins, o.ins)) {
      c.strided(V::VMov, tileShape(type),
                {c.out, at * storage(o.out)[axis], storage(o.out)},
                {{value, 0, storage(type)}});
      at += tileDim(type, axis);
    }
  }

  /// Signed order is that of unsigned words whose top bit is flipped.
  static void reduceUnsigned(const Problem &p, const Option &o, Code &c) {
    Value input = c.ins[0];
    int64_t all = tileElems(o.ins[0]), n = tileElems(o.out);
    c.ins[0] = c.scratch(all, c.b.getI32Type());
    Value plain = c.view(input, 0, all), topBit = c.i32(0x80000000);
    c.vec(V::VXor, c.view(c.ins[0], 0, all), {plain, topBit});
    reduce(p, o, c);
    Value flipped = c.view(c.out, 0, n);
    topBit = c.i32(0x80000000);
    c.vec(V::VXor, c.view(c.out, 0, n), {flipped, topBit});
    c.ins[0] = input;
  }

  /// One vector op over the kept dimensions per reduced index.
  static void reduce(const Problem &p, const Option &o, Code &c) {
    Strides sizes = tileShape(o.ins[0]), in = storage(o.ins[0]);
    SmallVector<bool> reduced(sizes.size(), p.list("axes").empty());
    for (int64_t a : p.list("axes"))
      reduced[a < 0 ? a + int64_t(sizes.size()) : a] = true;
    Strides outStorage = storage(o.out), kept, keptIn, keptOut, over, overIn;
    unsigned outDim = 0;
    int64_t count = 1;
    for (size_t d = 0; d < sizes.size(); ++d) {
      if (reduced[d]) {
        over.push_back(sizes[d]);
        overIn.push_back(in[d]);
        count *= p.ins[0].getDimSize(d);
        outDim += p.flag("keepdims");
      } else {
        kept.push_back(sizes[d]);
        keptIn.push_back(in[d]);
        keptOut.push_back(outStorage[outDim++]);
      }
    }
    bool isFloat = mlir::isa<FloatType>(o.out.getElementType());
    bool isMax = p.op == "nn.reduce_max", isMin = p.op == "nn.reduce_min";
    V op = isMax   ? (isFloat ? V::VFMax : V::VMax)
           : isMin ? (isFloat ? V::VFMin : V::VMin)
                   : (isFloat ? V::VFAdd : V::VAdd);
    Code::Operand target{c.out, 0, keptOut};
    if (isMax || isMin) // start from index 0 of every reduced dimension
      c.strided(V::VMov, kept, target, {{c.ins[0], 0, keptIn}});
    else
      c.strided(V::VMov, kept, target,
                {{isFloat ? c.f32(0) : c.i32(0), 0, {}}});
    std::function<void(size_t, Idx)> walk = [&](size_t d, Idx at) {
      if (d == over.size())
        return c.strided(op, kept, target, {target, {c.ins[0], at, keptIn}});
      c.loop(over[d],
             [&](Idx i) { walk(d + 1, c.add(at, c.mul(i, overIn[d]))); });
    };
    walk(0, 0);
    if (p.op == "nn.reduce_mean")
      c.strided(V::VFMul, kept, target,
                {target, {c.f32(1.0 / double(count)), 0, {}}});
  }

  /// Along any axis: running maximum, exp, running sum, reciprocal.
  static void softmax(const Problem &p, const Option &o, Code &c) {
    int64_t axis = p.integer("axis", -1), rank = o.out.getRank();
    axis = axis < 0 ? axis + rank : axis;
    int64_t total = tileElems(o.out), n = tileDim(o.out, axis),
            lines = total / n;
    Strides s = storage(o.out), outer, outerS, lineS;
    for (int64_t d = 0; d < rank; ++d)
      if (d != axis) {
        outer.push_back(tileDim(o.out, d));
        outerS.push_back(s[d]);
      }
    lineS = rowMajor(outer);
    Value m = c.scratch(lines), t0 = c.scratch(total), t1 = c.scratch(total);
    Value inv = c.scratch(lines);
    Code::Operand stat{m, 0, lineS}, inverse{inv, 0, lineS};
    auto slice = [&](Value v, Idx i) {
      return Code::Operand{v, c.mul(i, s[axis]), outerS};
    };
    c.strided(V::VMov, outer, stat, {slice(c.ins[0], 0)});
    c.loop(n, [&](Idx i) {
      c.strided(V::VFMax, outer, stat, {stat, slice(c.ins[0], i)});
    });
    bool zeroMasked = p.flag("zero_masked");
    auto atLeast = [&](double least) {
      Value most = c.view(m, 0, lines), bound = c.f32(least);
      c.vec(V::VFMax, c.view(m, 0, lines), {most, bound});
    };
    if (zeroMasked) // exp(-inf) for all, not for a NaN
      atLeast(-largest);
    c.loop(n, [&](Idx i) {
      Code::Operand x = slice(c.ins[0], i);
      c.strided(V::VFSub, outer, slice(c.out, i), {x, stat});
    });
    Value tmp1 = c.view(t1, 0, total), tmp0 = c.view(t0, 0, total);
    c.exp(c.view(c.out, 0, total), tmp0, tmp1);
    c.fill(c.view(m, 0, lines), 0);
    c.loop(n, [&](Idx i) {
      c.strided(V::VFAdd, outer, stat, {stat, slice(c.out, i)});
    });
    if (zeroMasked)
      atLeast(smallest);
    Value last = c.view(t0, 0, lines), sums = c.view(m, 0, lines);
    c.reciprocal(c.view(inv, 0, lines), sums, last);
    c.loop(n, [&](Idx i) {
      Code::Operand x = slice(c.out, i);
      c.strided(V::VFMul, outer, slice(c.out, i), {x, inverse});
    });
  }

  /// Batched, numpy semantics: a multiply-accumulate along rows of the result
  /// per (batch, k, n). Integers have no such instruction: a product, a sum.
  static void matmul(const Option &o, Code &c) {
    bool isFloat = mlir::isa<FloatType>(o.out.getElementType());
    RankedTensorType a = o.ins[0], b = o.ins[1], y = o.out;
    Strides as = storage(a), bs = storage(b), ys = storage(y);
    int64_t ar = a.getRank(), br = b.getRank(), yr = y.getRank();
    bool aVector = ar == 1, bVector = br == 1;
    int64_t k = a.getShape().back(), n = bVector ? 1 : b.getShape().back();
    int64_t m = aVector ? 1 : a.getDimSize(ar - 2);
    int64_t batchDims = yr - (aVector ? 0 : 1) - (bVector ? 0 : 1);
    int64_t yRow = aVector ? 0 : ys[batchDims];
    int64_t yCol = bVector ? 0 : ys.back();
    Value zero = isFloat ? c.f32(0) : c.i32(0);
    c.vec(V::VMov, c.view(c.out, 0, tileElems(y)), zero);
    Value product = isFloat ? Value() : c.scratch(m, c.b.getI32Type());
    auto batchStride = [&](RankedTensorType t, ArrayRef<int64_t> s,
                           int64_t core, int64_t d) -> int64_t {
      int64_t own = d - (batchDims - (t.getRank() - core));
      return own < 0 || t.getDimSize(own) == 1 ? 0 : s[own];
    };
    std::function<void(int64_t, Idx, Idx, Idx)> walk = [&](int64_t d, Idx ao,
                                                           Idx bo, Idx yo) {
      if (d < batchDims)
        return c.loop(y.getDimSize(d), [&](Idx i) {
          Idx yi = c.add(yo, c.mul(i, ys[d]));
          Idx bi = c.mul(i, batchStride(b, bs, bVector ? 1 : 2, d));
          bi = c.add(bo, bi);
          Idx ai = c.mul(i, batchStride(a, as, aVector ? 1 : 2, d));
          walk(d + 1, c.add(ao, ai), bi, yi);
        });
      c.loop(n, [&](Idx j) {
        Idx yj = c.add(yo, c.mul(j, yCol));
        Idx bj = c.add(bo, c.mul(j, bVector ? 0 : bs.back()));
        c.loop(k, [&](Idx i) {
          Value w = c.load(c.ins[1],
                           c.add(bj, c.mul(i, bVector ? bs[0] : bs[br - 2])));
          Value target = c.view(c.out, yj, {m}, {yRow});
          Value x = c.view(c.ins[0], c.add(ao, c.mul(i, as.back())), {m},
                           {aVector ? 0 : as[ar - 2]});
          if (isFloat)
            return c.vec(V::VFMac, target, {x, w});
          c.vec(V::VMul, c.view(product, 0, m), {x, w});
          c.vec(V::VAdd, target, {target, c.view(product, 0, m)});
        });
      });
    };
    walk(0, 0, 0, 0);
  }

  /// Slices of a table along an axis; indices are clamped into the table.
  static void gather(const Problem &p, const Option &o, Code &c) {
    RankedTensorType table = o.ins[0], ids = o.ins[1];
    Strides is = storage(ids), ts = storage(table), ys = storage(o.out);
    int64_t axis = p.integer("axis"), n = table.getDimSize(axis);
    // What surrounds the axis: the same dimensions in table and result.
    Strides sizes = tileShape(table), from = ts, to = ys;
    sizes.erase(sizes.begin() + axis);
    from.erase(from.begin() + axis);
    to.erase(to.begin() + axis, to.begin() + axis + ids.getRank());
    std::function<void(int64_t, Idx, Idx)> walk = [&](int64_t d, Idx at,
                                                      Idx put) {
      if (d < ids.getRank())
        return c.loop(ids.getDimSize(d), [&](Idx i) {
          Idx to = c.add(put, c.mul(i, ys[axis + d]));
          walk(d + 1, c.add(at, c.mul(i, is[d])), to);
        });
      Value raw = c.load(c.ins[1], at);
      Idx id(arith::IndexCastOp::create(c.b, c.loc, c.b.getIndexType(), raw));
      Value wrapped = c.index(c.add(id, n));
      Value plain = c.index(id);
      id = Idx(c.select(c.less(id, 0), wrapped, plain));
      id = c.min(c.max(id, 0), n - 1);
      c.strided(V::VMov, sizes, {c.out, put, to},
                {{c.ins[0], c.mul(id, ts[axis]), from}});
    };
    walk(0, 0, 0);
  }
};
} // namespace

const Kernel &weft::kernels::localKernel() {
  static const Local kernel(/*split=*/false);
  return kernel;
}

const Kernel &weft::kernels::rowsKernel() {
  static const Local kernel(/*split=*/true);
  return kernel;
}
