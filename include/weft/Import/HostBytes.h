//===- HostBytes.h - Bytes of constant tensors ----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Weights are gigabytes. Their bytes are borrowed from where a file is mapped
// as long as nobody changes them; what is computed from them lies, if it is
// large, in an unlinked file that is mapped, so that it is the page cache's and
// not the process's.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_IMPORT_HOSTBYTES_H
#define WEFT_IMPORT_HOSTBYTES_H

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>
#include <memory>
#include <vector>

namespace weft {

/// Bytes with the interface of a vector. Copies share until one is changed.
class HostBytes {
public:
  /// From this size on an unlinked file holds them.
  static constexpr size_t FileSize = size_t(32) << 20;

  HostBytes() = default;
  HostBytes(llvm::ArrayRef<uint8_t> bytes) {
    assign(bytes.begin(), bytes.end());
  }
  HostBytes(const std::vector<uint8_t> &bytes)
      : HostBytes(llvm::ArrayRef<uint8_t>(bytes)) {}

  /// Bytes that outlive this object and its copies.
  static HostBytes borrow(llvm::ArrayRef<uint8_t> bytes) {
    HostBytes result;
    result.bytes = bytes.data();
    result.count = bytes.size();
    return result;
  }

  size_t size() const { return count; }
  bool empty() const { return count == 0; }
  const uint8_t *data() const { return bytes; }
  const uint8_t *begin() const { return bytes; }
  const uint8_t *end() const { return bytes + count; }
  uint8_t operator[](size_t i) const { return bytes[i]; }
  operator llvm::ArrayRef<uint8_t>() const { return {bytes, count}; }
  bool operator==(const HostBytes &o) const {
    return llvm::ArrayRef<uint8_t>(*this) == llvm::ArrayRef<uint8_t>(o);
  }

  uint8_t *data() {
    if (count && storage.use_count() != 1)
      detach();
    return const_cast<uint8_t *>(bytes);
  }
  uint8_t *begin() { return data(); }
  uint8_t *end() { return data() + count; }
  uint8_t &operator[](size_t i) { return data()[i]; }

  /// To `size` bytes; new ones are zero.
  void resize(size_t size);
  template <typename It> void assign(It first, It last) {
    *this = HostBytes();
    resize(size_t(last - first));
    std::copy(first, last, data());
  }

private:
  void detach();

  std::shared_ptr<uint8_t> storage; // empty: borrowed
  const uint8_t *bytes = nullptr;
  size_t count = 0;
};

} // namespace weft
#endif
