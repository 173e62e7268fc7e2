//===- Registry.cpp - All kernels
//------------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Kernels/Code.h"

using namespace mlir;
using namespace weft;
using namespace weft::kernels;

static ArrayRef<std::pair<const char *, const Kernel *>> registry() {
  static const std::pair<const char *, const Kernel *> entries[] = {
      {"gemm", &gemmKernel(false)},
      {"gemm_block", &gemmKernel(true)},
      {"patches", &patchesKernel()},
      {"norm", &normKernel(false)},
      {"norm_scalars", &normKernel(true)},
      {"attention", &attentionKernel(AttentionForm::Rows)},
      {"attention_values", &attentionKernel(AttentionForm::Values)},
      {"attention_block", &attentionKernel(AttentionForm::Block)},
      {"elementwise", &elementwiseKernel()},
      {"split_rows", &splitRowsKernel()},
      {"embedding", &embeddingKernel()},
      {"cache_update", &cacheUpdateKernel()},
      {"along", &alongKernel()},
      {"split_reduce", &splitReduceKernel()},
      {"matmul", &matmulKernel()},
      {"matmul_whole", &wholeMatmulKernel()},
      {"split_softmax", &splitSoftmaxKernel()},
      {"relayout", &relayoutKernel()},
      {"rows", &rowsKernel()},
      {"local", &localKernel()}};
  return entries;
}

const Kernel *kernels::findKernel(StringRef algorithm) {
  for (auto [name, kernel] : registry())
    if (algorithm == name)
      return kernel;
  return nullptr;
}

std::vector<Option> kernels::allOptions(const Problem &p, const Rect &r,
                                        std::string &why) {
  std::vector<Option> out;
  for (auto [name, kernel] : registry())
    kernel->options(p, r, out, why);
  if (out.empty() && why.empty())
    why = "no kernel computes '" + p.op + "'";
  return out;
}

std::vector<std::pair<std::string, std::string>>
kernels::refusals(const Problem &p, const Rect &r) {
  std::vector<std::pair<std::string, std::string>> out;
  for (auto [name, kernel] : registry()) {
    std::vector<Option> none;
    std::string why;
    kernel->options(p, r, none, why);
    if (none.empty() && !why.empty())
      out.push_back({name, why});
  }
  return out;
}

fabric::KernelOp kernels::expandKernel(OpBuilder &builder, Location loc,
                                       StringRef name, const Problem &p,
                                       const Option &o, const Rect &r,
                                       SmallVectorImpl<MemRefType> &scratch) {
  auto kernel = fabric::KernelOp::create(builder, loc, name);
  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(&kernel.getBody());
  Code code(builder, loc, r);
  code.entry = block;
  auto argument = [&](RankedTensorType t) {
    return block->addArgument(
        MemRefType::get({tileElems(t)}, storageType(t.getElementType())), loc);
  };
  for (RankedTensorType t : o.ins)
    code.ins.push_back(argument(t));
  code.out = argument(o.out);
  findKernel(o.algorithm)->expand(p, o, code);
  fabric::ReturnOp::create(builder, loc);
  scratch.assign(code.scratchTypes.begin(), code.scratchTypes.end());
  return kernel;
}
