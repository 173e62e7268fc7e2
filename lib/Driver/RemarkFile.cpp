//===- RemarkFile.cpp - Remarks as YAML -----------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Not MLIR's own streamer to a file: that one writes under the final name from
// the start, dies of a full disk, and knows nothing of ONNX nodes.
//
//===----------------------------------------------------------------------===//
#include "RemarkFile.h"
#include "NN/NNDialect.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Remarks/RemarkSerializer.h"
#include <set>

using namespace mlir;
using namespace weft;

namespace {
class Streamer final : public remark::detail::MLIRRemarkStreamerBase {
public:
  Streamer(std::shared_ptr<std::string> yaml, StringRef program)
      : yaml(std::move(yaml)), program(program) {}

  void streamOptimizationRemark(const remark::detail::Remark &remark) override {
    llvm::remarks::Remark r = remark.generateRemark();
    r.FunctionName = program;
    r.Loc.reset();
    remark.getLocation()->walk([&](Location l) {
      auto file = dyn_cast<FileLineColLoc>(l);
      if (!file || !file.getLine())
        return WalkResult::advance();
      r.Loc = {file.getFilename(), file.getLine(), file.getColumn()};
      return WalkResult::interrupt();
    });
    std::string nodes = nodesText(remark.getLocation());
    if (!nodes.empty()) {
      llvm::remarks::Argument a;
      a.Key = "Nodes";
      a.Val = nodes;
      r.Args.insert(r.Args.begin(), a);
    }
    std::string text;
    llvm::raw_string_ostream os(text);
    auto serializer =
        llvm::remarks::createRemarkSerializer(llvm::remarks::Format::YAML, os);
    llvm::cantFail(std::move(serializer))->emit(r);
    // A pass that runs twice says some things twice.
    if (seen.insert(text).second)
      *yaml += text;
  }

private:
  std::shared_ptr<std::string> yaml;
  std::string program;
  std::set<std::string> seen;

  static std::string nodesText(Location loc) {
    std::string text;
    llvm::raw_string_ostream os(text);
    llvm::interleaveComma(nn::nodesOf(loc), os, [&](nn::NodeAttr n) {
      if (!n.getName().empty())
        os << n.getName() << " ";
      os << "(" << n.getOp() << ", #" << n.getIndex() << ")";
    });
    return text;
  }
};
} // namespace

llvm::Error RemarkFile::open(MLIRContext &context, StringRef filter,
                             StringRef program) {
  std::string wrong;
  if (!filter.empty() && !llvm::Regex(filter).isValid(wrong))
    return llvm::createStringError(
        "found --remarks-filter=" + filter +
        ", which is no regular expression: " + wrong);
  remark::RemarkCategories categories;
  // `all` alone enables none of them.
  categories.passed = categories.missed = categories.analysis =
      categories.failed = filter.empty() ? ".*" : filter.str();
  if (failed(remark::enableOptimizationRemarks(
          context, std::make_unique<Streamer>(yaml, program),
          std::make_unique<remark::RemarkEmittingPolicyAll>(), categories)))
    return llvm::createStringError("internal: remarks cannot be enabled");
  return llvm::Error::success();
}

void weft::remarkProgram(Location loc, const bin::Program &p,
                         const cost::CostReport &cost, const Target &t) {
  auto say = [&](StringRef name) {
    return remark::analysis(loc,
                            remark::RemarkOpts::name(name).category("weftc"));
  };
  for (const bin::PEClass &c : p.classes)
    say("CodeOfClass") << remark::metric("Class", c.name)
                       << remark::metric("CodeBytes", 4 * c.code.size());
  auto memory = [&](const std::string &stage, const cost::MemoryCost &m) {
    say("Memory") << remark::metric("Stage", stage)
                  << remark::metric("Code", m.code)
                  << remark::metric("Weights", m.weights)
                  << remark::metric("Activations", m.activations)
                  << remark::metric("Buffers", m.buffers)
                  << remark::metric("InputsAndOutputs", m.io)
                  << remark::metric("Reserved", m.reserved);
  };
  for (const cost::StageCost &s : cost.stages)
    memory(s.name, s.memory);
  say("Program") << remark::metric("Classes", p.classes.size())
                 << remark::metric("SramPeakBytes", cost.sramPeakBytes)
                 << remark::metric("SramBytes", t.sramBytes.value)
                 << remark::metric("CyclesLower", cost.cycles.lower)
                 << remark::metric("CyclesEstimate", cost.cycles.estimate)
                 << remark::metric("WaveletHops", cost.waveletHops)
                 << remark::metric("MaxLinkWavelets", cost.maxLinkWavelets);
}
