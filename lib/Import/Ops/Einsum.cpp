//===- Einsum.cpp - Rule of Einsum ----------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Any equation, as transposes, reshapes, sums and matrix products: operands are
// contracted one after the other, from left to right.
//
//===----------------------------------------------------------------------===//
#include "../Importer.h"
#include <map>

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;

namespace {
/// Names of dimensions: letters, and numbers from 256 for those of an ellipsis,
/// counted from its end.
using Labels = SmallVector<int>;
constexpr int Ellipsis = 256;

struct Term {
  Value value;
  Labels labels;
};

class Equation {
public:
  explicit Equation(NodeCtx &n) : n(n) {}
  Value build();

private:
  NodeCtx &n;
  SmallVector<Term> terms;
  Labels result;

  bool parse();
  bool parseTerm(StringRef text, int64_t rank, Labels &labels);
  void implicitResult();
  void takeDiagonals(Term &term);
  void sumUnused(Term &term, ArrayRef<Term> others);
  Value ordered(const Term &term, ArrayRef<int> order);
  Term contract(const Term &a, const Term &b, ArrayRef<Term> others);
  Term outerProduct(const Term &a, const Term &b, const Labels &batch,
                    const Labels &aOnly, const Labels &bOnly);
  bool isNeeded(int label, ArrayRef<Term> others) const;
  bool fail(const Twine &message) { return n.fail(message); }
};
} // namespace

/// `rank` < 0: the result, whose ellipsis is as long as the operands'.
bool Equation::parseTerm(StringRef text, int64_t rank, Labels &labels) {
  bool dots = text.contains("...");
  int64_t letters = int64_t(text.size()) - (dots ? 3 : 0),
          hidden = rank - letters;
  if (rank < 0) {
    hidden = 0;
    for (const Term &term : terms)
      for (int label : term.labels)
        hidden = std::max<int64_t>(hidden, label - Ellipsis + 1);
  } else if (dots ? hidden < 0 : hidden != 0) {
    return fail("has '" + text + "' for an input of rank " + Twine(rank));
  }
  while (!text.empty()) {
    if (text.consume_front("...")) {
      for (int64_t i = hidden; i-- > 0;)
        labels.push_back(Ellipsis + int(i));
      continue;
    }
    if (!llvm::isAlpha(text.front()))
      return fail("has '" + text.take_front(1) + "' in its equation");
    labels.push_back(text.front());
    text = text.drop_front();
  }
  return true;
}

bool Equation::parse() {
  std::string equation = n.attrString("equation", "");
  std::erase(equation, ' ');
  auto [left, right] = StringRef(equation).split("->");
  SmallVector<StringRef> parts;
  left.split(parts, ',');
  if (parts.size() != n.numInputs())
    return fail("has " + Twine(parts.size()) + " terms for " +
                Twine(n.numInputs()) + " inputs");
  for (auto [i, part] : llvm::enumerate(parts)) {
    if (!n.has(i))
      return fail("has no input #" + Twine(i));
    Term term{n.in(i), {}};
    if (!parseTerm(part, n.rank(term.value), term.labels))
      return false;
    terms.push_back(std::move(term));
  }
  if (StringRef(equation).contains("->"))
    return parseTerm(right, -1, result);
  implicitResult();
  return true;
}

/// The ellipsis, then in order the letters that occur once.
void Equation::implicitResult() {
  std::map<int, int> count;
  for (const Term &term : terms)
    for (int label : term.labels)
      ++count[label];
  for (auto [label, times] : llvm::reverse(count))
    if (label >= Ellipsis)
      result.push_back(label);
  for (auto [label, times] : count)
    if (label < Ellipsis && times == 1)
      result.push_back(label);
}

/// The value with dimensions in the given order; a label that is missing is a
/// dimension of extent 1.
Value Equation::ordered(const Term &term, ArrayRef<int> order) {
  if (!term.value)
    return {};
  Ints perm, shape;
  for (int label : order) {
    const int *found = llvm::find(term.labels, label);
    if (found == term.labels.end()) {
      shape.push_back(1);
      continue;
    }
    perm.push_back(found - term.labels.begin());
    shape.push_back(n.shape(term.value)[perm.back()]);
  }
  return n.reshape(n.transpose(term.value, perm), shape);
}

/// "ii": the elements where both are equal, a slice of the flattened pair.
void Equation::takeDiagonals(Term &term) {
  for (size_t i = 0; i < term.labels.size() && term.value; ++i)
    for (size_t j = i + 1; j < term.labels.size(); ++j) {
      if (term.labels[i] != term.labels[j])
        continue;
      int64_t extent = n.shape(term.value)[i];
      if (n.shape(term.value)[j] != extent) {
        term.value =
            n.failValue("repeats a label for extents " + Twine(extent) +
                        " and " + Twine(n.shape(term.value)[j]));
        return;
      }
      Ints perm, shape;
      Labels labels;
      for (size_t d = 0; d < term.labels.size(); ++d)
        if (d != i && d != j) {
          perm.push_back(d);
          shape.push_back(n.shape(term.value)[d]);
          labels.push_back(term.labels[d]);
        }
      perm.append({int64_t(i), int64_t(j)});
      labels.push_back(term.labels[i]);
      shape.push_back(extent * extent);
      Value flat = n.reshape(n.transpose(term.value, perm), shape);
      Ints starts(shape.size(), 0), steps(shape.size(), 1);
      shape.back() = extent;
      steps.back() = extent > 1 ? extent + 1 : 1;
      term = {n.slice(flat, starts, shape, steps), labels};
      return takeDiagonals(term);
    }
}

bool Equation::isNeeded(int label, ArrayRef<Term> others) const {
  return llvm::is_contained(result, label) ||
         llvm::any_of(others, [&](const Term &term) {
           return llvm::is_contained(term.labels, label);
         });
}

void Equation::sumUnused(Term &term, ArrayRef<Term> others) {
  Ints axes;
  Labels kept;
  for (auto [d, label] : llvm::enumerate(term.labels))
    if (isNeeded(label, others))
      kept.push_back(label);
    else
      axes.push_back(d);
  if (axes.empty() || !term.value)
    return;
  term.value = n.make<ReduceSumOp>(
      term.value, {n.named("axes", ArrayRef<int64_t>(axes)),
                   n.named("keepdims", n.builder().getBoolAttr(false))});
  term.labels = kept;
}

/// Nothing to sum over: an elementwise product that broadcasts.
Term Equation::outerProduct(const Term &a, const Term &b, const Labels &batch,
                            const Labels &aOnly, const Labels &bOnly) {
  Labels all(batch);
  llvm::append_range(all, aOnly);
  llvm::append_range(all, bOnly);
  return {n.make<MulOp>({ordered(a, all), ordered(b, all)}), all};
}

Term Equation::contract(const Term &a, const Term &b, ArrayRef<Term> others) {
  Labels batch, summed, aOnly, bOnly;
  int64_t rows = 1, inner = 1, columns = 1;
  for (auto [label, dim] : llvm::zip(a.labels, n.shape(a.value))) {
    const int *other = llvm::find(b.labels, label);
    if (other == b.labels.end()) {
      aOnly.push_back(label);
      rows *= dim;
      continue;
    }
    int64_t otherDim = n.shape(b.value)[other - b.labels.begin()];
    bool ones = label >= Ellipsis && (dim == 1 || otherDim == 1);
    if (dim != otherDim && !ones)
      return {n.failValue("has a label for extents " + Twine(dim) + " and " +
                          Twine(otherDim)),
              {}};
    (isNeeded(label, others) ? batch : summed).push_back(label);
    inner *= isNeeded(label, others) ? 1 : dim;
  }
  for (auto [label, dim] : llvm::zip(b.labels, n.shape(b.value)))
    if (!llvm::is_contained(a.labels, label)) {
      bOnly.push_back(label);
      columns *= dim;
    }
  if (summed.empty())
    return outerProduct(a, b, batch, aOnly, bOnly);
  auto matrix = [&](const Term &term, ArrayRef<int> first, ArrayRef<int> second,
                    int64_t m, int64_t k) {
    Labels order(batch);
    llvm::append_range(order, first);
    llvm::append_range(order, second);
    Value value = ordered(term, order);
    if (!value)
      return value;
    Ints shape(n.shape(value).take_front(batch.size()));
    shape.append({m, k});
    return n.reshape(value, shape);
  };
  Value product = n.make<MatMulOp>({matrix(a, aOnly, summed, rows, inner),
                                    matrix(b, summed, bOnly, inner, columns)});
  if (!product)
    return {};
  Labels labels(batch);
  Ints shape(n.shape(product).take_front(batch.size()));
  for (auto [term, own] : {std::pair(&a, &aOnly), std::pair(&b, &bOnly)})
    for (int label : *own) {
      labels.push_back(label);
      shape.push_back(n.shape(
          term->value)[llvm::find(term->labels, label) - term->labels.begin()]);
    }
  return {n.reshape(product, shape), labels};
}

Value Equation::build() {
  if (!parse())
    return {};
  for (size_t i = 0; i < terms.size(); ++i)
    takeDiagonals(terms[i]);
  if (n.failed)
    return {};
  for (int label : result)
    if (!llvm::any_of(terms,
                      [&](const Term &term) {
                        return llvm::is_contained(term.labels, label);
                      }) ||
        llvm::count(result, label) != 1)
      return n.failValue("has a result label that no input has, or twice");
  Term whole = terms.front();
  for (size_t i = 0; i < terms.size(); ++i) {
    ArrayRef<Term> rest = ArrayRef(terms).drop_front(i + 1);
    if (i == 0) {
      sumUnused(whole, rest);
      continue;
    }
    Term next = terms[i];
    SmallVector<Term> others(rest);
    others.push_back(whole);
    sumUnused(next, others);
    others.back() = next;
    sumUnused(whole, others);
    if (n.failed)
      return {};
    whole = contract(whole, next, rest);
    if (!whole.value)
      return {};
  }
  return ordered(whole, result);
}

static bool einsum(NodeCtx &n) { return n.out(Equation(n).build()); }

void weft::addEinsumRules(llvm::StringMap<Rule> &rules) {
  rules["Einsum"] = {einsum, {"equation"}};
}
