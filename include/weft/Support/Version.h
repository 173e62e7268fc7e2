//===- Version.h - The version every tool prints --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_SUPPORT_VERSION_H
#define WEFT_SUPPORT_VERSION_H

namespace weft {
constexpr const char *VersionText = "weft 0.1.0";
} // namespace weft
#endif
