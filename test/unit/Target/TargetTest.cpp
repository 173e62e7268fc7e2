//===- TargetTest.cpp - Presets, strictness and changes of targets --------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Target/Target.h"
#include "Fields.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Regex.h"
#include "gtest/gtest.h"
#include <set>

using namespace weft;

namespace {

Target preset(const char *name) {
  auto t = loadTarget(name);
  EXPECT_TRUE(bool(t)) << llvm::toString(t.takeError());
  return *t;
}

std::string message(llvm::Error e) { return llvm::toString(std::move(e)); }
std::string message(llvm::Expected<Target> t) {
  return t ? "" : llvm::toString(t.takeError());
}

/// The WSE-2 preset as text, with the first `from` replaced by `to`.
std::string edited(const std::string &from, const std::string &to) {
  std::string text = printTarget(preset("wse2"));
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Target, PresetsHoldThePublicNumbers) {
  Target two = preset("wse2"), three = preset("wse3");
  EXPECT_EQ(two.gridW * two.gridH, 745500u);
  EXPECT_EQ(three.gridW * three.gridH, 883350u);
  EXPECT_EQ(two.hop, 1u);
  EXPECT_EQ(three.hop, 2u);
  EXPECT_EQ(two.outQueues.value, (std::vector<uint32_t>{2, 3, 4, 5}));
  EXPECT_EQ(two.userColors.value.size(), 21u);
  EXPECT_EQ(two.fabricInputsPerOp, 2u);
  EXPECT_EQ(three.fabricInputsPerOp, 1u);
}

TEST(Target, PrintedTargetReadsBackToTheSameText) {
  for (const std::string &name : presetNames()) {
    std::string once = printTarget(preset(name.c_str()));
    auto again = parseTarget(once, "printed");
    ASSERT_TRUE(bool(again)) << message(again.takeError());
    EXPECT_EQ(printTarget(*again), once);
    EXPECT_EQ(again->rates.dot.source, preset(name.c_str()).rates.dot.source);
  }
}

TEST(Target, AssumedFieldsAreListedSorted) {
  auto fields = preset("wse2").assumedFields();
  EXPECT_TRUE(llvm::is_sorted(fields));
  EXPECT_TRUE(llvm::is_contained(fields, "rates.dot"));
  EXPECT_TRUE(llvm::is_contained(fields, "task.activate"));
  EXPECT_FALSE(llvm::is_contained(fields, "router.hop"));
}

TEST(Target, SetChangesValueAndSource) {
  Target t = preset("wse2");
  EXPECT_EQ(message(setField(t, "router.hop=2")), "");
  EXPECT_EQ(t.hop, 2u);
  EXPECT_EQ(t.hop.source, "--set");
  EXPECT_EQ(message(setField(t, "fabric.user_colors=0..3,7")), "");
  EXPECT_EQ(t.userColors.value, (std::vector<uint32_t>{0, 1, 2, 3, 7}));
}

TEST(Target, SetRefusesAndLeavesTheTargetAlone) {
  Target t = preset("wse2");
  std::string before = printTarget(t);
  EXPECT_EQ(message(setField(t, "router.hops=2")),
            "--set: unknown key 'router.hops'; the nearest known key is "
            "'router.hop'");
  EXPECT_EQ(message(setField(t, "router.hop")),
            "--set 'router.hop': expected KEY=VALUE");
  EXPECT_EQ(message(setField(t, "router.hop=x")),
            "--set router.hop=x: expected a non-negative number");
  EXPECT_EQ(message(setField(t, "router.hop=0")),
            "--set router.hop=0: is 0, allowed are 1 to 10000 cycles");
  EXPECT_EQ(message(setField(t, "queues.input=3,2")),
            "--set queues.input=3,2: must be ascending without repetition");
  EXPECT_EQ(message(setField(t, "fabric.colors=8")),
            "--set fabric.colors=8: fabric.user_colors holds 20, "
            "fabric.colors is 8");
  EXPECT_EQ(printTarget(t), before);
}

/// A misspelt key, what is no value, and what is out of range, of every field.
TEST(Target, SetOfEveryFieldIsChecked) {
  Target t = preset("wse2");
  const Target fields = t;
  std::string before = printTarget(t);
  visitFields(fields, [&](const FieldSpec &spec, const auto &fact) {
    std::string key = spec.key;
    constexpr bool isList =
        !std::is_integral_v<std::remove_cvref_t<decltype(fact.value)>>;
    EXPECT_EQ(message(setField(t, key + "_=1")),
              "--set: unknown key '" + key + "_'; the nearest known key is '" +
                  key + "'");
    for (const char *bad : {"", "x", "-1", "1.5", "99999999999"})
      EXPECT_EQ(message(setField(t, key + "=" + bad)),
                "--set " + key + "=" + bad +
                    (isList ? ": expected numbers such as 2,3,4 or 2..7"
                            : ": expected a non-negative number"));
    auto expectRange = [&](uint64_t value) {
      std::string v = std::to_string(value);
      EXPECT_EQ(message(setField(t, key + "=" + v)),
                "--set " + key + "=" + v + ": " +
                    (isList ? "has an element that " : "") + "is " + v +
                    ", allowed are " + std::to_string(spec.min) + " to " +
                    std::to_string(spec.max) + " " + spec.unit);
    };
    expectRange(uint64_t(spec.max) + 1);
    if (spec.min)
      expectRange(spec.min - 1);
  });
  EXPECT_EQ(printTarget(t), before);
}

TEST(Target, CutGrid) {
  Target t = preset("wse2");
  EXPECT_EQ(message(cutGrid(t, 8, 4)), "");
  EXPECT_EQ(t.gridW, 8u);
  EXPECT_EQ(t.gridW.source, "--grid");
  EXPECT_EQ(message(cutGrid(t, 9, 4)), "--grid 9x4: target 'wse2' has 8x4 PEs");
  EXPECT_NE(message(cutGrid(t, 0, 4)), "");
}

struct Mistake {
  const char *from, *to, *message;
};

TEST(Target, MistakesNameFileLineAndField) {
  const Mistake mistakes[] = {
      {"  hop:", "  hopp:",
       "t.yaml:30: missing required key 'hop' (at "
       "'router')"},
      {"router:\n", "router:\n  skew: { value: 1, unit: cycles, source: x }\n",
       "t.yaml:30: unknown key 'skew' (at 'router')"},
      {"range: [ 3, 10 ]", "range: [ 3 ]",
       "t.yaml:44: a range is [lowest, highest] (at 'task.activate')"},
      {"range: [ 3, 10 ]", "range: [ ]",
       "t.yaml:44: a range is [lowest, highest] (at 'task.activate')"},
      {"range: [ 3, 10 ]", "range: 3",
       "t.yaml:44: not a sequence (at 'task.activate')"},
      {"range: [ 3, 10 ]", "range: [ 3, x ]",
       "t.yaml:44: invalid number (at 'task.activate')"},
      {"range: [ 3, 10 ]", "range: [ 4, 10 ]",
       "t.yaml:44: range [4, 10] does not hold the value 3 (at "
       "'task.activate')"},
      {"range: [ 3, 10 ]", "range: [ 10, 3 ]",
       "t.yaml:44: range [10, 3] does not hold the value 3 (at "
       "'task.activate')"},
      {"range: [ 3, 10 ]", "range: [ 3, 10001 ]",
       "t.yaml:44: range [3, 10001] leaves the allowed 0 to 10000 cycles (at "
       "'task.activate')"},
      {"unit: ids,", "unit: ids, range: [ 0, 1 ],",
       "t.yaml:13: unknown key 'range' (at 'fabric.user_colors')"},
      {"read_line:       { value: 8", "read_line: { value: 6",
       "t.yaml:57: memory.read_line is 6, must be 0 or a power of two"},
      {"banks:           { value: 8", "banks: { value: 6",
       "t.yaml:58: memory.banks is 6, must be 0 or a power of two"},
      {"hop:             { value: 1,", "hop: { value: one,",
       "t.yaml:30: invalid number (at 'router.hop')"},
      {"hop:             { value: 1,", "hop: { value: 0,",
       "t.yaml:30: value is 0, allowed are 1 to 10000 cycles (at "
       "'router.hop')"},
      {"hop:             { value: 1, unit: cycles",
       "hop: { value: 1, unit: seconds",
       "t.yaml:30: unit is 'seconds', expected 'cycles' (at 'router.hop')"},
      {"value: 49152", "value: 4172",
       "t.yaml:10: pe.reserved_bytes is 4176, must be less than "
       "pe.sram_bytes (4172)"},
      {"name:", "\tname:",
       "t.yaml:1: control characters and tabs are not "
       "allowed in a target"},
  };
  for (const Mistake &m : mistakes) {
    EXPECT_EQ(message(parseTarget(edited(m.from, m.to), "t.yaml")), m.message)
        << m.from << " -> " << m.to;
  }
}

/// "4176*" for an assumed number, "2..7" or "6,4" for a list.
std::string shown(const FactU &f) {
  std::string s = std::to_string(f.value) + (f.assumed() ? "*" : "");
  if (f.hasRange())
    s += " (" + std::to_string(f.lo) + ".." + std::to_string(f.hi) + ")";
  return s;
}
std::string shown(const FactList &f) {
  const auto &v = f.value;
  bool run = v.size() > 4;
  for (size_t i = 1; i < v.size(); ++i)
    run &= v[i] == v[i - 1] + 1;
  if (run)
    return std::to_string(v.front()) + ".." + std::to_string(v.back());
  std::string s;
  for (uint32_t x : v)
    s += (s.empty() ? "" : ",") + std::to_string(x);
  return s;
}

TEST(Target, DocumentedConstantsAreThoseOfThePresets) {
  auto doc = llvm::MemoryBuffer::getFile(MACHINE_MODEL);
  ASSERT_TRUE(bool(doc));
  std::vector<std::string> wse3;
  const Target two = preset("wse2"), three = preset("wse3");
  visitFields(three, [&](const FieldSpec &, const auto &fact) {
    wse3.push_back(shown(fact));
  });
  size_t i = 0;
  visitFields(two, [&](const FieldSpec &spec, const auto &fact) {
    std::string row = std::string("| `") + spec.key + "` | " + spec.unit +
                      " | " + shown(fact) + " | " + wse3[i++] + " |";
    EXPECT_TRUE((*doc)->getBuffer().contains(row)) << row;
  });
}

// What sets a preset of one source apart from the preset it begins with.
TEST(Target, DocumentedDifferencesAreThoseOfThePresets) {
  auto doc = llvm::MemoryBuffer::getFile(MACHINE_MODEL);
  ASSERT_TRUE(bool(doc));
  for (auto [name, base] :
       {std::pair{"wse2-hpdc24", "wse2"}, std::pair{"wse3-alcf", "wse3"}}) {
    const Target other = preset(name), same = preset(base);
    std::vector<std::string> values;
    visitFields(same, [&](const FieldSpec &, const auto &fact) {
      values.push_back(shown(fact));
    });
    size_t i = 0, rows = 0;
    visitFields(other, [&](const FieldSpec &spec, const auto &fact) {
      if (shown(fact) == values[i++])
        return;
      ++rows;
      std::string row = std::string("| ") + spec.key + " | " + name + " | " +
                        shown(fact) + " |";
      EXPECT_TRUE((*doc)->getBuffer().contains(row)) << row;
    });
    EXPECT_EQ((*doc)->getBuffer().count(std::string(" | ") + name + " | "),
              rows);
  }
}

// A bracket holds the value, survives printing and closes when the value is
// set.
TEST(Target, Ranges) {
  Target t = preset("wse3");
  EXPECT_EQ(t.ramp.lo, 2u);
  EXPECT_EQ(t.ramp.hi, 7u);
  EXPECT_TRUE(t.ramp.hasRange());
  EXPECT_EQ(t.hop.lo, 2u);
  EXPECT_EQ(t.hop.hi, 2u);
  EXPECT_FALSE(t.hop.hasRange());
  Target again = llvm::cantFail(parseTarget(printTarget(t), "printed"));
  EXPECT_EQ(again.ramp.hi, 7u);
  EXPECT_EQ(message(setField(t, "router.ramp=5")), "");
  EXPECT_EQ(t.ramp.lo, 5u);
  EXPECT_EQ(t.ramp.hi, 5u);
  EXPECT_EQ(printTarget(t).find("range: [ 2, 7 ]"), std::string::npos);
  EXPECT_EQ(message(cutGrid(t, 3, 3)), "");
  EXPECT_EQ(t.gridW.hi, 3u);
  // What is assumed on WSE-2 reaches to what was measured on WSE-3.
  Target two = preset("wse2");
  EXPECT_EQ(two.setup.copy.hi, t.setup.copy.value);
  EXPECT_TRUE(two.setup.copy.assumed());
}

// Widths and ports: the rates that public sources give.
TEST(Target, RatesFollowFromWidthsAndPorts) {
  Target two = preset("wse2"), three = preset("wse3");
  auto rate = [](const Target &t, VectorClass c, bool wide, unsigned read,
                 unsigned write) {
    VectorForm f;
    f.cls = c;
    f.wide = wide;
    f.readBytes = read;
    f.writeBytes = write;
    return t.rateOf(f);
  };
  using C = VectorClass;
  // WSE-2: f32 move and sum 2 per cycle, product 1; f16 sums 4.
  EXPECT_EQ(rate(two, C::Mov, true, 4, 4), 500u);
  EXPECT_EQ(rate(two, C::FAdd, true, 8, 4), 500u);
  EXPECT_EQ(rate(two, C::FMul, true, 8, 4), 1000u);
  EXPECT_EQ(rate(two, C::FAdd, false, 4, 2), 250u);
  // WSE-3: f16 fill and copy 8, sum and multiply-add by a scalar 4 (16 bytes
  // read), f32 copy 4.
  EXPECT_EQ(rate(three, C::Mov, false, 0, 2), 125u);
  EXPECT_EQ(rate(three, C::Mov, false, 2, 2), 125u);
  EXPECT_EQ(rate(three, C::FAdd, false, 4, 2), 250u);
  EXPECT_EQ(rate(three, C::FMac, false, 4, 2), 250u);
  EXPECT_EQ(rate(three, C::Mov, true, 4, 4), 250u);
  // Three f16 operands read: 6 of 16 bytes. Rounded up.
  EXPECT_EQ(rate(three, C::FMac, false, 6, 2), 375u);
  EXPECT_EQ(message(setField(three, "memory.read_bytes=7")), "");
  EXPECT_EQ(rate(three, C::FMac, false, 4, 2), 572u);
  EXPECT_EQ(message(setField(three, "simd.fadd16=1")), "");
  EXPECT_EQ(rate(three, C::FAdd, false, 4, 2), 1000u);
  // Strides of 2-byte elements; 0 and 1 are free.
  VectorForm f;
  f.wide = false;
  unsigned widths[] = {8, 8, 8, 8, 2, 8, 8, 2, 1, 2};
  for (int64_t s = 2; s < 10; ++s)
    EXPECT_EQ(two.simdLimit(2, s), widths[s]) << s;
  EXPECT_EQ(two.simdLimit(2, -4), 2u);
  EXPECT_EQ(two.simdLimit(2, 1), ~0u);
  EXPECT_EQ(two.simdLimit(2, 0), ~0u);
  EXPECT_EQ(two.simdLimit(4, 8), ~0u);
  f.simdLimit = 1;
  EXPECT_EQ(two.rateOf(f), 1000u);
}

// The bank rules: half cycles of an element's accesses.
TEST(Target, BankRules) {
  Target t = preset("wse2");
  auto half = [&](MemWalk a, MemWalk b, MemWalk c = {}) {
    MemWalk walks[3] = {a, b, c};
    return t.halfCycles(walks);
  };
  auto write = [](uint32_t at, int64_t stride) {
    return MemWalk{false, true, at, stride};
  };
  auto read = [](uint32_t at, int64_t stride) {
    return MemWalk{true, false, at, stride};
  };
  auto both = [](uint32_t at, int64_t stride) {
    return MemWalk{true, true, at, stride};
  };
  // Two reads: equal modulo 8, different, and different strides.
  EXPECT_EQ(half(write(0, 4), read(64, 4), read(96, 4)), 4u);
  EXPECT_EQ(half(write(0, 4), read(64, 4), read(100, 4)), 2u);
  EXPECT_EQ(half(write(0, 4), read(64, 4), read(96, 8)), 3u);
  EXPECT_EQ(half(write(0, 4), read(64, 4), read(100, 12)), 2u);
  EXPECT_EQ(half(both(0, 4), read(64, 4)), 4u);
  EXPECT_EQ(half(both(4, 4), read(64, 4)), 2u);
  EXPECT_EQ(half(write(0, 4), read(64, 4)), 2u);
  // Walks that stay in one bank of eight words.
  EXPECT_EQ(half(both(0, 32), read(4, 4)), 4u);
  EXPECT_EQ(half(both(0, 64), read(36, 96)), 4u);
  EXPECT_EQ(half(both(0, 64), read(64, 96)), 6u);
  EXPECT_EQ(half(write(0, 32), read(4, 32)), 2u);
  EXPECT_EQ(half(write(4, 32), read(4, 32)), 4u);
  EXPECT_EQ(message(setField(t, "memory.banks=0")), "");
  EXPECT_EQ(half(both(0, 64), read(68, 96)), 2u);
  EXPECT_EQ(message(setField(t, "memory.read_line=0")), "");
  EXPECT_EQ(half(both(0, 4), read(64, 4)), 2u);
  // What an op pays: elements that take a cycle or more have time.
  EXPECT_EQ(Target::conflictRate(1000, 2), 1000u);
  EXPECT_EQ(Target::conflictRate(1000, 4), 2000u);
  EXPECT_EQ(Target::conflictRate(250, 3), 375u);
  EXPECT_EQ(Target::conflictRate(2250, 4), 2250u);
}

// Nor does the table hold a key that no target has.
TEST(Target, DocumentedKeysAreFields) {
  auto doc = llvm::MemoryBuffer::getFile(MACHINE_MODEL);
  ASSERT_TRUE(bool(doc));
  std::set<std::string> keys;
  const Target two = preset("wse2");
  visitFields(
      two, [&](const FieldSpec &spec, const auto &) { keys.insert(spec.key); });
  llvm::Regex row("^\\| `([a-z]+\\.[a-z0-9_]+)` \\| ");
  llvm::SmallVector<llvm::StringRef> lines, match;
  (*doc)->getBuffer().split(lines, '\n');
  size_t rows = 0;
  for (llvm::StringRef line : lines) {
    if (!row.match(line, &match))
      continue;
    ++rows;
    EXPECT_TRUE(keys.count(match[1].str())) << line.str();
  }
  EXPECT_EQ(rows, keys.size());
}

TEST(Target, OddFilesAreRefused) {
  EXPECT_EQ(message(parseTarget("", "t")),
            "t:1: no target description in this file");
  EXPECT_NE(message(parseTarget("[]", "t")), "");
  EXPECT_NE(message(parseTarget("name: x\n", "t")), "");
  EXPECT_NE(message(parseTarget(std::string(60000, '['), "t")), "");
  EXPECT_NE(message(parseTarget(std::string(100000, ' '), "t")), "");
  EXPECT_NE(message(parseTarget("\xff\xfe", "t")), "");
  std::string two = printTarget(preset("wse2"));
  EXPECT_NE(message(parseTarget(two + two, "t")), "");
  EXPECT_NE(message(loadTarget("no/such/file")), "");
}

} // namespace
