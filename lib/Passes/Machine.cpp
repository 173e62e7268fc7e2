//===- Machine.cpp - The target that a compilation is for -----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// On nn the machine comes from options; from wafer on the program states it, so
// that a compilation resumes for the machine it was begun for.
//
//===----------------------------------------------------------------------===//
#include "PassDetail.h"
#include "weft/Passes/Passes.h"

using namespace mlir;
using namespace weft;

llvm::Expected<Target> weft::resolveTarget(StringRef name, StringRef grid,
                                           ArrayRef<std::string> set) {
  llvm::Expected<Target> target = loadTarget(name);
  if (!target)
    return target;
  for (const std::string &s : set)
    if (llvm::Error e = setField(*target, s))
      return e;
  if (grid.empty())
    return target;
  auto [w, h] = grid.split('x');
  uint32_t width = 0, height = 0;
  if (w.getAsInteger(10, width) || h.getAsInteger(10, height) || !width ||
      !height)
    return llvm::createStringError(
        "found grid '" + grid +
        "', allowed is WIDTHxHEIGHT with both at least 1");
  if (llvm::Error e = cutGrid(*target, width, height))
    return e;
  return target;
}

llvm::Expected<Target> weft::statedTarget(StringRef text,
                                          ArrayRef<int64_t> grid) {
  bool isText = text.contains('\n') || text.contains(':');
  llvm::Expected<Target> target =
      isText ? parseTarget(text, "target") : loadTarget(text);
  if (!target)
    return target;
  for (int64_t n : grid)
    if (n > std::numeric_limits<uint32_t>::max())
      return llvm::createStringError("the grid is larger than any target's");
  if (llvm::Error e = cutGrid(*target, uint32_t(grid[0]), uint32_t(grid[1])))
    return e;
  return target;
}
