//===- Sequences.cpp - Rules of sequences ---------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A sequence exists during import only: a placeholder whose operands are its
// tensors. How many there are and which one is meant must be known, so that
// nothing of it is left.
//
//===----------------------------------------------------------------------===//
#include "Body.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;
using Values = SmallVector<Value>;

/// Longest sequence that a node may make.
constexpr int64_t MaxLength = 4096;

static Value sequence(NodeCtx &n, ArrayRef<Value> tensors) {
  if (n.failed || llvm::is_contained(tensors, Value()))
    return {};
  for (Value tensor : tensors)
    if (isa<TupleType>(tensor.getType()))
      return n.failValue("makes a sequence of sequences");
  auto type = TupleType::get(n.loc.getContext());
  return UnrealizedConversionCastOp::create(n.builder(), n.loc, TypeRange(type),
                                            tensors)
      .getResult(0);
}

/// The tensors of an input, or nothing if it is no sequence.
static std::optional<Values> tensorsOf(NodeCtx &n, unsigned input) {
  if (n.has(input) && isa<TupleType>(n.in(input).getType()))
    return Values(n.in(input).getDefiningOp()->getOperands());
  n.fail("has no sequence as input #" + Twine(input));
  return std::nullopt;
}

static Value tensorAt(NodeCtx &n, unsigned input) {
  if (n.has(input) && !isa<TupleType>(n.in(input).getType()))
    return n.in(input);
  return n.failValue("has no tensor as input #" + Twine(input));
}

/// A position in [0, limit), counted from the end if it is negative.
static std::optional<int64_t> position(NodeCtx &n, unsigned input,
                                       int64_t length, int64_t limit) {
  Value at = tensorAt(n, input);
  auto known = n.knownInts(at);
  if (!known || known->size() != 1) {
    n.fail("has a position that is not known at compile time");
    return std::nullopt;
  }
  int64_t p = known->front();
  if (p < -length || p >= limit) {
    n.fail("has position " + Twine(p) + " in a sequence of " + Twine(length));
    return std::nullopt;
  }
  return p < 0 ? p + length : p;
}

static bool construct(NodeCtx &n) {
  Values tensors;
  for (unsigned i = 0; i < n.numInputs(); ++i)
    tensors.push_back(tensorAt(n, i));
  return n.out(sequence(n, tensors));
}

static bool empty(NodeCtx &n) { return n.out(sequence(n, {})); }

static bool at(NodeCtx &n) {
  auto tensors = tensorsOf(n, 0);
  if (!tensors)
    return false;
  auto p = position(n, 1, tensors->size(), tensors->size());
  return p && n.out((*tensors)[*p]);
}

static bool length(NodeCtx &n) {
  auto tensors = tensorsOf(n, 0);
  return tensors && n.out(n.reshape(n.ints({int64_t(tensors->size())}), {}));
}

static bool insert(NodeCtx &n) {
  auto tensors = tensorsOf(n, 0);
  Value tensor = tensors ? tensorAt(n, 1) : Value();
  if (!tensor)
    return false;
  int64_t size = tensors->size();
  auto p = n.has(2) ? position(n, 2, size, size + 1) : size;
  if (!p || size >= MaxLength)
    return n.fail("makes a sequence of more than " + Twine(MaxLength));
  tensors->insert(tensors->begin() + *p, tensor);
  return n.out(sequence(n, *tensors));
}

static bool erase(NodeCtx &n) {
  auto tensors = tensorsOf(n, 0);
  if (!tensors || tensors->empty())
    return n.fail("has no sequence, or an empty one");
  int64_t size = tensors->size();
  auto p = n.has(1) ? position(n, 1, size, size) : size - 1;
  if (!p)
    return false;
  tensors->erase(tensors->begin() + *p);
  return n.out(sequence(n, *tensors));
}

static bool split(NodeCtx &n) {
  Value x = tensorAt(n, 0);
  auto axis = x ? n.axis(n.attrInt("axis", 0), n.rank(x)) : std::nullopt;
  if (!axis)
    return false;
  int64_t extent = n.shape(x)[*axis];
  Ints sizes;
  if (n.has(1)) {
    auto known = n.knownInts(n.in(1));
    if (!known)
      return n.fail("has a split that is not known at compile time");
    sizes = *known;
    if (n.rank(n.in(1)) == 0) { // all of one size, but for the last
      int64_t part = sizes.front();
      sizes.clear();
      for (int64_t done = 0; part > 0 && done < extent; done += part)
        if (int64_t(sizes.size()) <= MaxLength)
          sizes.push_back(std::min(part, extent - done));
        else
          break;
    }
  } else if (extent <= MaxLength) {
    sizes.assign(extent, 1);
  }
  if (int64_t(sizes.size()) > MaxLength || (!n.has(1) && extent > MaxLength))
    return n.fail("makes a sequence of more than " + Twine(MaxLength));
  Values parts;
  int64_t first = 0;
  for (int64_t size : sizes) {
    if (size < 0 || size > extent - first)
      return n.fail("has parts that do not sum up to " + Twine(extent));
    Value part = n.sliceAxis(x, *axis, first, size);
    Ints shape(n.shape(x));
    shape.erase(shape.begin() + *axis);
    bool drops = !n.has(1) && !n.attrInt("keepdims", 1);
    parts.push_back(drops ? n.reshape(part, shape) : part);
    first += size;
  }
  if (first != extent)
    return n.fail("has parts that do not sum up to " + Twine(extent));
  return n.out(sequence(n, parts));
}

static bool concat(NodeCtx &n) {
  auto tensors = tensorsOf(n, 0);
  if (!tensors || tensors->empty())
    return n.fail("has no sequence, or an empty one");
  bool isNew = n.attrInt("new_axis", 0) != 0;
  auto axis = n.axis(n.attrInt("axis", 0), n.rank(tensors->front()) + isNew);
  if (!axis)
    return false;
  if (isNew)
    for (Value &tensor : *tensors) {
      Ints shape(n.shape(tensor));
      if (*axis > int64_t(shape.size()))
        return n.fail("concatenates tensors of different ranks");
      shape.insert(shape.begin() + *axis, 1);
      tensor = n.reshape(tensor, shape);
    }
  return n.out(n.concat(*tensors, *axis));
}

/// The body, inlined for each tensor of the first sequence.
static bool map(NodeCtx &n) {
  Body body(n, "body");
  auto tensors = tensorsOf(n, 0);
  if (!tensors || n.failed)
    return false;
  SmallVector<Values> results(body.outputs());
  for (size_t i = 0; i < tensors->size(); ++i) {
    Values args{(*tensors)[i]};
    for (unsigned k = 1; k < n.numInputs(); ++k) {
      if (!n.has(k) || !isa<TupleType>(n.in(k).getType())) {
        args.push_back(n.in(k));
        continue;
      }
      Values others = *tensorsOf(n, k);
      if (others.size() != tensors->size())
        return n.fail("maps sequences of " + Twine(tensors->size()) + " and " +
                      Twine(others.size()));
      args.push_back(others[i]);
    }
    auto out = body.inlined(args);
    if (!out)
      return false;
    for (auto [all, value] : llvm::zip(results, *out))
      all.push_back(value);
  }
  for (auto [k, all] : llvm::enumerate(results))
    if (!n.out(sequence(n, all), k))
      return false;
  return true;
}

void weft::addSequenceRules(llvm::StringMap<Rule> &rules) {
  auto add = [&](StringRef op, bool (*convert)(NodeCtx &),
                 std::vector<StringRef> attributes) {
    Rule &rule = rules[op] = {convert, std::move(attributes)};
    rule.takesSequences = true;
  };
  add("SequenceConstruct", construct, {});
  add("SequenceEmpty", empty, {"dtype"});
  add("SequenceAt", at, {});
  add("SequenceLength", length, {});
  add("SequenceInsert", insert, {});
  add("SequenceErase", erase, {});
  add("SplitToSequence", split, {"axis", "keepdims"});
  add("ConcatFromSequence", concat, {"axis", "new_axis"});
  add("SequenceMap", map, {"body"});
  for (StringRef op : {"Identity", "If", "Loop"})
    rules[op].takesSequences = true;
}
