//===- Report.cpp - A comparison as a table -------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Compare/Compare.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include <optional>

using namespace weft;
using namespace weft::compare;
using llvm::StringRef;

static std::string gridOf(const Comparison &c) {
  return std::to_string(c.target.gridW) + "x" + std::to_string(c.target.gridH);
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

/// Four digits and a prefix: "3.35 TB/s".
static std::string scaled(double value, StringRef unit) {
  static constexpr const char *Prefixes[] = {"p", "n", "u", "m", "",
                                             "k", "M", "G", "T", "P"};
  size_t i = 4;
  while (value >= 999.95 && i + 1 < std::size(Prefixes)) {
    value /= 1000;
    ++i;
  }
  while (value > 0 && value < 0.99995 && i > 0) {
    value *= 1000;
    --i;
  }
  std::string text;
  llvm::raw_string_ostream(text)
      << llvm::format("%.4g ", value) << Prefixes[i] << unit;
  return StringRef(text).rtrim().str();
}

static std::string percent(double share) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.3g %%", 100 * share);
  return text;
}

namespace {
/// Cells of equal width per column; the first column is left-justified.
class Table {
public:
  void row(std::vector<std::string> cells) {
    for (auto [i, cell] : llvm::enumerate(cells)) {
      if (i == widths.size())
        widths.push_back(0);
      widths[i] = std::max(widths[i], unsigned(cell.size()));
    }
    rows.push_back(std::move(cells));
  }
  void print(llvm::raw_ostream &os) const {
    for (const std::vector<std::string> &row : rows) {
      std::string line;
      llvm::raw_string_ostream text(line);
      for (auto [i, cell] : llvm::enumerate(row))
        text << (i ? "  " : "")
             << (i && i + 1 < widths.size()
                     ? llvm::right_justify(cell, widths[i])
                     : llvm::left_justify(cell, widths[i]));
      os << StringRef(line).rtrim() << "\n";
    }
  }

private:
  std::vector<std::vector<std::string>> rows;
  std::vector<unsigned> widths;
};
} // namespace

/// Columns from `compute` on; an empty text where there is no figure.
static std::vector<std::string> times(const ModelWork &work, double compute,
                                      std::optional<double> memory,
                                      double step) {
  std::vector<std::string> cells{scaled(compute, "s"),
                                 memory ? scaled(*memory, "s") : "",
                                 scaled(step, "s"), "", ""};
  if (work.tokens) {
    cells[3] = scaled(step / double(work.tokens), "s");
    cells[4] = step > 0 ? scaled(double(work.tokens) / step, "") : "";
  }
  cells.push_back(step > 0 ? percent(compute / step) : "");
  return cells;
}

/// The type that most products are of.
static std::string mainType(const ModelWork &work) {
  std::string type;
  uint64_t most = 0;
  for (auto [t, macs] : work.macs)
    if (macs > most) {
      most = macs;
      type = t;
    }
  return type;
}

static void deviceRow(const Comparison &c, const Device &d, Table &table) {
  Roofline r = roofline(c.work, d);
  auto peak = d.peak.find(mainType(c.work));
  std::vector<std::string> row{
      d.title, std::to_string(r.devices),
      peak == d.peak.end() ? ""
                           : scaled(double(peak->second.value) * 1e9, "FLOP/s"),
      scaled(double(d.bandwidth.value) * 1e9, "B/s")};
  if (!r.missing.empty()) {
    row.insert(row.end(), {"", scaled(r.memory, "s"), "", "", "", ""});
    row.push_back("no dense peak of " + r.missing + " is known");
  } else {
    llvm::append_range(row, times(c.work, r.compute, r.memory, r.step()));
    row.push_back(r.binds());
  }
  table.row(std::move(row));
}

static void waferRows(const Comparison &c, Table &table) {
  WaferTime w = waferTime(c.work, c.target, c.cost);
  double peak = waferPeak(c.target, mainType(c.work));
  for (const WaferLine &line : w.lines) {
    std::vector<std::string> row{
        c.target.name + " " + gridOf(c) + line.row, "1",
        peak > 0 ? scaled(peak * 1e9, "FLOP/s") : "", ""};
    llvm::append_range(row, times(c.work, w.compute, std::nullopt, line.step));
    if (!w.missing.empty())
      row[4] = row[9] = "";
    row.push_back(line.binds.str());
    table.row(std::move(row));
  }
}

static void printWork(const Comparison &c, llvm::raw_ostream &os) {
  const ModelWork &w = c.work;
  os << c.model << ": one step";
  if (w.tokens)
    os << " of " << w.tokens << (w.tokens == 1 ? " token" : " tokens");
  os << "\n\nwork        ";
  if (w.macs.empty())
    os << "no products";
  bool first = true;
  for (auto [type, macs] : w.macs) {
    os << (first ? "" : ", ") << 2 * macs << " flop in " << type;
    first = false;
  }
  os << "\nmoved       " << w.moved() << " bytes: weights " << w.weightsRead
     << ", state " << w.stateRead + w.stateWritten << ", inputs " << w.inputs
     << ", outputs " << w.outputs << "\nheld        " << w.held()
     << " bytes: weights " << w.weightsHeld << ", state " << w.stateHeld
     << "\n\n";
}

static void printNotes(const Comparison &c, llvm::raw_ostream &os) {
  const cost::CycleCost &cycles = c.cost.cycles;
  os << "\nDevices: rooflines, bounds that ideal runs reach; " << c.target.name
     << ": the cost report, " << cycles.lower << " to " << cycles.estimate
     << " cycles at " << c.target.clock << " MHz.\n";
  std::string fits;
  for (const Device &d : c.devices)
    if (roofline(c.work, d).onchip)
      fits += (fits.empty() ? "" : ", ") + d.title;
  if (!fits.empty())
    os << "Weights and state fit on the chip of " << fits
       << ": kept there, memory is no bound.\n";
  WaferTime w = waferTime(c.work, c.target, c.cost);
  if (!w.missing.empty())
    os << "Of " << c.target.name << " no dense peak of " << w.missing
       << " is known.\n";
  std::vector<std::string> open = cycles.assumed;
  if (c.target.clock.hasRange())
    open.push_back("clock.mhz");
  const WaferLine &estimate = w.lines[1];
  if (!open.empty())
    os << "Within the brackets of " << llvm::join(open, ", ")
       << " the estimate is " << cycles.estimateRange.lo << " to "
       << cycles.estimateRange.hi << " cycles, "
       << scaled(estimate.fastest, "s") << " to "
       << scaled(estimate.slowest, "s") << ".\n";
}

static void printSource(StringRef of, const std::string &figure,
                        StringRef source, llvm::raw_ostream &os) {
  os << "  " << llvm::left_justify(of, 11) << llvm::left_justify(figure, 15)
     << source << "\n";
}

static void printSources(const Comparison &c, llvm::raw_ostream &os) {
  for (const Device &d : c.devices) {
    os << "\n" << d.title << " (" << d.name << ")\n";
    for (const auto &[type, fact] : d.peak)
      printSource("peak " + type, scaled(double(fact.value) * 1e9, "FLOP/s"),
                  fact.source, os);
    printSource("capacity", scaled(double(d.capacity.value) * 1e6, "B"),
                d.capacity.source, os);
    printSource("bandwidth", scaled(double(d.bandwidth.value) * 1e9, "B/s"),
                d.bandwidth.source, os);
    printSource("on chip", scaled(double(d.onchip.value) * 1e6, "B"),
                d.onchip.source, os);
  }
  os << "\n" << c.target.name << " " << gridOf(c) << "\n";
  for (const auto &[type, macs] : c.work.macs)
    if (double peak = waferPeak(c.target, type); peak > 0)
      printSource("peak " + type, scaled(peak * 1e9, "FLOP/s"),
                  waferPeakSource(c.target, type), os);
  printSource("clock", std::to_string(c.target.clock) + " MHz",
              c.target.clock.source, os);
  if (c.work.tokens)
    printSource("tokens", std::to_string(c.work.tokens), c.work.tokensSource,
                os);
}

void compare::printComparison(const Comparison &c, llvm::raw_ostream &os) {
  printWork(c, os);
  Table table;
  table.row({"", "devices", "peak", "bandwidth", "compute", "memory", "step",
             "token", "tokens/s", "of peak", "binds"});
  for (const Device &d : c.devices)
    deviceRow(c, d, table);
  waferRows(c, table);
  table.print(os);
  printNotes(c, os);
  printSources(c, os);
}
