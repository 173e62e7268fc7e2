//===- CheckReport.cpp - What weftc --check says --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "CheckReport.h"
#include "NN/NNOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace weft;
namespace json = llvm::json;
using Port = ModelSummary::Port;

namespace {
/// Problems that are the same but for the node.
struct Group {
  const ImportProblem *first;
  std::vector<const ImportProblem *> all;
};
} // namespace

/// In order of appearance; the same problem of the same node counts once.
static std::vector<Group> groupsOf(const std::vector<ImportProblem> &problems) {
  std::vector<Group> groups;
  llvm::StringMap<size_t> index;
  llvm::StringSet<> seen;
  for (const ImportProblem &p : problems) {
    std::string key = p.kind + '\0' + p.domain + '\0' + p.op + '\0' + p.message;
    if (!seen.insert(key + '\0' + (p.node ? std::to_string(*p.node) : ""))
             .second)
      continue;
    auto [entry, isNew] = index.try_emplace(key, groups.size());
    if (isNew)
      groups.push_back({&p, {}});
    groups[entry->second].all.push_back(&p);
  }
  return groups;
}

static std::string shapeText(const Port &port) {
  return port.shape ? "[" + llvm::join(*port.shape, ", ") + "]"
                    : std::string("of unknown shape");
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static void printPorts(StringRef title, const std::vector<Port> &ports,
                       llvm::raw_ostream &os) {
  for (auto [i, port] : llvm::enumerate(ports))
    os << llvm::left_justify(i ? "" : title, 12) << port.name << ": "
       << port.type << " " << shapeText(port) << "\n";
}

static void printDims(const std::vector<DimSummary> &dims,
                      llvm::raw_ostream &os) {
  for (auto [i, dim] : llvm::enumerate(dims)) {
    os << llvm::left_justify(i ? "" : "dimensions", 12) << dim.name;
    if (dim.extent)
      os << " = " << *dim.extent;
    else if (!dim.unbound.empty())
      os << " has no value, give --dim " << llvm::join(dim.unbound, "=N --dim ")
         << "=N";
    else
      os << " has no value";
    os << "\n";
  }
}

/// In the text; JSON has all.
constexpr size_t MostNodes = 8;

static void printGroup(const Group &group, llvm::raw_ostream &os) {
  os << llvm::right_justify(std::to_string(group.all.size()), 6) << " x  ";
  const ImportProblem &p = *group.first;
  if (p.node && p.kind != "op")
    os << p.op << ": ";
  os << p.message << "\n";
  if (!p.node)
    return;
  os << "           ";
  for (auto [i, one] : llvm::enumerate(group.all)) {
    if (i == MostNodes) {
      os << " and " << group.all.size() - i << " more";
      break;
    }
    os << (i ? ", " : "") << "'" << one->name << "' (#" << *one->node << ")";
  }
  os << "\n";
}

void weft::printCheck(const CheckReport &report, llvm::raw_ostream &os) {
  const ModelSummary &m = report.import.summary;
  std::vector<Group> groups = groupsOf(report.import.problems);
  os << report.model << ": "
     << (report.compiles ? "compiles" : "does not compile");
  if (!report.target.empty())
    os << " for " << report.target << ", " << report.grid[0] << "x"
       << report.grid[1] << " PEs";
  os << "\n\n";
  printPorts("inputs", m.inputs, os);
  printPorts("outputs", m.outputs, os);
  printDims(report.import.dims, os);
  if (!m.ops.empty())
    os << "nodes       " << m.nodes << ", " << m.ops.size() << " kinds of op\n";
  os << "weights     " << m.weights << ", " << m.parameters << " parameters, "
     << m.parameterBytes << " bytes\n";
  if (!groups.empty())
    os << "\nproblems\n";
  for (const Group &group : groups)
    printGroup(group, os);
  for (const std::string &advice : report.advice)
    os << "\nnote: " << advice << "\n";
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

/// Names in a model may be any bytes, JSON is UTF-8.
static std::string utf8(StringRef text) { return json::fixUTF8(text); }

/// Dimensions are numbers, or names where they have no value.
static json::Array portsJson(const std::vector<Port> &ports) {
  json::Array list;
  for (const Port &port : ports) {
    json::Object o{{"name", utf8(port.name)}, {"type", port.type}};
    json::Array shape;
    for (StringRef dim : port.shape.value_or(std::vector<std::string>())) {
      int64_t extent = 0;
      if (dim.getAsInteger(10, extent))
        shape.push_back(utf8(dim));
      else
        shape.push_back(extent);
    }
    o["shape"] = port.shape ? json::Value(std::move(shape)) : nullptr;
    list.push_back(std::move(o));
  }
  return list;
}

static json::Array dimsJson(const std::vector<DimSummary> &dims) {
  json::Array list;
  for (const DimSummary &dim : dims) {
    json::Array unbound;
    for (const std::string &name : dim.unbound)
      unbound.push_back(utf8(name));
    list.push_back(json::Object{
        {"name", utf8(dim.name)},
        {"extent", dim.extent ? json::Value(*dim.extent) : nullptr},
        {"unbound", std::move(unbound)}});
  }
  return list;
}

static json::Array problemsJson(const std::vector<ImportProblem> &problems) {
  json::Array list;
  for (const Group &group : groupsOf(problems)) {
    const ImportProblem &p = *group.first;
    json::Object o{{"kind", p.kind},
                   {"message", utf8(p.message)},
                   {"count", int64_t(group.all.size())}};
    json::Array nodes;
    for (const ImportProblem *one : group.all)
      if (one->node)
        nodes.push_back(
            json::Object{{"index", *one->node}, {"name", utf8(one->name)}});
    if (p.node) {
      o["op"] = utf8(p.op);
      o["domain"] = utf8(p.domain);
    }
    o["nodes"] = std::move(nodes);
    list.push_back(std::move(o));
  }
  return list;
}

json::Value weft::checkJson(const CheckReport &report) {
  const ModelSummary &m = report.import.summary;
  json::Array ops, advice;
  for (const ModelSummary::Op &op : m.ops)
    ops.push_back(json::Object{{"domain", utf8(op.domain)},
                               {"op", utf8(op.op)},
                               {"count", int64_t(op.count)}});
  for (const std::string &text : report.advice)
    advice.push_back(utf8(text));
  return json::Object{{"model", utf8(report.model)},
                      {"compiles", report.compiles},
                      {"target", report.target},
                      {"grid", json::Array{report.grid[0], report.grid[1]}},
                      {"inputs", portsJson(m.inputs)},
                      {"outputs", portsJson(m.outputs)},
                      {"dimensions", dimsJson(report.import.dims)},
                      {"nodes", m.nodes},
                      {"ops", std::move(ops)},
                      {"weights", json::Object{{"count", m.weights},
                                               {"parameters", m.parameters},
                                               {"bytes", m.parameterBytes}}},
                      {"problems", problemsJson(report.import.problems)},
                      {"advice", std::move(advice)}};
}

//===----------------------------------------------------------------------===//
// From a module
//===----------------------------------------------------------------------===//

static void describePort(StringRef name, Type type, size_t i,
                         std::vector<Port> &ports) {
  if (i == ports.size())
    ports.emplace_back();
  Port &port = ports[i];
  auto tensor = cast<RankedTensorType>(type);
  port.name = name.str();
  if (port.type.empty())
    llvm::raw_string_ostream(port.type) << tensor.getElementType();
  port.shape.emplace();
  for (int64_t extent : tensor.getShape())
    port.shape->push_back(std::to_string(extent));
}

void weft::describeModule(ModuleOp module, ModelSummary &summary) {
  bool isFile = !summary.ops.empty(); // inputs that --const binds are no more
  for (auto program : module.getOps<nn::ProgramOp>()) {
    Block &body = program.getBody().front();
    for (BlockArgument arg : body.getArguments()) {
      StringRef name = program.getInputName(arg.getArgNumber());
      auto found = llvm::find_if(
          summary.inputs, [&](const Port &port) { return port.name == name; });
      describePort(name, arg.getType(), size_t(found - summary.inputs.begin()),
                   summary.inputs);
    }
    for (auto [i, value] : llvm::enumerate(body.getTerminator()->getOperands()))
      describePort(program.getOutputName(i), value.getType(), i,
                   summary.outputs);
  }
  if (isFile)
    return;
  for (auto weight : module.getOps<nn::WeightOp>()) {
    ++summary.weights;
    summary.parameters +=
        uint64_t(cast<RankedTensorType>(weight.getType()).getNumElements());
    summary.parameterBytes += weight.getValue().getBytes();
  }
}
