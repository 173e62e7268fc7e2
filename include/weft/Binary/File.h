//===- File.h - Reading and writing .weft files ---------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_BINARY_FILE_H
#define WEFT_BINARY_FILE_H

#include "weft/Binary/Program.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>

namespace weft::bin {

/// Serialises `p` as ELF64 and writes it beside `path`, then renames. Tensor
/// data is taken from Tensor::data (offsets are assigned here). Deterministic.
/// "-" writes to standard output. Fails on an unwritable path or a full disk.
llvm::Error writeFile(const Program &p, const std::string &path);

/// The same to a stream that can write anything, as translations need it.
llvm::Error writeStream(const Program &p, llvm::raw_ostream &os);

/// A loaded program; tensors point into the mapped file.
struct Loaded {
  std::unique_ptr<llvm::MemoryBuffer> buffer;
  Program program;
};

/// Maps and parses `path` ("-": standard input). Every field is bounds-checked,
/// checksums are compared, and enums validated; hostile files give an error
/// that names the section and the offset, never a crash. Messages do not repeat
/// the path.
llvm::Expected<Loaded> loadFile(const std::string &path);
llvm::Expected<Loaded> loadBuffer(std::unique_ptr<llvm::MemoryBuffer> buffer);

} // namespace weft::bin
#endif
