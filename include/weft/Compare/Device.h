//===- Device.h - Other machines, described by data -----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// What a roofline needs to know of a device, read from strict YAML. Every
// figure carries its unit and its source.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_COMPARE_DEVICE_H
#define WEFT_COMPARE_DEVICE_H

#include "weft/Target/Target.h"
#include <map>

namespace weft::compare {

using DeviceFact = Fact<uint64_t>;

struct Device {
  std::string name, title;
  std::map<std::string, DeviceFact> peak; // GFLOP/s, dense, by element type
  DeviceFact capacity, bandwidth;         // MB and GB/s of where weights lie
  DeviceFact onchip;                      // MB of memory on the chip
};

/// The devices that are built in, in the order of a table.
std::vector<Device> builtinDevices();
/// Reads a device from text. Strict: unknown key, missing field, other unit,
/// empty source or impossible value is an error with file and line.
llvm::Expected<Device> parseDevice(llvm::StringRef yaml,
                                   llvm::StringRef fileName);
/// The built-in devices and those of `files`; one that has the name of a
/// built-in one stands in its place.
llvm::Expected<std::vector<Device>>
loadDevices(const std::vector<std::string> &files);

} // namespace weft::compare
#endif
