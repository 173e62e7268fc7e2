//===- Options.cpp - The command line of weft-run -------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Options.h"
#include "TraceFlags.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include <cmath>

using namespace llvm;
using namespace weft;
using namespace weft::run;

const char weft::run::Usage[] =
    R"(usage: weft-run OUT.weft --input NAME=FILE... [options]

Executes a program to the cycle and reads its outputs. FILE is .npy or an ONNX
TensorProto (.pb); with --steps it may hold {step}. '-' is standard input.

  --input NAME=FILE     value of a graph input; every input is needed but states,
                        which are written before step 0 only (default: zeros)
  --zeros               inputs without --input are zeros: no count and no cycle
                        depends on values
  --expect NAME=FILE    compare a graph output; exit code 2 if it differs
  --probe VALUE=FILE    compare an intermediate value of the ONNX graph and name
                        the first that diverges; exit code 2 (what can be
                        probed: weft-objdump --values)
  --rtol=R --atol=A     allowed: A + R * largest finite |want| (default: the
                        program's R, A = 0); integers and bool exactly
  --output-dir=DIR      write output_K.pb in graph order, and probe_K.pb in the
                        order given; --probe then needs no =FILE;
                        with --steps, those of step S in DIR/step_S
  --stats-json=FILE     write what the run cost ('-': standard output)
  --trace=FILE          write what happened when, for Perfetto or chrome://tracing:
                        stages, kernels, load of the links ('-': standard output)
  --trace-pes=X,Y,WxH   add what each of these PEs did: instructions, ops, waits,
                        wavelets
  --trace-window=FROM:TO  only in these cycles
  --trace-events=N      at most N of them (default: 1000000)
  --trace-links=N       load of the links in windows of N cycles (default: a power
                        of two by the estimate of cycles)
  --critical-path       print which chain of events the last halt depended on, by
                        kernel; it is also added to --stats-json and --trace
  --steps=N             run N times, step 0 to N-1; SRAM is kept in between
  --fidelity=F          batched (default): streams in few steps, with the results
                        of exact; exact (default of --trace and
                        --critical-path): cycle by cycle; functional: the
                        outputs without time
  --max-cycles=N        give up after N cycles
  --quiet               print only what is wrong
  --help, --version

Exit codes: 0 success, 1 wrong use, 2 an output differs, 3 the program is wrong.
)";

namespace {

/// Walks the words; the handlers see name and value.
class Parser {
public:
  explicit Parser(ArrayRef<const char *> args) : args(args) {}
  Expected<Options> run();

private:
  Error option(StringRef name, std::optional<StringRef> value);
  Error flag(StringRef name, bool &to, std::optional<StringRef> value);
  Expected<StringRef> needed(StringRef name, std::optional<StringRef> value);
  Error fidelity(StringRef name, std::optional<StringRef> value);
  template <typename T>
  Error number(StringRef name, std::optional<StringRef> value, T &to);

  ArrayRef<const char *> args;
  Options o;
};

} // namespace

static Error bad(const Twine &what) { return createStringError(what); }

Expected<StringRef> Parser::needed(StringRef name,
                                   std::optional<StringRef> value) {
  if (!value && !args.empty()) {
    value = args.front();
    args = args.drop_front();
  }
  if (!value || value->empty())
    return bad("option '" + name + "' needs a value");
  return *value;
}

template <typename T>
Error Parser::number(StringRef name, std::optional<StringRef> value, T &to) {
  Expected<StringRef> text = needed(name, value);
  if (!text)
    return text.takeError();
  bool wrong;
  if constexpr (std::is_same_v<T, double>)
    wrong = !to_float(*text, to) || !(to >= 0) || !std::isfinite(to);
  else
    wrong = text->getAsInteger(10, to) || !to;
  if (wrong)
    return bad(
        "option '" + name + "': '" + *text + "' is no " +
        (std::is_same_v<T, double> ? "number from 0" : "whole number from 1"));
  return Error::success();
}

Error Parser::fidelity(StringRef name, std::optional<StringRef> value) {
  Expected<StringRef> text = needed(name, value);
  if (!text)
    return text.takeError();
  for (sim::Fidelity f : {sim::Fidelity::Exact, sim::Fidelity::Batched,
                          sim::Fidelity::Functional})
    if (*text == fidelityName(f)) {
      o.askedFidelity = f;
      return Error::success();
    }
  return bad("option '" + name + "': '" + *text +
             "' is none of exact, batched, functional");
}

Error Parser::flag(StringRef name, bool &to, std::optional<StringRef> value) {
  to = true;
  return value ? bad("option '" + name + "' takes no value") : Error::success();
}

Error Parser::option(StringRef name, std::optional<StringRef> value) {
  if (name == "--quiet")
    return flag(name, o.quiet, value);
  if (name == "--zeros")
    return flag(name, o.zeros, value);
  if (name == "--critical-path")
    return flag(name, o.record.criticalPath, value);
  if (name == "--trace-events")
    return number(name, value, o.record.maxEvents);
  if (name == "--trace-links")
    return number(name, value, o.record.linkWindow);
  if (name == "--help" || name == "-h")
    return flag(name, o.help, value);
  if (name == "--version")
    return flag(name, o.version, value);
  if (name == "--atol")
    return number(name, value, o.atol);
  if (name == "--rtol") {
    double r;
    if (Error e = number(name, value, r))
      return e;
    o.rtol = r;
    return Error::success();
  }
  if (name == "--fidelity")
    return fidelity(name, value);
  if (name == "--steps")
    return number(name, value, o.steps);
  if (name == "--max-cycles")
    return number(name, value, o.maxCycles);
  bool known = name == "--input" || name == "--expect" || name == "--probe" ||
               name == "--output-dir" || name == "--stats-json" ||
               name == "--trace";
  bool tracesPEs = name == "--trace-pes" || name == "--trace-window";
  if (!known && !tracesPEs)
    return bad("unknown option '" + name + "'; see --help");
  Expected<StringRef> text = needed(name, value);
  if (!text)
    return text.takeError();
  if (tracesPEs)
    return parseTraceFlag(name, *text, o.record);
  if (name == "--input")
    o.inputs.push_back(text->str());
  else if (name == "--expect")
    o.expects.push_back(text->str());
  else if (name == "--probe")
    o.probes.push_back(text->str());
  else if (name == "--trace")
    o.trace = text->str();
  else
    (name == "--output-dir" ? o.outputDir : o.statsJson) = text->str();
  return Error::success();
}

Expected<Options> Parser::run() {
  while (!args.empty()) {
    StringRef word = args.front();
    args = args.drop_front();
    if (word.starts_with("-") && word != "-") {
      size_t eq = word.find('=');
      std::optional<StringRef> value;
      if (eq != StringRef::npos)
        value = word.substr(eq + 1);
      if (Error e = option(word.substr(0, eq), value))
        return e;
    } else if (o.program.empty()) {
      o.program = word.str();
    } else {
      return bad("unexpected word '" + word +
                 "'; one program is run at a time");
    }
  }
  if (o.program.empty() && !o.help && !o.version)
    return bad("no program is given; see --help");
  if (Error e = checkTraceFlags(o))
    return e;
  return o;
}

const char *weft::run::fidelityName(sim::Fidelity f) {
  switch (f) {
  case sim::Fidelity::Exact:
    return "exact";
  case sim::Fidelity::Batched:
    return "batched";
  case sim::Fidelity::Functional:
    return "functional";
  }
  llvm_unreachable("no fidelity");
}

Expected<Options> weft::run::parseOptions(ArrayRef<const char *> args) {
  return Parser(args).run();
}

std::string weft::run::nearestText(StringRef name,
                                   ArrayRef<std::string> known) {
  const std::string *best = nullptr;
  unsigned least = ~0u;
  for (const std::string &k : known)
    if (unsigned d = name.edit_distance(k, true, least); d < least) {
      least = d;
      best = &k;
    }
  return best ? "; the nearest is '" + *best + "'" : "";
}

Expected<Binding> weft::run::bindName(StringRef option, StringRef text,
                                      ArrayRef<std::string> names) {
  size_t best = names.size();
  for (size_t i = 0; i < names.size(); ++i) {
    StringRef name = names[i];
    bool fits =
        text.starts_with(name) && text.drop_front(name.size()).starts_with("=");
    if (fits && (best == names.size() || name.size() > names[best].size()))
      best = i;
  }
  if (best != names.size())
    return Binding{best, text.drop_front(names[best].size() + 1).str()};
  if (!text.contains('='))
    return bad("option '" + option + "': '" + text + "' is not NAME=FILE");
  StringRef name = text.split('=').first;
  if (names.empty())
    return bad("option '" + option + "': '" + name +
               "' is not known, the "
               "program has none");
  std::string known;
  for (const std::string &n : names.take_front(8))
    known += (known.empty() ? "" : ", ") + n;
  if (names.size() > 8)
    known += ", and " + utostr(names.size() - 8) + " more";
  return bad("option '" + option + "': '" + name + "' is none of " + known +
             nearestText(name, names));
}
