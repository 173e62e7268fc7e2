//===- weft-run.cpp - Runs a .weft file in the simulator ------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Executes the file to the cycle, compares its outputs, counts what it cost.
//
//===----------------------------------------------------------------------===//
#include "Session.h"
#include "weft/Support/Tool.h"
#include "weft/Support/Version.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace weft;

static int runTool(int argc, char **argv) {
  ArrayRef<const char *> args(argv, size_t(argc));
  Expected<run::Options> options = run::parseOptions(args.drop_front(argc > 0));
  if (!options) {
    errs() << "weft-run: error: " << toString(options.takeError()) << "\n";
    return run::WrongUse;
  }
  if (options->help || options->version) {
    outs() << (options->help ? run::Usage : VersionText)
           << (options->help ? "" : "\n");
    return run::Success;
  }
  return run::runSession(*options);
}

int main(int argc, char **argv) {
  startTool("weft-run");
  return finishTool("weft-run", runTool(argc, argv));
}
