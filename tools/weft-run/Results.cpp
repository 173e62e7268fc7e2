//===- Results.cpp - The files of a run -----------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Results.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace weft;
using namespace weft::run;

/// Folders are removed only if they are empty.
Results::~Results() {
  set.reset();
  for (const std::string &folder : reverse(made))
    sys::fs::remove(folder);
}

Error Results::makeFolder(StringRef folder) {
  std::vector<std::string> missing;
  for (StringRef p = folder; !p.empty() && !sys::fs::exists(p);
       p = sys::path::parent_path(p))
    missing.push_back(p.str());
  made.insert(made.end(), missing.rbegin(), missing.rend());
  if (std::error_code ec = sys::fs::create_directories(folder))
    return createStringError("cannot make '" + folder + "': " + ec.message());
  return Error::success();
}

Error Results::add(StringRef path, OutputSet::Write write) {
  if (!set)
    set.emplace();
  return set->add(path, std::move(write));
}

Error Results::addTensor(StringRef folder, StringRef name,
                         const FileTensor &t) {
  if (Error e = makeFolder(folder))
    return e;
  SmallString<128> path(folder);
  sys::path::append(path, name);
  return add(path, [content = printTensorProto(t)](raw_ostream &os) {
    os << content;
    return Error::success();
  });
}

Error Results::commit() {
  if (set) {
    for (const std::string &input : inputs)
      set->keep(input);
    if (Error e = set->commit())
      return e;
  }
  set.reset();
  made.clear();
  return Error::success();
}
