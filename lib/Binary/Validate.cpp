//===- Validate.cpp - Does a program hold together? -----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// After this check every index is in range, every enum has a name, every
// pattern lies on the grid, every address in SRAM and every code word decodes:
// what reads a program may rely on it. Run by the loader and, against our own
// mistakes, by the writer.
//
//===----------------------------------------------------------------------===//
#include "Sections.h"
#include "weft/Binary/Isa.h"
#include "weft/Target/Target.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>
#include <optional>

using namespace weft;
using namespace weft::bin;
using llvm::Twine;

namespace {

/// Product of the extents times `unit`; nullopt on overflow.
template <typename Range>
std::optional<uint64_t> product(const Range &extents, uint64_t unit) {
  uint64_t n = unit;
  for (uint64_t e : extents) {
    bool overflow = false;
    n = llvm::SaturatingMultiply(n, e, &overflow);
    if (overflow)
      return std::nullopt;
  }
  return n;
}

/// Keeps the first mistake. `at` opens a record and returns true, so that
/// conditions read as prose: require(cond, message).
class Validator {
public:
  Validator(const Program &p, uint64_t dataBytes)
      : p(p), dataBytes(dataBytes) {}

  std::string run() {
    readTarget();
    if (error.empty())
      classes();
    list(section::Routes, "route", p.routes, [&](auto &r) { route(r); });
    list(section::Switches, "switch", p.switches, [&](auto &s) { route(s); });
    list(section::Switches, "switch", p.switches, [&](auto &s) {
      require(s.position >= 1 && s.position < positions,
              "position " + Twine(unsigned(s.position)) +
                  ", allowed are 1 to " + Twine(positions - 1));
    });
    list(section::Streams, "stream", p.streams, [&](auto &s) { stream(s); });
    uint64_t end = 0;
    list(section::Tensors, "tensor", p.tensors,
         [&](auto &t) { tensor(t, end); });
    list(section::Tensors, "initial data", p.inits, [&](auto &i) { init(i); });
    list(section::IO, "input", p.inputs, [&](auto &t) { io(t, true); });
    list(section::IO, "output", p.outputs, [&](auto &t) { io(t, false); });
    list(section::IO, "output", p.outputs, [&](auto &t) { state(t); });
    list(section::Kernels, "stage", p.stages,
         [&](auto &s) { pattern(s.where); });
    list(section::Kernels, "kernel", p.kernels, [&](auto &k) { kernel(k); });
    list(section::Ledger, "node", p.nodes, [&](const LedgerEntry &e) {
      require(e.fate <= LedgerEntry::Dead,
              "unknown fate " + Twine(unsigned(e.fate)));
    });
    list(section::Memory, "range", p.memory, [&](auto &m) { memory(m); });
    uint32_t last = 0;
    list(section::Values, "value", p.values, [&](auto &v) { value(v, last); });
    at(section::Values, "names of node", p.nodes.size());
    require(p.nodeOutputs.empty() || p.nodeOutputs.size() == p.nodes.size(),
            "there are names for " + Twine(p.nodeOutputs.size()) +
                " nodes, the ledger has " + Twine(p.nodes.size()));
    at(section::IO, "tolerance", 0);
    require(std::isfinite(p.defaultRtol) && p.defaultRtol >= 0,
            "the default tolerance is not a number");
    return error;
  }

private:
  void at(const char *section, const char *what, size_t index) {
    where =
        (Twine("section ") + section + ", " + what + " " + Twine(index) + ": ")
            .str();
  }
  bool require(bool ok, const Twine &message) {
    if (!ok && error.empty())
      error = where + message.str();
    return ok;
  }
  template <typename T, typename Check>
  void list(const char *section, const char *what, const std::vector<T> &items,
            Check check) {
    for (size_t i = 0; i < items.size() && error.empty(); ++i) {
      at(section, what, i);
      check(items[i]);
    }
  }

  void readTarget() {
    where = "section .weft.target: ";
    auto t = parseTarget(p.targetYaml, "target");
    if (!t) {
      require(false, llvm::toString(t.takeError()));
      return;
    }
    sram = t->sramBytes;
    positions = t->switchPositions;
    require(p.gridW >= 1 && p.gridH >= 1 && p.gridW <= t->gridW &&
                p.gridH <= t->gridH,
            "the program's grid is " + Twine(p.gridW) + "x" + Twine(p.gridH) +
                ", the target's " + Twine(t->gridW.value) + "x" +
                Twine(t->gridH.value));
  }

  void pattern(const Pattern &q) {
    if (!require(q.w && q.h && q.dx && q.dy,
                 "a pattern has an extent or step of 0"))
      return;
    require(q.x0 + uint64_t(q.w - 1) * q.dx < p.gridW &&
                q.y0 + uint64_t(q.h - 1) * q.dy < p.gridH,
            "pattern (" + Twine(q.x0) + ", " + Twine(q.y0) + ") " + Twine(q.w) +
                "x" + Twine(q.h) + " step (" + Twine(q.dx) + ", " +
                Twine(q.dy) + ") leaves the grid of " + Twine(p.gridW) + "x" +
                Twine(p.gridH));
  }

  void range(uint64_t addr, uint64_t bytes) {
    require(addr < sram && bytes <= sram - addr,
            "bytes " + Twine(addr) + " to " + Twine(addr + bytes) +
                " leave the SRAM of " + Twine(sram) + " bytes");
  }

  void classes() {
    list(section::Classes, "class", p.classes, [&](const PEClass &c) {
      require(!c.where.empty(), "covers no PE");
      for (const Pattern &q : c.where)
        pattern(q);
      require(c.codeAddr % 4 == 0, "code address is not a multiple of 4");
      range(c.codeAddr, uint64_t(c.code.size()) * 4);
      for (const QueueBinding &q : c.queues)
        require(q.queue < 32 && q.color < 32,
                "queue " + Twine(unsigned(q.queue)) + " or colour " +
                    Twine(unsigned(q.color)) + " is not below 32");
      for (const CodeRange &r : c.ranges)
        require(r.begin < r.end && r.end <= c.code.size() &&
                    r.kernel < p.kernels.size(),
                "code range " + Twine(r.begin) + " to " + Twine(r.end) +
                    " of kernel " + Twine(r.kernel) + " is out of range");
      for (int32_t k : c.callKernels)
        require(k >= -1 && k < int64_t(p.kernels.size()),
                "a call is of kernel " + Twine(k) + ", which does not exist");
      code(c);
    });
  }

  void code(const PEClass &c) {
    if (!error.empty())
      return;
    std::string wrong;
    auto instrs = isa::decodeAll(c.code, wrong);
    if (!require(instrs.has_value(), "code: " + wrong))
      return;
    for (const Task &t : c.tasks) {
      require(t.id < 31, "task id " + Twine(t.id) + " is not below 31");
      auto first = llvm::lower_bound(
          *instrs, t.entry,
          [](const isa::Instr &i, uint32_t w) { return i.wordIndex < w; });
      require(first != instrs->end() && first->wordIndex == t.entry,
              "task " + Twine(t.id) + " starts at word " + Twine(t.entry) +
                  ", where no instruction begins");
    }
  }

  template <typename Setting> void route(const Setting &r) {
    pattern(r.where);
    require(r.color < 32, "colour is not below 32");
    require(r.rx < 32 && llvm::isPowerOf2_32(r.rx),
            "receive ports are not one port");
    require(r.tx && r.tx < 32, "transmit ports are none or unknown");
  }

  void stream(const Stream &s) {
    auto small = [](int32_t v) { return v >= -65535 && v <= 65535; };
    pattern(s.from);
    require(s.color < 32, "colour is not below 32");
    require(small(s.dx0) && small(s.dx1) && small(s.dy0) && small(s.dy1) &&
                s.dx0 <= s.dx1 && s.dy0 <= s.dy1,
            "receivers are not a rectangle");
  }

  void tensor(const Tensor &t, uint64_t &end) {
    if (!require(elemBytes(t.type), "unknown element type"))
      return;
    auto bytes = product(t.shape, elemBytes(t.type));
    require(bytes && *bytes == t.bytes,
            "shape and size of '" + t.name + "' differ");
    require(t.offset <= dataBytes && t.bytes <= dataBytes - t.offset,
            "'" + t.name + "' leaves the data section");
    require(t.offset % TensorAlign == 0 && t.offset >= end,
            "'" + t.name + "' is not aligned or overlaps its predecessor");
    end = t.offset + t.bytes;
  }

  void init(const DataInit &i) {
    if (require(i.tensor < p.tensors.size(),
                "tensor " + Twine(i.tensor) + " does not exist"))
      placement(i.place, p.tensors[i.tensor].shape);
  }

  void io(const IOTensor &t, bool input) {
    require(elemBytes(t.type), "unknown element type");
    require(!input || t.state == -1, "an input is no state of an input");
    if (!require(t.kind <= IOTensor::Unused, "unknown kind") ||
        !require(!input || t.kind != IOTensor::InputAlias,
                 "an input is no alias") ||
        !require(input || t.kind != IOTensor::Unused, "an output is used") ||
        t.kind == IOTensor::Unused)
      return;
    if (t.kind == IOTensor::OnWafer) {
      permutation(t);
      return placement(t.place, t.shape);
    }
    if (t.kind == IOTensor::Constant) {
      if (require(t.ref < p.tensors.size(),
                  "tensor " + Twine(t.ref) + " does not exist"))
        require(p.tensors[t.ref].type == t.type &&
                    p.tensors[t.ref].shape == t.shape,
                "type or shape differs from that of the tensor");
      return;
    }
    if (require(t.ref < p.inputs.size(),
                "input " + Twine(t.ref) + " does not exist"))
      require(p.inputs[t.ref].type == t.type &&
                  p.inputs[t.ref].shape == t.shape,
              "type or shape differs from that of the input");
  }

  void permutation(const IOTensor &t) {
    std::vector<bool> seen(t.shape.size());
    bool good = t.perm.empty() || t.perm.size() == t.shape.size();
    for (uint8_t d : t.perm) {
      good = good && d < seen.size() && !seen[d];
      if (good)
        seen[d] = true;
    }
    require(good, "the permutation is none of " + Twine(t.shape.size()) +
                      " dimensions");
  }

  /// A state lies where its input lies, and no two are one input.
  void state(const IOTensor &t) {
    if (t.state == -1)
      return;
    if (!require(t.state >= 0 && uint32_t(t.state) < p.inputs.size(),
                 "state " + Twine(t.state) + " is no input"))
      return;
    const IOTensor &in = p.inputs[t.state];
    require(p.repeatable, "a state needs a repeatable program");
    require(llvm::count_if(
                p.outputs,
                [&](const IOTensor &o) { return o.state == t.state; }) == 1,
            "two outputs are the state of input " + Twine(t.state));
    require(t.kind == IOTensor::OnWafer && in.kind == IOTensor::OnWafer &&
                t.type == in.type && t.shape == in.shape && t.perm == in.perm &&
                t.place == in.place,
            "its place, type or shape differs from that of input " +
                Twine(t.state) + ", whose state it is");
  }

  void placement(const Placement &q, const std::vector<uint64_t> &shape) {
    pattern(q.where);
    require(q.where.dx == 1 && q.where.dy == 1,
            "a placement covers a whole rectangle");
    require(isStorage(q.storage), "storage is not f32, f16, bf16, i32 or i16");
    auto total = product(shape, 1);
    auto placed =
        product(llvm::map_range(q.dims, [](auto &d) { return d.extent; }), 1);
    require(total && placed && *total == *placed,
            "the placed dimensions hold another number of elements than the "
            "shape");
    uint64_t elems = 1;
    for (const DimMap &d : q.dims)
      elems += dim(d, q.where);
    if (error.empty())
      range(q.addr, elems * elemBytes(q.storage));
  }

  /// Checks one dimension; returns the elements it adds to the local span.
  uint64_t dim(const DimMap &d, const Pattern &where) {
    if (!require(d.axis <= Axis::Y, "unknown axis") ||
        !require(d.extent && d.tile && (d.stride || d.tile == 1),
                 "a dimension has extent, tile or stride 0"))
      return 0;
    uint64_t parts = d.axis == Axis::X   ? where.w
                     : d.axis == Axis::Y ? where.h
                                         : 1;
    require(parts * d.tile >= d.extent,
            Twine(parts) + " tiles of " + Twine(d.tile) +
                " hold fewer elements than the extent " + Twine(d.extent));
    bool overflow = false;
    uint64_t span = llvm::SaturatingMultiply(uint64_t(d.tile - 1),
                                             uint64_t(d.stride), &overflow);
    require(!overflow && span < sram, "a tile is larger than the SRAM");
    return error.empty() ? span : 0;
  }

  void kernel(const Kernel &k) {
    pattern(k.where);
    require(k.stage < p.stages.size(),
            "stage " + Twine(k.stage) + " does not exist");
    for (uint32_t n : k.nodes)
      require(n < p.nodes.size(), "node " + Twine(n) + " does not exist");
  }

  void value(const NamedValue &v, uint32_t &last) {
    require(elemBytes(v.type), "unknown element type");
    require(v.kernel < p.kernels.size(),
            "kernel " + Twine(v.kernel) + " does not exist");
    require(v.kernel >= last, "is not in the order of kernels");
    last = v.kernel;
    placement(v.place, v.shape);
  }

  void memory(const MemRange &m) {
    pattern(m.where);
    require(m.cls <= MemRange::IO, "unknown class of memory");
    range(m.addr, m.bytes);
  }

  const Program &p;
  uint64_t dataBytes, sram = 0;
  uint32_t positions = 0; // of a switch
  std::string where, error;
};

} // namespace

llvm::Error weft::bin::validate(const Program &p, uint64_t dataBytes) {
  std::string wrong = Validator(p, dataBytes).run();
  if (wrong.empty())
    return llvm::Error::success();
  return llvm::createStringError(llvm::inconvertibleErrorCode(), wrong);
}
