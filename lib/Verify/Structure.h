//===- Structure.h - The static shape of a class's code -------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_VERIFY_STRUCTURE_H
#define WEFT_LIB_VERIFY_STRUCTURE_H

#include "weft/Binary/Isa.h"
#include <map>
#include <set>
#include <string>

namespace weft::verify {

/// Loops, calls and tasks of a class's code, and whether they nest properly.
class Structure {
public:
  Structure(const std::vector<isa::Instr> &instrs, uint32_t words);

  /// Index of the instruction at `word`, or -1.
  int64_t at(uint32_t word) const {
    return word < indexOf.size() ? indexOf[word] : -1;
  }

  struct Sequence {
    uint64_t steps = 0; // instructions that a PE executes
    unsigned depth = 0; // of loops and calls together
  };
  /// Parses from `entry` to the end of the task or subroutine; an error is a
  /// text for R-OP-5.
  bool parse(size_t entry, bool isTask, Sequence &out, std::string &error);

  std::vector<size_t> loopEnd; // of a Loop: index of its EndLoop

private:
  struct Open {
    size_t loop;
    Sequence body;
  };
  bool fail(std::string &error, size_t index, const std::string &what);
  bool parseBody(size_t pc, bool isTask, Sequence &out, std::string &error);
  void close(std::vector<Open> &open, size_t pc);
  bool call(const isa::Instr &i, Sequence &here, std::string &error);

  const std::vector<isa::Instr> &instrs;
  std::vector<int64_t> indexOf;
  std::map<std::pair<size_t, bool>, Sequence> parsed;
  std::set<size_t> active;
};

} // namespace weft::verify
#endif
