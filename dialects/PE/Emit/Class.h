//===- Class.h - Emission of one class ------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The code image of a class: subroutines, callees first, then tasks, the start
// task last, so that the word at the end of the image is always fetched.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_PE_EMIT_CLASS_H
#define WEFT_PE_EMIT_CLASS_H

#include "Calls.h"
#include "weft/Binary/Program.h"

namespace weft::pe {

struct EmittedClass {
  bin::PEClass image;
  std::vector<uint32_t> params;
  uint32_t paramsAddr = 0;
};

/// `measure`: addresses are not known yet and are not checked.
mlir::FailureOr<EmittedClass> emitClass(ClassOp cls, ProgramOp program,
                                        const Target &target, bool measure);

} // namespace weft::pe
#endif
