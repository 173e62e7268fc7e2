//===- Json.cpp - A comparison as JSON ------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Each figure says its unit and where it comes from.
//
//===----------------------------------------------------------------------===//
#include "weft/Compare/Compare.h"

using namespace weft;
using namespace weft::compare;
using llvm::StringRef;
using llvm::Twine;
namespace json = llvm::json;

/// Names in files may be any bytes, JSON is UTF-8.
static std::string utf8(StringRef text) { return json::fixUTF8(text); }

static json::Object figure(json::Value value, StringRef unit,
                           StringRef source) {
  return json::Object{
      {"value", std::move(value)}, {"unit", unit}, {"source", utf8(source)}};
}

static json::Object figure(const DeviceFact &fact) {
  return figure(fact.value, fact.unit, fact.source);
}

static json::Object workJson(const ModelWork &w) {
  json::Object flops;
  for (auto [type, macs] : w.macs)
    flops[type] =
        figure(2 * macs, "flop",
               "counted: 2 per multiply-add of linear, matmul and attention");
  auto bytes = [](uint64_t n, StringRef how) {
    return figure(n, "bytes", ("counted: " + how).str());
  };
  return json::Object{
      {"flops", std::move(flops)},
      {"moved",
       json::Object{{"weights", bytes(w.weightsRead, "each weight once")},
                    {"state", bytes(w.stateRead + w.stateWritten,
                                    "read once, changed rows written")},
                    {"inputs", bytes(w.inputs, "each input once")},
                    {"outputs", bytes(w.outputs, "each output once")},
                    {"all", bytes(w.moved(), "the sum")}}},
      {"held", json::Object{{"weights", bytes(w.weightsHeld, "all weights")},
                            {"state", bytes(w.stateHeld, "at its capacity")},
                            {"all", bytes(w.held(), "the sum")}}},
      {"tokens", w.tokens
                     ? json::Value(figure(w.tokens, "tokens", w.tokensSource))
                     : json::Value(nullptr)}};
}

/// Per token and per second, where there are tokens.
static void addTokens(const ModelWork &work, double step, json::Object &o) {
  bool known = work.tokens && step > 0;
  double tokens = double(work.tokens);
  o["token"] =
      known ? json::Value(figure(step / tokens, "s", "computed: step / tokens"))
            : json::Value(nullptr);
  o["tokens_per_second"] = known
                               ? json::Value(figure(tokens / step, "tokens/s",
                                                    "computed: tokens / step"))
                               : json::Value(nullptr);
}

static json::Object deviceJson(const Comparison &c, const Device &d) {
  Roofline r = roofline(c.work, d);
  json::Object peak;
  for (const auto &[type, fact] : d.peak)
    peak[type] = figure(fact);
  json::Object o{
      {"name", utf8(d.name)},
      {"title", utf8(d.title)},
      {"peak", std::move(peak)},
      {"memory", json::Object{{"capacity", figure(d.capacity)},
                              {"bandwidth", figure(d.bandwidth)}}},
      {"onchip", json::Object{{"capacity", figure(d.onchip)}}},
      {"devices", figure(r.devices, "devices",
                         "computed: held.all / memory.capacity, rounded up")},
      {"fits_onchip", r.onchip},
      {"memory_time",
       figure(r.memory, "s",
              "computed: moved.all / (devices x memory.bandwidth)")}};
  o["missing"] = nullptr;
  if (!r.missing.empty()) {
    o["missing"] = "no dense peak of " + r.missing + " is known";
    for (const char *key : {"compute_time", "step", "token",
                            "tokens_per_second", "utilisation", "binds"})
      o[key] = nullptr;
    return o;
  }
  o["compute_time"] = figure(
      r.compute, "s", "computed: flops / (devices x peak), summed over types");
  o["step"] = figure(r.step(), "s",
                     "computed: the larger of compute_time and memory_time");
  addTokens(c.work, r.step(), o);
  o["utilisation"] = figure(r.step() > 0 ? r.compute / r.step() : 0, "",
                            "computed: compute_time / step");
  o["binds"] = r.binds();
  return o;
}

static json::Object waferJson(const Comparison &c) {
  WaferTime w = waferTime(c.work, c.target, c.cost);
  json::Object peak;
  for (const auto &[type, macs] : c.work.macs)
    if (double value = waferPeak(c.target, type); value > 0)
      peak[type] = figure(value, "GFLOP/s", waferPeakSource(c.target, type));
  json::Object o{
      {"target", utf8(c.target.name)},
      {"grid", json::Array{c.target.gridW.value, c.target.gridH.value}},
      {"peak", std::move(peak)},
      {"clock", figure(c.target.clock.value, "MHz", c.target.clock.source)},
      {"clock_range", figure(json::Array{c.target.clock.lo, c.target.clock.hi},
                             "MHz", c.target.clock.source)},
      {"compute_time",
       w.missing.empty() ? json::Value(figure(w.compute, "s",
                                              "computed: flops / peak, summed "
                                              "over types"))
                         : json::Value(nullptr)},
      {"missing", w.missing.empty() ? json::Value(nullptr)
                                    : json::Value("no dense peak of " +
                                                  w.missing + " is known")}};
  for (const WaferLine &line : w.lines) {
    json::Object at{
        {"cycles", figure(line.cycles, "cycles", line.source)},
        {"step", figure(line.step, "s", "computed: cycles / clock")},
        {"binds", line.binds}};
    if (line.range) {
      at["cycles_range"] = figure(json::Array{line.range->lo, line.range->hi},
                                  "cycles", line.source + "_range");
      at["step_range"] = figure(json::Array{line.fastest, line.slowest}, "s",
                                "computed: cycles_range / range of the clock");
    }
    addTokens(c.work, line.step, at);
    at["utilisation"] =
        w.missing.empty() && line.step > 0
            ? json::Value(figure(w.compute / line.step, "",
                                 "computed: compute_time / step"))
            : json::Value(nullptr);
    o[line.key] = std::move(at);
  }
  json::Array assumed;
  for (const std::string &key : c.cost.assumed)
    assumed.push_back(key);
  o["assumed"] = std::move(assumed);
  return o;
}

json::Value compare::comparisonJson(const Comparison &c) {
  json::Array devices;
  for (const Device &d : c.devices)
    devices.push_back(deviceJson(c, d));
  return json::Object{{"model", utf8(c.model)},
                      {"work", workJson(c.work)},
                      {"devices", std::move(devices)},
                      {"wafer", waferJson(c)}};
}
