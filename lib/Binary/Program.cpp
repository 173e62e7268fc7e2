//===- Program.cpp - Small facts about the in-memory program --------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Binary/Program.h"

using namespace weft::bin;

unsigned weft::bin::elemBytes(ElemType t) {
  switch (t) {
  case ElemType::U8:
  case ElemType::I8:
  case ElemType::Bool:
    return 1;
  case ElemType::U16:
  case ElemType::I16:
  case ElemType::F16:
  case ElemType::BF16:
    return 2;
  case ElemType::F32:
  case ElemType::I32:
  case ElemType::U32:
    return 4;
  case ElemType::I64:
  case ElemType::U64:
    return 8;
  }
  return 0;
}

bool weft::bin::isStorage(ElemType t) {
  return t == ElemType::F32 || t == ElemType::F16 || t == ElemType::BF16 ||
         t == ElemType::I32 || t == ElemType::I16;
}
