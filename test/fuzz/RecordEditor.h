//===- RecordEditor.h - One change to the records of a .weft file ---------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A third archive over the records of lib/Binary/Sections.h, beside writer and
// reader: it counts fields, and changes the one it was asked to. New records
// and fields are reached without a line here.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TEST_FUZZ_RECORDEDITOR_H
#define WEFT_TEST_FUZZ_RECORDEDITOR_H

#include "Random.h"
#include "Sections.h"

namespace weft::fuzz {

class RecordEditor : public bin::Archive<RecordEditor> {
public:
  static constexpr uint64_t CountOnly = ~uint64_t(0);
  explicit RecordEditor(Random &random, uint64_t wanted = CountOnly)
      : random(random), wanted(wanted) {}
  uint64_t fields() const { return seen; }

  template <typename T> void number(T &v) {
    if (take())
      v = random.changed(v);
  }
  bool checkBool(uint8_t raw) { return raw & 1; }
  void text(std::string &s) {
    if (!take())
      return;
    if (s.empty() || random.oneIn(4))
      s.insert(s.begin() + random.below(s.size() + 1), char(random.next()));
    else if (random.oneIn(4))
      s.resize(random.below(s.size()));
    else
      for (uint64_t n = 1 + random.below(3); n; --n) {
        char &c = s[random.below(s.size())];
        c = char(random.changed(uint8_t(c)));
      }
  }
  /// Lists are changed as wholes: an item less, more, or elsewhere.
  template <typename T> void count(std::vector<T> &list) {
    if (!take() || list.empty())
      return;
    size_t i = random.below(list.size()), j = random.below(list.size());
    switch (random.below(4)) {
    case 0:
      list.erase(list.begin() + i);
      break;
    case 1:
      list.insert(list.begin() + j, T(list[i]));
      break;
    case 2:
      std::swap(list[i], list[j]);
      break;
    default:
      list[j] = T(list[i]);
    }
  }
  void code(std::vector<uint32_t> &words) {
    if (take() && !words.empty())
      words[random.below(words.size())] ^= uint32_t(1) << random.below(32);
  }

private:
  bool take() { return seen++ == wanted; }

  Random &random;
  uint64_t wanted, seen = 0;
};

/// Changes one instruction of one class so that it stays an instruction.
void editCode(bin::Program &program, Random &random);

} // namespace weft::fuzz
#endif
