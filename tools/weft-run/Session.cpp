//===- Session.cpp - One call of weft-run ---------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Session.h"
#include "Compare.h"
#include "PathReport.h"
#include "Probe.h"
#include "Results.h"
#include "StatsJson.h"
#include "TraceFlags.h"
#include "TraceJson.h"
#include "weft/Binary/File.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace weft;
using namespace weft::run;

namespace {

class Session {
public:
  explicit Session(const Options &o) : o(o) {}
  int run();

private:
  int fail(const Twine &message) {
    errs() << o.program << ": error: " << message << "\n";
    return WrongUse;
  }
  int fail(Error e) { return fail(toString(std::move(e))); }
  int internal(Error e) {
    errs() << "internal: " << toString(std::move(e)) << "\n";
    return Internal;
  }
  int bindNames();
  int checkSteps();
  Error bindAll(StringRef option, ArrayRef<std::string> texts,
                ArrayRef<bin::IOTensor> known, std::vector<std::string> &files);
  Expected<FileTensor> read(StringRef file, uint64_t step);
  Expected<FileTensor> readFor(const bin::IOTensor &t, StringRef file,
                               uint64_t step);
  int readExpected(uint64_t step);
  int step(uint64_t step);
  int feed(uint64_t step);
  int readOutputs();
  int compare(uint64_t step);
  int writeResults(uint64_t step);
  Error record();
  int failed(Error e);
  int report();
  int reportTrace();

  const Options &o;
  bin::Loaded loaded;
  Probes probes{o, loaded.program};
  Target target;
  std::unique_ptr<sim::Simulator> simulator;
  std::vector<std::string> inputFiles, expectFiles; // by index; "": none
  std::vector<bool> isState;                        // by input
  std::vector<FileTensor> outputs, wanted;
  sim::Stats stats; // of the last step
  std::vector<uint64_t> stepCycles;
  Results results;
  bool differs = false;
};

} // namespace

Error Session::bindAll(StringRef option, ArrayRef<std::string> texts,
                       ArrayRef<bin::IOTensor> known,
                       std::vector<std::string> &files) {
  std::vector<std::string> names;
  for (const bin::IOTensor &t : known)
    names.push_back(t.name);
  files.assign(known.size(), "");
  for (const std::string &text : texts) {
    Expected<Binding> b = bindName(option, text, names);
    if (!b)
      return b.takeError();
    if (!files[b->index].empty())
      return createStringError("'" + names[b->index] + "' is given twice");
    if (b->file.empty())
      return createStringError("'" + names[b->index] + "' has no file");
    files[b->index] = b->file;
  }
  return Error::success();
}

int Session::bindNames() {
  const bin::Program &p = loaded.program;
  if (Error e = bindAll("--input", o.inputs, p.inputs, inputFiles))
    return fail(std::move(e));
  if (Error e = bindAll("--expect", o.expects, p.outputs, expectFiles))
    return fail(std::move(e));
  if (Error e = probes.bind())
    return fail(std::move(e));
  isState.assign(p.inputs.size(), false);
  for (const bin::IOTensor &t : p.outputs)
    if (t.state >= 0)
      isState[t.state] = true;
  std::string missing, all;
  for (size_t i = 0; i < p.inputs.size(); ++i) {
    const bin::IOTensor &t = p.inputs[i];
    all += "\n  " + t.name + ": " + describeTensor(t.type, t.shape);
    if (inputFiles[i].empty() && !isState[i] && !o.zeros)
      missing += (missing.empty() ? "'" : ", '") + t.name + "'";
  }
  return missing.empty()
             ? Success
             : fail("no --input for " + missing +
                    "; --zeros runs without; the program's inputs are" + all);
}

/// SRAM is kept between steps, but a program may have used its weights' bytes.
int Session::checkSteps() {
  if (o.steps == 1 || loaded.program.repeatable)
    return Success;
  return fail(
      "--steps needs a program that can run again without being loaded "
      "again; this one overwrites weights that it has used, for lack of "
      "memory: compile it for a larger grid, or with --state, which "
      "keeps them");
}

static std::string withStep(StringRef file, uint64_t step) {
  std::string out;
  while (true) {
    auto [before, after] = file.split("{step}");
    out += before;
    if (before.size() == file.size())
      return out;
    out += std::to_string(step);
    file = after;
  }
}

Expected<FileTensor> Session::read(StringRef file, uint64_t step) {
  std::string path = withStep(file, step);
  results.keep(path);
  return readTensor(path);
}

Expected<FileTensor> Session::readFor(const bin::IOTensor &t, StringRef file,
                                      uint64_t step) {
  Expected<FileTensor> h = read(file, step);
  if (!h)
    return createStringError("'" + t.name + "': " + toString(h.takeError()));
  if (h->type != t.type || h->shape != t.shape)
    return createStringError("'" + t.name + "': " + file + " holds " +
                             describeTensor(h->type, h->shape) +
                             ", the program has " +
                             describeTensor(t.type, t.shape));
  return h;
}

static FileTensor zeros(const bin::IOTensor &t) {
  uint64_t bytes = bin::elemBytes(t.type);
  for (uint64_t n : t.shape)
    bytes *= n;
  return {t.name, t.type, t.shape, std::vector<uint8_t>(bytes)};
}

/// A state is written before the first step only.
int Session::feed(uint64_t step) {
  const bin::Program &p = loaded.program;
  for (size_t i = 0; i < p.inputs.size(); ++i) {
    if (isState[i] && step > 0)
      continue;
    Expected<FileTensor> h = inputFiles[i].empty()
                                 ? zeros(p.inputs[i])
                                 : readFor(p.inputs[i], inputFiles[i], step);
    if (!h)
      return fail(h.takeError());
    if (Error e = simulator->setInput(i, h->bytes))
      return fail(std::move(e));
  }
  return Success;
}

/// Wrong files are better known before a long run than after.
int Session::readExpected(uint64_t step) {
  const bin::Program &p = loaded.program;
  wanted.assign(p.outputs.size(), {});
  for (size_t i = 0; i < p.outputs.size(); ++i) {
    if (expectFiles[i].empty())
      continue;
    Expected<FileTensor> h = readFor(p.outputs[i], expectFiles[i], step);
    if (!h)
      return fail(h.takeError());
    wanted[i] = std::move(*h);
  }
  Error e = probes.read([&](StringRef file) { return read(file, step); });
  return e ? fail(std::move(e)) : Success;
}

int Session::readOutputs() {
  outputs.clear();
  for (size_t i = 0; i < loaded.program.outputs.size(); ++i) {
    const bin::IOTensor &t = loaded.program.outputs[i];
    Expected<std::vector<uint8_t>> bytes = simulator->getOutput(i);
    if (!bytes)
      return internal(bytes.takeError());
    outputs.push_back({t.name, t.type, t.shape, std::move(*bytes)});
  }
  Error e = probes.take(*simulator);
  return e ? internal(std::move(e)) : Success;
}

int Session::compare(uint64_t step) {
  std::string where = o.steps > 1 ? formatv(" in step {0}", step).str() : "";
  differs |= probes.compare(where);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (expectFiles[i].empty())
      continue;
    Comparison c =
        compareTensors(outputs[i], wanted[i],
                       o.rtol.value_or(loaded.program.defaultRtol), o.atol);
    std::string name = "'" + outputs[i].name + "'" + where;
    std::string text = describe(c, outputs[i].shape);
    if (c.differs)
      errs() << o.program << ": error: output " << name << " differs: " << text
             << "\n";
    else if (!o.quiet)
      outs() << "output " << name << " agrees: " << text << "\n";
    differs |= c.differs;
  }
  return Success;
}

/// The last step's files wait for the statistics.
int Session::writeResults(uint64_t step) {
  if (o.outputDir.empty())
    return Success;
  SmallString<128> dir(o.outputDir);
  if (o.steps > 1)
    sys::path::append(dir, formatv("step_{0}", step).str());
  for (size_t i = 0; i < outputs.size(); ++i)
    if (Error e = results.addTensor(dir, formatv("output_{0}.pb", i).str(),
                                    outputs[i]))
      return fail(std::move(e));
  for (size_t k = 0; k < probes.values.size(); ++k)
    if (Error e = results.addTensor(dir, formatv("probe_{0}.pb", k).str(),
                                    probes.values[k]))
      return fail(std::move(e));
  if (step + 1 == o.steps)
    return Success;
  Error e = results.commit();
  return e ? fail(std::move(e)) : Success;
}

/// Every step is recorded, since any may fail; the record of the last that ran
/// stays.
Error Session::record() {
  sim::TraceOptions r = o.record;
  if (!o.trace.empty() && !r.linkWindow)
    r.linkWindow = linkWindowFor(loaded.program);
  return simulator->record(r);
}

/// What a run leaves that failed: the record up to there.
int Session::failed(Error e) {
  int code = internal(std::move(e));
  stats = simulator->stats();
  reportTrace();
  if (Error error = results.commit())
    fail(std::move(error));
  return code;
}

int Session::step(uint64_t step) {
  if (int code = feed(step))
    return code;
  if (int code = readExpected(step))
    return code;
  Expected<sim::Stats> s = simulator->run(
      o.maxCycles ? o.maxCycles : sim::Simulator::MaxCycles, o.fidelity());
  if (!s)
    return failed(s.takeError());
  stats = std::move(*s);
  stepCycles.push_back(stats.cycles);
  if (int code = readOutputs())
    return code;
  if (int code = writeResults(step))
    return code;
  return compare(step);
}

int Session::report() {
  const sim::Trace &trace = simulator->recorded();
  Cost cost{stats, stepCycles, o.fidelity(), trace};
  if (!o.quiet)
    printSummary(outs(), cost);
  if (!o.statsJson.empty())
    if (Error e = results.add(o.statsJson, [=, this](raw_ostream &os) {
          printStatsJson(os, loaded.program, target, cost);
          return Error::success();
        }))
      return fail(std::move(e));
  return reportTrace();
}

int Session::reportTrace() {
  const sim::Trace &trace = simulator->recorded();
  auto warn = [&](const Twine &what) {
    errs() << o.program << ": warning: " << what << "\n";
  };
  if (!o.quiet && !trace.path.empty())
    printPathTable(outs(), loaded.program, trace.path, !trace.failure.empty());
  if (trace.eventsLeftOut)
    warn(formatv("the trace leaves out {0} events after the first {1}; a "
                 "smaller --trace-pes or --trace-window, or more "
                 "--trace-events, shows them",
                 trace.eventsLeftOut, trace.events.size()));
  if (trace.linkWaveletsLeftOut)
    warn(formatv("the trace leaves out {0} wavelets of the links after {1} "
                 "windows; wider ones (--trace-links) show them",
                 trace.linkWaveletsLeftOut, trace.links.size()));
  if (trace.pathTooLong)
    warn(formatv("no critical path: more than {0} beginnings of it would have "
                 "to be kept",
                 o.record.maxPathNodes));
  if (!o.trace.empty())
    if (Error e = results.add(o.trace, [this, &trace](raw_ostream &os) {
          printTraceJson(os, loaded.program, target, stats, trace);
          return Error::success();
        }))
      return fail(std::move(e));
  return Success;
}

int Session::run() {
  Expected<bin::Loaded> file = bin::loadFile(o.program);
  if (!file)
    return fail(file.takeError());
  loaded = std::move(*file);
  results.keep(o.program);
  Expected<Target> t = parseTarget(loaded.program.targetYaml, o.program);
  if (!t)
    return fail("target: " + toString(t.takeError()));
  target = std::move(*t);
  if (int code = bindNames())
    return code;
  if (int code = checkSteps())
    return code;
  Expected<std::unique_ptr<sim::Simulator>> made =
      sim::Simulator::create(loaded.program, target);
  if (!made)
    return fail(made.takeError());
  simulator = std::move(*made);
  if (Error e = probes.ask(*simulator))
    return fail(std::move(e));
  if (Error e = record())
    return fail(std::move(e));
  for (uint64_t i = 0; i < o.steps; ++i)
    if (int code = step(i))
      return code;
  if (int code = report())
    return code;
  if (Error e = results.commit())
    return fail(std::move(e));
  return differs ? Differs : Success;
}

int weft::run::runSession(const Options &o) { return Session(o).run(); }
