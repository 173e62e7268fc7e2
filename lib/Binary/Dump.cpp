//===- Dump.cpp - The text views of weft-objdump --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Everything that names come from may be hostile: text from the file is printed
// through quoted(), which escapes what is not printable.
//
//===----------------------------------------------------------------------===//
#include "DumpText.h"
#include "Sections.h"
#include "weft/Binary/File.h"
#include "weft/Binary/Isa.h"
#include "weft/Support/Output.h"
#include "weft/Target/Target.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include <map>
#include <set>

using namespace weft;
using namespace weft::bin;
using llvm::format;
using llvm::raw_ostream;

//===----------------------------------------------------------------------===//
// Pieces of text
//===----------------------------------------------------------------------===//

std::string weft::bin::quoted(llvm::StringRef name) {
  std::string s;
  llvm::raw_string_ostream os(s);
  os << '\'';
  llvm::printEscapedString(name.take_front(200), os);
  os << (name.size() > 200 ? "...'" : "'");
  return s;
}

std::string weft::bin::text(const Pattern &p) {
  auto n = [](uint32_t v) { return std::to_string(v); };
  std::string s = "(" + n(p.x0) + ", " + n(p.y0) + ") " + n(p.w) + "x" + n(p.h);
  if ((p.dx != 1 && p.w > 1) || (p.dy != 1 && p.h > 1))
    s += " step (" + n(p.dx) + ", " + n(p.dy) + ")";
  return s;
}

static const char *name(ElemType t) {
  switch (t) {
  case ElemType::F32:
    return "f32";
  case ElemType::U8:
    return "u8";
  case ElemType::I8:
    return "i8";
  case ElemType::U16:
    return "u16";
  case ElemType::I16:
    return "i16";
  case ElemType::I32:
    return "i32";
  case ElemType::I64:
    return "i64";
  case ElemType::Bool:
    return "bool";
  case ElemType::F16:
    return "f16";
  case ElemType::U32:
    return "u32";
  case ElemType::U64:
    return "u64";
  case ElemType::BF16:
    return "bf16";
  }
  return "?";
}

std::string weft::bin::text(ElemType type, const std::vector<uint64_t> &shape) {
  std::string s = std::string(name(type)) + "[";
  for (size_t i = 0; i < shape.size(); ++i)
    s += (i ? "x" : "") + std::to_string(shape[i]);
  return s + "]";
}

std::string weft::bin::portsText(uint8_t rx, uint8_t tx) {
  auto names = [](uint8_t mask) {
    static constexpr const char *ports[] = {"north", "south", "east", "west",
                                            "ramp"};
    std::string s;
    for (unsigned i = 0; i < 5; ++i)
      if (mask >> i & 1)
        s += std::string(s.empty() ? "" : " ") + ports[i];
    return s;
  };
  return names(rx) + " -> " + names(tx);
}

static std::string list(const std::vector<Pattern> &where) {
  std::string s;
  for (const Pattern &p : llvm::ArrayRef(where).take_front(8))
    s += (s.empty() ? "" : "; ") + text(p);
  if (where.size() > 8)
    s += "; and " + std::to_string(where.size() - 8) + " more";
  return s;
}

static uint64_t countPEs(const std::vector<Pattern> &where) {
  uint64_t n = 0;
  for (const Pattern &p : where)
    n += p.count();
  return n;
}

//===----------------------------------------------------------------------===//
// Summary
//===----------------------------------------------------------------------===//

void weft::bin::dumpSummary(const Program &p, raw_ostream &os) {
  Target t = llvm::cantFail(parseTarget(p.targetYaml, "target"));
  uint64_t weights = 0;
  for (const Tensor &tensor : p.tensors)
    weights += tensor.bytes;
  os << "program " << quoted(p.name) << ", format " << VersionMajor << "."
     << VersionMinor << "\n";
  os << "  target   " << quoted(t.name) << ", grid " << p.gridW << "x"
     << p.gridH << " of " << t.gridW << "x" << t.gridH << ", "
     << t.assumedFields().size() << " assumed constants\n";
  os << "  stages   " << p.stages.size() << ", kernels " << p.kernels.size()
     << ", ONNX nodes " << p.nodes.size() << "\n";
  os << "  fabric   " << p.routes.size() << " settings, " << p.streams.size()
     << " streams\n";
  os << "  tensors  " << p.tensors.size() << ", " << weights << " bytes\n";
  os << "  border   " << p.inputs.size() << " inputs, " << p.outputs.size()
     << " outputs" << (p.repeatable ? ", repeatable" : "") << "\n";
  os << "  cycles   at least " << p.cyclesLower << ", estimated "
     << p.cyclesEstimate << "\n";
  os << "  classes  " << p.classes.size() << "\n";
  for (const PEClass &c : p.classes)
    os << "    " << quoted(c.name) << ": " << countPEs(c.where) << " PEs, "
       << c.code.size() * 4 << " bytes of code, " << list(c.where) << "\n";
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

/// "matmul (chain), nodes 0 'n0' MatMul, 1 '' Add"
static std::string kernelText(const Program &p, const Kernel &k) {
  std::string s = quoted(k.name) + " (" + k.algorithm + ")";
  for (size_t i = 0; i < k.nodes.size() && i < 6; ++i) {
    const LedgerEntry &n = p.nodes[k.nodes[i]];
    s += (i ? ", " : ", node ") + std::to_string(n.index) + " " +
         quoted(n.name) + " " + n.op;
  }
  if (k.nodes.size() > 6)
    s += ", and " + std::to_string(k.nodes.size() - 6) + " more";
  return s;
}

static void dumpInstr(const PEClass &c, const isa::Instr &i, unsigned depth,
                      raw_ostream &os) {
  os << format("  %6x:", c.codeAddr + 4 * i.wordIndex);
  for (unsigned k = 0; k < 3; ++k)
    if (k < i.numWords)
      os << format(" %08x", c.code[i.wordIndex + k]);
    else
      os << "         ";
  os << (i.numWords > 3 ? "+ " : "  ");
  os.indent(2 * std::min(depth, 16u)) << isa::print(i);
  if (i.op == isa::Op::Call)
    os << format("  # %x", c.codeAddr + 4 * uint32_t(i.imm));
  os << "\n";
}

static void dumpClassHead(const PEClass &c, raw_ostream &os) {
  os << "class " << quoted(c.name) << ": " << c.code.size() << " words at "
     << format("0x%x", c.codeAddr) << ", on " << countPEs(c.where)
     << " PEs: " << list(c.where) << "\n";
  for (const QueueBinding &q : c.queues)
    os << "  " << (q.output ? "out" : "in") << unsigned(q.queue)
       << " carries colour " << unsigned(q.color) << "\n";
}

/// Notes that stand before a word: tasks, subroutines, kernels.
static std::multimap<uint32_t, std::string>
notes(const Program &p, const PEClass &c, llvm::ArrayRef<isa::Instr> is) {
  std::multimap<uint32_t, std::string> at;
  for (const CodeRange &r : c.ranges)
    at.emplace(r.begin, "  kernel " + kernelText(p, p.kernels[r.kernel]));
  for (const Task &t : c.tasks)
    at.emplace(t.entry,
               "task " + std::to_string(t.id) + (t.start ? " (start):" : ":"));
  std::set<uint32_t> called;
  for (const isa::Instr &i : is)
    if (i.op == isa::Op::Call && called.insert(i.imm).second)
      at.emplace(i.imm, "subroutine " + std::to_string(i.imm) + ":");
  return at;
}

void weft::bin::dumpCode(const Program &p, raw_ostream &os) {
  for (const PEClass &c : p.classes) {
    std::string error;
    auto instrs = isa::decodeAll(c.code, error);
    if (!instrs)
      continue; // a loaded program has been decoded before
    dumpClassHead(c, os);
    auto before = notes(p, c, *instrs);
    unsigned depth = 0;
    for (const isa::Instr &i : *instrs) {
      auto [from, to] = before.equal_range(i.wordIndex);
      for (auto it = from; it != to; ++it)
        os << it->second << "\n";
      if (i.op == isa::Op::EndLoop && depth)
        --depth;
      dumpInstr(c, i, depth, os);
      if (i.op == isa::Op::Loop)
        ++depth;
      else if (i.op == isa::Op::Ret || i.op == isa::Op::EndTask)
        depth = 0;
    }
    os << "\n";
  }
}

//===----------------------------------------------------------------------===//
// Routes
//===----------------------------------------------------------------------===//

static void dumpStreams(const Program &p, unsigned color, raw_ostream &os) {
  auto span = [](const char *axis, int32_t from, int32_t to) {
    auto offset = [&](int32_t d) {
      return axis + (d ? (d > 0 ? "+" : "") + std::to_string(d) : "");
    };
    return from == to ? offset(from) : offset(from) + ".." + offset(to);
  };
  for (const Stream &s : p.streams)
    if (s.color == color)
      os << "  stream " << quoted(s.name) << ": " << text(s.from) << " to ("
         << span("x", s.dx0, s.dx1) << ", " << span("y", s.dy0, s.dy1) << "), "
         << s.words << " words\n";
}

void weft::bin::dumpRoutes(const Program &p, raw_ostream &os) {
  for (unsigned color = 0; color < 32; ++color) {
    uint64_t settings = 0, routers = 0, switches = 0, streams = 0;
    for (const Route &r : p.routes)
      if (r.color == color)
        ++settings, routers += r.where.count();
    for (const Switch &s : p.switches)
      switches += s.color == color;
    for (const Stream &s : p.streams)
      streams += s.color == color;
    if (!settings && !switches && !streams)
      continue;
    os << "colour " << color << ": " << settings << " settings on " << routers
       << " routers, ";
    if (switches)
      os << switches << " later positions, ";
    os << streams << " streams\n";
    for (const Route &r : p.routes)
      if (r.color == color)
        os << "  " << llvm::left_justify(portsText(r.rx, r.tx), 32) << " "
           << text(r.where) << "\n";
    for (const Switch &s : p.switches)
      if (s.color == color)
        os << "  position " << unsigned(s.position) << ": "
           << llvm::left_justify(portsText(s.rx, s.tx), 20) << " "
           << text(s.where) << "\n";
    dumpStreams(p, color, os);
  }
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

static constexpr const char *MemoryNames[] = {
    "code", "weights", "activations", "buffers", "reserved", "io"};

/// Bytes covered by class, and by all; ranges that live at different times may
/// share addresses.
struct Bytes {
  std::array<uint64_t, 6> byClass{};
  uint64_t total = 0;
};

static uint64_t covered(std::vector<std::pair<uint64_t, uint64_t>> spans) {
  std::sort(spans.begin(), spans.end());
  uint64_t bytes = 0, end = 0;
  for (auto [lo, hi] : spans) {
    bytes += hi > std::max(lo, end) ? hi - std::max(lo, end) : 0;
    end = std::max(end, hi);
  }
  return bytes;
}

static Bytes bytesOn(llvm::ArrayRef<const MemRange *> ranges, uint32_t x,
                     uint32_t y) {
  std::vector<std::pair<uint64_t, uint64_t>> all, byClass[6];
  for (const MemRange *m : ranges)
    if (m->where.contains(x, y)) {
      all.push_back({m->addr, uint64_t(m->addr) + m->bytes});
      byClass[m->cls].push_back(all.back());
    }
  Bytes b;
  for (unsigned k = 0; k < 6; ++k)
    b.byClass[k] = covered(byClass[k]);
  b.total = covered(std::move(all));
  return b;
}

/// The PE of `c` with the most bytes. Ranges begin at corners of patterns, so
/// it is enough to look where some pattern begins in x and some in y; of very
/// many, only the patterns' own corners are looked at.
static std::pair<uint32_t, uint32_t>
fullestPE(const PEClass &c, llvm::ArrayRef<const MemRange *> ranges) {
  std::set<uint32_t> xs, ys;
  std::set<std::pair<uint32_t, uint32_t>> points;
  auto corner = [&](const Pattern &q) {
    xs.insert(q.x0);
    ys.insert(q.y0);
    points.insert({q.x0, q.y0});
  };
  for (const Pattern &q : c.where)
    corner(q);
  for (const MemRange *m : ranges)
    corner(m->where);
  if (xs.size() * ys.size() <= 4096)
    for (uint32_t x : xs)
      for (uint32_t y : ys)
        points.insert({x, y});
  std::pair<uint32_t, uint32_t> best{c.where[0].x0, c.where[0].y0};
  uint64_t most = 0;
  for (auto [x, y] : points) {
    bool inside = llvm::any_of(
        c.where, [&, x = x, y = y](auto &q) { return q.contains(x, y); });
    uint64_t n = inside ? bytesOn(ranges, x, y).total : 0;
    if (n > most) {
      most = n;
      best = {x, y};
    }
  }
  return best;
}

/// Whether the bounding boxes of two patterns meet.
static bool meet(const Pattern &a, const Pattern &b) {
  auto apart = [](uint64_t a0, uint64_t an, uint64_t as, uint64_t b0,
                  uint64_t bn, uint64_t bs) {
    return a0 > b0 + (bn - 1) * bs || b0 > a0 + (an - 1) * as;
  };
  return !apart(a.x0, a.w, a.dx, b.x0, b.w, b.dx) &&
         !apart(a.y0, a.h, a.dy, b.y0, b.h, b.dy);
}

static void dumpClassMemory(const Program &p, const PEClass &c, uint64_t sram,
                            raw_ostream &os) {
  std::vector<const MemRange *> ranges;
  for (const MemRange &m : p.memory)
    if (llvm::any_of(c.where, [&](auto &q) { return meet(q, m.where); }))
      ranges.push_back(&m);
  auto [x, y] = fullestPE(c, ranges);
  Bytes b = bytesOn(ranges, x, y);
  os << "class " << quoted(c.name) << " on PE (" << x << ", " << y
     << "), its fullest:\n";
  for (unsigned k = 0; k < b.byClass.size(); ++k)
    if (b.byClass[k])
      os << format("  %-12s %6llu bytes\n", MemoryNames[k],
                   (unsigned long long)b.byClass[k]);
  os << format("  %-12s %6llu of ", "total", (unsigned long long)b.total)
     << sram << " bytes\n";
  llvm::stable_sort(ranges, [](auto *l, auto *r) { return l->addr < r->addr; });
  for (const MemRange *m : ranges)
    if (m->where.contains(x, y))
      os << format("    %6x %6x %6u  ", m->addr, m->addr + m->bytes, m->bytes)
         << llvm::left_justify(MemoryNames[m->cls], 12) << quoted(m->name)
         << "\n";
}

void weft::bin::dumpMemory(const Program &p, raw_ostream &os) {
  Target t = llvm::cantFail(parseTarget(p.targetYaml, "target"));
  for (const PEClass &c : p.classes)
    dumpClassMemory(p, c, t.sramBytes, os);
}

//===----------------------------------------------------------------------===//
// Inputs, outputs, tensors
//===----------------------------------------------------------------------===//

std::string weft::bin::placementText(const Placement &q) {
  std::string s = std::string(name(q.storage)) + " at 0x" +
                  llvm::utohexstr(q.addr, true) + " on " + text(q.where) +
                  ": [";
  for (size_t i = 0; i < q.dims.size(); ++i) {
    const DimMap &d = q.dims[i];
    s += (i ? ", " : "") + std::to_string(d.extent);
    if (d.axis == Axis::None)
      s += " whole";
    else
      s += " by " + std::to_string(d.tile) +
           (d.axis == Axis::X ? " along x" : " along y");
    s += " stride " + std::to_string(d.stride);
  }
  return s + "]";
}

/// " of dimensions 0, 2, 1, 3" of a tensor that lies permuted.
static std::string permText(const std::vector<uint8_t> &perm) {
  std::string s;
  for (uint8_t d : perm)
    s += (s.empty() ? " of dimensions " : ", ") + std::to_string(d);
  return s;
}

static void dumpBorder(const Program &p, const char *title,
                       const std::vector<IOTensor> &list, raw_ostream &os) {
  os << title << ":\n";
  for (const IOTensor &t : list) {
    os << "  " << quoted(t.name) << " " << text(t.type, t.shape) << " ";
    if (t.kind == IOTensor::Constant)
      os << "constant, tensor " << quoted(p.tensors[t.ref].name);
    else if (t.kind == IOTensor::InputAlias)
      os << "same as input " << quoted(p.inputs[t.ref].name);
    else if (t.kind == IOTensor::Unused)
      os << "unused";
    else
      os << placementText(t.place) << permText(t.perm);
    if (t.state >= 0)
      os << ", state of input " << quoted(p.inputs[t.state].name);
    os << "\n";
  }
}

void weft::bin::dumpIO(const Program &p, raw_ostream &os) {
  dumpBorder(p, "inputs", p.inputs, os);
  dumpBorder(p, "outputs", p.outputs, os);
  os << "initial data:\n";
  for (const DataInit &i : p.inits)
    os << "  " << quoted(p.tensors[i.tensor].name)
       << (i.weight ? " weight " : " constant ") << placementText(i.place)
       << "\n";
  os << "tensors:\n";
  for (const Tensor &t : p.tensors)
    os << "  " << quoted(t.name) << " " << text(t.type, t.shape) << ", "
       << t.bytes << " bytes at " << t.offset << "\n";
}

//===----------------------------------------------------------------------===//
// The tool
//===----------------------------------------------------------------------===//

static void dumpViews(const Program &p, const DumpOptions &o, raw_ostream &os) {
  if (!o.code && !o.routes && !o.memory && !o.io && !o.values && !o.map &&
      o.svg.empty())
    dumpSummary(p, os);
  if (o.code)
    dumpCode(p, os);
  if (o.routes)
    dumpRoutes(p, os);
  if (o.memory)
    dumpMemory(p, os);
  if (o.io)
    dumpIO(p, os);
  if (o.values)
    dumpValues(p, os);
  if (o.map)
    dumpMap(p, os);
}

llvm::Error weft::bin::dump(const DumpOptions &o) {
  auto loaded = loadFile(o.file);
  if (!loaded)
    return loaded.takeError();
  const Program &p = loaded->program;
  if (llvm::Error e =
          writeOutput("-", [&](raw_ostream &os) { dumpViews(p, o, os); }))
    return e;
  if (o.svg.empty())
    return llvm::Error::success();
  return writeOutput(o.svg, [&](raw_ostream &os) { dumpSvg(p, os); });
}
