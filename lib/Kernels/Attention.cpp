//===- Attention.cpp - Multi-head attention on a rectangle ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Features (heads) are split over one axis, as the GEMMs before leave them, and
// query rows over the other. With F a PE's features and R its query rows:
//
//   1. S[h, R, :] += q[R, f] k[:, f]        for f in F, h the head of f
//   2. all-reduce of S along the feature axis (a head may span PEs)
//   3. softmax of the rows of the heads F touches, on the PE
//   4. o[R, f] = P[h, R, :] . v[:, f]       for f in F
//   5. masked all-reduce of o along the row axis: own rows, zeros elsewhere
//
// so that the result is split over features again and replicated over rows.
// Heads of values may be narrower or wider than those of queries: steps 1 and 2
// count features by the one, 3 to 5 by the other. If query heads share keys and
// values, those are replicated whole. Scores and probabilities are f32; with
// --acc=f16 the sums of step 1 and 2 are f16.
//
// Steps 1 and 4 take an op per feature and row, or one for all rows (and all
// features of a head, where tiles hold whole heads or parts of one). That has
// no set-up and no loop per row, but three operands in memory, of which two are
// in each other's way. For step 4 a multiply-add is faster than a dot product.
//
//===----------------------------------------------------------------------===//
#include "weft/Kernels/Code.h"
#include <limits>

using namespace mlir;
using namespace weft::kernels;

namespace {
constexpr double largest = std::numeric_limits<float>::max();
constexpr double smallest = std::numeric_limits<float>::min(); // normal

/// Sizes and this PE's place, shared by the steps. `split` is a tensor [batch,
/// queries, features] of the heads in question: the queries, or the result.
struct Shape {
  Shape(const Problem &p, RankedTensorType split, Code &c)
      : featureAxis(axisOf(split)), rowAxis(other(featureAxis)),
        batch(p.ins[0].getDimSize(0)), queries(p.ins[0].getDimSize(1)),
        keys(p.ins[1].getDimSize(1)), features(split.getDimSize(2)),
        heads(p.integer("num_heads")), headDim(features / heads),
        groups(p.integer("num_kv_heads", heads)), tile(tileDim(split, 2)) {
    int64_t pes = c.rect.length(rowAxis);
    rows = (queries + pes - 1) / pes;
    // Most heads that a tile of consecutive features can touch.
    bool aligned = tile % headDim == 0 || headDim % tile == 0;
    local = aligned ? std::max<int64_t>(1, tile / headDim)
                    : (tile - 2 + headDim) / headDim + 1;
    local = std::min(local, heads);
    firstFeature = c.mul(c.coord(featureAxis), tile);
    ownRow = c.mul(c.coord(rowAxis), rows);
    firstRow = padded(c) ? c.min(ownRow, queries - rows) : ownRow;
    limit = c.rect.length(featureAxis) * tile;
    Idx head = c.div(firstFeature, headDim, limit);
    firstHead = heads == local ? Idx(0) : c.min(head, heads - local);
  }
  int8_t featureAxis, rowAxis;
  int64_t batch, queries, keys, features, heads, headDim, groups, tile;
  int64_t rows = 0, local = 0, limit = 0;
  /// Rows from firstRow on are computed; those before ownRow, so that the last
  /// PEs have as many as the others, are another's.
  Idx firstFeature, firstRow, ownRow, firstHead;

  Idx head(Code &c, Idx feature) const {
    if (heads == 1)
      return 0;
    Idx h = c.div(feature, headDim, limit);
    return limit > features ? c.min(h, heads - 1) : h;
  }
  /// Where the key (or value) for a query feature lies: at the same place, or,
  /// if heads share keys, in the replicated tensor.
  Idx keyFeature(Code &c, Idx f, Idx feature) const {
    if (groups == heads)
      return f;
    Idx h = head(c, feature), g = c.div(h, heads / groups, heads);
    Idx start = c.mul(g, headDim);
    Idx at = c.add(c.sub(feature, c.mul(h, headDim)), start);
    // Where features end at the last head the clamps change nothing, but bounds
    // of the address can be seen without knowing that h follows from feature.
    return c.max(c.min(at, groups * headDim - 1), 0);
  }
  Idx query(Code &c, Idx i) const { return c.add(firstRow, i); }
  /// Features of one head that this PE has and that lie evenly, or 1.
  int64_t atOnce() const {
    bool even = tile % headDim == 0 || headDim % tile == 0;
    return even && groups == heads && limit == features
               ? std::min(tile, headDim)
               : 1;
  }
  bool padded(Code &c) const {
    return rows * c.rect.length(rowAxis) != queries;
  }
};

class Attention final : public Kernel {
public:
  explicit Attention(AttentionForm form) : form(form) {}

private:
  AttentionForm form;

  /// Is it legal, with features over `axis`?
  bool has(const Problem &p, const Rect &r, int8_t axis) const {
    int64_t pes = r.length(axis), features = p.ins[0].getDimSize(2);
    switch (form) {
    case AttentionForm::Rows:
      return true;
    case AttentionForm::Block: // padding of q may hold anything
      if (features % pes)
        return false;
      [[fallthrough]];
    case AttentionForm::Values: // one row has nothing to gain
      return p.ins[0].getDimSize(1) > r.length(other(axis));
    }
    llvm_unreachable("all forms are there");
  }

  const char *name() const {
    return form == AttentionForm::Rows     ? "attention"
           : form == AttentionForm::Values ? "attention_values"
                                           : "attention_block";
  }

  void options(const Problem &p, const Rect &r, std::vector<Option> &out,
               std::string &) const override {
    if (p.op != "nn.attention")
      return;
    int64_t heads = p.integer("num_heads"),
            groups = p.integer("num_kv_heads", heads);
    for (int8_t axis : {Y, X}) {
      if (!has(p, r, axis))
        continue;
      Option o;
      o.algorithm = name();
      for (unsigned i = 0; i < 3; ++i)
        o.ins.push_back(
            laidOut(p.ins[i], r, i && groups != heads ? int8_t(None) : axis));
      if (p.ins.size() > 3)
        o.ins.push_back(laidOut(p.ins[3], r, None));
      o.out = laidOut(p.out, r, axis);
      out.push_back(o);
    }
  }

  void expand(const Problem &p, const Option &o, Code &c) const override {
    Shape keySide(p, o.ins[0], c), s(p, o.out, c);
    int64_t all = s.batch * s.heads * s.rows * s.keys;
    Value scores = c.scratch(all), order;
    Type acc = accumulatorType(p);
    Value sums = acc.isF32() ? scores : c.scratch(all, acc);
    if (p.flag("causal"))
      order = keyOrder(s, c);
    c.fill(c.view(sums, 0, all), 0);
    if (form == AttentionForm::Block)
      blockOfScores(keySide, c, sums);
    else
      partialScores(keySide, c, sums);
    c.allReduce(c.view(sums, 0, all), s.featureAxis);
    if (sums != scores) {
      Value wide = c.view(sums, 0, all);
      c.vec(V::VMov, c.view(scores, 0, all), wide);
    }
    c.loop(s.batch, [&](Idx b) { softmax(p, s, c, scores, order, b); });
    c.fill(c.view(c.out, 0, s.tile * s.batch * s.queries), 0);
    if (form == AttentionForm::Rows)
      weightedValues(s, c, scores);
    else
      blockOfValues(s, c, scores);
    c.allReduce(c.view(c.out, 0, s.tile * s.batch * s.queries), s.rowAxis);
  }

  static void partialScores(const Shape &s, Code &c, Value scores) {
    Value q = c.ins[0], k = c.ins[1];
    int64_t qRows = s.batch * s.queries, kRows = s.batch * s.keys;
    c.loop(s.tile, [&](Idx f) {
      Idx feature = c.add(s.firstFeature, f);
      Idx slot = c.mul(s.head(c, feature), s.rows * s.keys);
      Idx key = c.mul(s.keyFeature(c, f, feature), kRows);
      c.loop(s.rows, [&](Idx i) {
        Idx query = s.query(c, i);
        Idx at = c.add(c.mul(f, qRows), query);
        Idx row = c.add(slot, c.mul(i, s.keys));
        c.loop(s.batch, [&](Idx b) {
          Value x = c.load(q, c.add(at, c.mul(b, s.queries)));
          // Features beyond the last head add nothing.
          if (s.limit > s.features) {
            Value zero = c.f32(0);
            x = c.select(c.less(feature, s.features), x, zero);
          }
          Idx target = c.add(row, c.mul(b, s.heads * s.rows * s.keys));
          Idx source = c.add(key, c.mul(b, s.keys));
          Value keys = c.view(k, source, s.keys);
          c.vec(V::VFMac, c.view(scores, target, s.keys), {keys, x});
        });
      });
    });
  }

  /// scores[rows, :] += sum over features of q[f, rows] k[f, :].
  static void blockOfScores(const Shape &s, Code &c, Value scores) {
    int64_t qRows = s.batch * s.queries, kRows = s.batch * s.keys;
    int64_t n = s.atOnce();
    c.loop(s.tile / n, [&](Idx j) {
      Idx f = c.mul(j, n), feature = c.add(s.firstFeature, f);
      Idx slot = c.mul(s.head(c, feature), s.rows * s.keys);
      Idx key = c.mul(s.keyFeature(c, f, feature), kRows);
      Idx query = c.add(c.mul(f, qRows), s.firstRow);
      c.loop(s.batch, [&](Idx b) {
        Idx target = c.add(slot, c.mul(b, s.heads * s.rows * s.keys));
        Idx k = c.add(key, c.mul(b, s.keys));
        Idx q = c.add(query, c.mul(b, s.queries));
        c.strided(V::VFMac, {n, s.rows, s.keys},
                  {scores, target, {0, s.keys, 1}},
                  {{c.ins[1], k, {kRows, 0, 1}}, {c.ins[0], q, {qRows, 1, 0}}});
      });
    });
  }

  /// Rows of the heads this PE needs, of one batch entry.
  static void softmax(const Problem &p, const Shape &s, Code &c, Value scores,
                      Value order, Idx b) {
    int64_t lines = s.local * s.rows, total = lines * s.keys;
    Idx first = c.mul(s.firstHead, s.rows * s.keys);
    Idx base = c.add(c.mul(b, s.heads * s.rows * s.keys), first);
    Value tmp0 = c.scratch(total), tmp1 = c.scratch(total);
    Value block = c.view(scores, base, total);
    c.vec(V::VFMul, block, {block, c.f32(p.real("scale", 1.0))});
    c.loop(s.local, [&](Idx j) {
      c.loop(s.rows, [&](Idx i) {
        Idx line = c.add(c.mul(j, s.rows), i);
        Value row = c.view(scores, c.add(base, c.mul(line, s.keys)), s.keys);
        Idx query = s.query(c, i);
        if (p.ins.size() > 3)
          addMask(p, s, c, row, b, c.add(s.firstHead, j), query);
        if (order)
          causal(s, c, row, order, query);
        Value most = c.maximum(row);
        if (p.flag("zero_masked")) // exp(-inf) for all keys, not for a NaN
          most = arith::MaximumFOp::create(c.b, c.loc, most, c.f32(-largest));
        c.vec(V::VFSub, row, {row, most});
      });
    });
    Value scratch = c.view(tmp1, 0, total);
    c.exp(block, c.view(tmp0, 0, total), scratch);
    Value sums = c.scratch(lines), inverse = c.scratch(lines),
          tmp = c.scratch(lines);
    auto rowOf = [&](Idx line) {
      return c.view(scores, c.add(base, c.mul(line, s.keys)), s.keys);
    };
    c.loop(lines, [&](Idx l) { c.store(c.sum(rowOf(l)), sums, l); });
    if (p.flag("zero_masked")) {
      Value all = c.view(sums, 0, lines), least = c.f32(smallest);
      c.vec(V::VFMax, c.view(sums, 0, lines), {all, least});
    }
    Value last = c.view(tmp, 0, lines), of = c.view(sums, 0, lines);
    c.reciprocal(c.view(inverse, 0, lines), of, last);
    c.loop(s.local, [&](Idx j) {
      c.loop(s.rows, [&](Idx i) {
        Idx line = c.add(c.mul(j, s.rows), i);
        Value scale = c.load(inverse, line);
        if (s.padded(c)) { // another's row counts nothing here
          Value zero = c.f32(0);
          Idx own = c.sub(s.query(c, i), s.ownRow);
          scale = c.select(c.less(own, 0), zero, scale);
        }
        Value row = rowOf(line);
        c.vec(V::VFMul, rowOf(line), {row, scale});
      });
    });
  }

  /// row += mask[b, h, query, :]; unit dimensions of the mask broadcast.
  static void addMask(const Problem &p, const Shape &s, Code &c, Value row,
                      Idx b, Idx head, Idx query) {
    RankedTensorType mask = p.ins[3];
    int64_t rows = rowsOf(mask), at[3] = {0, 0, 0}, stride = 1;
    for (int d = 2; d >= 0; --d) {
      at[d] = mask.getDimSize(d) == 1 ? 0 : stride;
      stride *= mask.getDimSize(d);
    }
    const Idx indices[] = {b, head, query};
    Idx offset = 0;
    for (auto [index, k] : llvm::zip(indices, at))
      if (k)
        offset = c.add(offset, c.mul(index, k));
    int64_t step = mask.getDimSize(3) == 1 ? 0 : rows;
    c.vec(V::VFAdd, row, {row, c.view(c.ins[3], offset, {s.keys}, {step})});
  }

  /// 0, 1, 2, ... as integers.
  static Value keyOrder(const Shape &s, Code &c) {
    Value order = c.scratch(s.keys, c.b.getI32Type());
    c.loop(s.keys, [&](Idx k) {
      c.store(
          arith::IndexCastOp::create(c.b, c.loc, c.b.getI32Type(), c.index(k)),
          order, k);
    });
    return order;
  }

  /// Keys after the query get -inf.
  static void causal(const Shape &s, Code &c, Value row, Value order,
                     Idx query) {
    Value late = c.scratch(s.keys, c.b.getI32Type());
    Value last =
        arith::IndexCastOp::create(c.b, c.loc, c.b.getI32Type(),
                                   c.index(c.add(query, s.keys - s.queries)));
    Value lateView = c.view(late, 0, s.keys);
    c.vec(V::VLt, lateView, {last, c.view(order, 0, s.keys)});
    c.vec(V::VSel, row,
          {lateView, c.f32(-std::numeric_limits<float>::infinity())});
  }

  static void weightedValues(const Shape &s, Code &c, Value scores) {
    int64_t qRows = s.batch * s.queries, kRows = s.batch * s.keys;
    c.loop(s.tile, [&](Idx f) {
      Idx feature = c.add(s.firstFeature, f);
      Idx slot = c.mul(s.head(c, feature), s.rows * s.keys);
      Idx at0 = c.mul(s.keyFeature(c, f, feature), kRows);
      c.loop(s.rows, [&](Idx i) {
        Idx query = s.query(c, i);
        Idx at = c.add(c.mul(f, qRows), query);
        Idx row = c.add(slot, c.mul(i, s.keys));
        c.loop(s.batch, [&](Idx b) {
          Idx source = c.add(row, c.mul(b, s.heads * s.rows * s.keys));
          Idx value = c.add(at0, c.mul(b, s.keys));
          Value values = c.view(c.ins[2], value, s.keys);
          Value o = c.dot(c.view(scores, source, s.keys), values);
          c.store(o, c.out, c.add(at, c.mul(b, s.queries)));
        });
      });
    });
  }

  /// o[f, rows] = sum over keys of P[rows, key] v[f, key], rounded once.
  static void blockOfValues(const Shape &s, Code &c, Value scores) {
    int64_t qRows = s.batch * s.queries, kRows = s.batch * s.keys;
    int64_t n = s.atOnce();
    SmallVector<int64_t> strides{qRows, s.queries, 1};
    Code::Operand out{c.out, s.firstRow, strides}, sums = out;
    bool narrow =
        isNarrow(mlir::cast<MemRefType>(c.out.getType()).getElementType());
    if (narrow) {
      int64_t all = s.tile * s.batch * s.rows;
      sums = {c.scratch(all), 0, {s.batch * s.rows, s.rows, 1}};
      c.fill(c.view(sums.buffer, 0, all), 0);
    }
    c.loop(s.tile / n, [&](Idx j) {
      Idx f = c.mul(j, n), feature = c.add(s.firstFeature, f);
      Idx slot = c.mul(s.head(c, feature), s.rows * s.keys);
      Idx value = c.mul(s.keyFeature(c, f, feature), kRows);
      Idx target = c.add(sums.offset, c.mul(f, sums.strides[0]));
      c.loop(s.batch, [&](Idx b) {
        Idx o = c.add(target, c.mul(b, sums.strides[1]));
        Idx weight = c.add(slot, c.mul(b, s.heads * s.rows * s.keys));
        Idx v = c.add(value, c.mul(b, s.keys));
        c.strided(
            V::VFMac, {s.keys, n, s.rows},
            {sums.buffer, o, {0, sums.strides[0], 1}},
            {{scores, weight, {1, 0, s.keys}}, {c.ins[2], v, {1, kRows, 0}}});
      });
    });
    if (narrow)
      c.strided(V::VMov, {s.tile, s.batch, s.rows}, out, {sums});
  }
};
} // namespace

const Kernel &weft::kernels::attentionKernel(AttentionForm form) {
  static const Attention rows(AttentionForm::Rows),
      values(AttentionForm::Values), block(AttentionForm::Block);
  return form == AttentionForm::Rows     ? rows
         : form == AttentionForm::Values ? values
                                         : block;
}
