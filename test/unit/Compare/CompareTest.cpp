//===- CompareTest.cpp - Device files and rooflines -----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Compare/Compare.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace weft;
using namespace weft::compare;

namespace {

/// Line by line, so that tests can name one.
const std::string Toy = "name: toy\n"
                        "title: A toy\n"
                        "peak:\n"
                        "  f32: { value: 2, unit: GFLOP/s, source: here }\n"
                        "  f16: { value: 8, unit: GFLOP/s, source: here }\n"
                        "memory:\n"
                        "  capacity: { value: 10, unit: MB, source: here }\n"
                        "  bandwidth: { value: 4, unit: GB/s, source: here }\n"
                        "onchip:\n"
                        "  capacity: { value: 1, unit: MB, source: here }\n";

std::string edited(const std::string &from, const std::string &to) {
  std::string text = Toy;
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string message(llvm::Expected<Device> d) {
  return d ? "" : llvm::toString(d.takeError());
}

Device toy() { return llvm::cantFail(parseDevice(Toy, "toy.yaml")); }

TEST(Device, Reads) {
  Device d = toy();
  EXPECT_EQ(d.name, "toy");
  EXPECT_EQ(d.title, "A toy");
  EXPECT_EQ(d.peak.at("f16").value, 8u);
  EXPECT_EQ(d.peak.at("f16").unit, "GFLOP/s");
  EXPECT_EQ(d.capacity.source, "here");
  EXPECT_EQ(d.bandwidth.value, 4u);
  EXPECT_EQ(d.onchip.value, 1u);
}

TEST(Device, MistakesNameFileLineAndField) {
  const struct {
    std::string from, to, message;
  } mistakes[] = {
      {"name: toy\n", "", "toy.yaml:1: missing required key 'name'"},
      {"title: A toy", "title: ''",
       "toy.yaml:1: title is missing, empty or holds a control character"},
      {"  f32: { value: 2", "  f64: { value: 2",
       "toy.yaml:4: unknown key 'f64' (at 'peak')"},
      {"value: 8", "value: 8.5", "toy.yaml:5: invalid number (at 'peak.f16')"},
      {"value: 10", "value: 0",
       "toy.yaml:7: value is 0, allowed are 1 to 1000000000000 MB (at "
       "'memory.capacity')"},
      {"unit: GB/s", "unit: TB/s",
       "toy.yaml:8: unit is 'TB/s', expected 'GB/s' (at 'memory.bandwidth')"},
      {"  bandwidth: { value: 4, unit: GB/s, source: here }\n", "",
       "toy.yaml:7: missing required key 'bandwidth' (at 'memory')"},
      {"MB, source: here }\n  b", "MB, source: '' }\n  b",
       "toy.yaml:7: source is empty; cite one or write how it is computed (at "
       "'memory.capacity')"},
      {"unit: MB, source: here }\n  b", "unit: MB }\n  b",
       "toy.yaml:7: missing required key 'source' (at 'memory.capacity')"},
      {"onchip:", "sparse:", "toy.yaml:1: missing required key 'onchip'"},
      {"onchip:\n", "other: 1\nonchip:\n", "toy.yaml:9: unknown key 'other'"},
      {"name: toy", "name: [toy]", "toy.yaml:1: unexpected scalar"},
      {"name:", "\tname:",
       "toy.yaml:1: control characters and tabs are not allowed in a device"},
  };
  for (const auto &m : mistakes)
    EXPECT_EQ(message(parseDevice(edited(m.from, m.to), "toy.yaml")), m.message)
        << m.from << " -> " << m.to;
  std::string none = "name: t\ntitle: t\npeak: {}\nmemory:\n";
  EXPECT_EQ(message(parseDevice(none, "t.yaml")),
            "t.yaml:3: no type has a peak (at 'peak')");
  EXPECT_EQ(message(parseDevice("", "t.yaml")),
            "t.yaml:1: no device description in this file");
  EXPECT_EQ(message(parseDevice(Toy + "---\nname: x\n", "t.yaml")),
            "t.yaml:1: a device file holds one document");
}

// What is advertised with sparsity is twice the dense peak.
TEST(Device, BuiltinPeaksAreDense) {
  std::map<std::string, Device> byName;
  for (Device &d : builtinDevices())
    byName[d.name] = d;
  ASSERT_EQ(byName.size(), 5u);
  for (const char *name : {"h100-sxm", "h200-sxm"}) {
    EXPECT_EQ(byName[name].peak.at("f16").value, 989400u);
    EXPECT_EQ(byName[name].peak.at("bf16").value, 989400u);
    EXPECT_EQ(byName[name].peak.at("f32").value, 66900u);
  }
  EXPECT_EQ(byName["tpu-v4"].peak.at("bf16").value, 275000u);
  EXPECT_FALSE(byName["tpu-v4"].peak.count("f32"));
  EXPECT_EQ(byName["ipu-gc200"].peak.at("f16").value, 250000u);
  // 1.4 PFLOP/s of four; 62.5 x 350 / 250; 47.5 TB/s x 1.85 / 1.35.
  EXPECT_EQ(byName["ipu-bow"].peak.at("f16").value, 350000u);
  EXPECT_EQ(byName["ipu-bow"].peak.at("f32").value, 62500u * 350 / 250);
  EXPECT_EQ(byName["ipu-bow"].bandwidth.value, 47500u * 185 / 135);
}

/// 3,000,000 multiply-adds in f32; 6 MB are held, 2 MB moved.
ModelWork someWork() {
  ModelWork w;
  w.macs["f32"] = 3000000;
  w.weightsHeld = 5000000;
  w.weightsRead = 1000000;
  w.stateHeld = w.stateRead = 1000000;
  return w;
}

void expectClose(double found, double wanted) {
  EXPECT_NEAR(found, wanted, 1e-12 * std::fabs(wanted));
}

TEST(Roofline, LargerOfComputeAndMemory) {
  // 6 Mflop at 2 GFLOP/s: 3 ms. 2 MB at 4 GB/s: 0.5 ms.
  ModelWork w = someWork();
  Roofline r = roofline(w, toy());
  EXPECT_EQ(r.devices, 1u);
  EXPECT_EQ(r.missing, "");
  expectClose(r.compute, 3e-3);
  expectClose(r.memory, 0.5e-3);
  expectClose(r.step(), 3e-3);
  EXPECT_STREQ(r.binds(), "compute");
  EXPECT_FALSE(r.onchip);
  // A tenth of the products: 0.3 ms.
  w.macs["f32"] /= 10;
  EXPECT_STREQ(roofline(w, toy()).binds(), "memory");
  expectClose(roofline(w, toy()).step(), 0.5e-3);
}

TEST(Roofline, DevicesThatHoldTheModelShareIt) {
  // 20,000,001 bytes are one more than two devices hold; each does a third.
  ModelWork w = someWork();
  w.weightsHeld = 19000001;
  Roofline r = roofline(w, toy());
  EXPECT_EQ(r.devices, 3u);
  expectClose(r.compute, 1e-3);
  expectClose(r.memory, 0.5e-3 / 3);
  w.weightsHeld = 19000000;
  EXPECT_EQ(roofline(w, toy()).devices, 2u);
}

TEST(Roofline, TypesAddUp) {
  // 16 Mflop in f16 at 8 GFLOP/s take 2 ms more.
  ModelWork w = someWork();
  w.macs["f16"] = 8000000;
  expectClose(roofline(w, toy()).compute, 5e-3);
}

TEST(Roofline, NamesATypeWithoutPeak) {
  ModelWork w = someWork();
  w.macs["bf16"] = 1;
  EXPECT_EQ(roofline(w, toy()).missing, "bf16");
}

TEST(Roofline, OnChipOnlyWhereThatIsAnotherMemory) {
  ModelWork w = someWork();
  w.weightsHeld = w.stateHeld = 500000; // 1 MB, as the toy has on its chip
  EXPECT_TRUE(roofline(w, toy()).onchip);
  w.stateHeld += 1;
  EXPECT_FALSE(roofline(w, toy()).onchip);
  Device d = toy();
  d.onchip.value = d.capacity.value;
  EXPECT_FALSE(roofline(w, d).onchip);
}

TEST(Wafer, PeakIsThatOfAllPEs) {
  Target two = llvm::cantFail(loadTarget("wse2"));
  Target three = llvm::cantFail(loadTarget("wse3"));
  // 745,500 PEs x 2 flop x 1 or 4 elements a cycle x 0.85 GHz.
  expectClose(waferPeak(two, "f32"), 745500 * 2 * 0.85);
  expectClose(waferPeak(two, "f16"), 745500 * 2 * 4 * 0.85);
  EXPECT_EQ(waferPeak(two, "bf16"), 0);
  EXPECT_EQ(waferPeak(two, "i32"), 0);
  // 883,350 PEs x 2 flop x 4 elements a cycle x 0.875 GHz.
  expectClose(waferPeak(three, "f16"), 883350 * 2 * 4 * 0.875);
  expectClose(waferPeak(three, "bf16"), 883350 * 2 * 4 * 0.875);
}

TEST(Wafer, CyclesBecomeTime) {
  Target t = llvm::cantFail(loadTarget("wse2"));
  llvm::cantFail(cutGrid(t, 10, 10));
  cost::CostReport cost;
  cost.cycles.lower = 34000;    // 40 us at 850 MHz
  cost.cycles.estimate = 42500; // 50 us
  cost.cycles.bound.resource = cost::Resource::Path;
  cost.interval.cycles = 25500; // 30 us
  cost.interval.where.resource = cost::Resource::PE;
  WaferTime time = waferTime(someWork(), t, cost);
  ASSERT_EQ(time.lines.size(), 3u);
  expectClose(time.lines[0].step, 40e-6);
  expectClose(time.lines[1].step, 50e-6);
  expectClose(time.lines[2].step, 30e-6);
  // 34,000 to 51,000 cycles at 1000 to 500 MHz.
  t.clock.lo = 500;
  t.clock.hi = 1000;
  cost.cycles.estimateRange = {34000, 51000};
  time = waferTime(someWork(), t, cost);
  expectClose(time.lines[1].step, 50e-6);
  expectClose(time.lines[1].fastest, 34e-6);
  expectClose(time.lines[1].slowest, 102e-6);
  // 6 Mflop at 170 GFLOP/s.
  expectClose(time.compute, 6e6 / 170e9);
  EXPECT_EQ(time.lines[1].binds, "path");
  EXPECT_EQ(time.lines[2].binds, "pe");
}

} // namespace
