//===- BankCosts.h - What memory banks add to vector ops ------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Where a kernel's buffers lie is not known yet, but how far apart its operands
// begin within them is. So each op takes some cycles more in any case, and some
// for pairs of buffers that lie badly to each other.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_KERNELS_BANKCOSTS_H
#define WEFT_LIB_KERNELS_BANKCOSTS_H

#include "weft/Kernels/Banks.h"

namespace weft::kernels {

/// Elements from one to the next of the innermost dimension.
int64_t innermostStride(mlir::MemRefType type);

/// Bytes: a constant and values times constants.
struct Offset {
  int64_t at = 0;
  mlir::SmallVector<std::pair<Value, int64_t>, 4> terms;

  Offset plus(const Offset &o, int64_t times) const;
};

class BankCosts {
public:
  explicit BankCosts(const Target &t) : t(t) {}

  /// An op as far as banks go.
  struct Op {
    uint64_t elements;
    uint32_t rate; // without conflicts
    uint64_t times;
    bool readsFirst, writesFirst;
  };
  void add(mlir::ValueRange operands, const Op &op);
  /// Cycles more if the kernel's `arguments` lie as well as they can.
  uint64_t least(unsigned arguments) const;

  std::vector<solve::BankPair> pairs; // of arguments, by number

private:
  struct Access {
    MemWalk walk;
    std::optional<unsigned> argument;
    Offset offset;
    mlir::Type type;
  };
  /// What two accesses take together.
  struct Together {
    const Access *a, *b;
    mlir::SmallVector<unsigned, 16> halves; // by words from b to a
    int64_t apart; // words, if the buffers begin at one place of a line
  };
  Offset offsetOf(Value v);
  Access accessOf(Value v, bool read, bool written);
  mlir::SmallVector<Access, 3> accessesOf(mlir::ValueRange operands,
                                          const Op &op);
  unsigned together(const Access &a, const Access &b,
                    mlir::SmallVectorImpl<Together> &open) const;
  std::optional<int64_t> wordsApart(const Access &a, const Access &b) const;
  mlir::SmallVector<unsigned, 16> halvesOf(const MemWalk &a,
                                           const MemWalk &b) const;
  unsigned leastOfThree(mlir::ArrayRef<Together> open) const;

  const Target &t;
  uint64_t unavoidable = 0;
};

} // namespace weft::kernels
#endif
