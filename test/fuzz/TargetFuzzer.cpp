//===- TargetFuzzer.cpp - Any text as a target and as --set ---------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The input is a target file; lines after a line "--set" are changes to a
// preset. What must hold: a refusal is one line that names the file and a line
// of it; a target that is accepted prints to text that is read back the same.
//
//===----------------------------------------------------------------------===//
#include "Tokens.h"
#include "weft/Target/Target.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>

using namespace weft;
using llvm::StringRef;

static void require(bool holds, const char *what, StringRef text) {
  if (holds)
    return;
  llvm::errs() << "fuzz: property does not hold: " << what << "\n"
               << text << "\n";
  abort();
}

static void checkAccepted(const Target &t) {
  std::string text = printTarget(t);
  auto again = parseTarget(text, "printed");
  if (!again)
    require(false, "what is printed is accepted",
            llvm::toString(again.takeError()) + "\n" + text);
  require(printTarget(*again) == text, "what is printed is read the same",
          text);
}

/// Whether it is a target.
static bool checkFile(StringRef yaml) {
  auto target = parseTarget(yaml, "file");
  if (target) {
    checkAccepted(*target);
    return true;
  }
  std::string message = llvm::toString(target.takeError());
  StringRef rest = message;
  unsigned line = 0;
  require(rest.consume_front("file:") && !rest.consumeInteger(10, line) &&
              line >= 1 && rest.starts_with(": ") && rest.size() > 2,
          "a refusal names file and line", message);
  require(line <= 1 + yaml.count('\n'), "the line exists", message);
  return false;
}

static void checkSet(StringRef keyValue) {
  static const Target preset = llvm::cantFail(loadTarget("wse2"));
  static const std::string printed = printTarget(preset);
  Target t = preset;
  if (llvm::Error e = setField(t, keyValue)) {
    require(!llvm::toString(std::move(e)).empty(), "a refusal has a message",
            keyValue);
    // Printing takes most of the time: a sample is enough.
    require(keyValue.size() % 16 || printTarget(t) == printed,
            "a refused --set changes nothing", keyValue);
    return;
  }
  checkAccepted(t);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  StringRef text(reinterpret_cast<const char *>(data), size);
  auto [yaml, sets] = text.split("\n--set\n");
  bool accepted = yaml.empty() || checkFile(yaml);
  llvm::SmallVector<StringRef> lines;
  sets.split(lines, '\n', 4, false);
  for (StringRef line : lines)
    checkSet(line);
  return accepted || fuzz::keepRefused(text) ? 0 : -1;
}
