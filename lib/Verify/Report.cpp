//===- Report.cpp - The embedded cost report against the code -------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Nothing of Protobuf is linked: these few lines are a second reader of the
// bytes that proto/cost.proto describes.
//
//===----------------------------------------------------------------------===//
#include "Internal.h"
#include "llvm/ADT/StringRef.h"

using namespace weft;
using namespace weft::verify;

namespace {
struct Message {
  std::map<uint64_t, uint64_t> numbers;                       // varint fields
  std::vector<std::pair<uint64_t, llvm::StringRef>> messages; // and texts
  uint64_t number(uint64_t field) const {
    auto it = numbers.find(field);
    return it == numbers.end() ? 0 : it->second;
  }
};
} // namespace

static std::optional<uint64_t> takeVarint(llvm::StringRef &bytes) {
  uint64_t v = 0;
  for (unsigned shift = 0; !bytes.empty() && shift < 64; shift += 7) {
    uint8_t b = uint8_t(bytes.front());
    bytes = bytes.drop_front();
    v |= uint64_t(b & 127) << shift;
    if (b < 128)
      return v;
  }
  return std::nullopt;
}

static std::optional<Message> parse(llvm::StringRef bytes) {
  Message m;
  while (!bytes.empty()) {
    auto key = takeVarint(bytes);
    if (!key)
      return std::nullopt;
    unsigned type = *key & 7;
    std::optional<uint64_t> n = type == 1                ? 8
                                : type == 5              ? 4
                                : type == 0 || type == 2 ? takeVarint(bytes)
                                                         : std::nullopt;
    if (!n || (type != 0 && *n > bytes.size()))
      return std::nullopt;
    if (type == 0) {
      m.numbers[*key >> 3] = *n;
      continue;
    }
    if (type == 2)
      m.messages.push_back({*key >> 3, bytes.take_front(*n)});
    bytes = bytes.drop_front(*n);
  }
  return m;
}

static void compare(Context &c, const std::string &name, uint64_t stated,
                    uint64_t lo, uint64_t hi) {
  if (stated < lo || stated > hi)
    c.findings.add("R-COST", cat(name, ": the report states ", stated,
                                 ", code and routes give ", hi));
}

static void compareColors(Context &c, const Message &report,
                          const std::map<unsigned, ColorCount> &counted) {
  std::map<unsigned, ColorCount> stated;
  for (const auto &[field, bytes] : report.messages)
    if (auto color = field == 15 ? parse(bytes) : std::nullopt) {
      if (!stated
               .try_emplace(unsigned(color->number(1)),
                            ColorCount{color->number(2), color->number(3)})
               .second)
        c.findings.add("R-COST", cat("fabric.colors states colour ",
                                     color->number(1), " twice"));
    } else if (field == 15) {
      c.findings.add("R-COST", "fabric.colors holds what is no colour");
    }
  std::map<unsigned, ColorCount> all = counted;
  all.insert(stated.begin(), stated.end());
  for (const auto &[color, n] : all) {
    auto it = counted.find(color);
    ColorCount want = it == counted.end() ? ColorCount() : it->second;
    ColorCount is = stated[color];
    std::string name = cat("fabric.colors of ", color);
    compare(c, name + ", wavelets", is.words, want.words, want.words);
    compare(c, name + ", hops", is.hops, want.hops, want.hops);
  }
}

void weft::verify::checkCostReport(Context &c, const Counts &n,
                                   uint64_t reached) {
  if (c.program.costReport.empty())
    return c.findings.note("the program embeds no cost report to compare with");
  auto report = parse(c.program.costReport);
  if (!report)
    return c.findings.add("R-COST", "the cost report is no Protobuf message");
  // An address that depends on data has a bound only.
  compare(c, "pe.sram_peak_bytes", report->number(7), reached, n.sramPeakBytes);
  auto exact = [&](unsigned field, const char *name, uint64_t want) {
    compare(c, name, report->number(field), want, want);
  };
  exact(8, "fabric.wavelet_hops", n.waveletHops);
  exact(9, "fabric.max_link_wavelets", n.maxLinkWavelets);
  exact(10, "compute.macs", n.macs);
  exact(17, "compute.instructions", n.instructions);
  exact(18, "compute.elements", n.elements);
  compareColors(c, *report, n.colors);
}
