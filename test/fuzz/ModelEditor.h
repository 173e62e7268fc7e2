//===- ModelEditor.h - Changes to an ONNX model ---------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TEST_FUZZ_MODELEDITOR_H
#define WEFT_TEST_FUZZ_MODELEDITOR_H

#include "Random.h"
#include <onnx/onnx_pb.h>

namespace weft::fuzz {

/// Changes one field of one message of `model`: a number, a name, an op, an
/// element of a list.
void editModel(onnx::ModelProto &model, Random &random);

/// Puts a message of `other` in the place of one of its kind.
void mixModels(onnx::ModelProto &model, const onnx::ModelProto &other,
               Random &random);

} // namespace weft::fuzz
#endif
