//===- TraceFlags.cpp - Options of traces ---------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "TraceFlags.h"

using namespace llvm;
using namespace weft;
using namespace weft::run;

static Error bad(const Twine &what) { return createStringError(what); }

/// X,Y,WxH
static bool parseRect(StringRef text, sim::TraceRect &r) {
  return !text.consumeInteger(10, r.x) && text.consume_front(",") &&
         !text.consumeInteger(10, r.y) && text.consume_front(",") &&
         !text.consumeInteger(10, r.w) && text.consume_front("x") &&
         !text.getAsInteger(10, r.h) && r.w && r.h;
}

Error run::parseTraceFlag(StringRef name, StringRef text,
                          sim::TraceOptions &to) {
  if (name == "--trace-pes") {
    sim::TraceRect r;
    if (!parseRect(text, r))
      return bad("option '--trace-pes': '" + text + "' is not X,Y,WxH");
    to.pes = r;
    return Error::success();
  }
  auto [from, end] = text.split(':');
  if (from.getAsInteger(10, to.from) || end.getAsInteger(10, to.to) ||
      to.from >= to.to)
    return bad("option '--trace-window': '" + text +
               "' is not FROM:TO, the first cycle and the one after the last");
  return Error::success();
}

Error run::checkTraceFlags(const Options &o) {
  auto needs = [](StringRef name, StringRef other) {
    return bad("option '" + name + "' needs " + other);
  };
  bool events = o.record.maxEvents != sim::TraceOptions().maxEvents;
  bool window = o.record.from || o.record.to != sim::TraceOptions().to;
  if (o.fidelity() != sim::Fidelity::Exact && o.observes())
    return needs(o.trace.empty() ? "--critical-path" : "--trace",
                 "--fidelity=exact");
  if (o.trace.empty() && o.record.pes)
    return needs("--trace-pes", "--trace");
  if (o.trace.empty() && o.record.linkWindow)
    return needs("--trace-links", "--trace");
  if (!o.record.pes && window)
    return needs("--trace-window", "--trace-pes");
  if (!o.record.pes && events)
    return needs("--trace-events", "--trace-pes");
  return Error::success();
}

uint32_t run::linkWindowFor(const bin::Program &p) {
  uint32_t width = 16;
  while (p.cyclesEstimate / width > 4096 && width < 1u << 30)
    width *= 2;
  return width;
}
