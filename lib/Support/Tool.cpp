//===- Tool.cpp - What the mains of all tools have in common --------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Support/Tool.h"
#include "weft/Support/Version.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"
#include <csignal>
#include <cstdio>
#include <unistd.h>

using namespace weft;
using llvm::StringRef;
namespace cl = llvm::cl;

/// Streams of LLVM that are destroyed with an error come here, that of `--help`
/// at exit: nothing of LLVM may be used any more.
static void fatal(void *name, const char *reason, bool) {
  StringRef text = reason;
  bool output = text.consume_front("IO failure on output stream: ");
  std::fprintf(stderr,
               output ? "%s: error: cannot write: %s\n" : "internal: %s: %s\n",
               static_cast<const char *>(name), text.data());
  llvm::sys::RunInterruptHandlers(); // half-written files go
  _exit(output ? 1 : 3);
}

void weft::startTool(const char *name) {
  sigset_t blocked; // not ignored: LLVM's own handlers would replace that
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGPIPE);
  sigaddset(&blocked, SIGXFSZ);
  sigprocmask(SIG_BLOCK, &blocked, nullptr);
  llvm::install_fatal_error_handler(fatal, const_cast<char *>(name));
}

int weft::finishTool(const char *name, int code) {
  llvm::outs().flush();
  std::error_code ec = llvm::outs().error();
  if (!ec)
    return code;
  llvm::outs().clear_error();
  llvm::errs() << name
               << ": error: cannot write 'standard output': " << ec.message()
               << "\n";
  return code ? code : 1;
}

/// The first option that is given no value or an empty one, or empty.
static std::string emptyValue(int argc, char **argv) {
  auto &options = cl::getRegisteredOptions();
  for (int i = 1; i < argc && StringRef(argv[i]) != "--"; ++i) {
    StringRef word = argv[i];
    if (!word.starts_with("-"))
      continue;
    auto [name, value] = word.ltrim('-').split('=');
    auto found = options.find(name);
    if (found == options.end() ||
        found->second->getValueExpectedFlag() != cl::ValueRequired)
      continue;
    bool here = word.contains('=');
    if (!here)
      value = ++i < argc ? argv[i] : "";
    if (value.empty())
      return here ? word.drop_back().str() : word.str();
  }
  return "";
}

/// LLVM's sentences as ours: a line each, lower case, without full stop. What
/// is wrong with a value has been said by its option.
static void explain(StringRef name, StringRef text) {
  const char *kind = "error";
  for (StringRef line : llvm::split(text.trim(), '\n')) {
    if (line.empty())
      continue;
    line.consume_front(name);
    std::string said = line.ltrim(": ").rtrim(".!? ").str();
    if (size_t at = said.find(".  Try: "); at != said.npos)
      said = said.substr(0, at) + "; see --help";
    said[0] = llvm::toLower(said[0]);
    llvm::errs() << name << ": " << kind << ": " << said << "\n";
    kind = "note";
  }
}

bool weft::parseOptions(const char *name, int argc, char **argv,
                        StringRef overview, cl::OptionCategory &category) {
  cl::HideUnrelatedOptions(category);
  cl::SetVersionPrinter(
      [](llvm::raw_ostream &os) { os << VersionText << "\n"; });
  if (std::string option = emptyValue(argc, argv); !option.empty()) {
    llvm::errs() << name << ": error: " << option << " needs a value\n";
    return false;
  }
  std::string text;
  llvm::raw_string_ostream os(text);
  if (cl::ParseCommandLineOptions(argc, argv, overview, &os))
    return true;
  explain(name, text);
  return false;
}
