//===- Events.h - What a class does that can wait for the fabric ----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_VERIFY_EVENTS_H
#define WEFT_LIB_VERIFY_EVENTS_H

#include <cstdint>

namespace weft::verify {

/// One step of a class that can wait for the fabric, in program order.
struct Event {
  enum Kind : uint8_t { Op, Wait } kind = Op;
  bool async = false;
  uint8_t microthread = 0;
  int16_t in0 = -1, in1 = -1, out = -1; // colours of an Op
  bool packed = false; // two 2-byte elements in a word of an Op
  bool odd = false;    // ... and one in its last
  uint64_t words = 0;  // of an Op

  bool uses(int color, bool sending) const {
    return kind == Op &&
           (sending ? out == color : in0 == color || in1 == color);
  }
};

} // namespace weft::verify
#endif
