//===- weft-translate.cpp - Between our IR and other formats --------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// For lit tests and for looking at what the importer makes of a model.
//
//===----------------------------------------------------------------------===//
#include "Driver.h"
#include "weft/Support/Tool.h"

int main(int argc, char **argv) {
  weft::startTool("weft-translate");
  return weft::finishTool("weft-translate", weft::translateMain(argc, argv));
}
