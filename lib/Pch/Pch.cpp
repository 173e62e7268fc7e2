//===- Pch.cpp - Host of the precompiled header ---------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
// A library needs a source; see cmake/WeftHelpers.cmake for its users.
