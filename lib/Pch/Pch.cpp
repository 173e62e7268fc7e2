// Host of the precompiled header; see cmake/WeftHelpers.cmake.
