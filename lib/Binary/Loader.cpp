//===- Loader.cpp - ELF64 to program --------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Trusts nothing: ELF structure through LLVM's checked reader, then checksums,
// then records through the checked archive, then the program as a whole.
//
//===----------------------------------------------------------------------===//
#include "Sections.h"
#include "weft/Binary/File.h"
#include "weft/Support/Input.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/xxhash.h"
#include <map>

using namespace weft;
using namespace weft::bin;
using llvm::StringRef;
using llvm::Twine;

namespace {

using ELF = llvm::object::ELF64LE;

llvm::Error error(const Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

class Loader {
public:
  Loader(StringRef file, Program &p) : file(file), program(p) {}

  llvm::Error run() {
    if (llvm::Error e = readSections())
      return e;
    if (llvm::Error e = checkHeader())
      return e;
    program.targetYaml = sections[section::Target].str();
    if (llvm::Error e = readRecords())
      return e;
    return validate(program, sections[section::Data].size());
  }

  /// Weights are compared last: it takes time, and says what is damaged.
  llvm::Error checkData() {
    StringRef data = sections[section::Data];
    uint64_t at = 0;
    for (const StoredTensor &t : tensors) {
      StringRef gap = data.slice(at, t.tensor.offset);
      if (gap.find_first_not_of('\0') != StringRef::npos)
        return error(Twine("section ") + section::Data + ", offset " +
                     Twine(at) + ": bytes between tensors are not zero");
      StringRef own = data.substr(t.tensor.offset, t.tensor.bytes);
      if (llvm::xxh3_64bits(own) != t.checksum)
        return error(Twine("section ") + section::Data + ", offset " +
                     Twine(t.tensor.offset) + ": checksum of tensor '" +
                     t.tensor.name + "' differs");
      at = t.tensor.offset + t.tensor.bytes;
    }
    return llvm::Error::success();
  }

private:
  llvm::Error readSections() {
    if (!file.starts_with(StringRef(llvm::ELF::ElfMagic, 4)))
      return error("not a .weft file (no ELF magic)");
    auto elf = llvm::object::ELFFile<ELF>::create(file);
    if (!elf)
      return elf.takeError();
    const ELF::Ehdr &h = elf->getHeader();
    if (h.e_ident[llvm::ELF::EI_CLASS] != llvm::ELF::ELFCLASS64 ||
        h.e_ident[llvm::ELF::EI_DATA] != llvm::ELF::ELFDATA2LSB ||
        h.e_machine != llvm::ELF::EM_NONE ||
        h.e_ident[llvm::ELF::EI_OSABI] != llvm::ELF::ELFOSABI_STANDALONE)
      return error("not a .weft file (an ELF file of another kind)");
    auto table = elf->sections();
    if (!table)
      return table.takeError();
    for (const ELF::Shdr &s : *table) {
      if (s.sh_type == llvm::ELF::SHT_NULL)
        continue;
      auto name = elf->getSectionName(s);
      if (!name)
        return name.takeError();
      auto content = elf->getSectionContents(s);
      if (!content)
        return content.takeError();
      if (!sections.try_emplace(name->str(), llvm::toStringRef(*content))
               .second)
        return error("section " + *name + " appears twice");
    }
    return checkPresence();
  }

  llvm::Error checkPresence() {
    using namespace section;
    for (const char *name : {Header, Target, Classes, Code, Routes, Streams,
                             Tensors, Data, IO, Kernels, Ledger, Memory, Cost})
      if (!sections.count(name))
        return error(Twine("section ") + name + " is missing");
    return llvm::Error::success();
  }

  llvm::Error checkHeader() {
    StringRef bytes = sections[section::Header];
    if (bytes.size() < 16)
      return error(Twine("section ") + section::Header + " is too short");
    StringRef content = bytes.drop_back(8);
    FileHeader header;
    ByteReader first(section::Header, content.take_front(8));
    first(header.magic, header.major, header.minor);
    if (header.magic != Magic)
      return error(Twine("section ") + section::Header +
                   ", offset 0: wrong magic number");
    if (header.major != VersionMajor)
      return error("the file has format version " + Twine(header.major) + "." +
                   Twine(header.minor) + ", this tool reads " +
                   Twine(VersionMajor) + ".x");
    uint64_t sum = llvm::support::endian::read64le(content.end());
    if (sum != llvm::xxh3_64bits(content))
      return error(Twine("section ") + section::Header + ": checksum differs");
    ByteReader reader(section::Header, content);
    reader(header);
    if (std::string wrong = reader.finish(); !wrong.empty())
      return error(wrong);
    return checkSums(header);
  }

  llvm::Error checkSums(const FileHeader &header) {
    std::map<std::string, bool> covered;
    for (const SectionSum &s : header.sections) {
      auto it = sections.find(s.name);
      if (it == sections.end())
        return error("section " + s.name + " is missing");
      if (it->second.size() != s.bytes)
        return error("section " + s.name + " has " + Twine(it->second.size()) +
                     " bytes, the header says " + Twine(s.bytes));
      if (llvm::xxh3_64bits(it->second) != s.checksum)
        return error("section " + s.name + ": checksum differs");
      covered[s.name] = true;
    }
    for (auto &[name, content] : sections)
      if (StringRef(name).starts_with(".weft.") && !covered[name] &&
          name != section::Header && name != section::Data)
        return error("section " + name + " has no checksum in the header");
    return llvm::Error::success();
  }

  llvm::Error readRecords() {
    std::string wrong;
    visitSections(program, tensors, [&](const char *name, auto &...values) {
      // Version 1.0 has no values, 2.0 no switches.
      if (!wrong.empty() || !sections.count(name))
        return;
      bool classes = name == StringRef(section::Classes);
      ByteReader reader(name, sections[name],
                        classes ? sections[section::Code] : "");
      reader(values...);
      wrong = reader.finish();
    });
    if (!wrong.empty())
      return error(wrong);
    // Pointers are set before the offsets are validated, and so only where
    // they are good.
    StringRef data = sections[section::Data];
    for (StoredTensor &t : tensors) {
      if (t.tensor.offset <= data.size())
        t.tensor.data = data.bytes_begin() + t.tensor.offset;
      program.tensors.push_back(t.tensor);
    }
    return llvm::Error::success();
  }

  StringRef file;
  Program &program;
  std::map<std::string, StringRef> sections;
  std::vector<StoredTensor> tensors;
};

} // namespace

llvm::Expected<Loaded>
weft::bin::loadBuffer(std::unique_ptr<llvm::MemoryBuffer> buffer) {
  Loaded loaded;
  Loader loader(buffer->getBuffer(), loaded.program);
  llvm::Error e = loader.run();
  if (!e)
    e = loader.checkData();
  if (e)
    return e;
  loaded.buffer = std::move(buffer);
  return loaded;
}

llvm::Expected<Loaded> weft::bin::loadFile(const std::string &path) {
  auto buffer = readInput(path);
  if (!buffer)
    return error("cannot read: " + llvm::toString(buffer.takeError()));
  return loadBuffer(std::move(*buffer));
}
