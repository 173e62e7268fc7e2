//===- TraceJson.cpp - The record of a run for a trace viewer -------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Processes of the viewer: one for each stage, with its kernels on as many
// tracks as run at once; one for the links; one for the critical path; one for
// each traced PE. Numbers of processes follow from that order.
//
//===----------------------------------------------------------------------===//
#include "TraceJson.h"
#include "PathReport.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include <numeric>
#include <set>

using namespace llvm;
using namespace weft;
using namespace weft::run;
using sim::PEEvent;

namespace {

class Writer {
public:
  Writer(raw_ostream &os, const bin::Program &p, const sim::Stats &s,
         const sim::Trace &r)
      : p(p), s(s), r(r), j(os) {}
  void run(const Target &t);

private:
  using Fields = function_ref<void(json::OStream &)>;
  void line(Fields fields);
  void slice(const Twine &name, uint64_t pid, uint64_t tid, uint64_t from,
             uint64_t to, Fields args);
  void name(StringRef what, uint64_t pid, uint64_t tid, const Twine &name);
  void counter(const Twine &name, uint64_t pid, uint64_t at, uint64_t value);
  void metadata(const Target &t);
  void stages();
  void stage(uint32_t index);
  void kernel(uint32_t index, uint64_t pid, uint64_t lane);
  void links();
  void path();
  void pes();
  void failure();
  void event(const PEEvent &e);

  uint64_t linksPid() const { return p.stages.size() + 1; }
  uint64_t pathPid() const { return p.stages.size() + 2; }
  uint64_t pePid(uint32_t pe) const { return p.stages.size() + 3 + pe; }

  const bin::Program &p;
  const sim::Stats &s;
  const sim::Trace &r;
  json::OStream j;
};

} // namespace

static int64_t number(uint64_t n) {
  return int64_t(std::min<uint64_t>(n, INT64_MAX));
}

/// One event. Its fields are in the order in which they are written.
void Writer::line(Fields fields) {
  j.rawValue([&](raw_ostream &os) {
    os << "\n";
    json::OStream one(os);
    one.object([&] { fields(one); });
  });
}

void Writer::slice(const Twine &name, uint64_t pid, uint64_t tid, uint64_t from,
                   uint64_t to, Fields args) {
  line([&](json::OStream &o) {
    o.attribute("ph", "X");
    o.attribute("pid", number(pid));
    o.attribute("tid", number(tid));
    o.attribute("ts", number(from));
    o.attribute("dur", number(to - from));
    o.attribute("name", json::fixUTF8(name.str()));
    o.attributeObject("args", [&] { args(o); });
  });
}

/// `what`: "process_name" or "thread_name". Processes keep their order.
void Writer::name(StringRef what, uint64_t pid, uint64_t tid,
                  const Twine &name) {
  auto meta = [&](StringRef kind, StringRef key, json::Value value) {
    line([&](json::OStream &o) {
      o.attribute("ph", "M");
      o.attribute("pid", number(pid));
      o.attribute("tid", number(tid));
      o.attribute("name", kind);
      o.attributeObject("args", [&] { o.attribute(key, value); });
    });
  };
  meta(what, "name", json::fixUTF8(name.str()));
  if (what == "process_name")
    meta("process_sort_index", "sort_index", number(pid));
  else
    meta("thread_sort_index", "sort_index", number(tid));
}

void Writer::counter(const Twine &name, uint64_t pid, uint64_t at,
                     uint64_t value) {
  line([&](json::OStream &o) {
    o.attribute("ph", "C");
    o.attribute("pid", number(pid));
    o.attribute("ts", number(at));
    o.attribute("name", name.str());
    o.attributeObject("args", [&] { o.attribute("wavelets", number(value)); });
  });
}

//===----------------------------------------------------------------------===//
// Stages and kernels
//===----------------------------------------------------------------------===//

void Writer::kernel(uint32_t index, uint64_t pid, uint64_t lane) {
  const bin::Kernel &k = p.kernels[index];
  const sim::KernelStats &c = s.kernels[index];
  slice(k.name, pid, lane, c.firstCycle, c.lastCycle, [&](json::OStream &o) {
    o.attribute("algorithm", json::fixUTF8(k.algorithm));
    o.attribute("rectangle", rectText(k.where));
    o.attributeArray("nodes", [&] {
      for (const std::string &n : nodeNames(p, index))
        o.value(json::fixUTF8(n));
    });
    o.attribute("macs", number(c.macs));
    o.attribute("pes", number(c.time.pes));
  });
}

/// Kernels go to the first track that is free when they begin.
void Writer::stage(uint32_t index) {
  std::vector<uint32_t> order;
  for (uint32_t k = 0; k < p.kernels.size(); ++k)
    if (p.kernels[k].stage == index && s.kernels[k].cycles)
      order.push_back(k);
  llvm::stable_sort(order, [&](uint32_t a, uint32_t b) {
    return s.kernels[a].firstCycle < s.kernels[b].firstCycle;
  });
  uint64_t pid = 1 + index, last = 0;
  const bin::Stage &stage = p.stages[index];
  name("process_name", pid, 0, "stage " + stage.name);
  name("thread_name", pid, 0, "stage");
  std::vector<uint64_t> busy; // by track: until when
  for (uint32_t k : order) {
    const sim::KernelStats &c = s.kernels[k];
    last = std::max(last, c.lastCycle);
    auto lane = find_if(busy, [&](uint64_t t) { return t <= c.firstCycle; });
    size_t at = size_t(lane - busy.begin());
    if (lane == busy.end()) {
      busy.push_back(0);
      name("thread_name", pid, 1 + at, "kernels " + Twine(at + 1));
    }
    busy[at] = c.lastCycle;
    kernel(k, pid, 1 + at);
  }
  if (!order.empty())
    slice(stage.name, pid, 0, s.kernels[order[0]].firstCycle, last,
          [&](json::OStream &o) {
            o.attribute("rectangle", rectText(stage.where));
            o.attribute("kernels", number(order.size()));
          });
}

//===----------------------------------------------------------------------===//
// Links
//===----------------------------------------------------------------------===//

void Writer::links() {
  if (r.links.empty())
    return;
  static const char *const dirs[] = {"north", "south", "east", "west"};
  std::string unit = formatv(" (wavelets in {0} cycles)", r.linkWindow);
  std::string busiest = "busiest link" + unit, all = "all links" + unit;
  uint64_t pid = linksPid(), width = r.linkWindow;
  name("process_name", pid, 0, "fabric links");
  name("thread_name", pid, 0, "the busiest link");
  for (size_t i = 0; i < r.links.size(); ++i) {
    const sim::LinkWindow &w = r.links[i];
    uint64_t from = w.index * width, to = from + width;
    counter(busiest, pid, from, w.busiest);
    counter(all, pid, from, w.all);
    slice(formatv("({0}, {1}) {2}", w.x, w.y, dirs[w.dir]).str(), pid, 0, from,
          to, [&](json::OStream &o) {
            o.attribute("wavelets", number(w.busiest));
            o.attribute("percent", 100.0 * w.busiest / double(width));
          });
    if (i + 1 < r.links.size() && r.links[i + 1].index == w.index + 1)
      continue;
    counter(busiest, pid, to, 0);
    counter(all, pid, to, 0);
  }
}

//===----------------------------------------------------------------------===//
// The critical path
//===----------------------------------------------------------------------===//

void Writer::path() {
  if (r.path.empty())
    return;
  name("process_name", pathPid(), 0, "critical path");
  name("thread_name", pathPid(), 0, "kernels");
  for (const sim::PathSegment &g : r.path)
    slice(kernelName(p, g.kernel), pathPid(), 0, g.from, g.to,
          [&](json::OStream &o) { writePathSegment(o, p, g); });
}

//===----------------------------------------------------------------------===//
// PEs
//===----------------------------------------------------------------------===//

static std::string laneName(uint16_t lane) {
  if (!lane)
    return "main thread";
  if (lane < PEEvent::InLanes)
    return formatv("microthread {0}", lane - 1);
  bool in = lane < PEEvent::OutLanes;
  return formatv("{0}, colour {1}", in ? "in" : "out",
                 lane - (in ? PEEvent::InLanes : PEEvent::OutLanes));
}

void Writer::event(const PEEvent &e) {
  static const char *const names[] = {"",
                                      "set-up",
                                      "elements",
                                      "wait for a wavelet",
                                      "wait for room",
                                      "wait for the element pipe",
                                      "wait for a task",
                                      "wavelet",
                                      "wavelet"};
  bool instruction = e.kind == PEEvent::Instruction;
  slice(instruction ? r.texts[e.a] : names[e.kind], pePid(e.pe), e.lane, e.from,
        e.to, [&](json::OStream &o) {
          if (instruction && e.b != ~0u)
            o.attribute("kernel", json::fixUTF8(p.kernels[e.b].name));
          if (e.kind == PEEvent::Elements)
            o.attribute("elements", number(e.a));
          if (e.kind == PEEvent::WaitIn || e.kind == PEEvent::WaitOut)
            o.attribute("colour", number(e.a));
          if (e.kind == PEEvent::Received || e.kind == PEEvent::Sent)
            o.attribute("word", formatv("{0:x8}", e.a).str());
          if (e.kind == PEEvent::Received)
            o.attribute("queued", number(e.b));
        });
}

void Writer::pes() {
  std::set<std::pair<uint32_t, uint16_t>> lanes;
  for (uint32_t i = 0; i < r.pes.size(); ++i)
    name("process_name", pePid(i), 0,
         formatv("PE ({0}, {1}), class {2}", r.pes[i].x, r.pes[i].y,
                 p.classes[r.pes[i].cls].name)
             .str());
  for (const PEEvent &e : r.events) {
    if (lanes.insert({e.pe, e.lane}).second)
      name("thread_name", pePid(e.pe), e.lane, laneName(e.lane));
    event(e);
  }
}

//===----------------------------------------------------------------------===//
// The file
//===----------------------------------------------------------------------===//

void Writer::metadata(const Target &t) {
  j.attributeObject("otherData", [&] {
    j.attribute("program", json::fixUTF8(p.name));
    j.attribute("target", json::fixUTF8(t.name));
    j.attribute("unit", "1 cycle is shown as 1 us");
    j.attribute("cycles", number(s.cycles));
    j.attribute("link_window", number(r.linkWindow));
    j.attribute("link_wavelets_left_out", number(r.linkWaveletsLeftOut));
    j.attribute("pe_events", number(r.events.size()));
    j.attribute("pe_events_left_out", number(r.eventsLeftOut));
    if (!r.failure.empty())
      j.attribute("failure", json::fixUTF8(r.failure));
  });
}

/// A mark across all tracks.
void Writer::failure() {
  if (r.failure.empty())
    return;
  line([&](json::OStream &o) {
    o.attribute("ph", "i");
    o.attribute("s", "g");
    o.attribute("pid", number(linksPid()));
    o.attribute("tid", 0);
    o.attribute("ts", number(r.failedAt));
    o.attribute("name", "failure");
    o.attributeObject(
        "args", [&] { o.attribute("message", json::fixUTF8(r.failure)); });
  });
}

void Writer::run(const Target &t) {
  j.object([&] {
    metadata(t);
    j.attributeArray("traceEvents", [&] {
      for (uint32_t i = 0; i < p.stages.size(); ++i)
        stage(i);
      links();
      path();
      pes();
      failure();
    });
  });
  j.flush();
}

void run::printTraceJson(raw_ostream &os, const bin::Program &p,
                         const Target &t, const sim::Stats &s,
                         const sim::Trace &r) {
  Writer(os, p, s, r).run(t);
  os << "\n";
}
