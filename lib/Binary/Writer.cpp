//===- Writer.cpp - Program to ELF64 --------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Record sections are built in memory; tensor data is streamed from where the
// caller keeps it, so that writing needs no second copy of the weights.
//
//===----------------------------------------------------------------------===//
#include "Sections.h"
#include "weft/Binary/File.h"
#include "weft/Support/Output.h"
#include "llvm/Object/ELFTypes.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/xxhash.h"

using namespace weft;
using namespace weft::bin;
using llvm::StringRef;
using llvm::Twine;

namespace {

using ELF = llvm::object::ELF64LE;

/// A section to be: content for all but the data section.
struct OutSection {
  std::string name, content;
  uint64_t size = 0, align = 8, offset = 0;
  uint32_t nameOffset = 0, type = llvm::ELF::SHT_PROGBITS;
};

class Writer {
public:
  Writer(const Program &p) : program(p) {}

  llvm::Error prepare() {
    if (llvm::Error e = placeTensors())
      return e;
    addRecords();
    if (llvm::Error e = validate(program, dataBytes))
      return llvm::createStringError("internal: program is not well-formed: " +
                                     llvm::toString(std::move(e)));
    addHeader();
    layOut();
    return llvm::Error::success();
  }

  void write(llvm::raw_ostream &os) const {
    writeElfHeader(os);
    uint64_t at = sizeof(ELF::Ehdr);
    for (const OutSection &s : sections) {
      os.write_zeros(s.offset - at);
      s.name == section::Data ? writeData(os) : void(os << s.content);
      at = s.offset + s.size;
    }
    os.write_zeros(tableOffset - at);
    writeSectionTable(os);
  }

private:
  /// Assigns offsets and checksums; the program keeps the data pointers.
  llvm::Error placeTensors() {
    for (Tensor &t : program.tensors) {
      if (t.bytes && !t.data)
        return llvm::createStringError("internal: tensor '" + t.name +
                                       "' has no data");
      t.offset = llvm::alignTo(dataBytes, TensorAlign);
      dataBytes = t.offset + t.bytes;
      tensors.push_back({t, llvm::xxh3_64bits({t.data, size_t(t.bytes)})});
    }
    return llvm::Error::success();
  }

  OutSection &add(StringRef name, std::string content) {
    OutSection s;
    s.name = name.str();
    s.size = content.size();
    s.content = std::move(content);
    sections.push_back(std::move(s));
    return sections.back();
  }

  void addRecords() {
    add(section::Target, program.targetYaml);
    visitSections(program, tensors, [&](const char *name, auto &...values) {
      ByteWriter w;
      w(values...);
      add(name, std::move(w.bytes));
    });
    ByteWriter code;
    for (const PEClass &c : program.classes)
      for (uint32_t word : c.code)
        code.number(word);
    add(section::Code, std::move(code.bytes)).align = 16;
    OutSection &data = add(section::Data, "");
    data.size = dataBytes;
    data.align = DataAlign;
  }

  /// The data section has no line: each tensor has its own checksum.
  void addHeader() {
    FileHeader header;
    for (const OutSection &s : sections)
      if (s.name != section::Data)
        header.sections.push_back(
            {s.name, s.size, llvm::xxh3_64bits(StringRef(s.content))});
    ByteWriter w;
    w(header);
    w.number(llvm::xxh3_64bits(StringRef(w.bytes)));
    add(section::Header, std::move(w.bytes));
    std::rotate(sections.begin(), sections.end() - 1, sections.end());
  }

  void layOut() {
    add(".shstrtab", std::string(1, '\0')).type = llvm::ELF::SHT_STRTAB;
    OutSection &names = sections.back();
    for (OutSection &s : sections) {
      s.nameOffset = names.content.size();
      names.content += s.name + '\0';
    }
    names.size = names.content.size();
    uint64_t at = sizeof(ELF::Ehdr);
    for (OutSection &s : sections) {
      s.offset = llvm::alignTo(at, s.align);
      at = s.offset + s.size;
    }
    tableOffset = llvm::alignTo(at, 8);
  }

  template <typename T> static void raw(llvm::raw_ostream &os, const T &t) {
    os.write(reinterpret_cast<const char *>(&t), sizeof(T));
  }

  void writeElfHeader(llvm::raw_ostream &os) const {
    namespace elf = llvm::ELF;
    ELF::Ehdr h{};
    std::copy_n(elf::ElfMagic, 4, h.e_ident);
    h.e_ident[elf::EI_CLASS] = elf::ELFCLASS64;
    h.e_ident[elf::EI_DATA] = elf::ELFDATA2LSB;
    h.e_ident[elf::EI_VERSION] = elf::EV_CURRENT;
    h.e_ident[elf::EI_OSABI] = elf::ELFOSABI_STANDALONE;
    h.e_type = elf::ET_NONE;
    h.e_machine = elf::EM_NONE;
    h.e_version = elf::EV_CURRENT;
    h.e_shoff = tableOffset;
    h.e_ehsize = sizeof(ELF::Ehdr);
    h.e_shentsize = sizeof(ELF::Shdr);
    h.e_shnum = sections.size() + 1;
    h.e_shstrndx = sections.size();
    raw(os, h);
  }

  void writeSectionTable(llvm::raw_ostream &os) const {
    raw(os, ELF::Shdr{});
    for (const OutSection &s : sections) {
      ELF::Shdr h{};
      h.sh_name = s.nameOffset;
      h.sh_type = s.type;
      h.sh_offset = s.offset;
      h.sh_size = s.size;
      h.sh_addralign = s.align;
      raw(os, h);
    }
  }

  void writeData(llvm::raw_ostream &os) const {
    uint64_t at = 0;
    for (const Tensor &t : program.tensors) {
      os.write_zeros(t.offset - at);
      os.write(reinterpret_cast<const char *>(t.data), t.bytes);
      at = t.offset + t.bytes;
    }
  }

  Program program; // a copy without the data, with offsets
  std::vector<StoredTensor> tensors;
  std::vector<OutSection> sections;
  uint64_t dataBytes = 0, tableOffset = 0;
};

} // namespace

llvm::Error weft::bin::writeFile(const Program &p, const std::string &path) {
  Writer writer(p);
  if (llvm::Error e = writer.prepare())
    return e;
  return writeOutput(path, [&](llvm::raw_ostream &os) { writer.write(os); });
}

llvm::Error weft::bin::writeStream(const Program &p, llvm::raw_ostream &os) {
  Writer writer(p);
  if (llvm::Error e = writer.prepare())
    return e;
  writer.write(os);
  return llvm::Error::success();
}
