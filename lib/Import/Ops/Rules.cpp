//===- Rules.cpp - The table of ONNX ops ----------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// One table for all rules: what is not in it is not supported, which is what
// the list of unsupported ops is made from.
//
//===----------------------------------------------------------------------===//
#include "Composed.h"
#include "Slices.h"

using namespace weft;

static llvm::StringMap<Rule> makeRules() {
  llvm::StringMap<Rule> rules;
  addElementwiseRules(rules);
  addNumberRules(rules);
  addQuantizationRules(rules);
  addActivationRules(rules);
  addProductRules(rules);
  addFusedRules(rules);
  addNormRules(rules);
  addChannelNormRules(rules);
  addReductionRules(rules);
  addLossRules(rules);
  addConvolutionRules(rules);
  addConvTransposeRules(rules);
  addPoolingRules(rules);
  addResizeRules(rules);
  addSamplingRules(rules);
  addUnfoldingRules(rules);
  addSignalRules(rules);
  addShapeRules(rules);
  addSliceRules(rules);
  addConstantRules(rules);
  addAttentionRules(rules);
  addCacheRules(rules);
  addIndexingRules(rules);
  addOrderRules(rules);
  addRearrangeRules(rules);
  addEinsumRules(rules);
  addControlRules(rules);
  addRecurrentRules(rules);
  addLinearAttentionRules(rules);
  addDataShapeRules(rules);
  addSequenceRules(rules);
  return rules;
}

const Rule *weft::findRule(llvm::StringRef domain, llvm::StringRef op) {
  static const llvm::StringMap<Rule> rules = makeRules();
  domain = plainDomain(domain);
  std::string key = domain.empty() ? op.str() : (domain + "/" + op).str();
  auto found = rules.find(key);
  return found == rules.end() ? nullptr : &found->second;
}
