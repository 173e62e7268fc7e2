//===- Sections.h - The records of a .weft file ---------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The one description of the file's content: which fields make up each record,
// and which records make up each section. docs/binary-format.md is its prose.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_BINARY_SECTIONS_H
#define WEFT_LIB_BINARY_SECTIONS_H

#include "Bytes.h"
#include "weft/Binary/Program.h"
#include "llvm/Support/Error.h"

namespace weft::bin {

constexpr uint32_t Magic = 0x54464557; // "WEFT"
// A reader takes its own major version and any minor one; unknown sections are
// skipped.
constexpr uint16_t VersionMajor = 2, VersionMinor = 1;
constexpr uint64_t DataAlign = 4096, TensorAlign = 64;

namespace section {
constexpr const char *Header = ".weft.header", *Target = ".weft.target",
                     *Classes = ".weft.classes", *Code = ".weft.code",
                     *Routes = ".weft.routes", *Switches = ".weft.switches",
                     *Streams = ".weft.streams", *Tensors = ".weft.tensors",
                     *Data = ".weft.data", *IO = ".weft.io",
                     *Kernels = ".weft.kernels", *Ledger = ".weft.ledger",
                     *Memory = ".weft.memory", *Values = ".weft.values",
                     *Cost = ".weft.cost";
} // namespace section

/// A line of the header: one section's size and xxh3.
struct SectionSum {
  std::string name;
  uint64_t bytes = 0, checksum = 0;
};

struct FileHeader {
  uint32_t magic = Magic;
  uint16_t major = VersionMajor, minor = VersionMinor;
  std::vector<SectionSum> sections;
};

/// Tensor as stored: the checksum is that of its own data.
struct StoredTensor {
  Tensor tensor;
  uint64_t checksum = 0;
};

template <typename A> void fields(A &a, SectionSum &s) {
  a(s.name, s.bytes, s.checksum);
}
template <typename A> void fields(A &a, FileHeader &h) {
  a(h.magic, h.major, h.minor, h.sections);
}
template <typename A> void fields(A &a, Pattern &p) {
  a(p.x0, p.y0, p.w, p.h, p.dx, p.dy);
}
template <typename A> void fields(A &a, Route &r) {
  a(r.where, r.color, r.rx, r.tx);
}
template <typename A> void fields(A &a, Switch &s) {
  a(s.where, s.color, s.position, s.rx, s.tx);
}
template <typename A> void fields(A &a, QueueBinding &q) {
  a(q.output, q.queue, q.color);
}
template <typename A> void fields(A &a, Task &t) { a(t.id, t.entry, t.start); }
template <typename A> void fields(A &a, CodeRange &r) {
  a(r.begin, r.end, r.kernel);
}
template <typename A> void fields(A &a, PEClass &c) {
  a(c.name, c.where, c.codeAddr);
  a.code(c.code);
  a(c.queues, c.tasks, c.ranges, c.callKernels);
}
template <typename A> void fields(A &a, DimMap &d) {
  a(d.axis, d.extent, d.tile, d.stride);
}
template <typename A> void fields(A &a, Placement &p) {
  a(p.where, p.addr, p.storage, p.dims);
}
template <typename A> void fields(A &a, StoredTensor &t) {
  a(t.tensor.name, t.tensor.type, t.tensor.shape, t.tensor.offset,
    t.tensor.bytes, t.checksum);
}
template <typename A> void fields(A &a, DataInit &i) {
  a(i.tensor, i.place, i.weight);
}
template <typename A> void fields(A &a, IOTensor &t) {
  a(t.name, t.type, t.shape, t.kind, t.place, t.ref, t.perm, t.state);
}
template <typename A> void fields(A &a, NamedValue &v) {
  a(v.name, v.type, v.shape, v.kernel, v.place);
}
template <typename A> void fields(A &a, Stream &s) {
  a(s.name, s.color, s.from, s.dx0, s.dx1, s.dy0, s.dy1, s.words);
}
template <typename A> void fields(A &a, Kernel &k) {
  a(k.name, k.algorithm, k.where, k.nodes, k.stage);
}
template <typename A> void fields(A &a, LedgerEntry &e) {
  a(e.index, e.name, e.op, e.fate);
}
template <typename A> void fields(A &a, MemRange &m) {
  a(m.name, m.cls, m.where, m.addr, m.bytes);
}
template <typename A> void fields(A &a, Stage &s) { a(s.name, s.where); }

/// Calls visit(section, fields...) for every section that is made of records.
template <typename Visitor>
void visitSections(Program &p, std::vector<StoredTensor> &tensors,
                   Visitor visit) {
  visit(section::Classes, p.name, p.gridW, p.gridH, p.classes);
  visit(section::Routes, p.routes);
  visit(section::Switches, p.switches);
  visit(section::Streams, p.streams);
  visit(section::Tensors, tensors, p.inits);
  visit(section::IO, p.inputs, p.outputs, p.defaultRtol, p.repeatable);
  visit(section::Kernels, p.stages, p.kernels);
  visit(section::Ledger, p.nodes);
  visit(section::Memory, p.memory);
  visit(section::Values, p.values, p.nodeOutputs);
  visit(section::Cost, p.cyclesLower, p.cyclesEstimate, p.costReport);
}

/// Whether `p` holds together: every reference, range and enum. What a program
/// does is not judged here; that is the verifier's work.
llvm::Error validate(const Program &p, uint64_t dataBytes);

} // namespace weft::bin
#endif
