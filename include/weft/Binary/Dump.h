//===- Dump.h - What is in a .weft file, as text and picture --------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The views of weft-objdump. They read a loaded program and nothing else, so
// what they show is what would be loaded.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_BINARY_DUMP_H
#define WEFT_BINARY_DUMP_H

#include "weft/Binary/Program.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace weft::bin {

/// "(4, 0) 8x2", and " step (2, 1)" where it is not dense.
std::string text(const Pattern &p);
/// "f32[8x2]"; a scalar is "f32[]".
std::string text(ElemType type, const std::vector<uint64_t> &shape);
/// "ramp -> east west".
std::string portsText(uint8_t rx, uint8_t tx);

void dumpSummary(const Program &p, llvm::raw_ostream &os);
/// Disassembly of each class, with kernels and the nodes they execute.
void dumpCode(const Program &p, llvm::raw_ostream &os);
/// Router settings by colour, and the streams that the compiler intends.
void dumpRoutes(const Program &p, llvm::raw_ostream &os);
/// SRAM of each class on its fullest PE, by class of memory and by range.
void dumpMemory(const Program &p, llvm::raw_ostream &os);
/// Inputs, outputs, initial data and tensors with their placement.
void dumpIO(const Program &p, llvm::raw_ostream &os);
/// Values of the ONNX graph that lie in SRAM for a while, in the order of
/// execution, with node, kernel and placement.
void dumpValues(const Program &p, llvm::raw_ostream &os);
/// The grid in ASCII: classes as letters, stages as boxes; scaled down so that
/// it is at most about 100 characters wide.
void dumpMap(const Program &p, llvm::raw_ostream &os);
/// The same as SVG; one shape per pattern.
void dumpSvg(const Program &p, llvm::raw_ostream &os);

/// weft-objdump: which views of which file.
struct DumpOptions {
  std::string file, svg;
  bool code = false, routes = false, memory = false, io = false, map = false,
       values = false;
};
/// Loads the file and prints the views (the summary if none is asked for).
llvm::Error dump(const DumpOptions &options);

} // namespace weft::bin
#endif
