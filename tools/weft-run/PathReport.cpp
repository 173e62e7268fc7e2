//===- PathReport.cpp - The critical path as table and JSON ---------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "PathReport.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace weft;
using namespace weft::run;
using sim::PathSegment;

static const char *const partNames[sim::NumPathParts] = {
    "compute", "setup", "transport", "room", "task"};

static int64_t number(uint64_t n) {
  return int64_t(std::min<uint64_t>(n, INT64_MAX));
}

std::string run::rectText(const bin::Pattern &p) {
  std::string text = formatv("({0}, {1}) {2}x{3}", p.x0, p.y0, p.w, p.h);
  if (p.dx != 1 || p.dy != 1)
    text += formatv(" step ({0}, {1})", p.dx, p.dy);
  return text;
}

std::string run::kernelName(const bin::Program &p, uint32_t kernel) {
  return kernel < p.kernels.size() ? p.kernels[kernel].name : "(no kernel)";
}

std::vector<std::string> run::nodeNames(const bin::Program &p,
                                        uint32_t kernel) {
  std::vector<std::string> names;
  if (kernel < p.kernels.size())
    for (uint32_t n : p.kernels[kernel].nodes)
      if (n < p.nodes.size()) {
        const bin::LedgerEntry &node = p.nodes[n];
        names.push_back(
            (node.name.empty() ? "#" + utostr(node.index) : node.name) + " (" +
            node.op + ")");
      }
  return names;
}

static void writeParts(json::OStream &o, const PathSegment &s) {
  for (unsigned i = 0; i < sim::NumPathParts; ++i)
    o.attribute(partNames[i], number(s.part[i]));
  o.attribute("messages", number(s.messages));
  o.attribute("hops", number(s.hops));
}

void run::writePathSegment(json::OStream &o, const bin::Program &p,
                           const PathSegment &s) {
  o.attributeArray("nodes", [&] {
    for (const std::string &n : nodeNames(p, s.kernel))
      o.value(json::fixUTF8(n));
  });
  o.attribute("from_pe", formatv("({0}, {1})", s.fromX, s.fromY).str());
  o.attribute("to_pe", formatv("({0}, {1})", s.toX, s.toY).str());
  writeParts(o, s);
}

/// A kernel that the path comes to again is one row; `from` is then the cycles.
static std::vector<PathSegment> byKernel(ArrayRef<PathSegment> path) {
  std::vector<PathSegment> rows;
  DenseMap<uint64_t, size_t> rowOf;
  for (const PathSegment &s : path) {
    auto [at, isNew] = rowOf.try_emplace(s.kernel, rows.size());
    if (isNew) {
      rows.push_back(s);
      continue;
    }
    PathSegment &row = rows[at->second];
    for (unsigned i = 0; i < sim::NumPathParts; ++i)
      row.part[i] += s.part[i];
    row.messages += s.messages;
    row.hops += s.hops;
  }
  return rows;
}

static uint64_t cyclesOf(const PathSegment &s) {
  uint64_t sum = 0;
  for (uint64_t part : s.part)
    sum += part;
  return sum;
}

static json::Object partsJson(const PathSegment &s) {
  json::Object o;
  for (unsigned i = 0; i < sim::NumPathParts; ++i)
    o[partNames[i]] = number(s.part[i]);
  o["messages"] = number(s.messages);
  o["hops"] = number(s.hops);
  o["kernel"] = s.kernel == ~0u ? json::Value(nullptr) : number(s.kernel);
  return o;
}

json::Value run::pathJson(const bin::Program &p, ArrayRef<PathSegment> path) {
  json::Array kernels, stretches;
  for (const PathSegment &s : byKernel(path)) {
    json::Object o = partsJson(s);
    o["name"] = json::fixUTF8(kernelName(p, s.kernel));
    o["cycles"] = number(cyclesOf(s));
    json::Array nodes;
    for (const std::string &n : nodeNames(p, s.kernel))
      nodes.push_back(json::fixUTF8(n));
    o["nodes"] = std::move(nodes);
    kernels.push_back(std::move(o));
  }
  for (const PathSegment &s : path) {
    json::Object o = partsJson(s);
    o["from"] = number(s.from);
    o["to"] = number(s.to);
    o["from_pe"] = json::Array{s.fromX, s.fromY};
    o["to_pe"] = json::Array{s.toX, s.toY};
    stretches.push_back(std::move(o));
  }
  return json::Object{{"kernels", std::move(kernels)},
                      {"stretches", std::move(stretches)}};
}

void run::printPathTable(raw_ostream &os, const bin::Program &p,
                         ArrayRef<PathSegment> path, bool failed) {
  std::vector<PathSegment> rows = byKernel(path);
  PathSegment all;
  for (const PathSegment &s : rows) {
    for (unsigned i = 0; i < sim::NumPathParts; ++i)
      all.part[i] += s.part[i];
    all.hops += s.hops;
  }
  auto row = [&](const PathSegment &s, StringRef what) {
    os << formatv("{0,10}", cyclesOf(s));
    for (uint64_t part : s.part)
      os << formatv(" {0,10}", part);
    os << formatv(" {0,8}  {1}\n", s.hops, what);
  };
  os << formatv("critical path{0}\n{1,10}", failed ? " to the failure" : "",
                "cycles");
  for (const char *part : partNames)
    os << formatv(" {0,10}", part);
  os << formatv(" {0,8}  {1}\n", "hops", "kernel: nodes");
  for (const PathSegment &s : rows) {
    std::vector<std::string> nodes = nodeNames(p, s.kernel);
    size_t shown = std::min<size_t>(nodes.size(), 4);
    std::string text = kernelName(p, s.kernel);
    if (shown)
      text += ": " + join(nodes.begin(), nodes.begin() + shown, ", ");
    if (shown < nodes.size())
      text += formatv(" and {0} more", nodes.size() - shown);
    row(s, text);
  }
  row(all, "all");
}
