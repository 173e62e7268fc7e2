//===- Bytes.h - Archives over sections -----------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// One description of each record (Sections.h) serves writing and reading: the
// two archives here walk it. All numbers are little-endian and unaligned; a
// string or list is a 32-bit count and its content. The reader checks every
// access and every count before it allocates, keeps the first error, and reads
// zeros from then on.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_BINARY_BYTES_H
#define WEFT_LIB_BINARY_BYTES_H

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Endian.h"
#include <bit>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace weft::bin {

/// Common half: dispatches the types a record is made of.
template <typename Derived> class Archive {
public:
  template <typename... Ts> void operator()(Ts &...values) {
    (one(values), ...);
  }

private:
  Derived &self() { return static_cast<Derived &>(*this); }

  template <typename T> void one(T &v) {
    if constexpr (std::is_enum_v<T>) {
      auto raw = std::underlying_type_t<T>(v);
      self().number(raw);
      v = T(raw);
    } else if constexpr (std::is_same_v<T, bool>) {
      uint8_t raw = v;
      self().number(raw);
      v = self().checkBool(raw);
    } else if constexpr (std::is_same_v<T, double>) {
      auto raw = std::bit_cast<uint64_t>(v);
      self().number(raw);
      v = std::bit_cast<double>(raw);
    } else if constexpr (std::is_integral_v<T>) {
      self().number(v);
    } else {
      fields(self(), v);
    }
  }
  void one(std::string &s) { self().text(s); }
  template <typename T> void one(std::vector<T> &list) {
    self().count(list);
    for (T &item : list)
      one(item);
  }
};

class ByteWriter : public Archive<ByteWriter> {
public:
  std::string bytes;

  template <typename T> void number(T v) {
    char raw[sizeof(T)];
    llvm::support::endian::write<T>(raw, v, llvm::endianness::little);
    bytes.append(raw, sizeof(T));
  }
  bool checkBool(uint8_t raw) { return raw; }
  void text(const std::string &s) {
    number(uint32_t(s.size()));
    bytes += s;
  }
  template <typename T> void count(const std::vector<T> &list) {
    number(uint32_t(list.size()));
  }
  /// The code itself lies in another section; the record holds its length.
  void code(const std::vector<uint32_t> &words) {
    number(uint32_t(words.size()));
  }
};

/// Bytes of a record whose strings and lists are empty: the least it can take.
template <typename T> size_t leastBytes() {
  ByteWriter w;
  T empty{};
  w(empty);
  return w.bytes.size();
}

class ByteReader : public Archive<ByteReader> {
public:
  ByteReader(llvm::StringRef section, llvm::StringRef bytes,
             llvm::StringRef codeBytes = "")
      : section(section), bytes(bytes), codeBytes(codeBytes) {}

  template <typename T> void number(T &v) {
    const char *raw = take(sizeof(T));
    v = raw ? llvm::support::endian::read<T>(raw, llvm::endianness::little)
            : T(0);
  }
  bool checkBool(uint8_t raw) {
    if (raw > 1)
      fail("a flag is " + llvm::Twine(unsigned(raw)) + ", allowed are 0 and 1");
    return raw == 1;
  }
  void text(std::string &s) {
    uint32_t n = 0;
    number(n);
    if (const char *raw = take(n))
      s.assign(raw, n);
  }
  template <typename T> void count(std::vector<T> &list) {
    static const size_t least = leastBytes<T>();
    uint32_t n = 0;
    number(n);
    if (uint64_t(n) * least > bytes.size() - at) {
      fail("a list of " + llvm::Twine(n) + " items does not fit");
      n = 0;
    }
    list.resize(n);
  }
  void code(std::vector<uint32_t> &words) {
    uint32_t n = 0;
    number(n);
    if (uint64_t(n) * 4 > codeBytes.size()) {
      fail(llvm::Twine(n) + " code words exceed the code section");
      return;
    }
    words.resize(n);
    for (uint32_t i = 0; i < n; ++i)
      words[i] = llvm::support::endian::read32le(codeBytes.data() + 4ull * i);
    codeBytes = codeBytes.drop_front(4ull * n);
  }

  /// Empty if all was well and everything was consumed.
  std::string finish() {
    if (error.empty() && at != bytes.size())
      fail(llvm::Twine(bytes.size() - at) + " bytes too many");
    if (error.empty() && !codeBytes.empty())
      fail(llvm::Twine(codeBytes.size()) + " bytes of code belong to no class");
    return error;
  }
  size_t position() const { return at; }

private:
  const char *take(size_t n) {
    if (!error.empty())
      return nullptr;
    if (n > bytes.size() - at) {
      fail("needs " + llvm::Twine(n) + " more bytes, has " +
           llvm::Twine(bytes.size() - at));
      return nullptr;
    }
    const char *p = bytes.data() + at;
    at += n;
    return p;
  }
  void fail(const llvm::Twine &what) {
    if (error.empty())
      error =
          ("section " + section + ", offset " + llvm::Twine(at) + ": " + what)
              .str();
  }

  llvm::StringRef section, bytes, codeBytes;
  size_t at = 0;
  std::string error;
};

} // namespace weft::bin
#endif
