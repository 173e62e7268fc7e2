//===- weft-objdump.cpp - Shows what is in a .weft file -------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Binary/Dump.h"
#include "weft/Support/Output.h"
#include "weft/Support/Tool.h"
#include "llvm/Support/CommandLine.h"

namespace cl = llvm::cl;
static cl::OptionCategory Views("views (default: a summary)");
static cl::opt<std::string> File(cl::Positional, cl::Required, cl::desc("FILE"),
                                 cl::cat(Views));
static cl::opt<bool> Code("d", cl::desc("disassemble the code"),
                          cl::cat(Views));
static cl::opt<bool> Routes("routes", cl::desc("router settings and streams"),
                            cl::cat(Views));
static cl::opt<bool> Memory("memory", cl::desc("SRAM by class and range"),
                            cl::cat(Views));
static cl::opt<bool> IO("io", cl::desc("inputs, outputs, tensors"),
                        cl::cat(Views));
static cl::opt<bool> Values("values", cl::desc("values that can be probed"),
                            cl::cat(Views));
static cl::opt<bool> Map("map", cl::desc("picture of the grid"),
                         cl::cat(Views));
static cl::opt<bool> All("all", cl::desc("all of these"), cl::cat(Views));
static cl::opt<std::string> Svg("svg", cl::desc("write the picture as SVG"),
                                cl::value_desc("FILE"), cl::cat(Views));

int main(int argc, char **argv) {
  weft::startTool("weft-objdump");
  if (!weft::parseOptions("weft-objdump", argc, argv,
                          "shows what is in a .weft file\n", Views))
    return 1;
  llvm::Error e = weft::refuseToReplace(File, Svg);
  if (!e)
    e = weft::bin::dump({File, Svg, Code || All, Routes || All, Memory || All,
                         IO || All, Map || All, Values || All});
  if (!e)
    return weft::finishTool("weft-objdump", 0);
  llvm::errs() << File << ": error: " << llvm::toString(std::move(e)) << "\n";
  return 1;
}
