//===- Remarks.cpp - What the importer says of its decisions --------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Remarks.h"
#include "NN/NNDialect.h"

using namespace mlir;
using namespace weft;

static remark::RemarkOpts options(StringRef name, StringRef pass) {
  return remark::RemarkOpts::name(name).category(pass);
}

void weft::remarkRaised(StringRef pass, Operation *result) {
  remark::passed(result->getLoc(), options("Raised", pass))
      << remark::metric("Op", result->getName().getStringRef());
}

void weft::remarkNotRaised(StringRef pass, Operation *near, StringRef op,
                           const Twine &why) {
  remark::missed(near->getLoc(), options("NotRaised", pass))
      << remark::metric("Op", op) << remark::metric("Reason", why.str());
}

void weft::remarkDequantizedConstant(Location node) {
  remark::passed(node, options("Dequantized", "nn-import"))
      << remark::metric("Reason", "a quantised constant is floats from here "
                                  "on, computed at compile time");
}

void weft::remarkLedger(MLIRContext &context,
                        ArrayRef<bin::LedgerEntry> ledger) {
  for (const bin::LedgerEntry &e : ledger) {
    bool folded = e.fate == bin::LedgerEntry::Folded;
    if (!folded && e.fate != bin::LedgerEntry::Dead)
      continue;
    Location loc =
        nn::nodeLoc(nn::NodeAttr::get(&context, e.index, e.name, e.op));
    remark::passed(loc, options(folded ? "Folded" : "Dead", "nn-import"))
        << remark::metric("Reason",
                          folded ? "its value is known at compile time, or "
                                   "other ops contain it"
                                 : "no output depends on it");
  }
}
