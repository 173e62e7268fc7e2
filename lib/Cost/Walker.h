//===- Walker.h - The walk over the code of one class ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Private to the walk: CodeWalk.cpp follows instructions and tasks,
// WalkCalls.cpp loops and subroutines, WalkVector.cpp counts vector ops,
// CallKernels.cpp gives listed calls to their kernels.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_COST_WALKER_H
#define WEFT_LIB_COST_WALKER_H

#include "CodeWalk.h"
#include "ConstantTables.h"
#include "llvm/Support/MathExtras.h"
#include <optional>

namespace weft::cost {

inline llvm::Error fault(const bin::PEClass &c, uint32_t word,
                         const std::string &what) {
  return llvm::createStringError("class '" + c.name + "': word " +
                                 std::to_string(word) + ": " + what);
}

using DsrState =
    std::array<int32_t, isa::NumDsrs>; // defining instruction, or -1

/// A subroutine as walked with one set of inherited descriptors.
struct Walked {
  Block *block = nullptr;
  uint32_t uses = 0;    // DSRs read before they are set
  uint32_t defines = 0; // DSRs set
  DsrState in{}, out{};
  // The same of address bits.
  uint64_t slotUses = 0, slotDefines = 0;
  Slots slotsIn, slotsOut;
  std::vector<uint64_t> rounds; // of the loops around it
  size_t outerLoops = 0;        // those of them around the listed call
};

class Walker {
public:
  Walker(const bin::Program &p, const bin::PEClass &c, const Target &t,
         ClassCode &code)
      : c(c), t(t), code(code), tables(p, c) {}
  llvm::Error run();

private:
  /// What one pass over a body knows.
  struct Frame {
    Block *block;
    DsrState dsrs;
    uint32_t uses = 0, defines = 0;
    Slots slots;
    uint64_t slotUses = 0, slotDefines = 0;

    Residue read(unsigned slot) {
      slotUses |= slotDefines >> slot & 1 ? 0 : uint64_t(1) << slot;
      return slots[slot];
    }
    void write(unsigned slot, const Residue &v) {
      if (!slot)
        return; // r0
      slotDefines |= uint64_t(1) << slot;
      slots[slot] = v;
    }
  };
  enum class End : uint8_t { EndLoop, Ret, Task };

  llvm::Error decodeCode();
  llvm::Error runTasks();
  llvm::Expected<uint32_t> body(uint32_t at, Frame &f, End end, unsigned depth);
  llvm::Expected<uint32_t> loop(uint32_t at, Frame &f, unsigned depth);
  llvm::Error call(uint32_t at, Frame &f, unsigned depth);
  llvm::Expected<Walked> subroutine(uint32_t word, const DsrState &in,
                                    const Slots &slots, uint32_t from, End end,
                                    unsigned depth);
  bool matches(const Walked &w, const DsrState &in, const Slots &slots) const;
  void enterRounds(const isa::Instr &i, Frame &inner, uint64_t done) const;
  void follow(const isa::Instr &i, Frame &f);
  Residue place(bool y) const;
  Residue load(const Residue &address);
  bool followRounds(const isa::Instr &i, Frame &f);
  Residue inRounds(std::vector<uint32_t> words, unsigned l);
  ElementTime timeOf(const isa::Instr &i, const VectorForm &form, uint64_t n,
                     const MemOperand mem[3], Frame &f) const;
  void timed(const isa::Instr &i, const VectorForm &form, TimedOp op,
             ElementTime time, Frame &f);
  llvm::Error vector(const isa::Instr &i, Frame &f);
  llvm::Error elements(const isa::Instr &i, Frame &f, uint64_t &n,
                       MemOperand mem[3]);
  llvm::Error fabric(const isa::Instr &i, TimedOp &op);
  static void local(Frame &f, double cycles, uint32_t kernel);
  void append(Frame &f, Item item, bool timed);
  void absorb(Frame &f, const Block *b, uint64_t times);
  void fold(Frame &f, const Block *b, uint64_t times);
  bool listed() const { return listsCalls && callDepth == 0; }
  void attribute(const Block *b, size_t &next, Totals &to) const;
  void resolveCallers();
  uint64_t scalarCycles(const isa::Instr &i) const;
  uint32_t kernelAt(uint32_t word) const;
  Block *newBlock() {
    code.blocks.push_back(std::make_unique<Block>());
    return code.blocks.back().get();
  }

  const bin::PEClass &c;
  const Target &t;
  ClassCode &code;
  const ConstantTables tables;
  std::set<std::vector<uint32_t>> lookedUp; // what Residues point to
  std::vector<bin::CodeRange> ranges;       // by begin
  bool listsCalls = false; // in the start task, whose calls are listed
  unsigned callDepth = 0;
  size_t outerLoops = 0; // open around the listed call
  /// By word and by how kernels are found there.
  std::map<std::pair<uint32_t, unsigned>, std::vector<Walked>> memo;
  std::set<uint32_t> active; // subroutines being walked
  std::map<uint8_t, int> inColor, outColor;
  uint64_t steps = 0;
  std::vector<uint64_t> openLoops; // rounds
  mutable std::optional<EffectSums> effects;
};

} // namespace weft::cost
#endif
