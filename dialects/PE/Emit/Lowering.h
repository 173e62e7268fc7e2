//===- Lowering.h - From pe ops to instructions ---------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Lowers one subroutine or task. Every integer value is kept as an affine form
// over atoms (values that only an instruction can make) and turned into
// registers where it is needed: as far out of the loops as its atoms allow, and
// as a pointer that advances once per round where it follows a loop counter.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_PE_EMIT_LOWERING_H
#define WEFT_PE_EMIT_LOWERING_H

#include "Mir.h"
#include "PE/PEOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "weft/Target/Target.h"
#include "llvm/ADT/DenseMap.h"

namespace weft::pe {

using Opcode = weft::isa::Op; // mlir::Op is another thing

/// How much is kept in registers. Lowering starts with the most and is repeated
/// with less until the registers suffice.
struct Level {
  unsigned hoistedDsds, cachedDsds, cachedConsts, hoistedConsts;
  bool pointers;
  unsigned unroll;    // rounds of an innermost loop in one
  bool local = false; // addresses are computed where they are used
};

/// A word of a call's parameter block: an address in a buffer, or a constant.
struct Word {
  mlir::Value buffer;
  int64_t value = 0;
  bool operator==(const Word &o) const = default;
};

/// What a call needs to know of a subroutine, and it of its calls.
struct SubInfo {
  SubOp op;
  unsigned index = 0;
  /// Per argument: the word that all calls pass, or the slot in the block.
  llvm::SmallVector<std::optional<Word>> fixed;
  llvm::SmallVector<int> slot;
  unsigned numSlots = 0;
  int32_t kernel = -1;
  bool reached = false;
};

struct Term {
  int atom;
  int64_t coeff;
  bool operator==(const Term &) const = default;
};
using Terms = llvm::SmallVector<Term, 4>;

/// konst + sum(coeff * atom).
struct Form {
  Terms terms;
  int64_t konst = 0;
  bool operator==(const Form &) const = default;
};

/// A strided view with its address in bytes; `buffer` (if any) adds its own.
struct View {
  mlir::Value buffer;
  Form addr;
  llvm::SmallVector<int64_t, 4> sizes, strides; // in elements
  mlir::Type elem;
};

/// Emits the calls of a class and keeps its parameter table.
class CallLowering;

class Lowering {
public:
  Lowering(const Target &target, const Level &level, CallLowering &calls,
           SubInfo *sub)
      : target(target), level(level), calls(calls), sub(sub) {}

  /// Lowers `block`; failure after a diagnostic.
  mlir::LogicalResult run(mlir::Block &block);
  mir::Body body;

private:
  friend class CallLowering;

  struct Atom {
    mir::Reg reg;
    int depth;
    bool counter;      // of the loop of scopes[depth]
    mlir::Value owner; // the one value that lives in `reg`, if that is so
  };
  struct Key {
    mlir::Value buffer;
    Terms terms;
    int64_t konst;
    std::vector<weft::isa::DsdDim> dims;
    weft::isa::DType dtype;
    bool operator==(const Key &) const = default;
  };
  /// A descriptor that follows the counter of its scope's loop.
  struct Running {
    Key key; // where it points now
    mir::Dsr dsr;
    size_t post; // its step, in Loop::post
    llvm::SmallVector<int64_t, 4> seen;
  };
  struct Pure {
    Opcode op;
    llvm::SmallVector<Form, 3> in;
    int32_t imm;
    uint8_t small;
    bool operator==(const Pure &) const = default;
  };
  struct Scope {
    mir::Loop *loop = nullptr;
    mir::Nodes *nodes = nullptr;
    bool hasCall = false;
    unsigned hoisted = 0; // DSDs that live all through this loop
    unsigned hoistedConsts = 0;
    std::vector<std::pair<Form, mir::Reg>> regs;
    std::vector<std::pair<Pure, Form>> pures;
    std::vector<std::pair<int32_t, mir::Reg>> consts;
    std::vector<std::pair<Key, mir::Dsr>> dsds;
    std::vector<Running> running;
  };

  // Structure (Lowering.cpp).
  mlir::LogicalResult lowerBlock(mlir::Block &block);
  mlir::LogicalResult lower(mlir::Operation &op);
  mlir::LogicalResult lowerFor(mlir::scf::ForOp op);
  mlir::LogicalResult lowerLoop(mlir::scf::ForOp op, int64_t trip,
                                int64_t unroll);
  mlir::LogicalResult lowerRound(mlir::scf::ForOp op, const Form &index);
  mlir::LogicalResult bindInits(mlir::scf::ForOp op);
  mlir::LogicalResult bindResults(mlir::scf::ForOp op);
  int64_t unrollFactor(mlir::scf::ForOp op, int64_t trip);
  mlir::LogicalResult lowerYield(mlir::scf::ForOp op,
                                 llvm::ArrayRef<mir::Reg> carried);
  mlir::LogicalResult lowerVec(VecOp op);
  mlir::LogicalResult lowerReduce(ReduceOp op);
  mlir::LogicalResult vectorOperand(mlir::Operation *op, mlir::Value v,
                                    mir::Operand &out);
  mlir::LogicalResult lowerLoad(mlir::memref::LoadOp op);
  mlir::LogicalResult lowerStore(mlir::memref::StoreOp op);
  mlir::LogicalResult access(mlir::Operation *op, mlir::Value memref,
                             mlir::ValueRange indices, View &view);

  // Scalars (Scalar.cpp).
  mlir::FailureOr<Form> form(mlir::Value v);
  std::optional<mlir::FailureOr<Form>> affine(mlir::Operation *op);
  mlir::FailureOr<Form> sum(mlir::Value x, mlir::Value y, int64_t k);
  mlir::FailureOr<Form> multiple(mlir::Value x, int64_t k);
  mlir::FailureOr<Form> pure(mlir::Operation *op);
  mlir::FailureOr<Form> compare(mlir::arith::CmpIOp op);
  mlir::FailureOr<Form> compare(mlir::arith::CmpFOp op);
  mlir::FailureOr<Form> select(mlir::arith::SelectOp op);
  Form compute(Opcode op, llvm::ArrayRef<Form> in, int32_t imm = 0,
               uint8_t small = 0);
  mlir::FailureOr<Form> compute(Opcode op, mlir::ValueRange in, int32_t imm = 0,
                                uint8_t small = 0);
  mlir::FailureOr<Form> argument(mlir::BlockArgument arg);
  mlir::FailureOr<mir::Reg> reg(mlir::Value v, int depth = -1);
  mlir::FailureOr<mir::Reg> accumulator(mlir::Value init);
  std::optional<int64_t> constant(mlir::Value v);

  // Registers and addresses (Views.cpp).
  mir::Reg newReg() { return body.numRegs++; }
  int depthOf(const Form &f) const;
  int depth() const { return int(scopes.size()) - 1; }
  Form atom(mir::Reg r, int depth, mlir::Value owner, bool counter = false);
  mir::Inst &emit(Opcode op, int depth);
  mir::Reg regOf(const Form &f, int depth);
  mir::Reg linear(const Terms &terms, int depth);
  mir::Reg total(const Terms &terms, mir::Reg acc, int depth);
  mir::Reg pointer(mir::Reg base, const Term &t);
  mir::Reg scaled(const Term &t, int depth);
  mir::Reg constReg(int32_t bits, int depth);
  mlir::LogicalResult checkElement(mlir::Operation *op, mlir::Type element);
  mlir::LogicalResult view(mlir::Value memref, View &out);
  mlir::LogicalResult reinterpret(mlir::memref::ReinterpretCastOp op,
                                  View &out);
  mlir::FailureOr<mir::Dsr> dsd(mlir::Operation *op, const View &v);
  mir::Dsr makeDsd(const Key &key);
  mir::Dsr runningDsd(const Key &key, int depth);
  std::optional<mir::Dsr> advance(const Key &key);
  mir::Dsr emitDsd(const Key &key, const Terms &terms, int depth,
                   mir::Nodes *where = nullptr);
  int64_t addressOf(mlir::Value buffer) const;
  int callDepth() const;
  unsigned hoistedDsds() const;
  void cacheDsd(int depth, const Key &key, mir::Dsr d);
  void forgetAtCall();

  const Target &target;
  const Level &level;
  CallLowering &calls;
  SubInfo *sub;
  std::vector<Scope> scopes;
  std::vector<Atom> atoms;
  llvm::DenseMap<mlir::Value, Form> forms;
  llvm::SmallVector<mir::Dsr, 3> inUse; // by the op that is being lowered
};

inline Form operator+(Form x, const Form &y) {
  x.konst = int32_t(x.konst + y.konst);
  for (const Term &t : y.terms) {
    auto it = llvm::find_if(x.terms, [&](Term &o) { return o.atom >= t.atom; });
    if (it == x.terms.end() || it->atom != t.atom)
      x.terms.insert(it, t);
    else if ((it->coeff = int32_t(it->coeff + t.coeff)) == 0)
      x.terms.erase(it);
  }
  return x;
}

inline Form operator*(const Form &x, int64_t k) {
  Form out;
  out.konst = int32_t(uint64_t(x.konst) * uint64_t(k));
  for (Term t : x.terms)
    if ((t.coeff = int32_t(uint64_t(t.coeff) * uint64_t(k))) != 0)
      out.terms.push_back(t);
  return out;
}

/// The buffer and offset, or the constant, that `v` is; failure if it is known
/// only at run time.
mlir::FailureOr<Word> constantWord(mlir::Value v);

} // namespace weft::pe
#endif
