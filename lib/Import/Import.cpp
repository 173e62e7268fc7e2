//===- Import.cpp - ONNX to nn: graph, names and outputs ------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Walks the graph in a topological order of its own making, keeps names apart
// by scope, and reports every unsupported node before giving up.
//
//===----------------------------------------------------------------------===//
#include "Importer.h"
#include "Remarks.h"
#include "ValueNames.h"
#include "mlir/IR/Verifier.h"
#include "weft/Import/Passes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;
using onnx::GraphProto;
using onnx::NodeProto;
using onnx::TensorProto;
using onnx::TypeProto;
using onnx::ValueInfoProto;

void Importer::error(const Twine &message) {
  report.errors.push_back((file.path + ": error: " + message).str());
}

void Importer::warning(const Twine &message) {
  report.warnings.push_back((file.path + ": warning: " + message).str());
}

//===----------------------------------------------------------------------===//
// Initializers and constants
//===----------------------------------------------------------------------===//

Value Importer::addConstant(HostTensor tensor, Location loc) {
  auto placeholder = UnrealizedConversionCastOp::create(
      builder, loc, TypeRange(tensor.type), ValueRange());
  Value value = placeholder.getResult(0);
  host[value] = std::make_unique<HostTensor>(std::move(tensor));
  return value;
}

Value Importer::declareWeight(RankedTensorType type, DataAttr data,
                              StringRef name) {
  std::string symbol = name.empty() ? "folded" : name.str();
  for (unsigned i = 0; !symbols.insert(symbol).second; ++i)
    symbol = (name.empty() ? "folded" : name.str()) + "." + std::to_string(i);
  OpBuilder::InsertionGuard guard(builder);
  OpBuilder top(&context);
  top.setInsertionPoint(program);
  WeightOp::create(top, UnknownLoc::get(&context), symbol, type, data,
                   StringAttr());
  return LoadOp::create(builder, UnknownLoc::get(&context), type,
                        FlatSymbolRefAttr::get(&context, symbol));
}

static DataAttr dataOf(MLIRContext *context, WeightStore &store,
                       const SourceTensor &tensor) {
  if (!tensor.file.empty())
    return DataAttr::get(context, tensor.file, tensor.offset,
                         tensor.bytes.size(), hashBytes(tensor.bytes));
  std::string hash =
      store.add(std::vector<uint8_t>(tensor.bytes.begin(), tensor.bytes.end()));
  return DataAttr::get(context, "", 0, tensor.bytes.size(), hash);
}

static bool isDialectElement(Type type) {
  return elementBytes(type) != 0 &&
         (!type.isUnsignedInteger() || type.isUnsignedInteger(8));
}

Value Importer::loadTensor(const TensorProto &tensor, StringRef name,
                           const std::optional<TensorSpan> &span) {
  auto source = readTensor(&context, tensor, file, span);
  if (!source) {
    error("initializer '" + name + "' " + llvm::toString(source.takeError()));
    return {};
  }
  const SourceTensor &data = **source;
  if (data.bytes.size() > size_t(FoldLimit)) {
    if (isDialectElement(data.type.getElementType()))
      return declareWeight(data.type, dataOf(&context, *file.store, data),
                           name);
    error("initializer '" + name + "' has element type " +
          elementName(tensor.data_type()) +
          ", which is supported in small constants only");
    return {};
  }
  HostTensor small;
  small.type = data.type;
  small.bytes.assign(data.bytes.begin(), data.bytes.end());
  if (small.type.getElementType().isInteger(1))
    for (uint8_t &byte : small.bytes)
      byte = byte != 0;
  Value value = addConstant(std::move(small), UnknownLoc::get(&context));
  originName[value] = name.str();
  if (!data.file.empty())
    origin[value] = dataOf(&context, *file.store, data);
  return value;
}

Value Importer::loadInitializer(Scope &scope, StringRef name) {
  const TensorProto *tensor = scope.initializers.lookup(name);
  std::optional<TensorSpan> span;
  if (auto found = scope.initializerIndex.find(name);
      found != scope.initializerIndex.end() &&
      found->second < file.spans.size())
    span = file.spans[found->second];
  OpBuilder::InsertionGuard guard(builder);
  if (lastInitializer)
    builder.setInsertionPointAfter(lastInitializer);
  else
    builder.setInsertionPointToStart(&program.getBody().front());
  Value value = loadTensor(*tensor, name, span);
  if (value)
    lastInitializer = value.getDefiningOp();
  return value;
}

Value Importer::lookup(Scope &scope, StringRef name, bool &defined) {
  defined = true;
  for (Scope *s = &scope; s; s = s->parent) {
    if (auto found = s->values.find(name); found != s->values.end())
      return found->second;
    if (s->initializers.count(name))
      return s->values[name] = loadInitializer(*s, name);
  }
  defined = false;
  return {};
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

bool Importer::collectInputs(NodeCtx &n, bool &poisoned) {
  bool ok = true;
  for (const std::string &name : n.node.input()) {
    bool defined = true;
    Value value = name.empty() ? Value() : lookup(n.scope, name, defined);
    if (!defined) {
      n.failed = false;
      ok = n.fail("reads '" + name + "', which nothing defines");
    }
    poisoned |= !name.empty() && !value;
    n.inputs.push_back(value);
  }
  return ok;
}

bool Importer::checkAttributes(NodeCtx &n, const Rule &rule) {
  for (const auto &attr : n.node.attribute()) {
    if (llvm::is_contained(rule.attributes, StringRef(attr.name())))
      continue;
    if (!rule.allAttributes)
      return n.fail("has attribute '" + attr.name() +
                    "', which is not supported");
    warning("node '" + n.node.name() + "' (" + n.node.op_type() + ", #" +
            Twine(n.index) + "): has attribute '" + attr.name() +
            "', which no version of the op knows: ignored, as in ONNX Runtime");
  }
  return true;
}

const onnx::FunctionProto *Importer::findFunction(const NodeProto &node) {
  for (const onnx::FunctionProto &function : file.model.functions())
    if (function.name() == node.op_type() && function.domain() == node.domain())
      return &function;
  return nullptr;
}

bool Importer::callFunction(NodeCtx &n, const onnx::FunctionProto &function) {
  if (n.scope.depth > 64)
    return n.fail("calls functions more than 64 deep");
  Scope inner;
  inner.call = &n.node;
  inner.depth = n.scope.depth + 1;
  for (const auto &set : function.opset_import())
    inner.opsets[set.domain() == "ai.onnx" ? "" : set.domain()] = set.version();
  for (int i = 0; i < function.input_size(); ++i)
    if (n.has(i))
      inner.values[function.input(i)] = n.in(i);
  std::vector<unsigned> order;
  if (!sortNodes(function.node(), order))
    return false;
  size_t errors = report.errors.size();
  for (unsigned i : order)
    importNode(function.node(i), inner, n.index, n.loc);
  for (int i = 0; i < function.output_size() && errors == report.errors.size();
       ++i)
    n.out(inner.values.lookup(function.output(i)), i);
  return errors == report.errors.size();
}

void Importer::importNode(const NodeProto &node, Scope &scope, unsigned index,
                          Location loc) {
  NodeCtx n(*this, scope, node, index, loc);
  for (const std::string &name : node.output())
    if (!name.empty())
      scope.values[name] = Value();
  const onnx::FunctionProto *function = findFunction(node);
  const Rule *rule =
      function ? nullptr : findRule(node.domain(), node.op_type());
  if (!function && !rule) {
    std::string domain = node.domain().empty() || node.domain() == "ai.onnx"
                             ? ""
                             : " of domain '" + node.domain() + "'";
    n.fail("op " + node.op_type() + domain + " is not supported");
    return;
  }
  bool poisoned = false;
  if (!collectInputs(n, poisoned) || (rule && !checkAttributes(n, *rule)) ||
      poisoned)
    return;
  bool ok = function ? callFunction(n, *function) : rule->convert(n);
  if (!ok && !n.failed && report.errors.empty())
    n.fail("is malformed");
}

bool Importer::importGraph(const GraphProto &graph, Scope &scope,
                           std::optional<unsigned> asNode, Location loc) {
  for (int i = 0; i < graph.initializer_size(); ++i) {
    const std::string &name = graph.initializer(i).name();
    scope.initializers[name] = &graph.initializer(i);
    if (!asNode)
      scope.initializerIndex[name] = i;
  }
  if (graph.sparse_initializer_size())
    error("sparse initializers are not supported");
  if (!asNode && !declareInputs(scope))
    return false;
  std::vector<unsigned> order;
  if (!sortNodes(graph.node(), order))
    return false;
  size_t errors = report.errors.size();
  for (unsigned i : order) {
    const NodeProto &node = graph.node(i);
    Location where =
        asNode
            ? loc
            : nodeLoc(NodeAttr::get(&context, i, node.name(), node.op_type()));
    unsigned before = opsMade;
    importNode(node, scope, asNode.value_or(i), where);
    if (asNode)
      continue;
    emitted[i] = opsMade != before;
    for (const std::string &name : node.output())
      if (!name.empty())
        addValueName(scope.values.lookup(name), name);
  }
  return errors == report.errors.size();
}

//===----------------------------------------------------------------------===//
// The end of an import
//===----------------------------------------------------------------------===//

bool Importer::finish(Scope &scope) {
  SmallVector<Value> results;
  SmallVector<Attribute> names;
  Builder b(&context);
  auto named = [&](StringRef name) -> Attribute {
    return b.getDictionaryAttr(
        b.getNamedAttr("nn.name", b.getStringAttr(name)));
  };
  for (const ValueInfoProto &info : file.model.graph().output()) {
    bool defined = true;
    Value value = lookup(scope, info.name(), defined);
    if (!defined)
      error("output '" + info.name() + "' is computed by no node");
    if (!value)
      continue;
    auto type = cast<RankedTensorType>(value.getType());
    int32_t declared = info.type().tensor_type().elem_type();
    if (!isDialectElement(type.getElementType()) ||
        (declared && elementType(&context, declared) != type.getElementType()))
      error("output '" + info.name() + "' is declared with element type " +
            elementName(declared) +
            ", but what is computed does not fit it or "
            "is not supported");
    results.push_back(value);
    names.push_back(named(info.name()));
  }
  if (!report.errors.empty())
    return false;
  Block &block = program.getBody().front();
  ReturnOp::create(builder, program.getLoc(), results);
  program.setFunctionType(b.getFunctionType(block.getArgumentTypes(),
                                            TypeRange(ValueRange(results))));
  if (!results.empty())
    program.setResAttrsAttr(b.getArrayAttr(names));
  SmallVector<Attribute> inputs;
  for (const std::string &name : inputNames)
    inputs.push_back(named(name));
  if (!inputs.empty())
    program.setArgAttrsAttr(b.getArrayAttr(inputs));
  materializeConstants();
  return report.errors.empty();
}

static DenseElementsAttr denseOf(const HostTensor &tensor, bool splat) {
  size_t width = hostElementBytes(tensor.type.getElementType());
  ArrayRef<uint8_t> bytes(tensor.bytes);
  if (splat)
    bytes = bytes.take_front(width);
  if (tensor.type.getElementType().isInteger(1)) {
    SmallVector<bool> values(bytes.begin(), bytes.end());
    return DenseElementsAttr::get(tensor.type, values);
  }
  return DenseElementsAttr::getFromRawBuffer(
      tensor.type,
      ArrayRef(reinterpret_cast<const char *>(bytes.data()), bytes.size()));
}

bool Importer::isFileWeight(Value value) const {
  auto type = cast<RankedTensorType>(value.getType());
  return origin.count(value) && type.getNumElements() > 8 &&
         isa<FloatType>(type.getElementType());
}

/// Vectors of floats that the file holds stay references; what is small and
/// what was computed is written out.
Value Importer::materialize(Value placeholder) {
  const HostTensor &tensor = *host.find(placeholder)->second;
  size_t width = hostElementBytes(tensor.type.getElementType());
  bool splat = tensor.size() > 0;
  for (size_t i = width; splat && i < tensor.bytes.size(); ++i)
    splat = tensor.bytes[i] == tensor.bytes[i % width];
  auto found = origin.find(placeholder);
  std::string name = originName.lookup(placeholder);
  bool asWeight = isFileWeight(placeholder);
  bool isSmall = tensor.bytes.size() <= 4096 || splat;
  if (isSmall && !asWeight)
    return ConstantOp::create(builder, placeholder.getLoc(), tensor.type,
                              denseOf(tensor, splat));
  DataAttr data = found != origin.end()
                      ? found->second
                      : DataAttr::get(&context, "", 0, tensor.bytes.size(),
                                      file.store->add(tensor.bytes));
  Value load = declareWeight(tensor.type, data, name);
  load.getDefiningOp()->setLoc(placeholder.getLoc());
  return load;
}

void Importer::materializeConstants() {
  SmallVector<UnrealizedConversionCastOp> placeholders;
  program.walk(
      [&](UnrealizedConversionCastOp op) { placeholders.push_back(op); });
  for (UnrealizedConversionCastOp op : placeholders) {
    if (!op.use_empty()) {
      builder.setInsertionPoint(op);
      op.getResult(0).replaceAllUsesWith(materialize(op.getResult(0)));
    }
    op.erase();
  }
  host.clear();
}

OwningOpRef<ModuleOp> Importer::run() {
  initLedger();
  if (!bindDims())
    return {};
  Location loc =
      FileLineColLoc::get(&context, llvm::sys::path::filename(file.path), 0, 0);
  OwningOpRef<ModuleOp> owner = ModuleOp::create(loc);
  module = *owner;
  builder.setInsertionPointToStart(module.getBody());
  program =
      ProgramOp::create(builder, loc, builder.getStringAttr("main"),
                        TypeAttr::get(builder.getFunctionType({}, {})),
                        StringAttr(), ArrayAttr(), ArrayAttr(), ArrayAttr());
  symbols.insert("main");
  Block *block = builder.createBlock(&program.getBody());
  builder.setInsertionPointToEnd(block);
  Scope scope;
  for (const auto &set : file.model.opset_import())
    scope.opsets[set.domain() == "ai.onnx" ? "" : set.domain()] = set.version();
  bool imported = importGraph(file.model.graph(), scope, std::nullopt, loc);
  if (!imported || !finish(scope))
    return {};
  return owner;
}

/// Runs the raising pipeline; its failure is Weft's own fault.
static bool raise(ModuleOp module, const ImportOptions &options,
                  ImportReport &report) {
  std::string message;
  ScopedDiagnosticHandler handler(module.getContext(), [&](Diagnostic &diag) {
    if (message.empty())
      message = diag.str();
    return success();
  });
  PassManager passes(module.getContext(), ModuleOp::getOperationName());
  passes.enableVerifier(options.verifyEach);
  if (options.raise)
    buildRaisingPipeline(passes);
  if (succeeded(verify(module)) && succeeded(passes.run(module)))
    return true;
  report.internal = true;
  report.errors.push_back("internal error: import built invalid IR: " +
                          message);
  return false;
}

OwningOpRef<ModuleOp> weft::importOnnx(MLIRContext &context, StringRef path,
                                       const ImportOptions &options,
                                       ImportReport &report) {
  auto *dialect = context.getOrLoadDialect<NNDialect>();
  ModelFile file;
  if (!readModel(path, options.input, file, report.errors))
    return {};
  if (!file.model.has_graph()) {
    report.errors.push_back(file.path + ": error: holds no graph");
    return {};
  }
  report.weights = file.store;
  dialect->setWeights(file.store);
  Importer importer(context, file, options, report);
  OwningOpRef<ModuleOp> module = importer.run();
  if (!module || !raise(*module, options, report))
    return {};
  importer.finishLedger(*module);
  remarkLedger(context, report.ledger);
  return module;
}
