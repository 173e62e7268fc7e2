//===- PlanApply.cpp - A candidate and its plan ---------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A plan names options by algorithm and layouts, as the kernels' own options()
// state them, so what is legal is asked of nobody else.
//
//===----------------------------------------------------------------------===//
#include "PlanApply.h"
#include "PartitionRemarks.h"
#include "llvm/ADT/SmallSet.h"

using namespace mlir;
using namespace weft;

static constexpr StringRef StageName = "s0";

static InFlightDiagnostic errorAt(const Plan &plan, const PlanPlace &place,
                                  MLIRContext *ctx) {
  return emitError(
      FileLineColLoc::get(ctx, plan.file, place.line, place.column));
}

FailureOr<std::optional<Rect>>
weft::planRectangle(const Plan &plan, MLIRContext *ctx, const Target &t) {
  std::optional<Rect> rect;
  for (const PlanStage &s : plan.stages) {
    if (s.name != StageName)
      return errorAt(plan, s, ctx) << "unknown stage '" << s.name
                                   << "', allowed is '" << StageName << "'";
    if (rect)
      return errorAt(plan, s, ctx) << "stage '" << s.name << "' is there twice";
    if (s.rectangle.size() != 2 || s.rectangle[0] < 1 || s.rectangle[1] < 1 ||
        s.rectangle[0] > t.gridW.value || s.rectangle[1] > t.gridH.value) {
      auto diag = errorAt(plan, s, ctx) << "found rectangle [";
      llvm::interleaveComma(s.rectangle, diag);
      return diag << "], allowed is [width, height] from [1, 1] to ["
                  << t.gridW.value << ", " << t.gridH.value << "], the grid";
    }
    rect = Rect{0, 0, s.rectangle[0], s.rectangle[1]};
  }
  return rect;
}

/// The layouts of an option's operands, without what the compiler appends.
static std::vector<std::string> operandTexts(const Problem &p,
                                             const Option &o) {
  std::vector<std::string> texts;
  for (RankedTensorType t : ArrayRef(o.ins).take_front(p.ins.size()))
    texts.push_back(layoutText(t));
  return texts;
}

namespace {
class Applier {
public:
  Applier(const Plan &plan, nn::ProgramOp program, Candidate &c)
      : plan(plan), program(program), c(c), ctx(program.getContext()) {
    for (size_t i = 0; i < c.values.size(); ++i)
      (isa<BlockArgument>(c.values[i]) ? inputs : kernels).push_back(int(i));
  }

  LogicalResult run() {
    for (const PlanInput &i : plan.inputs)
      if (failed(applyInput(i)))
        return failure();
    for (const PlanKernel &k : plan.kernels)
      if (failed(applyKernel(k)))
        return failure();
    return success();
  }

private:
  const Plan &plan;
  nn::ProgramOp program;
  Candidate &c;
  MLIRContext *ctx;
  SmallVector<int> inputs, kernels; // nodes of the candidate
  llvm::SmallSet<int, 16> done;

  InFlightDiagnostic error(const PlanPlace &place) {
    return errorAt(plan, place, ctx);
  }

  StringRef inputName(int node) {
    return program.getInputName(
        cast<BlockArgument>(c.values[node]).getArgNumber());
  }

  LogicalResult applyInput(const PlanInput &input) {
    auto found = llvm::find_if(
        inputs, [&](int node) { return inputName(node) == input.name; });
    if (found == inputs.end()) {
      auto diag = error(input) << "unknown input '" << input.name << "'";
      diag << ", allowed are ";
      llvm::interleaveComma(inputs, diag, [&](int node) {
        diag << "'" << inputName(node) << "'";
      });
      return diag;
    }
    if (!done.insert(*found).second)
      return error(input) << "input '" << input.name << "' is there twice";
    if (c.restrict(*found, [&](const Option &o) {
          return layoutText(o.out) == input.layout;
        }))
      return success();
    auto diag = error(input)
                << "input '" << input.name << "' cannot have layout "
                << input.layout << ", allowed are ";
    llvm::interleave(
        c.optionsOf(*found), diag,
        [&](const Option &o) { diag << layoutText(o.out); }, " and ");
    return diag;
  }

  LogicalResult applyKernel(const PlanKernel &k) {
    FailureOr<int> node = find(k);
    if (failed(node) || failed(checkIdentity(k, *node)))
      return failure();
    if (!done.insert(*node).second)
      return error(k) << "kernel " << idOf(*node) << " is there twice";
    if (k.stage && *k.stage != StageName)
      return error(k) << "unknown stage '" << *k.stage << "', allowed is '"
                      << StageName << "'";
    const Problem &p = c.problems[*node];
    if (c.restrict(*node, [&](const Option &o) {
          return (!k.algorithm || o.algorithm == *k.algorithm) &&
                 (!k.operands || operandTexts(p, o) == *k.operands) &&
                 (!k.result || layoutText(o.out) == *k.result);
        }))
      return success();
    auto diag = error(k) << "kernel " << idOf(*node) << ", " << opText(p)
                         << ", has no such option on a rectangle of "
                         << c.rect.w << "x" << c.rect.h;
    for (const Option &o : c.optionsOf(*node)) {
      Diagnostic &note = diag.attachNote();
      note << "legal: algorithm '" << o.algorithm << "', operands [";
      llvm::interleaveComma(
          operandTexts(p, o), note,
          [&](const std::string &t) { note << "'" << t << "'"; });
      note << "], result '" << layoutText(o.out) << "'";
    }
    return diag;
  }

  int64_t idOf(int node) { return llvm::find(kernels, node) - kernels.begin(); }

  /// Does the kernel come from the node that an entry names?
  bool comesFrom(int node, const PlanNode &n) {
    return llvm::any_of(nn::nodesOf(c.locs[node]), [&](nn::NodeAttr a) {
      return (!n.index || *n.index == int64_t(a.getIndex())) &&
             (!n.name || *n.name == a.getName()) &&
             (!n.op || *n.op == a.getOp());
    });
  }

  static std::string nodeText(const PlanNode &n) {
    std::string text = n.name ? "'" + *n.name + "'" : "";
    if (n.op)
      text += (text.empty() ? "" : " ") + ("(" + *n.op + ")");
    if (n.index)
      text += (text.empty() ? "#" : " #") + std::to_string(*n.index);
    return text;
  }

  FailureOr<int> find(const PlanKernel &k) {
    if (k.id) {
      if (*k.id >= 0 && *k.id < int64_t(kernels.size()))
        return kernels[*k.id];
      return error(k) << "unknown kernel " << *k.id << ", the program has "
                      << kernels.size() << ", counted from 0";
    }
    if (k.nodes.empty())
      return error(k) << "an entry needs 'id' or 'nodes'";
    SmallVector<int> found;
    for (int node : kernels)
      if (llvm::all_of(k.nodes,
                       [&](const PlanNode &n) { return comesFrom(node, n); }))
        found.push_back(node);
    if (found.size() == 1)
      return found.front();
    if (found.empty())
      return unknownNode(k);
    auto diag = error(k) << "node " << nodeText(k.nodes.front())
                         << " is several kernels, give one of the ids ";
    llvm::interleaveComma(found, diag, [&](int node) { diag << idOf(node); });
    return diag;
  }

  LogicalResult unknownNode(const PlanKernel &k) {
    for (const PlanNode &n : k.nodes)
      if (llvm::none_of(kernels, [&](int node) { return comesFrom(node, n); }))
        return error(k) << "unknown node " << nodeText(n)
                        << ": no kernel comes from it";
    return error(k) << "no kernel comes from all these nodes";
  }

  /// What an entry says of its kernel besides must hold.
  LogicalResult checkIdentity(const PlanKernel &k, int node) {
    std::string op = opText(c.problems[node]);
    if (k.op && *k.op != op)
      return error(k) << "kernel " << idOf(node) << " is " << op << ", not "
                      << *k.op;
    for (const PlanNode &n : k.nodes)
      if (!comesFrom(node, n))
        return error(k) << "kernel " << idOf(node) << ", " << op
                        << ", does not come from node " << nodeText(n);
    return success();
  }
};
} // namespace

LogicalResult weft::applyPlan(const Plan &plan, nn::ProgramOp program,
                              Candidate &c) {
  return Applier(plan, program, c).run();
}

void weft::fillPlan(Plan &plan, nn::ProgramOp program, const Candidate &c) {
  PlanStage stage;
  stage.name = StageName.str();
  stage.rectangle = {c.rect.w, c.rect.h};
  plan.stages.push_back(stage);
  for (size_t i = 0; i < c.values.size(); ++i) {
    const Option &o = c.chosen(int(i));
    if (auto arg = dyn_cast<BlockArgument>(c.values[i])) {
      PlanInput input;
      input.name = program.getInputName(arg.getArgNumber()).str();
      input.layout = layoutText(o.out);
      plan.inputs.push_back(input);
      continue;
    }
    PlanKernel k;
    k.id = plan.kernels.size();
    k.op = opText(c.problems[i]);
    for (nn::NodeAttr n : nn::nodesOf(c.locs[i]))
      k.nodes.push_back(
          {int64_t(n.getIndex()), n.getName().str(), n.getOp().str()});
    k.stage = stage.name;
    k.algorithm = o.algorithm;
    k.operands = operandTexts(c.problems[i], o);
    k.result = layoutText(o.out);
    plan.kernels.push_back(k);
  }
}
