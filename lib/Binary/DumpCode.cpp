//===- DumpCode.cpp - The view of code ------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "DumpText.h"
#include "weft/Binary/Isa.h"
#include "llvm/Support/Format.h"
#include <map>
#include <set>

using namespace weft;
using namespace weft::bin;
using llvm::format;
using llvm::raw_ostream;

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
     << " PEs: " << listText(c.where) << "\n";
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
