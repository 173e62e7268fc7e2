//===- Products.cpp - Rules of matrix products ----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Transposes and factors go onto the weight, where they cost nothing at run
// time.
//
//===----------------------------------------------------------------------===//
#include "Composed.h"
#include <cmath>

using namespace mlir;
using namespace weft;
using namespace weft::nn;

static bool matmul(NodeCtx &n) {
  return n.out(n.make<MatMulOp>({n.in(0), n.in(1)}));
}

bool weft::readMatrices(NodeCtx &n, Value &a, Value &b) {
  if (!a || !b)
    return n.fail("has fewer than 2 inputs");
  if (n.rank(a) != 2 || n.rank(b) != 2)
    return n.fail("multiplies tensors of rank " + Twine(n.rank(a)) + " and " +
                  Twine(n.rank(b)) + ", expected 2 and 2");
  if (n.attrInt("transA", 0))
    a = n.transpose(a, {1, 0});
  if (n.attrInt("transB", 0))
    b = n.transpose(b, {1, 0});
  return true;
}

Value weft::gemmOf(NodeCtx &n) {
  Value a = n.in(0), b = n.in(1), c = n.in(2);
  if (!readMatrices(n, a, b))
    return {};
  double alpha = n.attrFloat("alpha", 1), beta = n.attrFloat("beta", 1);
  auto whole = [](double factor) { return factor == std::trunc(factor); };
  if (isa<IntegerType>(n.element(a)) && !(whole(alpha) && whole(beta)))
    return n.failValue("multiplies integers by a fraction, alpha or beta");
  // On the weight the factor costs nothing at run time.
  bool onWeight = alpha != 1 && b && n.isConst(b);
  Value product = n.make<MatMulOp>({a, onWeight ? n.scaled(b, alpha) : b});
  if (!onWeight)
    product = n.scaled(product, alpha);
  if (!product || !c || beta == 0)
    return product;
  Value sum = n.make<AddOp>({product, n.scaled(c, beta)});
  if (sum && n.shape(sum) != n.shape(product))
    return n.failValue("adds a C that is larger than the product");
  return sum;
}

static bool gemm(NodeCtx &n) { return n.out(gemmOf(n)); }

/// The order of dimensions that FusedMatMul multiplies: first, with `batch`,
/// the first dimension becomes the last but one, then, with `last`, the last
/// two change places.
static SmallVector<int64_t> fusedOrder(int64_t rank, bool batch, bool last) {
  auto perm = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (batch && rank > 2)
    std::rotate(perm.begin(), perm.begin() + 1, perm.end() - 1);
  if (last && rank >= 2)
    std::swap(perm[rank - 1], perm[rank - 2]);
  return perm;
}

/// com.microsoft: matmul with transposed dimensions and a factor.
static bool fusedMatMul(NodeCtx &n) {
  Value operands[2] = {n.in(0), n.in(1)};
  const char *flags[2][2] = {{"transBatchA", "transA"},
                             {"transBatchB", "transB"}};
  for (int i = 0; i < 2; ++i)
    if (operands[i])
      operands[i] =
          n.transpose(operands[i], fusedOrder(n.rank(operands[i]),
                                              n.attrInt(flags[i][0], 0) != 0,
                                              n.attrInt(flags[i][1], 0) != 0));
  Value product = n.make<MatMulOp>({operands[0], operands[1]});
  return n.out(n.scaled(product, n.attrFloat("alpha", 1)));
}

void weft::addProductRules(llvm::StringMap<Rule> &rules) {
  rules["MatMul"] = {matmul, {}};
  rules["Gemm"] = {gemm, {"alpha", "beta", "broadcast", "transA", "transB"}};
  rules["com.microsoft/FusedMatMul"] = {
      fusedMatMul, {"alpha", "transA", "transB", "transBatchA", "transBatchB"}};
  rules["com.microsoft/TransposeMatMul"] = {fusedMatMul,
                                            {"alpha", "transA", "transB"}};
}
