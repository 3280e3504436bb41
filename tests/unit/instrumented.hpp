// SPDX-License-Identifier: MIT
// Whether the sanitizers of B=asan are in this program. UBSan asks the kernel
// through a pipe whether memory is there: a test that has no descriptor left
// would be told of objects that do not exist.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define TACTUS_INSTRUMENTED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TACTUS_INSTRUMENTED 1
#endif
#endif
#ifndef TACTUS_INSTRUMENTED
#define TACTUS_INSTRUMENTED 0
#endif

inline constexpr bool kInstrumented = TACTUS_INSTRUMENTED != 0;
