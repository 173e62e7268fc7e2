//===- Kernel.h - The kernel interface ------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A kernel answers three questions about an nn op on a rectangle of PEs: for
// which layouts is it legal (and if for none, why), what does it cost, and how
// does it expand to fabric code. Cost is measured on the expansion itself
// (measure()), so the two cannot disagree.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_KERNELS_KERNEL_H
#define WEFT_KERNELS_KERNEL_H

#include "Fabric/FabricOps.h"
#include "Wafer/WaferOps.h"
#include "weft/Binary/Program.h"
#include "weft/Target/Target.h"
#include <functional>

namespace weft::kernels {

using mlir::RankedTensorType;
using mlir::Value;

/// Axis of a layout dimension.
enum : int8_t { None = 0, X = 1, Y = 2 };
inline int8_t other(int8_t axis) { return axis == X ? Y : X; }

/// The rectangle a kernel runs on.
struct Rect {
  int64_t x = 0, y = 0, w = 1, h = 1;
  int64_t length(int8_t axis) const {
    return axis == X ? w : axis == Y ? h : 1;
  }
};

/// What has to be computed: an nn op by name, with plain types (element types
/// as stored on the PE) and its attributes.
struct Problem {
  std::string op;
  mlir::SmallVector<RankedTensorType> ins;
  mlir::SmallVector<bool> constant; // operand is known at compile time
  RankedTensorType out;
  mlir::DictionaryAttr config;

  mlir::MLIRContext *ctx() const { return out.getContext(); }
  int64_t integer(llvm::StringRef name, int64_t fallback = 0) const;
  double real(llvm::StringRef name, double fallback = 0) const;
  bool flag(llvm::StringRef name) const;
  std::string text(llvm::StringRef name) const;
  mlir::SmallVector<int64_t> list(llvm::StringRef name) const;
};

/// One way to do it: the algorithm, the operands' types with layouts (a
/// constant may also be reshaped, or appended, e.g. a feature-validity mask)
/// and the result's.
struct Option {
  std::string algorithm;
  mlir::SmallVector<RankedTensorType> ins;
  RankedTensorType out;
  int64_t validOnes = 0; // > 0: append a constant of that many ones
};

class Code;

/// Cycles by the target's timing, and resources, of one expansion.
struct Measure {
  uint64_t cycles = 0, macs = 0, words = 0, scratchBytes = 0;
};

class Kernel {
public:
  virtual ~Kernel() = default;
  /// Appends the legal options; if there are none, says why.
  virtual void options(const Problem &p, const Rect &r,
                       std::vector<Option> &out, std::string &why) const = 0;
  /// Emits the code of `p` for the chosen types; never fails on an option that
  /// options() gave.
  virtual void expand(const Problem &p, const Option &o, Code &code) const = 0;
  /// May the result overwrite operand `i` (same storage, element by element)?
  /// If it does, `p.config` of expand() holds "in_place".
  virtual bool inPlace(const Problem &p, const Option &o, unsigned i) const {
    return false;
  }
};

/// The kernel of an algorithm name, or null.
const Kernel *findKernel(llvm::StringRef algorithm);
/// All options of all kernels for `p`; empty: `why` says why.
std::vector<Option> allOptions(const Problem &p, const Rect &r,
                               std::string &why);

/// The kernels that know `p` but are not legal for it, by name, each with the
/// reason it gives.
std::vector<std::pair<std::string, std::string>> refusals(const Problem &p,
                                                          const Rect &r);

/// `type` with its last dimension split over `axis`, storage feature-major.
RankedTensorType laidOut(RankedTensorType type, const Rect &r, int8_t axis);
/// `type` with the given axis per dimension.
RankedTensorType laidOut(RankedTensorType type, const Rect &r,
                         llvm::ArrayRef<int8_t> axes, bool rowMajor = false);
/// The axis the last dimension is split over.
int8_t axisOf(RankedTensorType type);
/// How the tensor lies in SRAM: one entry per dimension.
std::vector<bin::DimMap> dimMaps(RankedTensorType type);
/// Elements of one PE's tile.
int64_t tileElems(RankedTensorType type);
/// Size of the tile along dimension `d`.
int64_t tileDim(RankedTensorType type, unsigned d);
/// Product of all dimensions but the last.
int64_t rowsOf(mlir::ShapedType type);
/// Element type as stored on a PE: i64, i1 and small integers as i32.
mlir::Type storageType(mlir::Type type);
/// A float narrower than f32, in which vector ops store but do not compute.
bool isNarrow(mlir::Type type);
/// The type in which sums of products accumulate on a PE and over the fabric:
/// f32, but the result's own type if the config holds `weft.acc = "f16"`.
mlir::Type accumulatorType(const Problem &p);
/// Does splitting the last dimension leave padding?
bool isPadded(RankedTensorType type);

/// Is `p` one elementwise op, of which chains can be made? A chain is the op
/// "wafer.chain" whose config holds `steps`, each {op, args, out, attributes};
/// args are operand numbers, -1 the value so far.
bool isElementwise(const Problem &p);
/// May operand `i` of the elementwise op `p` be the value so far of a chain,
/// which lies where the result goes?
bool canFollow(const Problem &p, unsigned i);

/// Cycles, MACs, words and scratch of a kernel's code on rectangle `r`.
Measure measure(fabric::KernelOp kernel, const Rect &r, const Target &t);

/// Expands `p` as `o` into a new fabric.kernel named `name` at `builder`; the
/// scratch buffers it needs become the last arguments, their types returned.
fabric::KernelOp expandKernel(mlir::OpBuilder &builder, mlir::Location loc,
                              llvm::StringRef name, const Problem &p,
                              const Option &o, const Rect &r,
                              mlir::SmallVectorImpl<mlir::MemRefType> &scratch);

// Entries of the registry, by file.
const Kernel &gemmKernel(bool block);
const Kernel &normKernel(bool scalars);
enum class AttentionForm { Rows, Values, Block };
const Kernel &attentionKernel(AttentionForm form);
const Kernel &elementwiseKernel();
const Kernel &splitRowsKernel();
const Kernel &embeddingKernel();
const Kernel &cacheUpdateKernel();
const Kernel &alongKernel();
const Kernel &splitReduceKernel();
const Kernel &matmulKernel();
const Kernel &wholeMatmulKernel();
const Kernel &splitSoftmaxKernel();
const Kernel &patchesKernel();
const Kernel &relayoutKernel();
const Kernel &localKernel();
const Kernel &rowsKernel();

} // namespace weft::kernels
#endif
