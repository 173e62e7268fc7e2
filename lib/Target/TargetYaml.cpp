//===- TargetYaml.cpp - Targets as strict YAML ----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Reading and printing through llvm::yaml::IO, driven by the field table. The
// same text is embedded in .weft files, so the reader also refuses what could
// exhaust the parser (size, nesting) before handing it over.
//
//===----------------------------------------------------------------------===//
#include "Fields.h"
#include "weft/Support/Input.h"
#include "weft/Support/StrictYaml.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace weft;
using llvm::StringRef;
using llvm::Twine;

namespace {

struct Preset {
  const char *name, *yaml;
};
constexpr Preset Presets[] = {
#include "Presets.inc"
};

/// The fields whose key starts with `group.`.
struct GroupView {
  Target &target;
  StringRef group;
};

template <typename T> struct FieldView {
  const FieldSpec &spec;
  Fact<T> &fact;
};

} // namespace

namespace llvm::yaml {

template <typename T> struct MappingTraits<FieldView<T>> {
  static void mapping(IO &io, FieldView<T> &f) {
    auto *reading = static_cast<YamlReading *>(io.getContext());
    if (reading) {
      reading->field = f.spec.key;
      reading->lines[f.spec.key] = reading->currentLine();
    }
    io.mapRequired("value", f.fact.value);
    io.mapRequired("unit", f.fact.unit);
    if constexpr (std::is_integral_v<T>)
      mapRange(io, f.fact);
    YamlCitation source{f.fact.source};
    io.mapRequired("source", source);
    f.fact.source = source.text;
  }
  /// `range: [lo, hi]`, left out where the value is exact.
  static void mapRange(IO &io, FactU &fact) {
    std::optional<std::vector<uint32_t>> range;
    if (io.outputting() && fact.hasRange())
      range = {fact.lo, fact.hi};
    io.mapOptional("range", range);
    if (io.outputting())
      return;
    if (range && range->size() != 2) {
      io.setError("a range is [lowest, highest]");
      range.reset();
    }
    fact.lo = range ? range->front() : fact.value;
    fact.hi = range ? range->back() : fact.value;
  }
  static std::string validate(IO &io, FieldView<T> &f) {
    std::string wrong = checkField(f.spec, f.fact.value);
    if (!wrong.empty())
      return "value " + wrong;
    if constexpr (std::is_integral_v<T>)
      if (wrong = checkRange(f.spec, f.fact); !wrong.empty())
        return "range " + wrong;
    if (f.fact.unit != f.spec.unit)
      return "unit is '" + f.fact.unit + "', expected '" + f.spec.unit + "'";
    if (f.fact.source.empty())
      return "source is empty; cite one or write 'assumed'";
    return "";
  }
  static const bool flow = true;
};

template <> struct MappingTraits<GroupView> {
  static void mapping(IO &io, GroupView &g) {
    auto *reading = static_cast<YamlReading *>(io.getContext());
    visitFields(g.target, [&](const FieldSpec &spec, auto &fact) {
      auto [group, leaf] = StringRef(spec.key).split('.');
      if (group != g.group)
        return;
      if (reading)
        reading->field = group.str();
      FieldView<std::remove_reference_t<decltype(fact.value)>> view{spec, fact};
      io.mapRequired(leaf.data(), view);
    });
    if (reading)
      reading->field = g.group.str();
  }
};

template <> struct MappingTraits<Target> {
  static void mapping(IO &io, Target &t) {
    io.mapRequired("name", t.name);
    StringRef last;
    visitFields(t, [&](const FieldSpec &spec, auto &) {
      StringRef group = StringRef(spec.key).split('.').first;
      if (group == last)
        return;
      last = group;
      GroupView view{t, group};
      io.mapRequired(group.str().c_str(), view);
      if (auto *reading = static_cast<YamlReading *>(io.getContext()))
        reading->field.clear();
    });
  }
};

} // namespace llvm::yaml

static llvm::Error error(const Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

llvm::Expected<Target> weft::parseTarget(StringRef yaml, StringRef fileName) {
  return readStrictYaml<Target>(
      yaml, fileName, "target", [](Target &t, YamlReading &reading) {
        if (t.name.empty() || !isPrintable(t.name))
          reading.report(1,
                         "name is missing, empty or holds a control character");
        if (reading.firstError.empty())
          if (FieldProblem p = checkTogether(t); !p.key.empty())
            reading.report(reading.lines[p.key], p.key + " " + p.message);
      });
}

llvm::Expected<Target> weft::loadTarget(StringRef presetOrPath) {
  for (const Preset &p : Presets)
    if (presetOrPath == p.name)
      return parseTarget(p.yaml, (presetOrPath + ".yaml").str());
  auto buffer = readInput(presetOrPath);
  if (!buffer)
    return error(
        "target '" + presetOrPath + "': no such preset (" +
        llvm::join(presetNames(), ", ") +
        "), and not readable as a file: " + llvm::toString(buffer.takeError()));
  return parseTarget((*buffer)->getBuffer(), presetOrPath);
}

std::vector<std::string> weft::presetNames() {
  std::vector<std::string> names;
  for (const Preset &p : Presets)
    names.push_back(p.name);
  return names;
}

std::string weft::printTarget(const Target &t) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::yaml::Output out(os, nullptr, /*WrapColumn=*/1000);
  Target copy = t;
  out << copy;
  return text;
}
