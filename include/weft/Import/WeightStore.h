//===- WeightStore.h - Where the bytes of weights are ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// `nn.weight` holds a reference; this class resolves it. Files are mapped, only
// from the model's folder, and opened so that a hostile model cannot read
// anything else: no absolute path, no `..`, no symbolic link, no second hard
// link, no device. Weights that no file holds densely live here by their hash.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_IMPORT_WEIGHTSTORE_H
#define WEFT_IMPORT_WEIGHTSTORE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace weft {

namespace nn {
class DataAttr;
}

/// 128-bit XXH3 in hexadecimal.
std::string hashBytes(llvm::ArrayRef<uint8_t> bytes);

class WeightStore {
public:
  /// `folder` is the one that file names of `#nn.data` are relative to.
  explicit WeightStore(std::string folder) : folder(std::move(folder)) {}

  /// The file that the user named: trusted as it is, known as `name`.
  void addFile(std::string name, std::unique_ptr<llvm::MemoryBuffer> buffer);

  /// Keeps `bytes` and returns their hash.
  std::string add(llvm::ArrayRef<uint8_t> bytes);

  /// All bytes of a file in the folder.
  llvm::Expected<llvm::ArrayRef<uint8_t>> file(llvm::StringRef name);

  /// Where the files are that were read so far.
  std::vector<std::string> paths();

  /// The bytes of a reference; range and hash, if it has one, are checked.
  llvm::Expected<llvm::ArrayRef<uint8_t>> read(nn::DataAttr data);

private:
  llvm::Expected<llvm::ArrayRef<uint8_t>> locate(nn::DataAttr data);

  std::string folder;
  std::map<std::string, std::unique_ptr<llvm::MemoryBuffer>> files;
  std::map<std::string, std::vector<uint8_t>> memory;
  std::set<std::string> checked; // references whose hash was found right
  std::recursive_mutex mutex;
};

} // namespace weft
#endif
