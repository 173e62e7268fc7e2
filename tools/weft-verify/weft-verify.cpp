//===- weft-verify.cpp - Checks a .weft file on its own -------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Prints every rule with its verdict and the recomputed counts; exits 1 if a
// rule does not hold.
//
//===----------------------------------------------------------------------===//
#include "weft/Binary/File.h"
#include "weft/Support/Tool.h"
#include "weft/Support/Version.h"
#include "weft/Verify/Verifier.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace weft;

static constexpr char Usage[] =
    "usage: weft-verify FILE.weft\n"
    "Checks the rules of docs/machine-model.md on the file alone.\n"
    "  --help, --version   '-' reads standard input\n";

static int fail(StringRef file, const Twine &message) {
  errs() << file << ": error: " << message << "\n";
  return 1;
}

static int check(StringRef file) {
  Expected<bin::Loaded> loaded = bin::loadFile(file.str());
  if (!loaded)
    return fail(file, toString(loaded.takeError()));
  Expected<Target> target = parseTarget(loaded->program.targetYaml, file);
  if (!target)
    return fail(file, "target: " + toString(target.takeError()));
  verify::Result result = verify::verify(loaded->program, *target);
  outs() << verify::printResult(result);
  for (const verify::Finding &f : result.findings)
    fail(file, f.rule + ": " + f.message);
  return result.ok() ? 0 : 1;
}

static int run(int argc, char **argv) {
  if (argc != 2)
    return fail("weft-verify", "expected one file; see --help");
  StringRef arg = argv[1];
  if (arg == "--help" || arg == "--version") {
    outs() << (arg == "--help" ? std::string(Usage)
                               : std::string(VersionText) + "\n");
    return 0;
  }
  if (arg.starts_with("-") && arg != "-")
    return fail("weft-verify", "unknown option '" + arg + "'; see --help");
  return check(arg);
}

int main(int argc, char **argv) {
  startTool("weft-verify");
  return finishTool("weft-verify", run(argc, argv));
}
