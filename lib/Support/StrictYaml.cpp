//===- StrictYaml.cpp - Files of facts, read strictly ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Support/StrictYaml.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/SourceMgr.h"

using namespace weft;
using llvm::StringRef;
using llvm::Twine;

unsigned YamlReading::currentLine() const {
  const llvm::yaml::Node *node = input->getCurrentNode();
  if (!node)
    return 1;
  const char *p = node->getSourceRange().Start.getPointer();
  if (p < text.begin() || p > text.end())
    return 1;
  return 1 + unsigned(StringRef(text.begin(), p - text.begin()).count('\n'));
}

void YamlReading::report(unsigned line, const Twine &message) {
  if (firstError.empty())
    firstError = (fileName + ":" + Twine(line) + ": " + message).str();
}

void YamlReading::handler(const llvm::SMDiagnostic &d, void *context) {
  auto &r = *static_cast<YamlReading *>(context);
  std::string where = r.field.empty() ? "" : " (at '" + r.field + "')";
  std::string message = d.getMessage().str(); // the parser's begin as sentences
  if (!message.empty())
    message[0] = llvm::toLower(message[0]);
  r.report(d.getLineNo() > 0 ? unsigned(d.getLineNo()) : 1, message + where);
}

bool weft::isPrintable(StringRef text) {
  return llvm::all_of(text, [](unsigned char c) { return c >= 0x20; });
}

std::string weft::checkYamlText(StringRef text, StringRef what) {
  if (text.size() > 64 * 1024)
    return (what + " is at most 64 KiB long").str();
  for (unsigned char c : text)
    if ((c < 0x20 && c != '\n' && c != '\r') || c == 0x7f)
      return ("control characters and tabs are not allowed in " + what).str();
  if (!llvm::json::isUTF8(text))
    return (what + " is UTF-8 text").str();
  size_t openers =
      text.count('[') + text.count('{') + text.count("- ") + text.count("? ");
  if (openers > 1000)
    return ("too many nested collections for " + what).str();
  return "";
}
