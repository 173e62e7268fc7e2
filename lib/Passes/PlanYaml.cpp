//===- PlanYaml.cpp - Plans as strict YAML --------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Passes/Plan.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/YAMLTraits.h"

using namespace weft;
using llvm::StringRef;
using llvm::Twine;

namespace {
/// State of one reading: where entries stand, and the first error.
struct Reading {
  StringRef text, file;
  llvm::yaml::Input *input = nullptr;
  std::string firstError;

  void locate(PlanPlace &place) const {
    const llvm::yaml::Node *node = input->getCurrentNode();
    const char *p = node ? node->getSourceRange().Start.getPointer() : nullptr;
    if (p < text.begin() || p > text.end())
      return;
    StringRef before(text.begin(), p - text.begin());
    place.line = 1 + before.count('\n');
    place.column = before.size() - before.rfind('\n');
  }
  void report(unsigned line, const Twine &message) {
    if (firstError.empty())
      firstError = (file + ":" + Twine(line) + ": error: " + message).str();
  }
  static void handler(const llvm::SMDiagnostic &d, void *context) {
    static_cast<Reading *>(context)->report(
        d.getLineNo() > 0 ? d.getLineNo() : 1, d.getMessage());
  }
};

/// A text that is always quoted: names of nodes and layouts hold brackets and
/// commas, which LLVM's printer forgets inside of flow mappings.
struct Quoted {
  std::string text;
};

void locate(llvm::yaml::IO &io, PlanPlace &place) {
  if (auto *reading = static_cast<Reading *>(io.getContext()))
    reading->locate(place);
}

void mapQuoted(llvm::yaml::IO &io, const char *key,
               std::optional<std::string> &text) {
  std::optional<Quoted> quoted;
  if (text)
    quoted = Quoted{*text};
  io.mapOptional(key, quoted);
  if (quoted)
    text = quoted->text;
}

void mapQuoted(llvm::yaml::IO &io, const char *key, std::string &text) {
  Quoted quoted{text};
  io.mapRequired(key, quoted);
  text = quoted.text;
}
} // namespace

LLVM_YAML_IS_FLOW_SEQUENCE_VECTOR(Quoted)
LLVM_YAML_IS_SEQUENCE_VECTOR(weft::PlanStage)
LLVM_YAML_IS_SEQUENCE_VECTOR(weft::PlanInput)
LLVM_YAML_IS_SEQUENCE_VECTOR(weft::PlanNode)
LLVM_YAML_IS_SEQUENCE_VECTOR(weft::PlanKernel)

namespace llvm::yaml {
template <> struct ScalarTraits<Quoted> {
  static void output(const Quoted &q, void *, raw_ostream &os) { os << q.text; }
  static StringRef input(StringRef text, void *, Quoted &q) {
    q.text = text.str();
    return "";
  }
  static QuotingType mustQuote(StringRef text) {
    return needsQuotes(text) == QuotingType::Double ? QuotingType::Double
                                                    : QuotingType::Single;
  }
};

template <> struct MappingTraits<PlanStage> {
  static void mapping(IO &io, PlanStage &s) {
    locate(io, s);
    mapQuoted(io, "name", s.name);
    io.mapRequired("rectangle", s.rectangle);
  }
  static const bool flow = true;
};

template <> struct MappingTraits<PlanInput> {
  static void mapping(IO &io, PlanInput &i) {
    locate(io, i);
    mapQuoted(io, "name", i.name);
    mapQuoted(io, "layout", i.layout);
  }
  static const bool flow = true;
};

template <> struct MappingTraits<PlanNode> {
  static void mapping(IO &io, PlanNode &n) {
    io.mapOptional("index", n.index);
    mapQuoted(io, "op", n.op);
    mapQuoted(io, "name", n.name);
  }
  static const bool flow = true;
};

template <> struct MappingTraits<PlanKernel> {
  static void mapping(IO &io, PlanKernel &k) {
    locate(io, k);
    io.mapOptional("id", k.id);
    mapQuoted(io, "op", k.op);
    io.mapOptional("nodes", k.nodes);
    mapQuoted(io, "stage", k.stage);
    mapQuoted(io, "algorithm", k.algorithm);
    std::optional<std::vector<Quoted>> operands;
    if (k.operands)
      for (const std::string &o : operands.emplace(), *k.operands)
        operands->push_back({o});
    io.mapOptional("operands", operands);
    if (operands && !k.operands)
      for (const Quoted &q : k.operands.emplace(), *operands)
        k.operands->push_back(q.text);
    mapQuoted(io, "result", k.result);
  }
};

template <> struct MappingTraits<Plan> {
  static void mapping(IO &io, Plan &p) {
    io.mapOptional("stages", p.stages);
    io.mapOptional("inputs", p.inputs);
    io.mapOptional("kernels", p.kernels);
  }
};
} // namespace llvm::yaml

/// LLVM's parser recurses; refuses what would take it too deep.
static std::string checkDepth(StringRef text) {
  if (text.size() > (64 << 20))
    return "a plan is at most 64 MiB long";
  // Quotes and comments are not told apart from the rest, so brackets in names
  // count. Indicators are counted over a line, wherever they stand.
  int depth = 0, indicators = 0;
  for (char c : text) {
    if (c == '\n' || c == '\r')
      indicators = 0;
    else if (c == '-' || c == '?')
      ++indicators;
    else if (c == '[' || c == '{')
      ++depth;
    else if ((c == ']' || c == '}') && depth)
      --depth;
    if (depth > 64 || indicators > 2000)
      return "a plan is not nested so deep";
  }
  return "";
}

llvm::Expected<Plan> weft::parsePlan(StringRef yaml, StringRef file) {
  Reading reading;
  reading.text = yaml;
  reading.file = file;
  if (std::string wrong = checkDepth(yaml); !wrong.empty())
    reading.report(1, wrong);
  Plan plan;
  plan.file = file.str();
  plan.given = true;
  if (reading.firstError.empty()) {
    llvm::yaml::Input in(llvm::MemoryBufferRef(yaml, file), &reading,
                         Reading::handler, &reading);
    reading.input = &in;
    in >> plan;
    // No key is required, so LLVM has said what is wrong.
    assert(!in.error() || !reading.firstError.empty());
    if (plan.stages.empty() && plan.inputs.empty() && plan.kernels.empty())
      reading.report(1, "the plan is empty; a file that does not exist is "
                        "written, one that does is read");
    else if (!in.error() && in.nextDocument()) // crashes after an error
      reading.report(1, "a plan is one document");
  }
  if (!reading.firstError.empty())
    return llvm::createStringError(reading.firstError);
  return plan;
}

void weft::printPlan(const Plan &plan, llvm::raw_ostream &os) {
  llvm::yaml::Output out(os, nullptr, /*WrapColumn=*/1 << 20);
  Plan copy = plan;
  out << copy;
}
