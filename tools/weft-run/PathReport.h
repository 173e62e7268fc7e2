//===- PathReport.h - The critical path as table and JSON -----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// One set of names for the table, the statistics and the trace.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TOOLS_RUN_PATHREPORT_H
#define WEFT_TOOLS_RUN_PATHREPORT_H

#include "weft/Binary/Program.h"
#include "weft/Sim/Trace.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/JSON.h"

namespace weft::run {

/// "(0, 0) 4x1", and the steps where they are not 1.
std::string rectText(const bin::Pattern &p);
/// ~0 is no kernel.
std::string kernelName(const bin::Program &p, uint32_t kernel);
/// "name (Op)" of the nodes that a kernel computes; "#3 (Op)" without a name.
std::vector<std::string> nodeNames(const bin::Program &p, uint32_t kernel);

/// The fields of a stretch, into an object that is open.
void writePathSegment(llvm::json::OStream &o, const bin::Program &p,
                      const sim::PathSegment &s);
/// By kernel, in the order in which the path comes to them.
void printPathTable(llvm::raw_ostream &os, const bin::Program &p,
                    llvm::ArrayRef<sim::PathSegment> path, bool failed);
llvm::json::Value pathJson(const bin::Program &p,
                           llvm::ArrayRef<sim::PathSegment> path);

} // namespace weft::run
#endif
