//===- LocalMoves.cpp - Data movement on one PE's data --------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Local.h"

using namespace mlir;
using namespace weft;
using namespace weft::kernels;
using local::Strides;

Strides local::storage(RankedTensorType type) {
  Strides s;
  for (const weft::bin::DimMap &d : dimMaps(type))
    s.push_back(d.stride);
  return s;
}

Strides local::tileShape(RankedTensorType type) {
  Strides s;
  for (unsigned d = 0; d < type.getRank(); ++d)
    s.push_back(tileDim(type, d));
  return s;
}

Strides local::rowMajor(ArrayRef<int64_t> shape) {
  Strides s(shape.size(), 1);
  for (int d = int(shape.size()) - 2; d >= 0; --d)
    s[d] = s[d + 1] * shape[d + 1];
  return s;
}

void local::reshape(const Option &o, Code &c) {
  Value tmp = c.scratch(tileElems(o.out), o.out.getElementType());
  Strides in = tileShape(o.ins[0]), out = tileShape(o.out);
  c.strided(V::VMov, in, {tmp, 0, rowMajor(in)},
            {{c.ins[0], 0, storage(o.ins[0])}});
  c.strided(V::VMov, out, {c.out, 0, storage(o.out)},
            {{tmp, 0, rowMajor(out)}});
}

void local::permute(const Problem &p, const Option &o, Code &c) {
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

void local::concat(const Problem &p, const Option &o, Code &c) {
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

void local::gather(const Problem &p, const Option &o, Code &c) {
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
