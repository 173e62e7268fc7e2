//===- Output.cpp - Writing result files ----------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Not llvm::writeToOutput: that one aborts on a full disk (an unchecked stream
// error is fatal in raw_fd_ostream) and would rename over a device.
//
//===----------------------------------------------------------------------===//
#include "weft/Support/Output.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"
#include <unistd.h>

using namespace weft;
using llvm::StringRef;
using llvm::Twine;
namespace fs = llvm::sys::fs;

static llvm::Error failure(StringRef path, std::error_code ec) {
  return llvm::createStringError(ec, "cannot write '" + Twine(path) +
                                         "': " + ec.message());
}

/// Writes, flushes, and takes the error out of the stream.
static llvm::Error fill(llvm::raw_fd_ostream &os, StringRef name,
                        const OutputSet::Write &write) {
  llvm::Error e = write(os);
  os.flush();
  std::error_code ec = os.error();
  os.clear_error();
  if (e || !ec)
    return e;
  return failure(name, ec);
}

/// "-", and the names of what standard output is.
static bool isStandardOutput(StringRef path) {
  fs::file_status named, open;
  return path == "-" ||
         (!fs::status(path, named) && !fs::status(STDOUT_FILENO, open) &&
          fs::equivalent(named, open));
}

static llvm::Error writeDirectly(StringRef path,
                                 const OutputSet::Write &write) {
  if (isStandardOutput(path))
    return fill(llvm::outs(), "standard output", write);
  std::error_code ec;
  llvm::raw_fd_ostream os(path, ec);
  if (ec)
    return failure(path, ec);
  return fill(os, path, write);
}

/// The folder of `path` without links, and its name in there: two outputs of
/// one place would replace each other.
static std::string placeOf(StringRef path) {
  if (isStandardOutput(path))
    return "-";
  StringRef folder = llvm::sys::path::parent_path(path);
  llvm::SmallString<128> place;
  if (fs::real_path(folder.empty() ? "." : folder, place))
    return path.str(); // there is no such folder, as the write will say
  llvm::sys::path::append(place, llvm::sys::path::filename(path));
  return std::string(place);
}

/// What is not renamed over: standard output, what exists and is no file, and
/// what the system keeps names for.
static bool isStream(StringRef path, StringRef place) {
  fs::file_status status;
  StringRef folder = llvm::sys::path::parent_path(place);
  return place == "-" || folder == "/dev" || place.starts_with("/proc/") ||
         (!fs::status(path, status) &&
          status.type() != fs::file_type::regular_file);
}

llvm::Error weft::refuseToReplace(StringRef input, StringRef output) {
  fs::file_status in, out;
  if (fs::status(input, in) || fs::status(output, out) ||
      in.type() != fs::file_type::regular_file || !fs::equivalent(in, out))
    return llvm::Error::success();
  return llvm::createStringError("output '" + output +
                                 "' would replace input '" + input + "'");
}

OutputSet::~OutputSet() {
  for (File &f : files)
    llvm::consumeError(f.temp.discard());
}

llvm::Error OutputSet::add(StringRef path, Write write) {
  std::string place = placeOf(path);
  if (llvm::is_contained(places, place))
    return llvm::createStringError("two outputs are to go to '" + path + "'");
  places.push_back(place);
  if (isStream(path, place)) {
    streams.push_back({path.str(), std::move(write)});
    return llvm::Error::success();
  }
  auto temp = fs::TempFile::create(path + ".%%%%%%.tmp");
  if (!temp)
    return failure(path, llvm::errorToErrorCode(temp.takeError()));
  files.push_back({path.str(), std::move(*temp)});
  llvm::raw_fd_ostream os(files.back().temp.FD, /*shouldClose=*/false);
  return fill(os, path, write);
}

llvm::Error OutputSet::commit() {
  for (const std::string &input : inputs)
    for (const File &f : files)
      if (llvm::Error e = refuseToReplace(input, f.path))
        return e;
  for (const Stream &s : streams)
    if (llvm::Error e = writeDirectly(s.path, s.write))
      return e;
  streams.clear();
  return rename();
}

llvm::Error OutputSet::rename() {
  for (size_t i = 0; i < files.size(); ++i) {
    llvm::Error e = files[i].temp.keep(files[i].path);
    if (!e)
      continue;
    // All or nothing: what was renamed before goes, too.
    for (size_t k = 0; k < i; ++k)
      fs::remove(files[k].path);
    std::string path = files[i].path;
    files.erase(files.begin(), files.begin() + i);
    return failure(path, llvm::errorToErrorCode(std::move(e)));
  }
  files.clear();
  return llvm::Error::success();
}

llvm::Error
weft::writeOutput(StringRef path,
                  llvm::function_ref<void(llvm::raw_ostream &)> write) {
  OutputSet one;
  if (llvm::Error e = one.add(path, [write](llvm::raw_ostream &os) {
        write(os);
        return llvm::Error::success();
      }))
    return e;
  return one.commit();
}

/// The word that holds the value of `-o`, or null; `from` is where that begins.
static char **outputWord(int argc, char **argv, size_t &from) {
  for (int i = 1; i < argc; ++i) {
    StringRef word = argv[i];
    StringRef name = word.take_front(2) == "--" ? word.drop_front() : word;
    from = word.size() - name.size() + StringRef("-o=").size();
    if (name.starts_with("-o="))
      return argv + i;
    from = 0;
    if (name == "-o" && i + 1 < argc)
      return argv + i + 1;
  }
  return nullptr;
}

int weft::runWithOutput(StringRef tool, int argc, char **argv,
                        llvm::function_ref<int(int, char **)> main) {
  size_t from = 0;
  char **word = outputWord(argc, argv, from);
  StringRef path = word ? StringRef(*word).drop_front(from) : "-";
  if (path.empty() || isStream(path, placeOf(path)))
    return main(argc, argv);
  auto fail = [&](llvm::Error e) {
    llvm::errs() << tool << ": error: " << llvm::toString(std::move(e)) << "\n";
    return 1;
  };
  for (char *other : llvm::ArrayRef(argv, argc))
    if (other != *word)
      if (llvm::Error e = refuseToReplace(other, path))
        return fail(std::move(e));
  auto temp = fs::TempFile::create(path + ".%%%%%%.tmp");
  if (!temp)
    return fail(failure(path, llvm::errorToErrorCode(temp.takeError())));
  std::string named = StringRef(*word).take_front(from).str() + temp->TmpName;
  *word = named.data();
  int code = main(argc, argv);
  llvm::Error e = code ? temp->discard() : temp->keep(path);
  if (code)
    llvm::consumeError(std::move(e));
  else if (e)
    return fail(failure(path, llvm::errorToErrorCode(std::move(e))));
  return code;
}
