//===- Local.cpp - Whole ops on one PE's data -----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The fallback for small odd ops: operands replicated, every PE computes the
// whole result (so that no broadcast follows). Ops that leave the last
// dimension alone (`rows`) do the same on tiles of a split last dimension,
// where nothing is redundant.
//
//===----------------------------------------------------------------------===//
#include "Local.h"
#include "Functions.h"

using namespace mlir;
using namespace weft::kernels;

namespace {
bool isReduce(StringRef op) { return op.starts_with("nn.reduce_"); }

/// Does the op leave the last dimension and its order alone?
bool keepsLast(const Problem &p) {
  int64_t last = int64_t(p.ins[0].getRank()) - 1;
  if (last < 0 || p.out.getRank() == 0 ||
      p.ins[0].getShape().back() != p.out.getShape().back())
    return false;
  if (p.op == "nn.reshape")
    return true;
  if (isReduce(p.op))
    return !llvm::is_contained(p.list("axes"), last);
  if (p.op == "nn.transpose")
    return p.list("perm").back() == last;
  if (p.op == "nn.slice")
    return p.list("steps").back() == 1; // of equal size: all of it, in order
  if (p.op == "nn.concat")
    return p.integer("axis") != last;
  return p.op == "nn.expand" && p.ins[0].getRank() == p.out.getRank();
}

class Local final : public Kernel {
public:
  explicit Local(bool split) : split(split) {}

private:
  bool split;

  static bool known(const Problem &p) {
    return isReduce(p.op) ||
           llvm::is_contained(ArrayRef<StringRef>{"nn.reshape", "nn.transpose",
                                                  "nn.slice", "nn.concat",
                                                  "nn.expand", "nn.softmax",
                                                  "nn.matmul", "nn.gather"},
                              p.op);
  }

  void options(const Problem &p, const Rect &r, std::vector<Option> &out,
               std::string &why) const override {
    if (!known(p))
      return;
    if (split && !keepsLast(p))
      return;
    for (int8_t axis : {None, X, Y}) {
      if ((axis == None) == split)
        continue;
      Option o;
      o.algorithm = split ? "rows" : "local";
      for (RankedTensorType t : p.ins)
        o.ins.push_back(laidOut(t, r, axis));
      o.out = laidOut(p.out, r, axis);
      out.push_back(o);
    }
  }

  void expand(const Problem &p, const Option &o, Code &c) const override {
    if (p.op == "nn.reshape")
      return local::reshape(o, c);
    if (p.op == "nn.transpose" || p.op == "nn.slice" || p.op == "nn.expand")
      return local::permute(p, o, c);
    if (p.op == "nn.concat")
      return local::concat(p, o, c);
    if (intKind(p.text("int")).usesTopBit() &&
        (p.op == "nn.reduce_max" || p.op == "nn.reduce_min"))
      return local::reduceUnsigned(p, o, c);
    if (isReduce(p.op))
      return c.inWide(o.out, [&] { local::reduce(p, o, c); });
    if (p.op == "nn.softmax")
      return c.inWide(o.out, [&] { local::softmax(p, o, c); });
    if (p.op == "nn.matmul" && accumulatorType(p) == o.out.getElementType())
      return local::matmul(o, c);
    if (p.op == "nn.matmul")
      return c.inWide(o.out, [&] { local::matmul(o, c); });
    local::gather(p, o, c);
  }
};
} // namespace

const Kernel &weft::kernels::localKernel() {
  static const Local kernel(/*split=*/false);
  return kernel;
}

const Kernel &weft::kernels::rowsKernel() {
  static const Local kernel(/*split=*/true);
  return kernel;
}
