//===- TensorNpy.cpp - Tensors in .npy files ------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Versions 1 and 2 of numpy's format: magic, header length, a Python dictionary
// with descr, fortran_order and shape, then the elements. Written is version 1.
//
//===----------------------------------------------------------------------===//
#include "weft/Support/TensorFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace weft;
using bin::ElemType;

namespace {

struct TypeCode {
  const char *code;
  ElemType type;
};
constexpr TypeCode Codes[] = {
    {"f4", ElemType::F32}, {"f2", ElemType::F16}, {"i1", ElemType::I8},
    {"i2", ElemType::I16}, {"i4", ElemType::I32}, {"i8", ElemType::I64},
    {"u1", ElemType::U8},  {"u2", ElemType::U16}, {"u4", ElemType::U32},
    {"u8", ElemType::U64}, {"b1", ElemType::Bool}};

/// Reader of the header's dictionary; nothing more of Python than it needs.
class Header {
public:
  explicit Header(StringRef text) : rest(text) {}
  Error read(FileTensor &t);

private:
  Error bad(const Twine &what) {
    return createStringError("npy header: " + what);
  }
  bool eat(StringRef token) {
    rest = rest.ltrim();
    return rest.consume_front(token);
  }
  Expected<std::string> quoted();
  Error entry(FileTensor &t);
  Error descr(FileTensor &t);
  Error shape(FileTensor &t);

  StringRef rest;
  bool hasType = false, hasShape = false;
};

} // namespace

Expected<std::string> Header::quoted() {
  rest = rest.ltrim();
  if (!rest.starts_with("'") && !rest.starts_with("\""))
    return bad("a quoted string is expected");
  char quote = rest[0];
  size_t end = rest.find(quote, 1);
  if (end == StringRef::npos)
    return bad("a string does not end");
  std::string s = rest.substr(1, end - 1).str();
  rest = rest.drop_front(end + 1);
  return s;
}

Error Header::descr(FileTensor &t) {
  if (eat("["))
    return bad("structured types are not supported");
  Expected<std::string> s = quoted();
  if (!s)
    return s.takeError();
  StringRef code = *s;
  if (code.starts_with(">"))
    return bad("big-endian data ('" + code + "') is not supported");
  if (!code.empty() && StringRef("<|=").contains(code[0]))
    code = code.drop_front();
  for (const TypeCode &c : Codes)
    if (code == c.code) {
      t.type = c.type;
      hasType = true;
      return Error::success();
    }
  return bad("type '" + *s +
             "' is not supported; f2, f4, i1 to i8, u1 to u8 and b1 are");
}

Error Header::shape(FileTensor &t) {
  if (!eat("("))
    return bad("shape is no tuple");
  t.shape.clear();
  while (!eat(")")) {
    uint64_t n;
    rest = rest.ltrim();
    if (rest.consumeInteger(10, n))
      return bad("a dimension is expected at '" + rest.take_front(8) + "'");
    eat("L");
    t.shape.push_back(n);
    if (!eat(",") && !rest.ltrim().starts_with(")"))
      return bad("the shape does not end");
  }
  hasShape = true;
  return Error::success();
}

Error Header::entry(FileTensor &t) {
  Expected<std::string> key = quoted();
  if (!key)
    return key.takeError();
  if (!eat(":"))
    return bad("':' is expected after '" + *key + "'");
  if (*key == "descr")
    return descr(t);
  if (*key == "shape")
    return shape(t);
  if (*key != "fortran_order")
    return bad("unknown key '" + *key + "'");
  if (eat("True"))
    return bad("Fortran order is not supported");
  return eat("False") ? Error::success()
                      : bad("fortran_order is neither True nor False");
}

Error Header::read(FileTensor &t) {
  if (!eat("{"))
    return bad("no dictionary");
  while (!eat("}")) {
    if (Error e = entry(t))
      return e;
    if (!eat(",") && !rest.ltrim().starts_with("}"))
      return bad("',' or '}' is expected");
  }
  if (!hasType || !hasShape)
    return bad(hasType ? "shape is missing" : "descr is missing");
  return Error::success();
}

Expected<FileTensor> weft::parseNpy(StringRef content) {
  auto bad = [](const Twine &what) {
    return createStringError("npy: " + what);
  };
  if (!content.starts_with("\x93NUMPY") || content.size() < 10)
    return bad("no numpy file");
  unsigned major = uint8_t(content[6]), minor = uint8_t(content[7]);
  if (major < 1 || major > 2 || minor)
    return bad(formatv("version {0}.{1} is not supported; 1.0 and 2.0 are",
                       major, minor));
  size_t at = major == 1 ? 10 : 12;
  if (content.size() < at)
    return bad("the file ends within its header");
  uint64_t length = major == 1 ? support::endian::read16le(content.data() + 8)
                               : support::endian::read32le(content.data() + 8);
  if (length > content.size() - at)
    return bad("the file ends within its header");
  FileTensor t;
  if (Error e = Header(content.substr(at, length)).read(t))
    return e;
  Expected<uint64_t> n = countElements(t.shape);
  if (!n)
    return n.takeError();
  StringRef data = content.substr(at + length);
  if (data.size() != *n * bin::elemBytes(t.type))
    return bad(formatv("{0} bytes of data, {1} are due for {2}", data.size(),
                       *n * bin::elemBytes(t.type),
                       describeTensor(t.type, t.shape)));
  t.bytes.assign(data.bytes_begin(), data.bytes_end());
  if (t.type == ElemType::Bool)
    for (uint8_t &b : t.bytes)
      b = b != 0;
  return t;
}

Expected<std::string> weft::printNpy(const FileTensor &t) {
  const char *code = nullptr;
  for (const TypeCode &c : Codes)
    if (c.type == t.type)
      code = c.code;
  if (!code)
    return createStringError("npy has no type for " +
                             describeTensor(t.type, t.shape) +
                             "; write a .pb file");
  std::string header =
      formatv("{{'descr': '{0}{1}', 'fortran_order': False, 'shape': (",
              bin::elemBytes(t.type) == 1 ? "|" : "<", code);
  for (size_t d = 0; d < t.shape.size(); ++d)
    header += (d ? ", " : "") + utostr(t.shape[d]);
  header += t.shape.size() == 1 ? ",), }" : "), }";
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::string out("\x93NUMPY\x01\x00", 8);
  out += char(header.size() & 255);
  out += char(header.size() >> 8);
  out += header;
  out.append(t.bytes.begin(), t.bytes.end());
  return out;
}
