//===- Code.h - Code decoded for execution --------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Each class's code is decoded once into flat instructions: jump targets are
// indices, costs are looked up, the walks of descriptors are normalised, and
// the queues are replaced by their colours. Nothing here depends on a PE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_SIM_CODE_H
#define WEFT_LIB_SIM_CODE_H

#include "weft/Binary/Isa.h"
#include "weft/Binary/Program.h"
#include "weft/Target/Target.h"
#include "llvm/Support/Error.h"
#include <vector>

namespace weft::sim {

using isa::DType;

/// The walk of a descriptor: nested strides with merged dimensions.
struct Shape {
  static constexpr uint32_t TooMany = 1u << 30; // elements; refused at issue
  DType type = DType::F32;
  uint8_t bytes = 4, ndims = 1;
  uint32_t count = 1;
  uint32_t length[isa::MaxDsdDims] = {1, 1, 1, 1}; // outermost first
  int32_t stride[isa::MaxDsdDims] = {4, 4, 4, 4};  // in bytes
  int64_t lo = 0, hi = 4; // bytes touched lie in [base + lo, base + hi)
  bool dense = true;      // one ascending run without gaps
  bool operator==(const Shape &) const = default;
};

constexpr uint32_t None = ~uint32_t(0);

struct Inst {
  isa::Op op = isa::Op::Nop;
  uint8_t a = 0, b = 0, c = 0;
  uint8_t microthread = 0;
  bool vector = false, async = false, fabric = false, advance = false;
  isa::Operand dst, src0, src1;
  int32_t imm = 0;
  uint16_t length = 0;
  uint32_t target = None; // of a call
  uint32_t shape = None;  // of dsd, index into Code::shapes
  uint32_t cost = 1;      // cycles of a scalar instruction
  uint32_t kernel = None; // by address: index into Code::kernels
  uint32_t endAddr = 0;   // SRAM byte after its last word
  uint32_t wordIndex = 0;
};

struct TaskEntry {
  bool exists = false, start = false;
  uint32_t entry = None; // instruction index
};

/// The code of one class.
struct Code {
  std::vector<Inst> insts;
  std::vector<isa::Instr> source; // for messages
  std::vector<Shape> shapes;
  std::vector<uint32_t> kernels; // indices into Program::kernels
  /// Of each depth-0 call of the start task, index into `kernels` or None.
  std::vector<uint32_t> callKernels;
  TaskEntry tasks[32];
  uint32_t inColor[16], outColor[16]; // colour of a queue, or None
  uint32_t lo = 0, hi = 0;            // bytes of the code in SRAM
};

llvm::Expected<Code> decodeClass(const bin::Program &p, const bin::PEClass &c,
                                 const Target &t);

} // namespace weft::sim
#endif
