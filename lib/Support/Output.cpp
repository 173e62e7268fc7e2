//===- Output.cpp - Writing result files ----------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Not llvm::writeToOutput: that one aborts on a full disk (an unchecked stream
// error is fatal in raw_fd_ostream) and would rename over a device.
//
//===----------------------------------------------------------------------===//
#include "weft/Support/Output.h"
#include "llvm/Support/FileSystem.h"

using llvm::StringRef;
using llvm::Twine;

static llvm::Error failure(StringRef path, std::error_code ec) {
  return llvm::createStringError(ec, "cannot write '" + Twine(path) +
                                         "': " + ec.message());
}

/// Writes, flushes, and takes the error out of the stream.
static std::error_code
fill(llvm::raw_fd_ostream &os,
     llvm::function_ref<void(llvm::raw_ostream &)> write) {
  write(os);
  os.flush();
  std::error_code ec = os.error();
  os.clear_error();
  return ec;
}

static llvm::Error
writeDirectly(StringRef path,
              llvm::function_ref<void(llvm::raw_ostream &)> write) {
  std::error_code ec;
  llvm::raw_fd_ostream os(path, ec);
  if (!ec)
    ec = fill(os, write);
  return ec ? failure(path, ec) : llvm::Error::success();
}

llvm::Error
weft::writeOutput(StringRef path,
                  llvm::function_ref<void(llvm::raw_ostream &)> write) {
  namespace fs = llvm::sys::fs;
  if (path == "-") {
    std::error_code ec = fill(llvm::outs(), write);
    return ec ? failure("standard output", ec) : llvm::Error::success();
  }
  fs::file_status status;
  if (!fs::status(path, status) && status.type() != fs::file_type::regular_file)
    return writeDirectly(path, write);
  auto temp = fs::TempFile::create(path + ".%%%%%%.tmp");
  if (!temp)
    return failure(path, llvm::errorToErrorCode(temp.takeError()));
  std::error_code ec;
  {
    llvm::raw_fd_ostream os(temp->FD, /*shouldClose=*/false);
    ec = fill(os, write);
  }
  if (ec) {
    llvm::consumeError(temp->discard());
    return failure(path, ec);
  }
  if (llvm::Error e = temp->keep(path))
    return failure(path, llvm::errorToErrorCode(std::move(e)));
  return llvm::Error::success();
}
