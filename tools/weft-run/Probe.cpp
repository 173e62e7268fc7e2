//===- Probe.cpp - Intermediate values against files ----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Probe.h"
#include "Compare.h"
#include "weft/Sim/Elements.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <numeric>

using namespace llvm;
using namespace weft;
using namespace weft::run;

static Error bad(const Twine &what) { return createStringError(what); }

Error Probes::bindOne(StringRef text, ArrayRef<std::string> names) {
  // VALUE alone: to be written with --output-dir, not compared.
  bool alone = is_contained(names, text) && !o.outputDir.empty();
  Expected<Binding> b = alone ? bindName("--probe", (text + "=").str(), names)
                              : bindName("--probe", text, names);
  if (!b && is_contained(names, text)) {
    consumeError(b.takeError());
    return bad("option '--probe': '" + text +
               "' has no file; without one, --output-dir is needed");
  }
  StringRef name;
  if (b)
    name = names[b->index];
  else if (!text.contains('='))
    return b.takeError();
  else
    name = text.split('=').first; // not a name of the graph
  consumeError(b.takeError());
  auto found = find_if(program.values, [&](auto &v) { return v.name == name; });
  if (found == program.values.end())
    return bad("option '--probe': " + whyNoProbe(program, name));
  if (b->file.empty() && !alone)
    return bad("option '--probe': '" + name + "' has no file");
  size_t index = size_t(found - program.values.begin());
  if (is_contained(indices, index))
    return bad("option '--probe': '" + name + "' is given twice");
  indices.push_back(index);
  files.push_back(b->file);
  return Error::success();
}

Error Probes::bind() {
  std::vector<std::string> names;
  for (const bin::NamedValue &v : program.values)
    names.push_back(v.name);
  for (const std::vector<std::string> &outputs : program.nodeOutputs)
    append_range(names, outputs);
  for (const bin::IOTensor &t : program.inputs)
    names.push_back(t.name);
  erase_if(names, [](const std::string &n) { return n.empty(); });
  for (const std::string &text : o.probes)
    if (Error e = bindOne(text, names))
      return e;
  return Error::success();
}

Error Probes::ask(sim::Simulator &simulator) const {
  for (size_t index : indices)
    if (Error e = simulator.probe(index))
      return e;
  return Error::success();
}

/// Floats may be of another width than the value's: what is computed in f16
/// for a graph of f32 is compared with either.
Error Probes::check(const bin::NamedValue &v, FileTensor &t,
                    StringRef file) const {
  bool floats = sim::isFloat(t.type) && sim::isFloat(v.type);
  if (t.shape != v.shape || (t.type != v.type && !floats))
    return bad("'" + v.name + "': " + file + " holds " +
               describeTensor(t.type, t.shape) + ", the program has " +
               describeTensor(v.type, v.shape));
  if (t.type == v.type)
    return Error::success();
  Expected<std::vector<uint8_t>> as =
      sim::convertElements(t.bytes, t.type, v.type);
  if (!as)
    return as.takeError();
  t.type = v.type;
  t.bytes = std::move(*as);
  return Error::success();
}

Error Probes::read(Read readFile) {
  wanted.assign(indices.size(), {});
  for (size_t k = 0; k < indices.size(); ++k) {
    if (files[k].empty())
      continue;
    const bin::NamedValue &v = program.values[indices[k]];
    Expected<FileTensor> t = readFile(files[k]);
    if (!t)
      return bad("'" + v.name + "': " + toString(t.takeError()));
    if (Error e = check(v, *t, files[k]))
      return e;
    wanted[k] = std::move(*t);
  }
  return Error::success();
}

Error Probes::take(const sim::Simulator &simulator) {
  values.clear();
  for (size_t index : indices) {
    const bin::NamedValue &v = program.values[index];
    Expected<std::vector<uint8_t>> bytes = simulator.getProbe(index);
    if (!bytes)
      return bytes.takeError();
    values.push_back({v.name, v.type, v.shape, std::move(*bytes)});
  }
  return Error::success();
}

static std::string list(ArrayRef<std::string> names) {
  std::string text;
  for (const std::string &n : names.take_front(5))
    text += (text.empty() ? "'" : ", '") + n + "'";
  if (names.size() > 5)
    text += formatv(" and {0} more", names.size() - 5);
  return text;
}

bool Probes::compare(StringRef where) const {
  std::vector<size_t> order(indices.size());
  std::iota(order.begin(), order.end(), 0);
  sort(order, [&](size_t a, size_t b) { return indices[a] < indices[b]; });
  std::vector<std::string> diverging;
  for (size_t k : order) {
    if (files[k].empty())
      continue;
    const bin::NamedValue &v = program.values[indices[k]];
    Comparison c = compareTensors(values[k], wanted[k],
                                  o.rtol.value_or(program.defaultRtol), o.atol);
    if (!c.differs && !o.quiet)
      outs() << "value '" << v.name << "'" << where
             << " agrees: " << describe(c, v.shape) << "\n";
    if (!c.differs)
      continue;
    diverging.push_back(v.name);
    if (diverging.size() > 1)
      continue;
    auto [x, y] = sim::holderOf(v.place, c.worst);
    errs() << o.program << ": error: value '" << v.name << "'" << where
           << " is the first that diverges: " << describe(c, v.shape)
           << "; the worst lies on PE (" << x << ", " << y << ")\n";
    std::string node = definerText(program, v.name);
    errs() << o.program
           << ": note: " << (node.empty() ? "" : node + " defines it, ")
           << "kernel '" << program.kernels[v.kernel].name << "' computes it\n";
  }
  if (diverging.size() > 1)
    errs() << o.program << ": note: later ones diverge too: "
           << list(ArrayRef(diverging).drop_front()) << "\n";
  return !diverging.empty();
}
