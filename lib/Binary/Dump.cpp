//===- Dump.cpp - The text views of weft-objdump --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Everything that names come from may be hostile: text from the file is printed
// through quoted(), which escapes what is not printable.
//
//===----------------------------------------------------------------------===//
#include "DumpText.h"
#include "Sections.h"
#include "weft/Binary/File.h"
#include "weft/Support/Output.h"
#include "weft/Target/Target.h"
#include "llvm/ADT/StringExtras.h"

using namespace weft;
using namespace weft::bin;
using llvm::raw_ostream;

//===----------------------------------------------------------------------===//
// Summary
//===----------------------------------------------------------------------===//

void weft::bin::dumpSummary(const Program &p, raw_ostream &os) {
  Target t = llvm::cantFail(parseTarget(p.targetYaml, "target"));
  uint64_t weights = 0;
  for (const Tensor &tensor : p.tensors)
    weights += tensor.bytes;
  os << "program " << quoted(p.name) << ", format " << VersionMajor << "."
     << VersionMinor << "\n";
  os << "  target   " << quoted(t.name) << ", grid " << p.gridW << "x"
     << p.gridH << " of " << t.gridW << "x" << t.gridH << ", "
     << t.assumedFields().size() << " assumed constants\n";
  os << "  stages   " << p.stages.size() << ", kernels " << p.kernels.size()
     << ", ONNX nodes " << p.nodes.size() << "\n";
  os << "  fabric   " << p.routes.size() << " settings, " << p.streams.size()
     << " streams\n";
  os << "  tensors  " << p.tensors.size() << ", " << weights << " bytes\n";
  os << "  border   " << p.inputs.size() << " inputs, " << p.outputs.size()
     << " outputs" << (p.repeatable ? ", repeatable" : "") << "\n";
  os << "  cycles   at least " << p.cyclesLower << ", estimated "
     << p.cyclesEstimate << "\n";
  os << "  classes  " << p.classes.size() << "\n";
  for (const PEClass &c : p.classes)
    os << "    " << quoted(c.name) << ": " << countPEs(c.where) << " PEs, "
       << c.code.size() * 4 << " bytes of code, " << listText(c.where) << "\n";
}

//===----------------------------------------------------------------------===//
// Routes
//===----------------------------------------------------------------------===//

static void dumpStreams(const Program &p, unsigned color, raw_ostream &os) {
  auto span = [](const char *axis, int32_t from, int32_t to) {
    auto offset = [&](int32_t d) {
      return axis + (d ? (d > 0 ? "+" : "") + std::to_string(d) : "");
    };
    return from == to ? offset(from) : offset(from) + ".." + offset(to);
  };
  for (const Stream &s : p.streams)
    if (s.color == color)
      os << "  stream " << quoted(s.name) << ": " << text(s.from) << " to ("
         << span("x", s.dx0, s.dx1) << ", " << span("y", s.dy0, s.dy1) << "), "
         << s.words << " words\n";
}

void weft::bin::dumpRoutes(const Program &p, raw_ostream &os) {
  for (unsigned color = 0; color < 32; ++color) {
    uint64_t settings = 0, routers = 0, switches = 0, streams = 0;
    for (const Route &r : p.routes)
      if (r.color == color)
        ++settings, routers += r.where.count();
    for (const Switch &s : p.switches)
      switches += s.color == color;
    for (const Stream &s : p.streams)
      streams += s.color == color;
    if (!settings && !switches && !streams)
      continue;
    os << "colour " << color << ": " << settings << " settings on " << routers
       << " routers, ";
    if (switches)
      os << switches << " later positions, ";
    os << streams << " streams\n";
    for (const Route &r : p.routes)
      if (r.color == color)
        os << "  " << llvm::left_justify(portsText(r.rx, r.tx), 32) << " "
           << text(r.where) << "\n";
    for (const Switch &s : p.switches)
      if (s.color == color)
        os << "  position " << unsigned(s.position) << ": "
           << llvm::left_justify(portsText(s.rx, s.tx), 20) << " "
           << text(s.where) << "\n";
    dumpStreams(p, color, os);
  }
}

//===----------------------------------------------------------------------===//
// Inputs, outputs, tensors
//===----------------------------------------------------------------------===//

/// " of dimensions 0, 2, 1, 3" of a tensor that lies permuted.
static std::string permText(const std::vector<uint8_t> &perm) {
  std::string s;
  for (uint8_t d : perm)
    s += (s.empty() ? " of dimensions " : ", ") + std::to_string(d);
  return s;
}

static void dumpBorder(const Program &p, const char *title,
                       const std::vector<IOTensor> &list, raw_ostream &os) {
  os << title << ":\n";
  for (const IOTensor &t : list) {
    os << "  " << quoted(t.name) << " " << text(t.type, t.shape) << " ";
    if (t.kind == IOTensor::Constant)
      os << "constant, tensor " << quoted(p.tensors[t.ref].name);
    else if (t.kind == IOTensor::InputAlias)
      os << "same as input " << quoted(p.inputs[t.ref].name);
    else if (t.kind == IOTensor::Unused)
      os << "unused";
    else
      os << placementText(t.place) << permText(t.perm);
    if (t.state >= 0)
      os << ", state of input " << quoted(p.inputs[t.state].name);
    os << "\n";
  }
}

void weft::bin::dumpIO(const Program &p, raw_ostream &os) {
  dumpBorder(p, "inputs", p.inputs, os);
  dumpBorder(p, "outputs", p.outputs, os);
  os << "initial data:\n";
  for (const DataInit &i : p.inits)
    os << "  " << quoted(p.tensors[i.tensor].name)
       << (i.weight ? " weight " : " constant ") << placementText(i.place)
       << "\n";
  os << "tensors:\n";
  for (const Tensor &t : p.tensors)
    os << "  " << quoted(t.name) << " " << text(t.type, t.shape) << ", "
       << t.bytes << " bytes at " << t.offset << "\n";
}

//===----------------------------------------------------------------------===//
// The tool
//===----------------------------------------------------------------------===//

static void dumpViews(const Program &p, const DumpOptions &o, raw_ostream &os) {
  if (!o.code && !o.routes && !o.memory && !o.io && !o.values && !o.map &&
      o.svg.empty())
    dumpSummary(p, os);
  if (o.code)
    dumpCode(p, os);
  if (o.routes)
    dumpRoutes(p, os);
  if (o.memory)
    dumpMemory(p, os);
  if (o.io)
    dumpIO(p, os);
  if (o.values)
    dumpValues(p, os);
  if (o.map)
    dumpMap(p, os);
}

llvm::Error weft::bin::dump(const DumpOptions &o) {
  auto loaded = loadFile(o.file);
  if (!loaded)
    return loaded.takeError();
  const Program &p = loaded->program;
  if (llvm::Error e =
          writeOutput("-", [&](raw_ostream &os) { dumpViews(p, o, os); }))
    return e;
  if (o.svg.empty())
    return llvm::Error::success();
  return writeOutput(o.svg, [&](raw_ostream &os) { dumpSvg(p, os); });
}
