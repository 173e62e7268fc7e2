//===- Sample.cpp - Writes programs for the lit tests of weft-verify ------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// weft-verify-sample DIR writes good.weft and some that break a rule.
//
//===----------------------------------------------------------------------===//
#include "Build.h"
#include "weft/Binary/File.h"

using namespace weft;
using namespace weft::test;

static void write(Program p, const std::string &path) {
  Target t = wse2();
  llvm::cantFail(cutGrid(t, p.gridW, p.gridH));
  p.targetYaml = printTarget(t);
  llvm::cantFail(bin::writeFile(p, path));
}

int main(int argc, char **argv) {
  if (argc != 2)
    return 1;
  std::string dir = std::string(argv[1]) + "/";
  Program p = chain(8, 3, 16);
  write(p, dir + "good.weft");
  p.routes[6].tx = Ramp | East;
  write(p, dir + "route.weft");
  p = chain(8, 3, 16);
  p.streams[2].words = 17;
  p.costReport = "\x50\x07"; // macs: 7
  write(p, dir + "stream.weft");
  write(pair({"vmov d0, in2", "vmov out2, r0, len=64", "vmov out3, r0, len=64"},
             {"vmov d0, in2", "vmov d0, in3", "vmov out2, r0, len=64"}),
        dir + "deadlock.weft");
  write(gather(6, 2, 9), dir + "gather.weft");
  return 0;
}
