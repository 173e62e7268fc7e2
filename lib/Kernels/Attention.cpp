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
#include "AttentionSteps.h"

using namespace mlir;
using namespace weft::kernels;

namespace {
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
    AttentionShape keySide(p, o.ins[0], c), s(p, o.out, c);
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
    c.loop(s.batch, [&](Idx b) { softmaxOfScores(p, s, c, scores, order, b); });
    c.fill(c.view(c.out, 0, s.tile * s.batch * s.queries), 0);
    if (form == AttentionForm::Rows)
      weightedValues(s, c, scores);
    else
      blockOfValues(s, c, scores);
    c.allReduce(c.view(c.out, 0, s.tile * s.batch * s.queries), s.rowAxis);
  }

  static void partialScores(const AttentionShape &s, Code &c, Value scores) {
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
  static void blockOfScores(const AttentionShape &s, Code &c, Value scores) {
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

  static void weightedValues(const AttentionShape &s, Code &c, Value scores) {
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
  static void blockOfValues(const AttentionShape &s, Code &c, Value scores) {
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
