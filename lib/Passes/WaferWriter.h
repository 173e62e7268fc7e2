//===- WaferWriter.h - A solved candidate as wafer IR ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_PASSES_WAFERWRITER_H
#define WEFT_LIB_PASSES_WAFERWRITER_H

#include "Candidate.h"

namespace weft {
/// Replaces `program` by a wafer.program with one stage as `c` has chosen.
void writeWafer(Candidate &c, nn::ProgramOp program, const Target &target);
} // namespace weft

#endif
