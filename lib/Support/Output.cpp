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

static llvm::Error writeDirectly(StringRef path,
                                 const OutputSet::Write &write) {
  if (path == "-")
    return fill(llvm::outs(), "standard output", write);
  std::error_code ec;
  llvm::raw_fd_ostream os(path, ec);
  if (ec)
    return failure(path, ec);
  return fill(os, path, write);
}

/// Standard output, and what exists and is no file: it is not renamed over.
static bool isStream(StringRef path) {
  fs::file_status status;
  return path == "-" || (!fs::status(path, status) &&
                         status.type() != fs::file_type::regular_file);
}

OutputSet::~OutputSet() {
  for (File &f : files)
    llvm::consumeError(f.temp.discard());
}

llvm::Error OutputSet::add(StringRef path, Write write) {
  if (llvm::is_contained(paths, path))
    return llvm::createStringError("two outputs are to go to '" + path + "'");
  paths.push_back(path.str());
  if (isStream(path)) {
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
