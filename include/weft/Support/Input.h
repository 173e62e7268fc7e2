//===- Input.h - Files that are read whole --------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_SUPPORT_INPUT_H
#define WEFT_SUPPORT_INPUT_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <memory>

namespace llvm {
class MemoryBuffer;
}

namespace weft {

/// The content of the file at `path`, standard input for `-`. A file is mapped.
/// What has no size before it is read could be without an end: a pipe may give
/// `limit` bytes, and a device is refused, unless it is a terminal or ends at
/// once. With `terminated` a 0 follows the content, as parsers of text want it.
/// The error says why, without the path.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
readInput(llvm::StringRef path, bool terminated = false,
          uint64_t limit = uint64_t(1) << 31);

} // namespace weft
#endif
