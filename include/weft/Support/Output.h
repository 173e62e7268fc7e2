//===- Output.h - Writing result files ------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Every tool writes its results through this one door, so that a result is
// either complete or absent, and a full disk is an error and not a crash.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_SUPPORT_OUTPUT_H
#define WEFT_SUPPORT_OUTPUT_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include <functional>
#include <string>
#include <vector>

namespace weft {

/// Lets `write` fill a temporary file beside `path` and renames it to `path`.
/// "-" is standard output; devices and pipes are written directly.
llvm::Error writeOutput(llvm::StringRef path,
                        llvm::function_ref<void(llvm::raw_ostream &)> write);

/// Refuses an output that is `input`, under whatever name.
llvm::Error refuseToReplace(llvm::StringRef input, llvm::StringRef output);

/// Runs a tool that opens its output itself, and before it knows whether there
/// is anything to write: the value of `-o` is made a temporary file, which is
/// renamed if `main` returns 0.
int runWithOutput(llvm::StringRef tool, int argc, char **argv,
                  llvm::function_ref<int(int, char **)> main);

/// Results of one run that appear together or not at all. Files are filled
/// beside their names by add() and renamed by commit(); standard output,
/// devices and pipes cannot be taken back, so commit() writes them, before it
/// renames. Without a commit nothing is left. Nothing is renamed in /dev and
/// /proc, where names stand for what is open.
class OutputSet {
public:
  using Write = std::function<llvm::Error(llvm::raw_ostream &)>;

  OutputSet() = default;
  OutputSet(const OutputSet &) = delete;
  OutputSet &operator=(const OutputSet &) = delete;
  ~OutputSet();

  /// `write` has to stay callable until commit(). Refused: a path that was
  /// added before, in whatever spelling.
  llvm::Error add(llvm::StringRef path, Write write);
  /// A file that was read: commit() refuses to replace it.
  void keep(llvm::StringRef input) { inputs.push_back(input.str()); }
  llvm::Error commit();

private:
  struct File {
    std::string path;
    llvm::sys::fs::TempFile temp;
  };
  struct Stream {
    std::string path;
    Write write;
  };
  std::vector<File> files;
  std::vector<Stream> streams;
  std::vector<std::string> places; // of the outputs, each in one spelling
  std::vector<std::string> inputs;

  llvm::Error rename();
};

} // namespace weft
#endif
