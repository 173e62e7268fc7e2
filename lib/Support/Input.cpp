//===- Input.cpp - Files that are read whole ------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Support/Input.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Process.h"

using namespace llvm;
using sys::fs::file_type;

static Error refusal(const Twine &why) {
  return createStringError(inconvertibleErrorCode(), why);
}

/// Reads up to the end, or to more than `limit` bytes.
static Expected<std::unique_ptr<MemoryBuffer>>
readStream(sys::fs::file_t file, StringRef name, uint64_t limit) {
  SmallVector<char, 0> bytes;
  const uint64_t portion = 1 << 16;
  while (true) {
    uint64_t size = bytes.size();
    if (size > limit)
      return refusal("has not ended after " + Twine(limit) + " bytes");
    bytes.resize_for_overwrite(size + portion);
    Expected<size_t> read = sys::fs::readNativeFile(
        file, MutableArrayRef<char>(bytes.data() + size, portion));
    if (!read)
      return read.takeError();
    bytes.resize(size + *read);
    if (*read == 0)
      return MemoryBuffer::getMemBufferCopy(StringRef(bytes.data(), size),
                                            name);
  }
}

Expected<std::unique_ptr<MemoryBuffer>>
weft::readInput(StringRef path, bool terminated, uint64_t limit) {
  bool standard = path == "-";
  Expected<sys::fs::file_t> file = standard
                                       ? sys::fs::getStdinHandle()
                                       : sys::fs::openNativeFileForRead(path);
  if (!file)
    return file.takeError();
  scope_exit close([&] {
    if (!standard)
      sys::fs::closeFile(*file);
  });
  sys::fs::file_status status;
  if (std::error_code e = sys::fs::status(*file, status))
    return errorCodeToError(e);
  std::string name = standard ? "<stdin>" : path.str();
  switch (status.type()) {
  case file_type::regular_file: {
    auto buffer =
        MemoryBuffer::getOpenFile(*file, name, status.getSize(), terminated);
    if (!buffer)
      return errorCodeToError(buffer.getError());
    return std::move(*buffer);
  }
  case file_type::directory_file:
    return errorCodeToError(make_error_code(std::errc::is_a_directory));
  case file_type::character_file:
  case file_type::block_file: {
    // An empty file, /dev/null among them, is for the caller to judge.
    char first;
    if (!sys::Process::FileDescriptorIsDisplayed(*file)) {
      Expected<size_t> read =
          sys::fs::readNativeFile(*file, MutableArrayRef<char>(&first, 1));
      if (!read)
        return read.takeError();
      if (*read)
        return refusal("is a device, which may have no end");
    }
    [[fallthrough]];
  }
  default:
    return readStream(*file, name, limit);
  }
}
