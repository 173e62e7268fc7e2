//===- Device.cpp - Devices as strict YAML --------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Compare/Device.h"
#include "weft/Support/Input.h"
#include "weft/Support/StrictYaml.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MemoryBuffer.h"
#include <optional>

using namespace weft;
using namespace weft::compare;
using llvm::StringRef;
using llvm::Twine;

namespace {

struct Builtin {
  const char *name, *yaml;
};
constexpr Builtin Builtins[] = {
#include "Devices.inc"
};

/// Element types that a file may state a peak of.
constexpr const char *PeakTypes[] = {"f32", "f16", "bf16", "i32"};

/// What a field may hold. No product of such numbers leaves a double's exact
/// range by far, or becomes zero.
struct FieldSpec {
  std::string key;
  const char *unit;
};
constexpr uint64_t Largest = 1000000000000;

struct FieldView {
  FieldSpec spec;
  DeviceFact &fact;
};
struct PeakView {
  Device &device;
};
struct MemoryView {
  Device &device;
};
struct OnchipView {
  Device &device;
};

void enter(llvm::yaml::IO &io, StringRef field) {
  static_cast<YamlReading *>(io.getContext())->field = field.str();
}

void mapField(llvm::yaml::IO &io, StringRef group, const char *leaf,
              const char *unit, DeviceFact &fact) {
  FieldView view{{(group + "." + leaf).str(), unit}, fact};
  io.mapRequired(leaf, view);
  enter(io, group);
}

} // namespace

namespace llvm::yaml {

template <> struct MappingTraits<FieldView> {
  static void mapping(IO &io, FieldView &f) {
    enter(io, f.spec.key);
    io.mapRequired("value", f.fact.value);
    io.mapRequired("unit", f.fact.unit);
    YamlCitation source;
    io.mapRequired("source", source);
    f.fact.source = source.text;
  }
  static std::string validate(IO &, FieldView &f) {
    if (f.fact.value < 1 || f.fact.value > Largest)
      return ("value is " + Twine(f.fact.value) + ", allowed are 1 to " +
              Twine(Largest) + " " + f.spec.unit)
          .str();
    if (f.fact.unit != f.spec.unit)
      return "unit is '" + f.fact.unit + "', expected '" + f.spec.unit + "'";
    if (f.fact.source.empty())
      return "source is empty; cite one or write how it is computed";
    return "";
  }
  static const bool flow = true;
};

template <> struct MappingTraits<PeakView> {
  static void mapping(IO &io, PeakView &view) {
    enter(io, "peak");
    std::vector<StringRef> keys = io.keys();
    for (const char *type : PeakTypes)
      if (is_contained(keys, StringRef(type)))
        mapField(io, "peak", type, "GFLOP/s", view.device.peak[type]);
  }
  static std::string validate(IO &, PeakView &view) {
    return view.device.peak.empty() ? "no type has a peak" : "";
  }
};

template <> struct MappingTraits<MemoryView> {
  static void mapping(IO &io, MemoryView &view) {
    enter(io, "memory");
    mapField(io, "memory", "capacity", "MB", view.device.capacity);
    mapField(io, "memory", "bandwidth", "GB/s", view.device.bandwidth);
  }
};

template <> struct MappingTraits<OnchipView> {
  static void mapping(IO &io, OnchipView &view) {
    enter(io, "onchip");
    mapField(io, "onchip", "capacity", "MB", view.device.onchip);
  }
};

template <> struct MappingTraits<Device> {
  static void mapping(IO &io, Device &d) {
    io.mapRequired("name", d.name);
    io.mapRequired("title", d.title);
    PeakView peak{d};
    MemoryView memory{d};
    OnchipView onchip{d};
    io.mapRequired("peak", peak);
    enter(io, "");
    io.mapRequired("memory", memory);
    enter(io, "");
    io.mapRequired("onchip", onchip);
    enter(io, "");
  }
};

} // namespace llvm::yaml

static llvm::Error error(const Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

llvm::Expected<Device> compare::parseDevice(StringRef yaml,
                                            StringRef fileName) {
  return readStrictYaml<Device>(
      yaml, fileName, "device", [](Device &d, YamlReading &reading) {
        for (auto [key, text] :
             {std::pair("name", &d.name), {"title", &d.title}})
          if (text->empty() || !isPrintable(*text))
            reading.report(
                1,
                Twine(key) + " is missing, empty or holds a control character");
      });
}

std::vector<Device> compare::builtinDevices() {
  std::vector<Device> devices;
  for (const Builtin &b : Builtins)
    devices.push_back(
        llvm::cantFail(parseDevice(b.yaml, (Twine(b.name) + ".yaml").str())));
  return devices;
}

llvm::Expected<std::vector<Device>>
compare::loadDevices(const std::vector<std::string> &files) {
  std::vector<Device> devices = builtinDevices();
  std::map<std::string, std::string> given; // name to file
  for (const std::string &file : files) {
    auto buffer = readInput(file);
    if (!buffer) {
      std::string names;
      for (const Builtin &b : Builtins)
        names += (names.empty() ? "" : ", ") + std::string(b.name);
      return error("device '" + file + "': not readable as a file: " +
                   llvm::toString(buffer.takeError()) + "; " + names +
                   " are there already");
    }
    auto device = parseDevice((*buffer)->getBuffer(),
                              file == "-" ? StringRef("<stdin>") : file);
    if (!device)
      return device.takeError();
    auto [entry, isNew] = given.try_emplace(device->name, file);
    if (!isNew)
      return error(file + ":1: device '" + device->name +
                   "' is also described by " + entry->second);
    auto same = llvm::find_if(
        devices, [&](const Device &d) { return d.name == device->name; });
    if (same == devices.end())
      devices.push_back(std::move(*device));
    else
      *same = std::move(*device);
  }
  return devices;
}
