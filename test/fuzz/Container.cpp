//===- Container.cpp - Sections of a .weft file, for the mutators ---------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Container.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/xxhash.h"

using namespace weft;
using namespace weft::bin;
using llvm::StringRef;
using ELF = llvm::object::ELF64LE;

fuzz::SectionMap fuzz::takeApart(StringRef file) {
  SectionMap sections;
  ELF::Ehdr h;
  if (file.size() < sizeof h)
    return {};
  memcpy(&h, file.data(), sizeof h);
  auto bytes = [&](uint64_t at, uint64_t n) {
    return at <= file.size() && n <= file.size() - at ? file.substr(at, n)
                                                      : StringRef();
  };
  StringRef table = bytes(h.e_shoff, uint64_t(h.e_shnum) * sizeof(ELF::Shdr));
  std::vector<ELF::Shdr> headers(table.size() / sizeof(ELF::Shdr));
  if (h.e_shstrndx >= headers.size())
    return {};
  memcpy(headers.data(), table.data(), headers.size() * sizeof(ELF::Shdr));
  const ELF::Shdr &strings = headers[h.e_shstrndx];
  StringRef names = bytes(strings.sh_offset, strings.sh_size);
  for (const ELF::Shdr &s : headers)
    if (StringRef name = names.substr(s.sh_name).split('\0').first;
        name.starts_with(".weft."))
      sections[name.str()] = bytes(s.sh_offset, s.sh_size).str();
  return sections;
}

/// The header section for `sections`.
static std::string headerOf(const fuzz::SectionMap &sections) {
  FileHeader header;
  for (auto &[name, content] : sections)
    if (name != section::Data && name != section::Header)
      header.sections.push_back(
          {name, content.size(), llvm::xxh3_64bits(StringRef(content))});
  ByteWriter w;
  w(header);
  w.number(llvm::xxh3_64bits(StringRef(w.bytes)));
  return w.bytes;
}

template <typename T> static void append(std::string &file, const T &t) {
  file.append(reinterpret_cast<const char *>(&t), sizeof t);
}

static ELF::Shdr place(std::string &file, StringRef content, unsigned align) {
  file.resize(llvm::alignTo(file.size(), align));
  ELF::Shdr s{};
  s.sh_type = llvm::ELF::SHT_PROGBITS;
  s.sh_offset = file.size();
  s.sh_size = content.size();
  s.sh_addralign = align;
  file += content;
  return s;
}

std::string fuzz::putTogether(const SectionMap &sections, unsigned align) {
  namespace elf = llvm::ELF;
  std::string file(sizeof(ELF::Ehdr), '\0'), names(1, '\0');
  std::vector<ELF::Shdr> headers(1);
  memset(headers.data(), 0, sizeof(ELF::Shdr));
  SectionMap all = sections;
  all[section::Header] = headerOf(sections);
  for (auto &[name, content] : all) {
    headers.push_back(place(file, content, align));
    headers.back().sh_name = names.size();
    names += name + '\0';
  }
  uint32_t own = names.size();
  headers.push_back(place(file, names += std::string(".shstrtab") + '\0', 1));
  headers.back().sh_type = elf::SHT_STRTAB;
  headers.back().sh_name = own;
  file.resize(llvm::alignTo(file.size(), 8));
  ELF::Ehdr h{};
  std::copy_n(elf::ElfMagic, 4, h.e_ident);
  h.e_ident[elf::EI_CLASS] = elf::ELFCLASS64;
  h.e_ident[elf::EI_DATA] = elf::ELFDATA2LSB;
  h.e_ident[elf::EI_VERSION] = elf::EV_CURRENT;
  h.e_ident[elf::EI_OSABI] = elf::ELFOSABI_STANDALONE;
  h.e_version = elf::EV_CURRENT;
  h.e_shoff = file.size();
  h.e_ehsize = sizeof(ELF::Ehdr);
  h.e_shentsize = sizeof(ELF::Shdr);
  h.e_shnum = headers.size();
  h.e_shstrndx = headers.size() - 1;
  memcpy(file.data(), &h, sizeof h);
  for (const ELF::Shdr &s : headers)
    append(file, s);
  return file;
}

bool fuzz::readRecords(const SectionMap &sections, Records &r) {
  auto find = [&](const char *name) {
    auto it = sections.find(name);
    return it == sections.end() ? StringRef() : StringRef(it->second);
  };
  bool good = true;
  visitSections(r.program, r.tensors, [&](const char *name, auto &...values) {
    bool classes = name == StringRef(section::Classes);
    ByteReader reader(name, find(name), classes ? find(section::Code) : "");
    reader(values...);
    good = good && reader.finish().empty();
  });
  return good;
}

void fuzz::writeRecords(Records &r, SectionMap &sections) {
  StringRef data = sections[section::Data];
  for (StoredTensor &t : r.tensors)
    t.checksum =
        llvm::xxh3_64bits(data.substr(t.tensor.offset, t.tensor.bytes));
  visitSections(r.program, r.tensors, [&](const char *name, auto &...values) {
    ByteWriter w;
    w(values...);
    sections[name] = std::move(w.bytes);
  });
  ByteWriter code;
  for (const PEClass &c : r.program.classes)
    for (uint32_t word : c.code)
      code.number(word);
  sections[section::Code] = std::move(code.bytes);
}
