//===- Table.cpp - The cost report as a table for people ------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Cost/Cost.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Locale.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <map>

using namespace weft;
using namespace weft::cost;

static std::string area(const bin::Pattern &p) {
  std::string s = std::to_string(p.w) + "x" + std::to_string(p.h) + " at (" +
                  std::to_string(p.x0) + ", " + std::to_string(p.y0) + ")";
  if (p.dx != 1 || p.dy != 1)
    s += " step (" + std::to_string(p.dx) + ", " + std::to_string(p.dy) + ")";
  return s;
}

static void row(llvm::raw_ostream &os, const char *name, uint64_t value,
                const std::string &unit) {
  os << llvm::format("  %-22s %16llu", name, (unsigned long long)value)
     << (unit.empty() ? "" : " ") << unit << "\n";
}

static std::string place(const Place &p) {
  auto at = [](uint32_t x, uint32_t y) {
    return "(" + std::to_string(x) + ", " + std::to_string(y) + ")";
  };
  std::string s = resourceName(p.resource).str();
  if (p.resource != Resource::None)
    s += " " + at(p.x, p.y);
  if (p.resource == Resource::Link || p.resource == Resource::Path)
    s += "-" + at(p.toX, p.toY);
  return s;
}

/// What the program's cycles become within the brackets of assumed fields.
static void printRanges(const CycleCost &c, llvm::raw_ostream &os) {
  if (c.assumed.empty())
    return;
  auto range = [&](const char *name, const Bracket &b) {
    row(os, name, b.lo, "to " + std::to_string(b.hi));
  };
  range("  lower, within", c.lowerRange);
  range("  estimate, within", c.estimateRange);
  os << "    the brackets of";
  for (const std::string &a : c.assumed)
    os << " " << a;
  os << "\n";
}

/// A name that fits a column: no control characters, long ones shortened in the
/// middle, since they differ at both ends.
static std::string shortName(llvm::StringRef name) {
  constexpr size_t Max = 60, Head = 20, Tail = 37;
  std::string s;
  if (name.size() <= Max) {
    s = name.str();
  } else {
    auto inside = [&](size_t k) { // within a UTF-8 sequence
      return (uint8_t(name[k]) & 0xc0) == 0x80;
    };
    size_t head = Head, tail = name.size() - Tail;
    while (head > 0 && inside(head))
      --head;
    while (tail < name.size() && inside(tail))
      ++tail;
    s = (name.take_front(head) + "..." + name.drop_front(tail)).str();
  }
  for (char &c : s)
    if (uint8_t(c) < 0x20 || c == 0x7f)
      c = '?';
  return s;
}

/// Rows of cells as aligned columns: `layout` has 'l' or 'r' for each.
static void printColumns(llvm::raw_ostream &os, llvm::StringRef layout,
                         const std::vector<std::vector<std::string>> &rows) {
  auto columns = [](const std::string &s) {
    int n = llvm::sys::locale::columnWidth(s);
    return n < 0 ? s.size() : size_t(n);
  };
  std::vector<size_t> width(layout.size(), 0);
  for (const auto &cells : rows)
    for (size_t k = 0; k < cells.size(); ++k)
      width[k] = std::max(width[k], columns(cells[k]));
  for (const auto &cells : rows) {
    for (size_t k = 0; k < cells.size(); ++k) {
      size_t pad = width[k] - columns(cells[k]);
      os.indent(layout[k] == 'r' ? 2 + pad : 2) << cells[k];
      if (layout[k] == 'l' && k + 1 < cells.size())
        os.indent(pad);
    }
    os << "\n";
  }
}

static void printKernels(const CostReport &r, llvm::raw_ostream &os) {
  if (r.kernels.empty())
    return;
  std::vector<std::vector<std::string>> rows = {
      {"name", "algorithm", "at least", "cycles", "bound by", "macs", "words",
       "rectangle"}};
  for (const KernelCost &k : r.kernels)
    rows.push_back({shortName(k.name), shortName(k.algorithm),
                    std::to_string(k.cycles.lower),
                    std::to_string(k.cycles.estimate), place(k.cycles.bound),
                    std::to_string(k.macs), std::to_string(k.words),
                    area(k.where)});
  os << "kernels\n";
  printColumns(os, "llrrlrrl", rows);
}

/// Sums over the kernels of each algorithm, most cycles first. Kernels overlap
/// where one PE is ahead of another, so a share is of the sum of all kernels.
static void printAlgorithms(const CostReport &r, llvm::raw_ostream &os) {
  struct Sum {
    std::string name;
    uint64_t kernels = 0, cycles = 0, macs = 0, words = 0;
  };
  std::map<std::string, Sum> byName;
  uint64_t all = 0;
  for (const KernelCost &k : r.kernels) {
    Sum &s = byName[k.algorithm];
    s.name = k.algorithm;
    ++s.kernels;
    s.cycles = llvm::SaturatingAdd(s.cycles, k.cycles.estimate);
    s.macs = llvm::SaturatingAdd(s.macs, k.macs);
    s.words = llvm::SaturatingAdd(s.words, k.words);
    all = llvm::SaturatingAdd(all, k.cycles.estimate);
  }
  if (byName.empty())
    return;
  std::vector<Sum> sums;
  for (auto &[name, s] : byName)
    sums.push_back(s);
  std::stable_sort(sums.begin(), sums.end(), [](const Sum &a, const Sum &b) {
    return a.cycles > b.cycles;
  });
  std::vector<std::vector<std::string>> rows = {
      {"algorithm", "kernels", "cycles", "share", "macs", "words"}};
  for (const Sum &s : sums)
    rows.push_back(
        {shortName(s.name), std::to_string(s.kernels), std::to_string(s.cycles),
         llvm::formatv("{0:F1} %",
                       all ? 100.0 * double(s.cycles) / double(all) : 0.0),
         std::to_string(s.macs), std::to_string(s.words)});
  os << "algorithms, sums over their kernels\n";
  printColumns(os, "lrrrrr", rows);
}

static void printStages(const CostReport &r, llvm::raw_ostream &os) {
  if (r.stages.empty())
    return;
  std::vector<std::vector<std::string>> rows = {
      {"name", "at least", "cycles", "bound by", "interval", "macs", "words",
       "code", "weights", "activations", "buffers", "rectangle"}};
  for (const StageCost &s : r.stages)
    rows.push_back({shortName(s.name), std::to_string(s.cycles.lower),
                    std::to_string(s.cycles.estimate), place(s.cycles.bound),
                    std::to_string(s.interval.cycles), std::to_string(s.macs),
                    std::to_string(s.words), std::to_string(s.memory.code),
                    std::to_string(s.memory.weights),
                    std::to_string(s.memory.activations),
                    std::to_string(s.memory.buffers), area(s.where)});
  os << "stages, memory in bytes of the PE that holds most\n";
  printColumns(os, "lrrlrrrrrrrl", rows);
}

static void printLinks(const CostReport &r, llvm::raw_ostream &os) {
  if (r.hottestLinks.empty())
    return;
  os << "hottest links\n";
  for (const LinkCost &l : r.hottestLinks) {
    os << "  (" << l.x << ", " << l.y << ") -> (" << l.toX << ", " << l.toY
       << ") " << l.direction << ": " << l.wavelets << " wavelets;";
    for (const ColorCost &c : l.colors)
      os << " colour " << c.color << ": " << c.words;
    os << "\n";
  }
}

void cost::printTable(const CostReport &r, llvm::raw_ostream &os) {
  os << "cost of '" << r.program << "' on " << r.target << ", " << r.gridW
     << "x" << r.gridH << " PEs\n";
  row(os, "cycles, lower bound", r.cycles.lower,
      "bound by " + place(r.cycles.bound));
  row(os, "cycles, estimate", r.cycles.estimate, "");
  printRanges(r.cycles, os);
  row(os, "cycles between runs", r.interval.cycles,
      "at least, bound by " + place(r.interval.where));
  row(os, "MACs", r.macs, "");
  row(os, "SRAM peak", r.sramPeakBytes, "bytes");
  row(os, "wavelet hops", r.waveletHops, "");
  row(os, "busiest link", r.maxLinkWavelets, "wavelets");
  os << "memory, largest per PE\n";
  row(os, "code", r.memory.code, "bytes");
  row(os, "weights", r.memory.weights, "bytes");
  row(os, "activations", r.memory.activations, "bytes");
  row(os, "buffers", r.memory.buffers, "bytes");
  row(os, "inputs and outputs", r.memory.io, "bytes");
  row(os, "reserved", r.memory.reserved, "bytes");
  printKernels(r, os);
  printAlgorithms(r, os);
  printStages(r, os);
  printLinks(r, os);
  if (r.assumed.empty())
    return;
  os << "assumed target fields (" << r.assumed.size() << "):";
  for (const std::string &a : r.assumed)
    os << " " << a;
  os << "\n";
}
