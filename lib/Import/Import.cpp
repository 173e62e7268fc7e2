//===- Import.cpp - ONNX to nn: graph, names and outputs ------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Walks the graph in a topological order of its own making, keeps names apart
// by scope, and reports every unsupported node before giving up.
//
//===----------------------------------------------------------------------===//
#include "NewerFields.h"
#include "Opsets.h"
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
using onnx::ValueInfoProto;

/// How deep graphs and calls of functions may lie in each other.
constexpr unsigned MaxDepth = 64;
/// How many nodes calls of functions may become.
constexpr unsigned MaxInlined = 100000;

void Importer::error(const Twine &message, StringRef kind) {
  report.errors.push_back((file.path + ": error: " + message).str());
  ImportProblem problem;
  problem.kind = kind.str();
  problem.message = message.str();
  report.problems.push_back(std::move(problem));
}

void Importer::warning(const Twine &message) {
  report.warnings.push_back((file.path + ": warning: " + message).str());
}

/// A node without a name in a graph or function goes by that of the node of the
/// main graph that it belongs to.
void Importer::nodeError(const NodeCtx &n, const Twine &message,
                         StringRef kind) {
  ImportProblem problem;
  problem.kind = kind.str();
  problem.message = message.str();
  problem.node = n.index;
  problem.name = n.node.name();
  problem.op = n.node.op_type();
  problem.domain = plainDomain(n.node.domain()).str();
  if (problem.name.empty())
    problem.name = file.model.graph().node(int(n.index)).name();
  report.errors.push_back((file.path + ": error: node '" + problem.name +
                           "' (" + problem.op + ", #" + Twine(n.index) +
                           "): " + message)
                              .str());
  report.problems.push_back(std::move(problem));
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

/// An input of the function that its call does not give.
static bool isAbsent(const Scope &scope, StringRef name) {
  for (const Scope *s = &scope; s; s = s->parent) {
    if (s->values.count(name) || s->initializers.count(name))
      return false;
    if (s->function)
      return llvm::is_contained(s->function->input(), name);
  }
  return false;
}

bool Importer::collectInputs(NodeCtx &n, bool &poisoned) {
  bool ok = true;
  for (const std::string &name : n.node.input()) {
    bool defined = true, absent = name.empty() || isAbsent(n.scope, name);
    Value value = absent ? Value() : lookup(n.scope, name, defined);
    if (!defined) {
      n.failed = false;
      ok = n.fail("reads '" + name +
                  (notComputed.contains(name)
                       ? "', an output of its node that is not supported"
                       : "', which nothing defines"));
    }
    poisoned |= !absent && !value;
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
                        "', which is not supported",
                    "attribute");
    warning("node '" + n.node.name() + "' (" + n.node.op_type() + ", #" +
            Twine(n.index) + "): has attribute '" + attr.name() +
            "', which no version of the op knows: ignored, as in ONNX Runtime");
  }
  return true;
}

static std::string functionKey(StringRef domain, StringRef name,
                               StringRef overload) {
  return (plainDomain(domain) + "/" + name + "/" + overload).str();
}

const onnx::FunctionProto *Importer::findFunction(const NodeProto &node) const {
  return functions.lookup(
      functionKey(node.domain(), node.op_type(), overloadOf(node)));
}

/// Calls and loops may not, each holding the next twice, become more nodes than
/// a model has.
bool Importer::mayInline(NodeCtx &n, int nodes) {
  if (n.scope.depth >= MaxDepth)
    return n.fail("lies in more than " + Twine(MaxDepth) +
                  " graphs and functions");
  if (inlined > MaxInlined)
    return false; // said already
  inlined += nodes + 1;
  return inlined <= MaxInlined ||
         n.fail("holds functions, branches or steps of loops that become more "
                "than " +
                Twine(MaxInlined) + " nodes");
}

/// The call with the attributes that it leaves to the function.
static bool addDefaults(NodeCtx &n, const onnx::FunctionProto &function,
                        NodeProto &call) {
  auto defaults = defaultAttributes(function);
  if (!defaults)
    return n.fail("calls function " + function.name() + ", which has " +
                  llvm::toString(defaults.takeError()));
  if (!defaults->empty() && n.node.ByteSizeLong() > MostDefaultBytes)
    return n.fail("calls function " + function.name() +
                  ", which has defaults, with more than " +
                  Twine(MostDefaultBytes / 1024) + " KiB of attributes");
  if (defaults->empty())
    return true;
  call = n.node;
  for (onnx::AttributeProto &attribute : *defaults)
    if (llvm::none_of(n.node.attribute(), [&](const auto &given) {
          return given.name() == attribute.name();
        }))
      call.add_attribute()->Swap(&attribute);
  return true;
}

/// With inputs that failed, only for what the nodes of the function lack.
bool Importer::callFunction(NodeCtx &n, const onnx::FunctionProto &function) {
  for (Scope *s = &n.scope; s; s = s->function ? s->callScope : s->parent)
    if (s->function == &function)
      return n.fail("calls function " + function.name() + " within itself");
  if (!mayInline(n, function.node_size()))
    return false;
  NodeProto full;
  if (!addDefaults(n, function, full))
    return false;
  Scope inner;
  inner.function = &function;
  inner.call = full.attribute_size() ? &full : &n.node;
  inner.callScope = &n.scope;
  inner.depth = n.scope.depth + 1;
  for (const auto &set : function.opset_import())
    inner.opsets[plainDomain(set.domain())] = set.version();
  for (int i = 0; i < function.input_size(); ++i)
    if (i < n.node.input_size() && !n.node.input(i).empty() &&
        !isAbsent(n.scope, n.node.input(i)))
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

static bool fitsFunction(NodeCtx &n, const onnx::FunctionProto &function) {
  int inputs = n.node.input_size(), outputs = n.node.output_size();
  if (inputs > function.input_size())
    return n.fail("has " + Twine(inputs) + " inputs, expected at most " +
                  Twine(function.input_size()) + ", those of the function");
  return outputs <= function.output_size() ||
         n.fail("has " + Twine(outputs) + " outputs, expected at most " +
                Twine(function.output_size()) + ", those of the function");
}

bool Importer::isSupported(NodeCtx &n, const onnx::FunctionProto *&function,
                           const Rule *&rule) {
  // Each call of a function looks at its nodes' fields again.
  if (n.node.unknown_fields().field_count() > MostNewerFields)
    return n.fail("has more than " + Twine(MostNewerFields) +
                  " fields that are not known");
  function = findFunction(n.node);
  rule = function ? nullptr : findRule(n.node.domain(), n.node.op_type());
  if (function)
    return fitsFunction(n, *function);
  if (rule)
    return checkOperandCounts(n) && checkAttributes(n, *rule);
  StringRef domain = plainDomain(n.node.domain());
  StringRef reason = refusalReason(domain, n.node.op_type());
  return n.fail("op " + n.node.op_type() +
                    (domain.empty() ? "" : " of domain '" + domain + "'") +
                    " is not supported" + (reason.empty() ? "" : ": ") + reason,
                "op");
}

/// Graphs of a node that is not converted: what they lack is said all the same.
void Importer::surveyGraphs(NodeCtx &n, const NodeProto &node, unsigned depth) {
  if (depth > MaxDepth)
    return;
  auto survey = [&](const GraphProto &graph) {
    for (const NodeProto &inner : graph.node()) {
      NodeCtx m(*this, n.scope, inner, n.index, n.loc);
      const onnx::FunctionProto *function;
      const Rule *rule;
      if (isSupported(m, function, rule))
        surveyGraphs(n, inner, depth + 1);
    }
  };
  for (const auto &attr : node.attribute()) {
    if (attr.has_g())
      survey(attr.g());
    for (const GraphProto &graph : attr.graphs())
      survey(graph);
  }
}

/// Outputs of a node that failed have the type that the model states, so that
/// the nodes behind it are looked at too. This module is thrown away.
void Importer::assumeOutputs(const NodeProto &node, Scope &scope,
                             Location loc) {
  for (const std::string &name : node.output()) {
    auto found = valueInfos.find(name);
    if (found == valueInfos.end() || scope.parent || scope.call)
      continue;
    Value &value = scope.values[name];
    RankedTensorType type = value ? nullptr : statedType(*found->second);
    // An integer may be part of a shape: what reads it would miss its value.
    if (type && !type.getElementType().isInteger())
      value = UnrealizedConversionCastOp::create(builder, loc, TypeRange(type),
                                                 ValueRange())
                  .getResult(0);
  }
}

/// What the rule left out is missed only if something reads it.
void Importer::closeOutputs(NodeCtx &n, bool converted) {
  if (!converted)
    return assumeOutputs(n.node, n.scope, n.loc);
  for (const std::string &name : n.node.output())
    if (auto found = n.scope.values.find(name);
        found != n.scope.values.end() && !found->second) {
      n.scope.values.erase(found);
      notComputed.insert(name);
    }
}

static bool takesInputs(NodeCtx &n, const Rule &rule) {
  auto isSequence = [](Value v) { return v && isa<TupleType>(v.getType()); };
  return rule.takesSequences || !llvm::any_of(n.inputs, isSequence) ||
         n.fail("reads a sequence, expected tensors");
}

void Importer::importNode(const NodeProto &node, Scope &scope, unsigned index,
                          Location loc) {
  NodeCtx n(*this, scope, node, index, loc);
  for (const std::string &name : node.output())
    if (!name.empty())
      scope.values[name] = Value();
  const onnx::FunctionProto *function;
  const Rule *rule;
  bool poisoned = false;
  size_t errors = report.errors.size();
  bool ready = isSupported(n, function, rule) && collectInputs(n, poisoned) &&
               (function || takesInputs(n, *rule));
  bool ok = false;
  if (ready && function)
    ok = callFunction(n, *function) && !poisoned;
  else if (ready && !poisoned)
    ok = rule->convert(n);
  else
    surveyGraphs(n, node, 0);
  // What lies inside another graph may wait for a value that failed outside.
  bool hasGraph = llvm::any_of(node.attribute(),
                               [](const auto &attr) { return attr.has_g(); });
  size_t before = function || hasGraph ? 0 : errors;
  if (ready && !poisoned && !ok && !n.failed && before == report.errors.size())
    n.fail("is malformed");
  closeOutputs(n, ok);
}

/// Names have one definition: an initializer, an input or an output of a node.
bool Importer::checkNames(const GraphProto &graph, Scope &scope,
                          std::optional<unsigned> asNode) {
  size_t errors = report.errors.size();
  llvm::StringSet<> names;
  for (const TensorProto &tensor : graph.initializer())
    if (!names.insert(tensor.name()).second)
      error("initializer '" + tensor.name() + "' is given twice",
            "initializer");
  for (auto [i, node] : llvm::enumerate(graph.node()))
    for (const std::string &name : node.output())
      if (!name.empty() && (names.contains(name) || scope.values.count(name)))
        NodeCtx(*this, scope, node, asNode.value_or(i), program.getLoc())
            .fail("defines '" + name +
                  "', which an input or initializer does already");
  return errors == report.errors.size();
}

bool Importer::importGraph(const GraphProto &graph, Scope &scope,
                           std::optional<unsigned> asNode, Location loc) {
  for (int i = 0; i < graph.initializer_size(); ++i) {
    const std::string &name = graph.initializer(i).name();
    // A body that is inlined again finds them in the scope around it.
    if (asNode &&
        scope.parent->initializers.lookup(name) == &graph.initializer(i))
      continue;
    scope.initializers[name] = &graph.initializer(i);
    if (!asNode)
      scope.initializerIndex[name] = i;
  }
  if (graph.sparse_initializer_size())
    error("sparse initializers are not supported");
  size_t errors = report.errors.size();
  if (!asNode)
    declareInputs(scope); // what cannot be an input fails, the rest is imported
  std::vector<unsigned> order;
  if (!checkNames(graph, scope, asNode) || !sortNodes(graph.node(), order))
    return false;
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

OwningOpRef<ModuleOp> Importer::run() {
  initLedger();
  for (const onnx::FunctionProto &function : file.model.functions())
    functions.try_emplace(
        functionKey(function.domain(), function.name(), overloadOf(function)),
        &function);
  for (const ValueInfoProto &info : file.model.graph().value_info())
    valueInfos.try_emplace(info.name(), &info);
  checkOpsetImports(*this);
  bool bound = bindDims();
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
    scope.opsets[plainDomain(set.domain())] = set.version();
  bool imported = importGraph(file.model.graph(), scope, std::nullopt, loc);
  if (!bound || !imported || !finish(scope))
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

/// What is wrong with the file as a whole, in parts.
static bool badModel(const ModelFile &file, ImportReport &report) {
  for (StringRef line : report.errors) {
    line.consume_front(file.path);
    line.consume_front(": error: ");
    ImportProblem problem;
    problem.kind = "model";
    problem.message = line.str();
    report.problems.push_back(std::move(problem));
  }
  return false;
}

static bool openModel(StringRef path, const ImportOptions &options,
                      ModelFile &file, ImportReport &report) {
  if (!readModel(path, options.input, file, report.errors))
    return badModel(file, report);
  if (!file.model.has_graph()) {
    report.errors.push_back(file.path + ": error: holds no graph");
    return badModel(file, report);
  }
  return true;
}

/// --const is for inputs without whose value there is no program. Each one is
/// tried as an input.
static bool constsAreNeeded(MLIRContext &context, ModelFile &file,
                            const ImportOptions &options,
                            ImportReport &report) {
  for (const auto &[name, value] : options.consts) {
    if (value.bytes.empty())
      continue; // a tensor without elements is known anyway
    ImportReport trial;
    Importer importer(context, file, options, trial);
    importer.asInput.insert(name);
    if (!importer.run())
      continue;
    Importer(context, file, options, report)
        .error("--const " + name +
                   ": the value decides no shape, axis or count; it stays an "
                   "input",
               "option");
  }
  return report.errors.empty();
}

OwningOpRef<ModuleOp> weft::importOnnx(MLIRContext &context, StringRef path,
                                       ImportOptions options,
                                       ImportReport &report) {
  auto *dialect = context.getOrLoadDialect<NNDialect>();
  ModelFile file;
  if (!openModel(path, options, file, report))
    return {};
  if (options.bind) {
    std::vector<std::string> inputs;
    for (const onnx::ValueInfoProto &info : file.model.graph().input())
      inputs.push_back(info.name());
    if (!options.bind(inputs, options))
      return {};
  }
  report.summary = summarize(file);
  report.weights = file.store;
  dialect->setWeights(file.store);
  Importer importer(context, file, options, report);
  OwningOpRef<ModuleOp> module = importer.run();
  if (!module || !constsAreNeeded(context, file, options, report) ||
      !raise(*module, options, report))
    return {};
  importer.finishLedger(*module);
  remarkLedger(context, report.ledger);
  return module;
}
