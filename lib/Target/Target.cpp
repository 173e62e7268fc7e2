//===- Target.cpp - Checks and changes of a target ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Everything that looks at single fields by key: ranges, relations between
// fields, `--set`, `--grid` and the list of assumed constants.
//
//===----------------------------------------------------------------------===//
#include "Fields.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include <algorithm>
#include <climits>
#include <optional>
#include <type_traits>

using namespace weft;
using llvm::StringRef;
using llvm::Twine;

namespace {

llvm::Error error(const Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

/// "2", or "2,3,4", or "2..7", or a mixture of the latter two.
std::optional<std::vector<uint32_t>> parseList(StringRef text) {
  std::vector<uint32_t> list;
  llvm::SmallVector<StringRef> parts;
  text.split(parts, ',');
  for (StringRef part : parts) {
    auto [from, to] = part.trim().split("..");
    uint32_t lo, hi;
    if (from.trim().getAsInteger(10, lo))
      return std::nullopt;
    hi = lo;
    if (part.contains("..") && to.trim().getAsInteger(10, hi))
      return std::nullopt;
    if (hi < lo || hi - lo > 4096)
      return std::nullopt;
    for (uint32_t v = lo; v <= hi; ++v)
      list.push_back(v);
  }
  return list;
}

/// Reads `text` into `out`; false if it is no such value.
bool parseValue(StringRef text, uint32_t &out) {
  return !text.trim().getAsInteger(10, out);
}
bool parseValue(StringRef text, std::vector<uint32_t> &out) {
  auto list = parseList(text);
  if (list)
    out = std::move(*list);
  return list.has_value();
}

std::string nearestKey(const Target &t, StringRef key) {
  std::string best;
  unsigned bestDistance = UINT_MAX;
  visitFields(t, [&](const FieldSpec &spec, const auto &) {
    unsigned d = key.edit_distance(spec.key);
    if (d < bestDistance) {
      bestDistance = d;
      best = spec.key;
    }
  });
  return best;
}

void closeRange(FactU &f) { f.lo = f.hi = f.value; }
void closeRange(FactList &) {}

bool ascending(const std::vector<uint32_t> &list) {
  return std::adjacent_find(list.begin(), list.end(), std::greater_equal<>()) ==
         list.end();
}

} // namespace

std::string weft::checkField(const FieldSpec &spec, uint32_t value) {
  if (value >= spec.min && value <= spec.max)
    return "";
  return (Twine("is ") + Twine(value) + ", allowed are " + Twine(spec.min) +
          " to " + Twine(spec.max) + " " + spec.unit)
      .str();
}

std::string weft::checkField(const FieldSpec &spec,
                             const std::vector<uint32_t> &value) {
  if (value.empty())
    return "is an empty list";
  for (uint32_t v : value)
    if (std::string wrong = checkField(spec, v); !wrong.empty())
      return "has an element that " + wrong;
  if (StringRef(spec.unit) == "ids" && !ascending(value))
    return "must be ascending without repetition";
  return "";
}

std::string weft::checkRange(const FieldSpec &spec, const FactU &fact) {
  if (fact.lo > fact.hi || fact.lo > fact.value || fact.value > fact.hi)
    return (Twine("[") + Twine(fact.lo) + ", " + Twine(fact.hi) +
            "] does not hold the value " + Twine(fact.value))
        .str();
  if (fact.lo < spec.min || fact.hi > spec.max)
    return (Twine("[") + Twine(fact.lo) + ", " + Twine(fact.hi) +
            "] leaves the allowed " + Twine(spec.min) + " to " +
            Twine(spec.max) + " " + spec.unit)
        .str();
  return "";
}

FieldProblem weft::checkTogether(const Target &t) {
  auto num = [](uint64_t v) { return std::to_string(v); };
  if (t.reservedBytes >= t.sramBytes)
    return {"pe.reserved_bytes", "is " + num(t.reservedBytes) +
                                     ", must be less than pe.sram_bytes (" +
                                     num(t.sramBytes) + ")"};
  if (t.sramBytes % 4 || t.reservedBytes % 4)
    return {t.sramBytes % 4 ? "pe.sram_bytes" : "pe.reserved_bytes",
            "must be a multiple of 4"};
  if (t.userColors.value.back() >= t.colors)
    return {"fabric.user_colors", "holds " + num(t.userColors.value.back()) +
                                      ", fabric.colors is " + num(t.colors)};
  auto queues = [&](const char *key, const FactList &ids,
                    const FactList &depth) -> FieldProblem {
    if (ids.value.back() < depth.value.size())
      return {};
    return {key, "holds queue " + num(ids.value.back()) + ", but only " +
                     num(depth.value.size()) + " depths are given"};
  };
  if (t.readLine & (t.readLine - 1))
    return {"memory.read_line",
            "is " + num(t.readLine) + ", must be 0 or a power of two"};
  if (t.banks & (t.banks - 1))
    return {"memory.banks",
            "is " + num(t.banks) + ", must be 0 or a power of two"};
  FieldProblem p = queues("queues.input", t.inQueues, t.inQueueDepth);
  return p.key.empty() ? queues("queues.output", t.outQueues, t.outQueueDepth)
                       : p;
}

std::vector<std::string> Target::assumedFields() const {
  std::vector<std::string> keys;
  visitFields(*this, [&](const FieldSpec &spec, const auto &fact) {
    if (fact.assumed())
      keys.push_back(spec.key);
  });
  llvm::sort(keys);
  return keys;
}

std::vector<Target::Bracketed> Target::assumedBrackets() const {
  std::vector<Bracketed> all;
  visitFields(*this, [&](const FieldSpec &spec, const auto &fact) {
    if (fact.assumed() && fact.hasRange())
      all.push_back({spec.key, fact.lo, fact.hi});
  });
  llvm::sort(all, [](const Bracketed &a, const Bracketed &b) {
    return a.key < b.key;
  });
  return all;
}

llvm::Error weft::setField(Target &t, StringRef keyEqualsValue) {
  auto [key, value] = keyEqualsValue.split('=');
  key = key.trim();
  if (!keyEqualsValue.contains('='))
    return error("--set '" + keyEqualsValue + "': expected KEY=VALUE");
  Target changed = t;
  bool known = false;
  std::string wrong;
  visitFields(changed, [&](const FieldSpec &spec, auto &fact) {
    if (key != spec.key)
      return;
    known = true;
    constexpr bool list =
        !std::is_integral_v<std::remove_reference_t<decltype(fact.value)>>;
    if (!parseValue(value, fact.value))
      wrong = list ? "expected numbers such as 2,3,4 or 2..7"
                   : "expected a non-negative number";
    else
      wrong = checkField(spec, fact.value);
    fact.source = "--set";
    closeRange(fact);
  });
  if (!known)
    return error("--set: unknown key '" + key +
                 "'; the nearest known key is '" + nearestKey(t, key) + "'");
  if (!wrong.empty())
    return error("--set " + keyEqualsValue + ": " + wrong);
  FieldProblem p = checkTogether(changed);
  if (!p.key.empty())
    return error("--set " + keyEqualsValue + ": " + p.key + " " + p.message);
  t = std::move(changed);
  return llvm::Error::success();
}

llvm::Error weft::cutGrid(Target &t, uint32_t w, uint32_t h) {
  if (!w || !h || w > t.gridW || h > t.gridH)
    return error("--grid " + Twine(w) + "x" + Twine(h) + ": target '" + t.name +
                 "' has " + Twine(t.gridW.value) + "x" + Twine(t.gridH.value) +
                 " PEs");
  auto cut = [](FactU &f, uint32_t v) {
    if (f.value != v)
      f.source = "--grid";
    f.value = v;
    closeRange(f);
  };
  cut(t.gridW, w);
  cut(t.gridH, h);
  return llvm::Error::success();
}
