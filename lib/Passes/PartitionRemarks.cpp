//===- PartitionRemarks.cpp - What partition says of its choice -----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "PartitionRemarks.h"
#include "mlir/IR/Remarks.h"
#include <set>

using namespace mlir;
using namespace weft;

static constexpr StringRef PassName = "weft-partition";

static remark::RemarkOpts options(StringRef name) {
  return remark::RemarkOpts::name(name).category(PassName);
}

std::string weft::opText(const Problem &p) {
  auto steps = p.config.getAs<ArrayAttr>("steps");
  if (p.op != "wafer.chain" || !steps)
    return p.op;
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleave(
      steps.getAsRange<DictionaryAttr>(), os,
      [&](DictionaryAttr step) {
        os << step.getAs<StringAttr>("op").getValue();
      },
      " + ");
  return text;
}

std::string weft::layoutText(RankedTensorType type) {
  std::string text;
  llvm::raw_string_ostream os(text);
  wafer::LayoutAttr layout = wafer::layoutOf(type);
  auto axis = [&](int8_t a) { os << "*xy"[a]; };
  os << "[";
  llvm::interleaveComma(layout.getDims(), os, axis);
  os << "]";
  if (!layout.getPartial().empty()) {
    os << " partial [";
    llvm::interleaveComma(layout.getPartial(), os, axis);
    os << "]";
  }
  if (layout.getRowMajor())
    os << " row_major";
  if (layout.getPadZero())
    os << " pad zero";
  return text;
}

static std::string layoutsText(ArrayRef<RankedTensorType> types) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(types, os,
                        [&](RankedTensorType t) { os << layoutText(t); });
  return text;
}

void weft::remarkRectangle(const Candidate &c, Location loc, uint64_t capacity,
                           bool chosen) {
  if (!loc->getContext()->getRemarkEngine())
    return;
  auto say = chosen ? remark::passed(loc, options("Rectangle"))
                    : remark::analysis(loc, options("RectangleTried"));
  say << remark::metric("Width", c.rect.w) << remark::metric("Height", c.rect.h)
      << remark::metric("Cycles", c.cycles())
      << remark::metric("BytesPerPE", c.bytes())
      << remark::metric("Capacity", capacity)
      << remark::metric("Fits", c.bytes() <= capacity);
}

namespace {
/// Says what became of one op.
class OpRemarks {
public:
  OpRemarks(Candidate &c, int node)
      : c(c), node(node), chosen(c.choiceOf(node)) {}

  void say() const {
    describe(remark::passed(loc(), options(isInput() ? "Input" : "Kernel")),
             chosen);
    for (unsigned k = 0; k < c.optionsOf(node).size(); ++k)
      if (k != chosen)
        describe(remark::missed(loc(), options("OptionRejected")), k)
            << remark::metric("Reason", reason(k));
    if (isInput())
      return;
    for (auto &[algorithm, why] : kernels::refusals(c.problems[node], c.rect))
      remark::missed(loc(), options("KernelNotLegal"))
          << remark::metric("Op", opText(c.problems[node]))
          << remark::metric("Algorithm", algorithm)
          << remark::metric("Reason", why);
  }

private:
  Candidate &c;
  int node;
  unsigned chosen;

  Location loc() const { return c.locs[node]; }
  bool isInput() const { return isa<BlockArgument>(c.values[node]); }

  remark::detail::InFlightRemark describe(remark::detail::InFlightRemark remark,
                                          unsigned k) const {
    const Option &o = c.optionsOf(node)[k];
    const Candidate::OptionCost &cost = c.costOf(node, k);
    if (isInput())
      remark << remark::metric(
          "Input", cast<BlockArgument>(c.values[node]).getArgNumber());
    else
      remark << remark::metric("Op", opText(c.problems[node]))
             << remark::metric("Algorithm", o.algorithm)
             << remark::metric("Operands", layoutsText(o.ins));
    remark << remark::metric("Result", layoutText(o.out))
           << remark::metric("Cycles", cost.cycles)
           << remark::metric("ConstantBytes", cost.constantBytes)
           << remark::metric("OtherBytes", cost.otherBytes);
    return remark;
  }

  std::string reason(unsigned k) const {
    const Candidate::OptionCost &a = c.costOf(node, k),
                                &b = c.costOf(node, chosen);
    if (a.cycles > b.cycles)
      return "takes " + std::to_string(a.cycles - b.cycles) + " cycles more";
    uint64_t mine = a.constantBytes + a.otherBytes;
    uint64_t its = b.constantBytes + b.otherBytes;
    if (a.cycles == b.cycles && mine > its)
      return "takes " + std::to_string(mine - its) + " bytes more";
    int64_t more = c.extraCost(node, k);
    if (more > 0)
      return "with its relayouts and bytes costs " + std::to_string(more) +
             " more in the whole program";
    return more ? "costs " + std::to_string(-more) +
                      " less in the whole program, which the search missed"
                : "costs the same in the whole program";
  }
};
} // namespace

/// Relayouts, each once per value and layout.
static void remarkRelayouts(Candidate &c) {
  std::set<std::pair<int, int>> seen;
  for (size_t i = 0; i < c.values.size(); ++i) {
    if (isa<BlockArgument>(c.values[i]))
      continue;
    for (auto [k, v] : llvm::enumerate(c.operands[i])) {
      if (c.problems[i].constant[k])
        continue;
      int producer = c.nodeOf.lookup(v);
      RankedTensorType have = c.chosen(producer).out,
                       want = c.chosen(int(i)).ins[k];
      int from = kernels::axisOf(have), to = kernels::axisOf(want);
      if (from == to || !seen.insert({producer, to}).second)
        continue;
      remark::passed(v.getLoc(), options("Relayout"))
          << remark::metric("From", layoutText(have))
          << remark::metric("To", layoutText(want))
          << remark::metric("FirstUse", opText(c.problems[i]))
          << remark::metric("Cycles", c.relayoutCycles(producer, from, to));
    }
  }
}

void weft::remarkKernels(Candidate &c) {
  if (c.values.empty() || !c.values.front().getContext()->getRemarkEngine())
    return;
  for (size_t i = 0; i < c.values.size(); ++i)
    OpRemarks(c, int(i)).say();
  remarkRelayouts(c);
}
