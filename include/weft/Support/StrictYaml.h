//===- StrictYaml.h - Files of facts, read strictly -----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// What llvm::yaml::IO leaves open when a file of machine facts is read: the
// first error with file, line and field; which line a field stands in; texts
// that the recursive parser should not be given; citations.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_SUPPORT_STRICTYAML_H
#define WEFT_SUPPORT_STRICTYAML_H

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/YAMLTraits.h"
#include <map>
#include <string>

namespace weft {

/// State of one reading: where fields stood, and the first error. Give it to
/// llvm::yaml::Input as context and as context of `handler`.
struct YamlReading {
  llvm::StringRef text, fileName;
  llvm::yaml::Input *input = nullptr;
  std::string field;                     // being read, for messages
  std::map<std::string, unsigned> lines; // of each field
  std::string firstError;

  unsigned currentLine() const;
  void report(unsigned line, const llvm::Twine &message);
  static void handler(const llvm::SMDiagnostic &d, void *context);
};

/// A citation. Always quoted: inside a flow mapping a comma would end it, which
/// LLVM's printer does not know.
struct YamlCitation {
  std::string text;
};

bool isPrintable(llvm::StringRef text);

/// Why LLVM's recursive YAML parser should not be given `text`, or empty.
/// `what`: "a target".
std::string checkYamlText(llvm::StringRef text, llvm::StringRef what);

} // namespace weft

namespace llvm::yaml {
template <> struct ScalarTraits<weft::YamlCitation> {
  static void output(const weft::YamlCitation &c, void *, raw_ostream &os) {
    os << c.text;
  }
  static StringRef input(StringRef text, void *, weft::YamlCitation &c) {
    c.text = text.str();
    return weft::isPrintable(text) ? "" : "source holds a control character";
  }
  static QuotingType mustQuote(StringRef) { return QuotingType::Single; }
};
} // namespace llvm::yaml

namespace weft {

/// The only document of a text, a `what` ("target"), or the first error as
/// "file:line: message". `check(T &, YamlReading &)` reports what it finds in a
/// document that could be read.
template <typename T, typename Check>
llvm::Expected<T> readStrictYaml(llvm::StringRef yaml, llvm::StringRef fileName,
                                 llvm::StringRef what, Check check) {
  auto error = [](const llvm::Twine &message) {
    return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
  };
  if (std::string wrong = checkYamlText(yaml, ("a " + what).str());
      !wrong.empty())
    return error(fileName + ":1: " + wrong);
  YamlReading reading;
  reading.text = yaml;
  reading.fileName = fileName;
  llvm::yaml::Input in(llvm::MemoryBufferRef(yaml, fileName), &reading,
                       YamlReading::handler, &reading);
  reading.input = &in;
  T value;
  in >> value;
  if (in.error() && reading.firstError.empty())
    reading.report(1, "no " + what + " description in this file");
  check(value, reading);
  if (reading.firstError.empty() && in.nextDocument())
    reading.report(1, "a " + what + " file holds one document");
  if (!reading.firstError.empty())
    return error(reading.firstError);
  return value;
}

} // namespace weft
#endif
