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
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace weft {

/// A machine constant: value, unit, and where it is known from. Numbers may
/// carry the bracket [lo, hi] that public sources give; without one both are
/// the value.
template <typename T> struct Fact {
  T value{};
  std::string unit, source;
  uint32_t lo = 0, hi = 0; // of numbers only
  operator const T &() const { return value; }
  bool assumed() const { return source == "assumed"; }
  bool hasRange() const { return lo != hi; }
  /// Another value, which is exact.
  void set(const T &v) {
    value = v;
    if constexpr (std::is_same_v<T, uint32_t>)
      lo = hi = v;
  }
};
using FactU = Fact<uint32_t>;
using FactList = Fact<std::vector<uint32_t>>;

/// What decides how fast a vector op goes, apart from widths and memory.
enum class VectorClass : uint8_t {
  Mov,
  Convert, // vi2f vf2i and vmov between widths
  FAdd,    // vfadd vfsub vfneg vfabs
  FMul,
  FMac,
  FMacMixed, // vfmac, 4-byte destination and 2-byte sources in memory
  FMax,      // vfmax vfmin
  Int,       // integer, logic, compare, select, vf{lt,le,eq}
  Shift,
  IntMul,
  Reduce, // vrsum vrmax
  Dot     // vfdot
};

/// A vector op as far as its speed goes.
struct VectorForm {
  VectorClass cls = VectorClass::Mov;
  bool wide = true;    // the widest operand in memory has 4 bytes, or there is
                       // none there
  bool fabric = false; // an operand is fabric
  unsigned readBytes = 0, writeBytes = 0; // in memory, per element
  unsigned simdLimit = ~0u; // elements per cycle that strides allow
};

/// An operand of a vector op in memory, as far as banks go.
struct MemWalk {
  bool read = false, written = false; // neither: not in memory
  uint32_t base = 0;                  // bytes
  int64_t stride = 0;                 // innermost, bytes
};

/// Elements per cycle without bank conflicts, by class; 4-byte / 2-byte
/// elements.
struct SimdWidths {
  FactU mov32, mov16, fadd32, fadd16, fmul32, fmul16, fmac32, fmac16, fmacMixed,
      fmax32, fmax16, int32, int16, shift16, mul16, convert;
};

/// Cycles from the issue of a vector op to its first element, by class.
struct VectorSetups {
  FactU fill;        // vmov of a register
  FactU elementwise; // whatever has no class of its own
  FactU copy;        // vmov in memory
  FactU mac16, mac32;
  FactU reduce, dot;
  FactU fabric; // any op with a fabric operand
};

/// What is known as cycles per 1000 elements only.
struct VectorRates {
  FactU reduce, dot;
  FactU fabric; // per 1000 wavelets: no op with a fabric operand is faster
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
  FactU turn;         // cycles more where a wavelet changes its axis
  FactU routerBuffer; // wavelets per input port and colour, the wavelets on the
                      // wire not counted
  FactU switchPositions; // settings of one router and colour, the first too
  FactU switchAdvance;   // 1: the last wavelet of an op can move its router's
                         // switch
  FactU switchBoth; // 1: a position may change receive and transmit ports, 0:
                    // one of them
  FactU dsdLoad;    // cycles of a Dsd / DsdAdd instruction
  FactU scalarAlu, scalarLoad, branchTaken, branchNotTaken; // cycles
  FactU taskActivate;          // cycles from activation to first issue
  FactU readBytes, writeBytes; // of memory per cycle
  FactU readLine; // bytes; words at equal places of two lines are not read in
                  // one cycle
  FactU banks;    // each of one 32-bit word
  FactList strideWidth; // elements per cycle of a walk over 2-byte elements, by
                        // its stride modulo the list's length; not of strides 0
                        // and 1
  SimdWidths simd;
  VectorSetups setup;
  VectorRates rates;

  /// Cycles per 1000 elements of an op that meets no bank conflict: the slowest
  /// of SIMD width, read and write port.
  uint32_t rateOf(const VectorForm &f) const;
  /// A rate with what the fabric allows of it.
  uint32_t paced(const VectorForm &f, uint32_t rate) const;
  /// Cycles from issue to the first element.
  uint32_t setupOf(const VectorForm &f) const;
  /// Half cycles that an element's accesses to memory take: 2 without a
  /// conflict. The bank rules of docs/machine-model.md.
  unsigned halfCycles(const MemWalk walks[3]) const;
  /// `rate` where accesses take so many half cycles. Ops slower than that hide
  /// it.
  static uint32_t conflictRate(uint32_t rate, unsigned halves) {
    return rate >= 1000 ? std::max(rate, 500 * halves) : rate * halves / 2;
  }
  /// Elements per cycle that a walk allows; `stride` in elements.
  unsigned simdLimit(unsigned elementBytes, int64_t stride) const;
  /// Cycles of the element phase of a vector op of `n` elements at `rate`.
  static uint64_t elementCycles(uint64_t n, uint32_t rate) {
    return (n * rate + 999) / 1000;
  }
  /// Keys ("router.hop") of the fields whose source is `assumed`, sorted.
  std::vector<std::string> assumedFields() const;
  /// Of these fields, those with a bracket: key, lo and hi.
  struct Bracketed {
    std::string key;
    uint32_t lo = 0, hi = 0;
  };
  std::vector<Bracketed> assumedBrackets() const;
};

/// Reads a built-in preset or a YAML file. Strict: unknown key, missing field,
/// wrong type or impossible value is an error with file and line.
llvm::Expected<Target> loadTarget(llvm::StringRef presetOrPath);
llvm::Expected<Target> parseTarget(llvm::StringRef yaml,
                                   llvm::StringRef fileName);
/// The names of the built-in presets.
std::vector<std::string> presetNames();
/// Applies KEY=VALUE ("router.hop=2"); the source becomes "--set" and the
/// bracket closes. Unknown keys are refused with the nearest known one.
llvm::Error setField(Target &t, llvm::StringRef keyEqualsValue);
/// Cuts the grid to w x h; refused if larger than the target's.
llvm::Error cutGrid(Target &t, uint32_t w, uint32_t h);
/// The target as YAML that parseTarget reads back to the same value.
std::string printTarget(const Target &t);

} // namespace weft
#endif
