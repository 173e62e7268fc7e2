//===- Edits.h - Single edits of a program --------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Every number of a file that decides what the wafer does, by kind. An edit
// gives one of them another value; the file's checksums are those of the edited
// file.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TEST_UNIT_VERIFY_EDITS_H
#define WEFT_TEST_UNIT_VERIFY_EDITS_H

#include "weft/Binary/Program.h"
#include <functional>
#include <map>
#include <random>
#include <string>

namespace weft::test {

/// One number of a program: how to find it in a copy, and what it may be.
struct Field {
  std::string name;
  std::function<int64_t(bin::Program &)> get;
  std::function<void(bin::Program &, int64_t)> set;
  int64_t min = 0, max = UINT32_MAX;
};

/// The fields of a program by kind of edit.
class Edits {
public:
  explicit Edits(const bin::Program &p);

  struct Edit {
    std::string kind, what; // "route", "route 3 rx: 16 to 8"
  };
  /// Changes one field of `p`: a kind, then a field of it, then a value.
  Edit apply(bin::Program &p, std::mt19937_64 &rng) const;

  /// Kinds after which an accepted program must compute what it did. Those left
  /// out tell an op what to compute on; the result is another program.
  static bool keepsOutput(const std::string &kind);
  const std::map<std::string, std::vector<Field>> &fields() const {
    return byKind;
  }

private:
  std::map<std::string, std::vector<Field>> byKind;
};

} // namespace weft::test
#endif
