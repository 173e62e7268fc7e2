//===- NodeCtx.cpp - What the rules of ONNX ops are written with ----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Attributes, known values, and building of ops with folding.
//
//===----------------------------------------------------------------------===//
#include "Importer.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;
using onnx::AttributeProto;

OpBuilder &NodeCtx::builder() { return importer.builder; }

bool NodeCtx::fail(const Twine &message, StringRef kind) {
  if (!failed)
    importer.nodeError(*this, message, kind);
  failed = true;
  return false;
}

bool NodeCtx::wants(unsigned output) const {
  return int(output) < node.output_size() && !node.output(output).empty();
}

bool NodeCtx::out(Value value, unsigned output) {
  if (wants(output))
    scope.values[node.output(output)] = value;
  return bool(value);
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

static const AttributeProto *findAttr(const onnx::NodeProto &node,
                                      StringRef name) {
  for (const AttributeProto &found : node.attribute())
    if (found.name() == name)
      return &found;
  return nullptr;
}

const AttributeProto *NodeCtx::attr(StringRef name) const {
  const AttributeProto *found = findAttr(node, name);
  Scope *s = &scope;
  // Inside a function: an attribute of the call, which may be inside another.
  while (found && !found->ref_attr_name().empty()) {
    while (s && !s->function)
      s = s->parent;
    if (!s)
      return nullptr;
    found = findAttr(*s->call, found->ref_attr_name());
    s = s->callScope;
  }
  return found;
}

int64_t NodeCtx::attrInt(StringRef name, int64_t otherwise) const {
  const AttributeProto *found = attr(name);
  return found ? found->i() : otherwise;
}

double NodeCtx::attrFloat(StringRef name, double otherwise) const {
  const AttributeProto *found = attr(name);
  return found ? found->f() : otherwise;
}

std::string NodeCtx::attrString(StringRef name, StringRef otherwise) const {
  const AttributeProto *found = attr(name);
  return found ? found->s() : otherwise.str();
}

std::optional<SmallVector<int64_t>> NodeCtx::attrInts(StringRef name) const {
  const AttributeProto *found = attr(name);
  if (!found)
    return std::nullopt;
  return SmallVector<int64_t>(found->ints().begin(), found->ints().end());
}

int64_t NodeCtx::opset() const {
  StringRef domain = plainDomain(node.domain());
  for (Scope *s = &scope; s; s = s->parent)
    if (auto found = s->opsets.find(domain); found != s->opsets.end())
      return found->second;
  // Files of ONNX Runtime may lack that of its own domain, which has one.
  return domain.empty() ? 0 : 1;
}

//===----------------------------------------------------------------------===//
// Known values
//===----------------------------------------------------------------------===//

const HostTensor *NodeCtx::known(Value value) const {
  auto found = importer.host.find(value);
  return found == importer.host.end() ? nullptr : found->second.get();
}

std::optional<SmallVector<int64_t>> NodeCtx::knownInts(Value value) const {
  const HostTensor *tensor = value ? known(value) : nullptr;
  if (!tensor)
    return std::nullopt;
  SmallVector<int64_t> values;
  for (int64_t i = 0; i < tensor->size(); ++i)
    values.push_back(tensor->getInt(i));
  return values;
}

Value NodeCtx::constant(HostTensor tensor) {
  return failed ? Value() : importer.addConstant(std::move(tensor), loc);
}

Value NodeCtx::ints(ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get({int64_t(values.size())},
                                    importer.builder.getI64Type());
  HostTensor tensor = HostTensor::zeros(type);
  for (auto [i, value] : llvm::enumerate(values))
    tensor.setInt(i, value);
  return constant(std::move(tensor));
}

Value NodeCtx::scalar(double value, Type element) {
  HostTensor tensor = HostTensor::zeros(RankedTensorType::get({}, element));
  tensor.setFloat(0, value);
  return constant(std::move(tensor));
}

Value NodeCtx::scalarLike(Value x, double value) {
  return x ? scalar(value, element(x)) : Value();
}

Value NodeCtx::splat(double value, RankedTensorType type) {
  return expand(scalar(value, type.getElementType()), type.getShape());
}

bool NodeCtx::isConst(Value value) const {
  SmallVector<Value> work = {value};
  llvm::DenseSet<Value> seen;
  while (!work.empty()) {
    Value next = work.pop_back_val();
    if (!seen.insert(next).second || importer.host.count(next))
      continue;
    Operation *op = next.getDefiningOp();
    if (!op)
      return false;
    if (isa<LoadOp>(op))
      continue;
    if (op->getNumOperands() == 0 ||
        isa<LinearOp, MatMulOp, AttentionOp, LayerNormOp, RMSNormOp, SoftmaxOp,
            GeluOp>(op))
      return false;
    llvm::append_range(work, op->getOperands());
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

/// Moving or casting a weight of the file stays an op on the reference.
static bool movesWeight(Operation *op, const NodeCtx &n) {
  if (!isa<TransposeOp, ReshapeOp, SliceOp, ConcatOp, CastOp, ExpandOp>(op))
    return false;
  return llvm::any_of(op->getOperands(), [&](Value operand) {
    return n.importer.isFileWeight(operand);
  });
}

/// The result of `op` if all operands are known and it is small.
static std::optional<HostTensor> foldOp(Operation *op, NodeCtx &n) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  unsigned width = hostElementBytes(type.getElementType());
  if (!width || type.getNumElements() > FoldLimit / width || movesWeight(op, n))
    return std::nullopt;
  SmallVector<const HostTensor *> operands;
  for (Value operand : op->getOperands())
    operands.push_back(n.known(operand));
  if (llvm::is_contained(operands, nullptr))
    return std::nullopt;
  // The one type that is given and not inferred, so that it may be wrong; the
  // verifier says so.
  if (isa<ReshapeOp>(op) &&
      operands[0]->type.getNumElements() != type.getNumElements())
    return std::nullopt;
  auto result = evaluateOp(op, operands);
  if (!result) {
    llvm::consumeError(result.takeError());
    return std::nullopt;
  }
  return std::move(*result);
}

/// A diagnostic without the words that only an IR reader understands.
static std::string plain(const Diagnostic &diagnostic) {
  std::string text = diagnostic.str();
  if (StringRef(text).starts_with("'nn."))
    if (size_t pos = text.find("' op "); pos != std::string::npos)
      return text.substr(pos + 5);
  return text;
}

/// The element type as ONNX calls it.
static std::string typeText(RankedTensorType type) {
  std::string text;
  llvm::raw_string_ostream(text) << type.getElementType();
  return text == "f64" ? "double" : text;
}

static bool isTooLarge(Type type) {
  int64_t count = 1;
  return !llvm::all_of(
      cast<RankedTensorType>(type).getShape(),
      [&](int64_t extent) { return addExtent(count, extent); });
}

Value NodeCtx::inferAndBuild(
    OperationState &state,
    llvm::function_ref<LogicalResult(SmallVectorImpl<Type> &)> infer) {
  std::string message;
  ScopedDiagnosticHandler handler(loc.getContext(), [&](Diagnostic &diag) {
    if (message.empty())
      message = plain(diag);
    return success();
  });
  SmallVector<Type> types;
  if (mlir::failed(infer(types)))
    return failValue(message);
  if (isTooLarge(types.front()))
    return failValue("has a result of more than 2^44 elements");
  state.addTypes(types);
  // A tensor without elements is always known; a product over none is 0.
  auto type = mlir::cast<RankedTensorType>(types.front());
  if (type.getNumElements() == 0)
    return constant(HostTensor::zeros(type));
  if (state.name.getStringRef() == MatMulOp::getOperationName() &&
      NodeCtx::type(state.operands[0]).getNumElements() == 0)
    return splat(0, type);
  if (importer.opsMade >= importer.maxOps())
    return failValue("is one of too many operations: loops and steps written "
                     "out may bring the model to " +
                     Twine(importer.maxOps()));
  Operation *op = builder().create(state);
  if (auto folded = foldOp(op, *this)) {
    op->erase();
    return constant(std::move(*folded));
  }
  if (!isDialectElement(type.getElementType())) {
    op->erase();
    return failValue("computes numbers of type " + typeText(type) +
                     " at run time, which is not supported");
  }
  if (mlir::failed(op->getName().verifyInvariants(op))) {
    op->erase();
    return failValue(message);
  }
  ++importer.opsMade;
  return op->getResult(0);
}

NamedAttribute NodeCtx::named(StringRef name, Attribute value) {
  return builder().getNamedAttr(name, value);
}
NamedAttribute NodeCtx::named(StringRef name, int64_t value) {
  return named(name, builder().getI64IntegerAttr(value));
}
NamedAttribute NodeCtx::named(StringRef name, ArrayRef<int64_t> value) {
  return named(name, builder().getDenseI64ArrayAttr(value));
}

Value NodeCtx::reshape(Value x, ArrayRef<int64_t> shape) {
  return x ? makeTyped<ReshapeOp>(x, RankedTensorType::get(shape, element(x)))
           : Value();
}

Value NodeCtx::transpose(Value x, ArrayRef<int64_t> perm) {
  if (!x || llvm::equal(perm, llvm::seq<int64_t>(0, rank(x))))
    return x;
  return make<TransposeOp>(x, named("perm", perm));
}

Value NodeCtx::expand(Value x, ArrayRef<int64_t> shape) {
  return x ? makeTyped<ExpandOp>(x, RankedTensorType::get(shape, element(x)))
           : Value();
}

Value NodeCtx::cast(Value x, Type to) {
  return x ? makeTyped<CastOp>(x, RankedTensorType::get(shape(x), to))
           : Value();
}

Value NodeCtx::slice(Value x, ArrayRef<int64_t> starts, ArrayRef<int64_t> sizes,
                     ArrayRef<int64_t> steps) {
  if (!x || (shape(x) == sizes &&
             llvm::all_of(steps, [](int64_t step) { return step == 1; })))
    return x;
  return make<SliceOp>(x, {named("starts", starts), named("sizes", sizes),
                           named("steps", steps)});
}

Value NodeCtx::sliceAxis(Value x, int64_t axis, int64_t start, int64_t size) {
  if (!x)
    return {};
  if (axis >= rank(x))
    return failValue("has an operand of rank " + Twine(rank(x)) +
                     ", expected at least " + Twine(axis + 1));
  SmallVector<int64_t> starts(rank(x), 0), steps(rank(x), 1), sizes(shape(x));
  starts[axis] = start;
  sizes[axis] = size;
  return slice(x, starts, sizes, steps);
}

Value NodeCtx::concat(ArrayRef<Value> values, int64_t axis) {
  // Operands without elements, of shapes that fit, add nothing.
  SmallVector<Value> filled(values);
  auto adds = [&](Value x) {
    return !x || rank(x) != rank(values.front()) || axis >= rank(x) ||
           shape(x)[axis] != 0;
  };
  if (llvm::is_contained(values, Value()))
    return {};
  llvm::erase_if(filled, [&](Value x) { return !adds(x); });
  values = filled.empty() ? values.take_front(1) : ArrayRef<Value>(filled);
  if (values.size() == 1)
    return values.front();
  return make<ConcatOp>(values, named("axis", axis));
}

Value NodeCtx::softmax(Value x, int64_t axis) {
  return make<SoftmaxOp>(x, named("axis", axis));
}

Value NodeCtx::attention(ArrayRef<Value> qkvMask, int64_t heads,
                         int64_t kvHeads, double scale, bool causal) {
  OpBuilder &b = builder();
  return make<AttentionOp>(
      qkvMask, {named("num_heads", heads), named("num_kv_heads", kvHeads),
                named("scale", b.getF32FloatAttr(float(scale))),
                named("causal", b.getBoolAttr(causal))});
}

Value NodeCtx::scaled(Value x, double factor) {
  if (!x || factor == 1)
    return x;
  return make<MulOp>({x, scalar(factor, element(x))});
}

std::optional<int64_t> NodeCtx::axis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank) {
    fail("has axis " + Twine(axis) + ", expected one in [" + Twine(-rank) +
         ", " + Twine(rank) + ")");
    return std::nullopt;
  }
  return axis < 0 ? axis + rank : axis;
}
