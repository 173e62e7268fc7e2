//===- WeightStore.cpp - Where the bytes of weights are -------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Opening is done component by component with openat and O_NOFOLLOW, and what
// was opened is what is checked, so a path cannot change in between.
//
//===----------------------------------------------------------------------===//
#include "weft/Import/WeightStore.h"
#include "NN/NNDialect.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/xxhash.h"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace llvm;
using namespace weft;

static Error fileError(StringRef name, const Twine &what) {
  return createStringError("file '" + name + "' " + what);
}

std::string weft::hashBytes(ArrayRef<uint8_t> bytes) {
  XXH128_hash_t hash = xxh3_128bits(bytes);
  return formatv("{0:x-16}{1:x-16}", hash.high64, hash.low64).str();
}

/// The components of a relative path that stays in its folder.
static Expected<SmallVector<StringRef>> components(StringRef name) {
  if (name.empty() || name.contains('\0'))
    return fileError(name, "has no usable name");
  if (name.starts_with("/"))
    return fileError(name, "is an absolute path, expected one relative to the "
                           "model's folder");
  SmallVector<StringRef> parts, kept;
  name.split(parts, '/');
  for (StringRef part : parts) {
    if (part == "..")
      return fileError(name, "leaves the model's folder");
    if (!part.empty() && part != ".")
      kept.push_back(part);
  }
  if (kept.empty())
    return fileError(name, "has no usable name");
  return kept;
}

static Error openError(StringRef name, int code) {
  if (code == ELOOP || code == ENOTDIR)
    return fileError(name,
                     "has a symbolic link or no folder on its path, which "
                     "is not followed");
  return createStringError(std::error_code(code, std::generic_category()),
                           "file '" + name +
                               "' cannot be opened: " + std::strerror(code));
}

static Error checkFile(StringRef name, int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0)
    return openError(name, errno);
  if (!S_ISREG(status.st_mode))
    return fileError(name, "is no regular file");
  if (status.st_nlink > 1)
    return fileError(name, formatv("has {0} hard links, expected 1",
                                   uint64_t(status.st_nlink)));
  return Error::success();
}

/// Opens `name` under `folder`; the caller closes the descriptor.
static Expected<int> openConfined(const std::string &folder, StringRef name) {
  auto parts = components(name);
  if (!parts)
    return parts.takeError();
  int fd = open(folder.empty() ? "." : folder.c_str(),
                O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (auto [i, part] : enumerate(*parts)) {
    if (fd < 0)
      return openError(name, errno);
    bool last = i + 1 == parts->size();
    int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC |
                (last ? O_NONBLOCK | O_NOCTTY : O_DIRECTORY);
    int next = openat(fd, part.str().c_str(), flags);
    int code = errno;
    close(fd);
    errno = code;
    fd = next;
  }
  if (fd < 0)
    return openError(name, errno);
  if (Error error = checkFile(name, fd)) {
    close(fd);
    return error;
  }
  return fd;
}

static ArrayRef<uint8_t> bytesOf(const MemoryBuffer &buffer) {
  return arrayRefFromStringRef(buffer.getBuffer());
}

void WeightStore::addFile(std::string name,
                          std::unique_ptr<MemoryBuffer> buffer) {
  std::lock_guard lock(mutex);
  files[std::move(name)] = std::move(buffer);
}

std::string WeightStore::add(ArrayRef<uint8_t> bytes) {
  std::lock_guard lock(mutex);
  std::string hash = hashBytes(bytes);
  if (auto [entry, isNew] = memory.try_emplace(hash); isNew)
    entry->second.assign(bytes.begin(), bytes.end());
  return hash;
}

Expected<ArrayRef<uint8_t>> WeightStore::file(StringRef name) {
  std::lock_guard lock(mutex);
  auto found = files.find(name.str());
  if (found != files.end())
    return bytesOf(*found->second);
  Expected<int> fd = openConfined(folder, name);
  if (!fd)
    return fd.takeError();
  scope_exit closer([&] { close(*fd); });
  auto buffer = MemoryBuffer::getOpenFile(*fd, name, /*FileSize=*/-1,
                                          /*RequiresNullTerminator=*/false);
  if (!buffer)
    return fileError(name, "cannot be read: " + buffer.getError().message());
  return bytesOf(*(files[name.str()] = std::move(*buffer)));
}

std::vector<std::string> WeightStore::paths() {
  std::lock_guard lock(mutex);
  std::vector<std::string> all;
  for (const auto &[name, buffer] : files)
    all.push_back(folder.empty() ? name : folder + "/" + name);
  return all;
}

Expected<ArrayRef<uint8_t>> WeightStore::locate(nn::DataAttr data) {
  if (data.getFile().empty() && data.getHash().empty())
    return createStringError("is declared without data");
  if (data.getFile().empty()) {
    auto found = memory.find(data.getHash().str());
    if (found == memory.end())
      return createStringError("no weight of hash " + data.getHash() +
                               " is in memory; compile from the model again");
    return ArrayRef<uint8_t>(found->second);
  }
  auto whole = file(data.getFile());
  if (!whole)
    return whole.takeError();
  if (data.getOffset() > whole->size() ||
      data.getBytes() > whole->size() - data.getOffset())
    return fileError(data.getFile(),
                     formatv("has {0} bytes, but {1} are read at offset {2}",
                             whole->size(), data.getBytes(), data.getOffset()));
  return whole->slice(data.getOffset(), data.getBytes());
}

Expected<ArrayRef<uint8_t>> WeightStore::read(nn::DataAttr data) {
  std::lock_guard lock(mutex);
  auto bytes = locate(data);
  if (!bytes)
    return bytes;
  if (bytes->size() != data.getBytes())
    return createStringError(
        formatv("weight of hash {0} has {1} bytes, expected {2}",
                data.getHash(), bytes->size(), data.getBytes()));
  std::string key = formatv("{0}:{1}:{2}:{3}", data.getOffset(),
                            data.getBytes(), data.getHash(), data.getFile());
  if (data.getHash().empty() || checked.count(key))
    return bytes;
  if (std::string found = hashBytes(*bytes); found != data.getHash())
    return fileError(data.getFile(), "has changed: hash " + found +
                                         " at offset " +
                                         Twine(data.getOffset()) +
                                         ", expected " + data.getHash());
  checked.insert(key);
  return bytes;
}
