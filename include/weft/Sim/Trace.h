//===- Trace.h - What can be recorded of a run ----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Three records, each asked for by itself and each bounded: the load of the
// links in windows of time, what some PEs did in some cycles, and the chain of
// events that the last halt depended on. What is left out is counted.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_SIM_TRACE_H
#define WEFT_SIM_TRACE_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weft::sim {

/// An unsplit rectangle of PEs.
struct TraceRect {
  uint32_t x = 0, y = 0, w = 1, h = 1;
};

struct TraceOptions {
  /// Cycles of a window of the link counters; 0: none are kept.
  uint32_t linkWindow = 0;
  size_t maxLinkWindows = 1u << 16;
  /// PEs whose events in cycles [from, to) are kept.
  std::optional<TraceRect> pes;
  uint64_t from = 0, to = ~uint64_t(0);
  size_t maxEvents = 1000000;
  bool criticalPath = false;
  bool activity = false; // the cycles in which PEs do something are counted
  size_t maxPathNodes = 1u << 24; // kept at a time, at 56 bytes
};

/// The wavelets that links carried in cycles [index, index + 1) * linkWindow.
struct LinkWindow {
  uint64_t index = 0, all = 0;
  uint32_t busiest = 0;  // wavelets on the busiest link
  uint32_t x = 0, y = 0; // the router it leaves
  uint8_t dir = 0;       // north, south, east, west
};

/// Something a traced PE did in cycles [from, to).
struct PEEvent {
  enum Kind : uint8_t {
    Instruction, // a: text; b: kernel of the program, or ~0
    Setup,       // of a vector op
    Elements,    // a: how many of its elements
    WaitIn,      // for a wavelet; a: colour
    WaitOut,     // for room in the output queue; a: colour
    WaitPipe,    // another op of the PE has the element pipe
    WaitTask,    // until a task may start
    Received,    // a: word; b: cycles it lay in the input queue
    Sent         // a: word
  };
  /// The main thread is lane 0, microthread m is 1 + m; wavelets have lanes of
  /// their own, by colour.
  static constexpr uint16_t InLanes = 0x100, OutLanes = 0x200;
  uint32_t pe = 0; // index into Trace::pes
  uint16_t lane = 0;
  Kind kind = Instruction;
  uint32_t from = 0, to = 0, a = 0, b = 0;
};

/// What a cycle of the critical path was spent on.
enum PathPart : uint8_t {
  PathCompute, // instructions and elements, also while another op has the pipe
  PathSetup,   // of vector ops
  PathTransport, // ramps and hops
  PathRoom,      // for room in a queue or router, or for a link
  PathTask,      // for the start of a task
  NumPathParts
};

/// A stretch of the critical path that one kernel is charged with: it begins at
/// `from` on one PE and ends at `to` on another.
struct PathSegment {
  uint32_t kernel = ~uint32_t(0); // of the program, or ~0: none
  uint64_t from = 0, to = 0;
  uint32_t fromX = 0, fromY = 0, toX = 0, toY = 0;
  uint64_t part[NumPathParts] = {};
  uint64_t messages = 0, hops = 0; // wavelets it went with, links they took
};

/// The record of the last run.
struct Trace {
  struct PE {
    uint32_t x, y, cls; // cls: index into Program::classes
  };
  uint32_t linkWindow = 0;
  std::vector<LinkWindow> links; // ascending; those without wavelets are absent
  uint64_t linkWaveletsLeftOut = 0; // in windows after the last that is kept
  std::vector<PE> pes;
  std::vector<std::string> texts; // instructions
  std::vector<PEEvent> events;    // by PE, lane and time, outer ones first
  uint64_t eventsLeftOut = 0;
  /// PE-cycles in which an instruction is issued, an element goes through the
  /// pipe of fabric ops or the router moves a wavelet; and these together with
  /// those of the elements of ops in memory that the main thread waits for.
  uint64_t issueCycles = 0, workCycles = 0;
  /// Why the run failed, and in which cycle; "" if it came to its end.
  std::string failure;
  uint64_t failedAt = 0;
  /// From cycle 0 to the last halt; the parts add up to the cycles of the run.
  /// Of a failed run: to the last that the PE at fault did, or, if there is
  /// none, one of those that have not halted.
  std::vector<PathSegment> path;
  bool pathTooLong = false; // maxPathNodes was not enough: no path
};

} // namespace weft::sim
#endif
