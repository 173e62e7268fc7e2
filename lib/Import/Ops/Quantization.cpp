//===- Quantization.cpp - Rules of quantised ops --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Importer.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

void weft::addQuantizationRules(llvm::StringMap<Rule> &rules) {}
