//===- Banks.h - Which operands of a kernel its ops read together ---------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_KERNELS_BANKS_H
#define WEFT_KERNELS_BANKS_H

#include "weft/Kernels/Kernel.h"
#include "weft/Solve/Banks.h"

namespace weft::kernels {

/// Pairs of the kernel's arguments that its vector ops read together, and what
/// one run takes more where the two get in each other's way. Buffers begin at
/// multiples of 4 bytes. What no placement changes is not among them.
std::vector<solve::BankPair> bankPairs(fabric::KernelOp kernel,
                                       const Target &t);

} // namespace weft::kernels
#endif
