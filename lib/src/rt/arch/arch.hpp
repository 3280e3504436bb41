// SPDX-License-Identifier: MIT
// What depends on the processor, one header per architecture with the same
// functions. B=portable takes the twin everywhere.
#pragma once

#if defined(__x86_64__) && !defined(TACTUS_PORTABLE)
#include "rt/arch/x86_64.hpp"
#else
#include "rt/arch/portable.hpp"
#endif
