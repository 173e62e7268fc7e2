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
    firstRow = c.mul(c.coord(rowAxis), rows);
    limit = c.rect.length(featureAxis) * tile;
    Idx head = c.div(firstFeature, headDim, limit);
    firstHead = heads == local ? Idx(0) : c.min(head, heads - local);
  }
  int8_t featureAxis, rowAxis;
  int64_t batch, queries, keys, features, heads, headDim, groups, tile;
  int64_t rows = 0, local = 0, limit = 0;
  Idx firstFeature, firstRow, firstHead;

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
  /// The query row of local row i, clamped to the last.
  Idx query(Code &c, Idx i) const {
    Idx q = c.add(firstRow, i);
    return padded(c) ? c.min(q, queries - 1) : q;
  }
  bool padded(Code &c) const {
    return rows * c.rect.length(rowAxis) != queries;
  }
};

class Attention final : public Kernel {
  void options(const Problem &p, const Rect &r, std::vector<Option> &out,
               std::string &) const override {
    if (p.op != "nn.attention")
      return;
    int64_t heads = p.integer("num_heads"),
            groups = p.integer("num_kv_heads", heads);
    for (int8_t axis : {Y, X}) {
      Option o;
      o.algorithm = "attention";
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
    partialScores(keySide, c, sums);
    c.allReduce(c.view(sums, 0, all), s.featureAxis);
    if (sums != scores) {
      Value wide = c.view(sums, 0, all);
      c.vec(V::VMov, c.view(scores, 0, all), wide);
    }
    c.loop(s.batch, [&](Idx b) { softmax(p, s, c, scores, order, b); });
    weightedValues(s, c, scores);
    c.allReduce(c.view(c.out, 0, s.tile * s.batch * s.queries), s.rowAxis);
  }

  static void partialScores(const Shape &s, Code &c, Value scores) {
    Value q = c.ins[0], k = c.ins[1];
    int64_t qRows = s.batch * s.queries, kRows = s.batch * s.keys;
    c.fill(c.view(scores, 0, s.batch * s.heads * s.rows * s.keys), 0);
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
        if (s.padded(c)) { // rows beyond the last query count nothing
          Value zero = c.f32(0);
          scale =
              c.select(c.less(c.add(s.firstRow, i), s.queries), scale, zero);
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
    c.fill(c.view(c.out, 0, s.tile * qRows), 0);
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
          Idx target = c.add(at, c.mul(b, s.queries));
          // A clamped row adds its zero to the last query's value.
          if (s.padded(c))
            o = arith::AddFOp::create(c.b, c.loc, o, c.load(c.out, target));
          c.store(o, c.out, target);
        });
      });
    });
  }
};
} // namespace

const Kernel &weft::kernels::attentionKernel() {
  static const Attention kernel;
  return kernel;
}
