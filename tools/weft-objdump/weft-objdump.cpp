//===- weft-objdump.cpp - Shows what is in a .weft file -------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Binary/Dump.h"
#include "weft/Support/Version.h"
#include "llvm/Support/CommandLine.h"
#include <csignal>

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
  std::signal(SIGPIPE, SIG_IGN); // a closed pipe is an error, not a signal
  cl::HideUnrelatedOptions(Views);
  cl::SetVersionPrinter(
      [](llvm::raw_ostream &os) { os << weft::VersionText << "\n"; });
  cl::ParseCommandLineOptions(argc, argv, "shows what is in a .weft file\n");
  llvm::Error e =
      weft::bin::dump({File, Svg, Code || All, Routes || All, Memory || All,
                       IO || All, Map || All, Values || All});
  if (!e)
    return 0;
  llvm::errs() << File << ": error: " << llvm::toString(std::move(e)) << "\n";
  return 1;
}
