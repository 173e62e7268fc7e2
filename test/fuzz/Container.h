//===- Container.h - Sections of a .weft file, for the mutators -----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Takes a file apart without judging it and puts sections together again with
// sizes and checksums that hold, so that a changed record is judged by what it
// says and not by its checksum. The product's writer cannot serve: it refuses
// what is not well-formed.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TEST_FUZZ_CONTAINER_H
#define WEFT_TEST_FUZZ_CONTAINER_H

#include "Sections.h"
#include <map>

namespace weft::fuzz {

/// The content of each section, by name.
using SectionMap = std::map<std::string, std::string>;

/// The sections of `file`; empty if its ELF structure is broken.
SectionMap takeApart(llvm::StringRef file);

/// A file of these sections. The header gets a line for each, as it should be.
/// Sections lie `align` bytes apart at least; the data section too, or the file
/// would be a page longer.
std::string putTogether(const SectionMap &sections, unsigned align);

/// The records of all sections; false if they cannot be read.
struct Records {
  bin::Program program;
  std::vector<bin::StoredTensor> tensors;
};
bool readRecords(const SectionMap &sections, Records &records);
/// Puts the records into `sections`. Tensors get the checksum of their data.
void writeRecords(Records &records, SectionMap &sections);

} // namespace weft::fuzz
#endif
