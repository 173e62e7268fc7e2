//===- ScalarMath.cpp - Elementary functions without libm -----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Range reduction in two or three parts, then plain series in IEEE double.
// frexp, ldexp, floor and sqrt are exact everywhere and may be used.
//
//===----------------------------------------------------------------------===//
#include "ScalarMath.h"
#include <cmath>
#include <limits>

using namespace weft;

static constexpr double Inf = std::numeric_limits<double>::infinity();
static constexpr double NaN = std::numeric_limits<double>::quiet_NaN();

double scalar::exp(double x) {
  if (std::isnan(x))
    return x;
  if (x > 710)
    return Inf;
  if (x < -746)
    return 0;
  double k = std::floor(x * 1.4426950408889634 + 0.5);
  double r =
      (x - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10;
  double sum = 1;
  for (int n = 14; n > 0; --n)
    sum = 1 + r / n * sum;
  return std::ldexp(sum, int(k));
}

double scalar::log(double x) {
  if (std::isnan(x) || x < 0)
    return NaN;
  if (x == 0)
    return -Inf;
  if (std::isinf(x))
    return x;
  int e;
  double m = std::frexp(x, &e);
  if (m < 0.70710678118654752) {
    m *= 2;
    --e;
  }
  double s = (m - 1) / (m + 1), s2 = s * s, sum = 0;
  for (int n = 23; n > 0; n -= 2)
    sum = sum * s2 + 1.0 / n;
  return e * 6.93147180369123816490e-01 +
         (2 * s * sum + e * 1.90821492927058770002e-10);
}

double scalar::pow(double x, double y) {
  if (y == 0 || x == 1)
    return 1;
  if (y == 0.5)
    return std::sqrt(x);
  if (y == -0.5)
    return 1 / std::sqrt(x);
  if (y == std::floor(y) && std::fabs(y) <= 1024) {
    double result = 1, base = x;
    for (long n = long(std::fabs(y)); n; n >>= 1, base *= base)
      if (n & 1)
        result *= base;
    return y < 0 ? 1 / result : result;
  }
  if (x == 0)
    return y < 0 ? Inf : 0;
  if (std::isinf(y)) {
    double size = std::fabs(x);
    return size == 1 ? 1 : (size > 1) == (y > 0) ? Inf : 0;
  }
  if (x < 0 && y != std::floor(y))
    return NaN;
  double magnitude = exp(y * log(std::fabs(x)));
  bool odd = std::fmod(y, 2) != 0;
  return x < 0 && odd ? -magnitude : magnitude;
}

/// x - k * pi/2 and k mod 4.
static double reduce(double x, int &quadrant) {
  double k = std::floor(x * 0.63661977236758134 + 0.5);
  quadrant = int(k - 4 * std::floor(k / 4));
  double r = x - k * 1.57079632673412561417e+00;
  r -= k * 6.07710050630396597660e-11;
  return r - k * 2.02226624879595063154e-21;
}

static double sinSeries(double r) {
  double sum = 1, r2 = r * r;
  for (int n = 20; n > 1; n -= 2)
    sum = 1 - r2 / (n * (n + 1)) * sum;
  return r * sum;
}

static double cosSeries(double r) {
  double sum = 1, r2 = r * r;
  for (int n = 20; n > 1; n -= 2)
    sum = 1 - r2 / (n * (n - 1)) * sum;
  return sum;
}

static double sinQuadrant(double r, int quadrant) {
  double value = quadrant & 1 ? cosSeries(r) : sinSeries(r);
  return quadrant & 2 ? -value : value;
}

double scalar::sin(double x) {
  if (!std::isfinite(x))
    return NaN;
  int quadrant;
  double r = reduce(x, quadrant);
  return sinQuadrant(r, quadrant);
}

double scalar::cos(double x) {
  if (!std::isfinite(x))
    return NaN;
  int quadrant;
  double r = reduce(x, quadrant);
  return sinQuadrant(r, (quadrant + 1) & 3);
}

double scalar::tanh(double x) {
  double a = std::fabs(x), x2 = x * x;
  if (a < 0.02)
    return x * (1 + x2 * (-1.0 / 3 + x2 * (2.0 / 15 - x2 * 17.0 / 315)));
  if (a > 22)
    return x < 0 ? -1 : 1;
  double e = exp(2 * a);
  double value = (e - 1) / (e + 1);
  return x < 0 ? -value : value;
}

double scalar::erf(double x) {
  double a = std::fabs(x);
  if (std::isnan(x))
    return x;
  if (a > 6)
    return x < 0 ? -1 : 1;
  // All terms are positive: 2/sqrt(pi) exp(-x^2) sum 2^n x^(2n+1) / (2n+1)!!
  double term = a, sum = a;
  for (int n = 1; n < 200 && term > sum * 1e-18; ++n) {
    term *= 2 * a * a / (2 * n + 1);
    sum += term;
  }
  double value = 1.1283791670955126 * exp(-a * a) * sum;
  return x < 0 ? -value : value;
}

//===----------------------------------------------------------------------===//
// From those above
//===----------------------------------------------------------------------===//

double scalar::tan(double x) { return sin(x) / cos(x); }

/// Three halvings of the angle leave less than 0.2, where the series is short.
double scalar::atan(double x) {
  if (std::isnan(x))
    return x;
  if (std::fabs(x) > 1e8)
    return (x < 0 ? -1 : 1) * (1.5707963267948966 - 1 / std::fabs(x));
  double r = x;
  for (int i = 0; i < 3; ++i)
    r /= 1 + std::sqrt(1 + r * r);
  double r2 = r * r, sum = 0;
  for (int n = 27; n > 0; n -= 2)
    sum = 1.0 / n - r2 * sum;
  return 8 * r * sum;
}

double scalar::asin(double x) {
  if (!(std::fabs(x) <= 1))
    return NaN;
  return 2 * atan(x / (1 + std::sqrt((1 - x) * (1 + x))));
}

double scalar::acos(double x) {
  if (!(std::fabs(x) <= 1))
    return NaN;
  if (x == -1)
    return 3.1415926535897931;
  return 2 * atan(std::sqrt((1 - x) / (1 + x)));
}

double scalar::sinh(double x) {
  if (std::fabs(x) < 0.1) {
    double sum = 1, x2 = x * x;
    for (int n = 12; n > 1; n -= 2)
      sum = 1 + x2 / (n * (n + 1)) * sum;
    return x * sum;
  }
  return (exp(x) - exp(-x)) / 2;
}

double scalar::cosh(double x) { return (exp(x) + exp(-x)) / 2; }

/// The logarithm has an absolute error, which small values do not bear.
double scalar::asinh(double x) {
  double a = std::fabs(x);
  if (a < 1e-4)
    return x * (1 - x * x / 6);
  double value =
      a > 1e8 ? log(a) + 0.69314718055994531 : log(a + std::sqrt(a * a + 1));
  return x < 0 ? -value : value;
}

double scalar::acosh(double x) {
  if (!(x >= 1))
    return NaN;
  return x > 1e8 ? log(x) + 0.69314718055994531
                 : log(x + std::sqrt((x - 1) * (x + 1)));
}

double scalar::atanh(double x) {
  if (!(std::fabs(x) <= 1))
    return NaN;
  if (std::fabs(x) < 1e-4)
    return x * (1 + x * x / 3);
  return 0.5 * log((1 + x) / (1 - x));
}
