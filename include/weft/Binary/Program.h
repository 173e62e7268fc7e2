//===- Program.h - What a .weft file holds, in memory ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The in-memory image of a program: exactly what the file holds, no more.
// Everything is stated for rectangles of PEs, never for single PEs, so its size
// does not depend on the grid. docs/binary-format.md specifies the encoding.
// Coordinates: x grows east, y grows south, (0, 0) is the north-west PE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_BINARY_PROGRAM_H
#define WEFT_BINARY_PROGRAM_H

#include <cstdint>
#include <string>
#include <vector>

namespace weft::bin {

/// The PEs (x0 + i*dx, y0 + j*dy), 0 <= i < w, 0 <= j < h; w, h are counts.
struct Pattern {
  uint32_t x0 = 0, y0 = 0, w = 1, h = 1, dx = 1, dy = 1;
  bool operator==(const Pattern &) const = default;
  bool contains(uint32_t x, uint32_t y) const {
    return x >= x0 && y >= y0 && (x - x0) % dx == 0 && (y - y0) % dy == 0 &&
           (x - x0) / dx < w && (y - y0) / dy < h;
  }
  uint64_t count() const { return uint64_t(w) * h; }
};

/// Router ports, as bits of a mask.
enum Port : uint8_t { North = 1, South = 2, East = 4, West = 8, Ramp = 16 };

/// Router setting: on every PE of `where`, colour `color` takes wavelets from
/// exactly one port (`rx` has one bit) and forwards each to all ports of `tx`.
struct Route {
  Pattern where;
  uint8_t color = 0, rx = 0, tx = 0;
};

/// A later position of a colour's switch: the setting that replaces the one of
/// position - 1 (of 0: the Route) once the PE's own op has said so.
struct Switch {
  Pattern where;
  uint8_t color = 0, position = 1, rx = 0, tx = 0;
};

/// Queue `queue` of the class's PEs carries `color`.
struct QueueBinding {
  bool output = false;
  uint8_t queue = 0, color = 0;
};

struct Task {
  uint32_t id = 0;    // 0..30
  uint32_t entry = 0; // word index in the code
  bool start = false; // runnable at cycle 0, in ascending id
};

/// Which kernel an address range of code belongs to (word indices, half-open).
struct CodeRange {
  uint32_t begin = 0, end = 0, kernel = 0; // index into Program::kernels
};

struct PEClass {
  std::string name;
  std::vector<Pattern> where; // disjoint; classes never overlap
  uint32_t codeAddr = 0;      // byte address of the code in SRAM
  std::vector<uint32_t> code; // loaded at codeAddr
  std::vector<QueueBinding> queues;
  std::vector<Task> tasks;
  std::vector<CodeRange> ranges;
  /// Kernel (index into Program::kernels, or -1) of each call that the start
  /// task makes at depth 0, in order of execution. Subroutines are shared
  /// between kernels and calls are folded into loops, so an address alone does
  /// not say which kernel an instruction works for; this does. Empty: use
  /// `ranges`.
  std::vector<int32_t> callKernels;
};

/// Element types of tensors in the file and at the host border; the values are
/// ONNX TensorProto.DataType.
enum class ElemType : uint8_t {
  F32 = 1,
  U8 = 2,
  I8 = 3,
  U16 = 4,
  I16 = 5,
  I32 = 6,
  I64 = 7,
  Bool = 9,
  F16 = 10,
  U32 = 12,
  U64 = 13,
  BF16 = 16
};
unsigned elemBytes(ElemType t); // 0: not a known value
/// May tiles in SRAM have this type? F32, F16, BF16, I32, I16.
bool isStorage(ElemType t);

/// One dimension of a tensor over a rectangle of PEs. On the PE at local
/// coordinate p along `axis` (p = 0 if None), local index l is global index
/// p*tile + l; it lies `l*stride` elements after the buffer's start. Global
/// indices >= extent are padding and hold zero.
enum class Axis : uint8_t { None = 0, X = 1, Y = 2 };
struct DimMap {
  Axis axis = Axis::None;
  uint32_t extent = 1, tile = 1, stride = 1;
  bool operator==(const DimMap &) const = default;
};

/// A tensor's tiles in the SRAM of a rectangle of PEs (dx = dy = 1). An axis
/// that no dimension uses holds replicas.
struct Placement {
  Pattern where;
  uint32_t addr = 0;                // byte address of local element 0
  ElemType storage = ElemType::F32; // isStorage()
  std::vector<DimMap> dims;
  bool operator==(const Placement &) const = default;
  uint64_t localElems() const { // elements spanned by one PE's tile
    uint64_t n = 1;
    for (const DimMap &d : dims)
      n += uint64_t(d.tile - 1) * d.stride;
    return n;
  }
};

/// Constant data in the file: dense, row-major, little-endian, page-aligned.
struct Tensor {
  std::string name;
  ElemType type = ElemType::F32;
  std::vector<uint64_t> shape;
  uint64_t offset = 0, bytes = 0; // within the data section
  const uint8_t *data =
      nullptr; // mapped by the loader / owned by writer's caller
};

/// Initial SRAM content. Padding is zero; bytes not covered are undefined.
struct DataInit {
  uint32_t tensor = 0; // index into Program::tensors
  Placement place;
  bool weight = false; // class of memory for reports: weight, else constant
};

/// A graph input or output.
struct IOTensor {
  /// Unused: an input that no PE reads; the host accepts and ignores it.
  enum Kind : uint8_t { OnWafer = 0, Constant = 1, InputAlias = 2, Unused = 3 };
  std::string name;
  ElemType type = ElemType::F32;
  std::vector<uint64_t> shape;
  Kind kind = OnWafer;
  Placement place;  // OnWafer
  uint32_t ref = 0; // Constant: tensor index; InputAlias: input index
  /// OnWafer: `place` is that of the tensor permuted so that dimension i is
  /// dimension perm[i] of `shape`; empty: as it is.
  std::vector<uint8_t> perm;
  int32_t state = -1; // outputs: the input that it is in the next run
};

/// A value of the ONNX graph that lies in SRAM for a while: on each PE of
/// place.where from the end of its call for `kernel` on, until something
/// overwrites it.
struct NamedValue {
  std::string name;
  ElemType type = ElemType::F32;
  std::vector<uint64_t> shape;
  uint32_t kernel = 0; // index into Program::kernels
  Placement place;
};

/// One hop-set the compiler intends: each PE of `from` sends `words` wavelets
/// of `color` in all, and each arrives at exactly the PEs (x+ddx, y+ddy) with
/// (ddx, ddy) in the rectangle [dx0, dx1] x [dy0, dy1], itself excepted.
struct Stream {
  std::string name;
  uint8_t color = 0;
  Pattern from;
  int32_t dx0 = 0, dx1 = 0, dy0 = 0, dy1 = 0;
  uint64_t words = 0;
};

/// A kernel instance, for reports and provenance.
struct Kernel {
  std::string name, algorithm;
  Pattern where;
  std::vector<uint32_t> nodes; // ONNX node indices (into Program::nodes)
  uint32_t stage = 0;
};

/// Ledger: the fate of an ONNX node.
struct LedgerEntry {
  uint32_t index = 0;
  std::string name, op;
  enum Fate : uint8_t {
    Executed = 0,
    Folded = 1,
    Merged = 2,
    Dead = 3
  } fate = Executed;
};

/// A named byte range of SRAM on the PEs of `where`, for reports and
/// explanation.
struct MemRange {
  enum Class : uint8_t {
    Code = 0,
    Weights = 1,
    Activations = 2,
    Buffers = 3,
    Reserved = 4,
    IO = 5
  };
  std::string name;
  Class cls = Activations;
  Pattern where;
  uint32_t addr = 0, bytes = 0;
};

struct Stage {
  std::string name;
  Pattern where;
};

struct Program {
  std::string name;
  std::string targetYaml; // the whole target, after --set
  uint32_t gridW = 1, gridH = 1;
  std::vector<Stage> stages;
  std::vector<PEClass> classes;
  std::vector<Route> routes;
  std::vector<Switch> switches;
  std::vector<Stream> streams;
  std::vector<Tensor> tensors;
  std::vector<DataInit> inits;
  std::vector<IOTensor> inputs, outputs;
  std::vector<Kernel> kernels;
  std::vector<LedgerEntry> nodes;
  std::vector<NamedValue> values; // in the order of their kernels
  /// Names of the values that each node defines; as `nodes`, or empty.
  std::vector<std::vector<std::string>> nodeOutputs;
  std::vector<MemRange> memory;
  uint64_t cyclesLower = 0, cyclesEstimate = 0; // embedded cost report ...
  std::string costReport;    // ... and the whole of it (serialised Protobuf)
  double defaultRtol = 1e-5; // of weft-run --expect
  /// No initial data is overwritten: a run may follow a run without loading.
  bool repeatable = false;
};

} // namespace weft::bin
#endif
