//===- Target.h - The machine, described by data --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A target is a typed struct read from strict YAML; no pass holds a machine
// constant. Every field carries its unit and its source; `assumed` sources are
// counted and listed in each report that depends on them.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TARGET_TARGET_H
#define WEFT_TARGET_TARGET_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>
#include <vector>

namespace weft {

/// A machine constant: value, unit, and where it is known from.
template <typename T> struct Fact {
  T value{};
  std::string unit, source;
  operator const T &() const { return value; }
  bool assumed() const { return source == "assumed"; }
};
using FactU = Fact<uint32_t>;
using FactList = Fact<std::vector<uint32_t>>;

/// Cycles per 1000 elements of a vector op class when no operand is fabric.
/// N elements take ceil(N * rate / 1000) cycles after the set-up.
struct VectorRates {
  FactU mov32, mov16;   // vmov on 4-byte / 2-byte elements
  FactU fadd32, fadd16; // vfadd vfsub vfneg vfabs (and 16-bit likewise)
  FactU fmul32, fmul16;
  FactU fmac32, fmac16;
  FactU fmacMixed; // vfmac, 4-byte destination and 2-byte sources in memory
  FactU fmax32, fmax16; // vfmax vfmin
  FactU int32, int16;   // integer, logic, shift, compare, select, vf{lt,le,eq}
  FactU convert;        // vi2f vf2i and vmov between types
  FactU reduce;         // vrsum vrmax
  FactU dot;            // vfdot
};

struct Target {
  std::string name;
  FactU gridW, gridH;                   // PEs of the largest program rectangle
  FactU clock;                          // MHz; turns cycles into time, no more
  FactU sramBytes, reservedBytes;       // per PE; reserved: lowest addresses
  FactU colors;                         // routable, ids 0..colors-1
  FactList userColors;                  // ids that programs may use, ascending
  FactList inQueues, outQueues;         // user queue ids, ascending
  FactList inQueueDepth, outQueueDepth; // wavelets, by queue id (all ids)
  FactU microthreads;
  FactU fabricInputsPerOp; // fabric-in operands of one vector op
  FactU bf16;              // 1: has bfloat16, 0: has not
  FactU maxDsdDims, maxDsdExtent,
      maxDsdStride;   // stride: largest |stride|, elements
  FactU hop, ramp;    // cycles
  FactU routerBuffer; // wavelets per input port and colour, the wavelets on the
                      // wire not counted
  FactU vectorSetup;  // cycles from issue of a vector op to its first element
  FactU dsdLoad;      // cycles of a Dsd / DsdAdd instruction
  FactU scalarAlu, scalarLoad, branchTaken, branchNotTaken; // cycles
  FactU taskActivate; // cycles from activation to first issue
  VectorRates rates;

  /// Cycles of the element phase of a vector op of `n` elements at `rate`.
  static uint64_t elementCycles(uint64_t n, uint32_t rate) {
    return (n * rate + 999) / 1000;
  }
  /// Keys ("router.hop") of the fields whose source is `assumed`, sorted.
  std::vector<std::string> assumedFields() const;
};

/// Reads a preset ("wse2", "wse3", built in) or a YAML file. Strict: unknown
/// key, missing field, wrong type or impossible value is an error with file and
/// line.
llvm::Expected<Target> loadTarget(llvm::StringRef presetOrPath);
llvm::Expected<Target> parseTarget(llvm::StringRef yaml,
                                   llvm::StringRef fileName);
/// Applies KEY=VALUE ("router.hop=2"); the source becomes "--set". Unknown keys
/// are refused with the nearest known one.
llvm::Error setField(Target &t, llvm::StringRef keyEqualsValue);
/// Cuts the grid to w x h; refused if larger than the target's.
llvm::Error cutGrid(Target &t, uint32_t w, uint32_t h);
/// The target as YAML that parseTarget reads back to the same value.
std::string printTarget(const Target &t);

} // namespace weft
#endif
