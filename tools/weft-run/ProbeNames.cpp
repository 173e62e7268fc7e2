//===- ProbeNames.cpp - What a value of the graph is ----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Not every value of the graph exists on the wafer: groups of nodes become one
// kernel. A user who asks for such a value learns where it went.
//
//===----------------------------------------------------------------------===//
#include "Probe.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace weft;
using namespace weft::run;
using bin::LedgerEntry;

/// The node that defines `value`, or null.
static const LedgerEntry *definer(const bin::Program &p, StringRef value) {
  for (size_t i = 0; i < p.nodeOutputs.size(); ++i)
    if (is_contained(p.nodeOutputs[i], value))
      return &p.nodes[i];
  return nullptr;
}

std::string run::definerText(const bin::Program &p, StringRef value) {
  const LedgerEntry *node = definer(p, value);
  return node ? formatv("node '{0}' ({1}, #{2})", node->name, node->op,
                        node->index)
                    .str()
              : "";
}

/// Of a value that kernel `k` computes on the way.
static std::string neighbours(const bin::Program &p, size_t k) {
  const bin::NamedValue *before = nullptr, *after = nullptr;
  for (const bin::NamedValue &v : p.values) {
    if (v.kernel < k)
      before = &v;
    else if (!after)
      after = &v;
  }
  std::string text;
  if (before)
    text += "; '" + before->name + "' before it can be probed";
  if (after)
    text += (before ? ", and '" : "; '") + after->name + "' after it" +
            (before ? "" : " can be probed");
  return text;
}

static std::string whyNotHeld(const bin::Program &p, const LedgerEntry &node) {
  if (node.fate == LedgerEntry::Folded)
    return "is computed by the compiler and is no value on the wafer";
  if (node.fate == LedgerEntry::Dead)
    return "is not computed, since no output depends on it";
  uint32_t index = uint32_t(&node - p.nodes.data());
  for (size_t k = 0; k < p.kernels.size(); ++k)
    if (is_contained(p.kernels[k].nodes, index))
      return "is computed within kernel '" + p.kernels[k].name +
             "', and no buffer holds it" + neighbours(p, k);
  return "is held by no buffer of its own";
}

std::string run::whyNoProbe(const bin::Program &p, StringRef name) {
  if (p.values.empty())
    return "the program names no values";
  if (const LedgerEntry *node = definer(p, name))
    return ("value '" + name + "' of " + definerText(p, name) + " " +
            whyNotHeld(p, *node))
        .str();
  if (any_of(p.inputs, [&](auto &t) { return t.name == name; }))
    return ("'" + name + "' is a graph input, which --input gives").str();
  std::vector<std::string> known;
  for (const bin::NamedValue &v : p.values)
    known.push_back(v.name);
  return ("'" + name + "' is no value of the graph" + nearestText(name, known))
      .str();
}
