//===- ScalarMath.h - Elementary functions without libm -------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Folding must give the same bits on every machine (promise 7), and libm does
// not. Good to about 1e-15, so right after rounding to f32 or narrower.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_IMPORT_SCALARMATH_H
#define WEFT_LIB_IMPORT_SCALARMATH_H

namespace weft::scalar {

double exp(double x);
double log(double x);
double pow(double x, double y);
double sin(double x); // |x| < 2^20
double cos(double x); // |x| < 2^20
double tanh(double x);
double erf(double x);
double tan(double x); // |x| < 2^20
double asin(double x);
double acos(double x);
double atan(double x);
double sinh(double x);
double cosh(double x);
double asinh(double x);
double acosh(double x);
double atanh(double x);

} // namespace weft::scalar
#endif
