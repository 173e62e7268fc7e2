//===- HostBytes.cpp - Bytes of constant tensors --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Import/HostBytes.h"
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

using namespace weft;

/// Zeros in a file without a name, in $TMPDIR or /var/tmp; null if there is no
/// room for it. Room is reserved: to write into a hole of a full disk would end
/// the process.
static std::shared_ptr<uint8_t> mapFile(size_t size) {
  const char *folder = std::getenv("TMPDIR");
  std::string path = std::string(folder && *folder ? folder : "/var/tmp");
  int fd = open(path.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0)
    return nullptr;
  void *at = MAP_FAILED;
  if (posix_fallocate(fd, 0, off_t(size)) == 0)
    at = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (at == MAP_FAILED)
    return nullptr;
  return {static_cast<uint8_t *>(at), [size](uint8_t *p) { munmap(p, size); }};
}

static std::shared_ptr<uint8_t> allocate(size_t size) {
  if (size >= HostBytes::FileSize)
    if (std::shared_ptr<uint8_t> mapped = mapFile(size))
      return mapped;
  return {new uint8_t[size](), std::default_delete<uint8_t[]>()};
}

void HostBytes::resize(size_t size) {
  if (size == count)
    return;
  std::shared_ptr<uint8_t> bigger = size ? allocate(size) : nullptr;
  if (size_t kept = std::min(size, count))
    std::memcpy(bigger.get(), bytes, kept);
  storage = std::move(bigger);
  bytes = storage.get();
  count = size;
}

void HostBytes::detach() {
  std::shared_ptr<uint8_t> own = allocate(count);
  std::memcpy(own.get(), bytes, count);
  storage = std::move(own);
  bytes = storage.get();
}
