//===- Banks.h - Words of memory banks ------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TARGET_BANKS_H
#define WEFT_TARGET_BANKS_H

#include "weft/Target/Target.h"

namespace weft {

/// Bytes of a bank's word, by which addresses tell banks apart. The file has no
/// field for it: `memory.banks` counts banks of 32 bits (Hot Chips 34, eight
/// 32-bit single-port banks), and it is the places of 32-bit words in a line of
/// `memory.read_line` that two reads share or do not.
inline uint32_t bankWord(const Target &) { return 4; }

} // namespace weft
#endif
