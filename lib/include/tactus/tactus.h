/* SPDX-License-Identifier: MIT */
/* Tactus C ABI (libtactus.so.0). A loop = one thread = stages over one
 * plain-data frame. Set-up functions may block and allocate, and report
 * through tactus_error; what runs in the cycle is marked TACTUS_RT: it never
 * allocates, locks, throws or logs. Every options struct begins with
 * `size_t sz`; initialise it with TACTUS_INIT(type). Times are int64_t
 * nanoseconds of CLOCK_MONOTONIC. */
#ifndef TACTUS_TACTUS_H
#define TACTUS_TACTUS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define TACTUS_RT noexcept
#define TACTUS_INIT(type)    \
  ([] {                      \
    type init_{};            \
    init_.sz = sizeof(type); \
    return init_;            \
  }())
#else
#define TACTUS_RT
#define TACTUS_INIT(type) \
  (type) { .sz = sizeof(type) }
#endif

#if defined(__GNUC__)
#define TACTUS_API __attribute__((visibility("default")))
#else
#define TACTUS_API
#endif

/* ------------------------------------------------------------- status */

/* What a stage or a cycle says. Anything but TACTUS_OK from sense or infer
 * is treated like a late stage; from check like a stop; from act like a
 * missed commit. */
typedef int32_t tactus_status;
enum {
  TACTUS_OK = 0,
  TACTUS_NO_DATA = 1,   /* nothing new; the frame keeps what it had */
  TACTUS_LATE = 2,      /* a deadline passed */
  TACTUS_FAILED = 3,    /* the stage could not do its work */
  TACTUS_INVALID = 4,   /* NaN, Inf, out of range, wrong size */
  TACTUS_EXHAUSTED = 5, /* a fixed-size resource is used up */
  TACTUS_ENDED = 6      /* the loop is over: duration, signal, idle */
};

/* Set-up failure. `code` is rtctl's exit code: 2 bad input, 3 unavailable,
 * 4 permission, 5 internal. `text` is one line. */
typedef struct tactus_error {
  int32_t code;
  char text[1020];
} tactus_error;

/* --------------------------------------------------------------- tick */

/* What a stage may know about time; stages read time from nowhere else. */
typedef struct tactus_tick {
  uint64_t cycle;     /* index on the grid: release = t0 + cycle * period */
  int64_t release_ns; /* scheduled start */
  int64_t wake_ns;    /* when the thread really ran */
  int64_t now_ns;     /* begin of this stage */
  int64_t period_ns;
  uint64_t missed; /* releases skipped directly before this one */
  uint32_t state;  /* tactus_state */
  uint32_t flags;  /* TACTUS_TICK_* */
  uint64_t reserved[4];
} tactus_tick;
enum { TACTUS_TICK_DRY_RUN = 1u, TACTUS_TICK_SHADOW = 2u };

/* The life of a loop (lib/src/rt/life.hpp has the table). */
typedef enum tactus_state {
  TACTUS_STATE_IDLE = 0,
  TACTUS_STATE_WARM = 1,
  TACTUS_STATE_READY = 2,
  TACTUS_STATE_ENGAGED = 3,
  TACTUS_STATE_STOPPING = 4,
  TACTUS_STATE_LATCHED = 5
} tactus_state;

/* What the ladder did. */
typedef enum tactus_rung {
  TACTUS_RUNG_NONE = 0, /* not checked: sends nothing (ready, shadow) */
  TACTUS_RUNG_PASS = 1,
  TACTUS_RUNG_SCALE = 2,
  TACTUS_RUNG_PROJECT = 3,
  TACTUS_RUNG_STOP = 4
} tactus_rung;

/* -------------------------------------------------------------- frame */

typedef enum tactus_type {
  TACTUS_F32 = 1,
  TACTUS_F64 = 2,
  TACTUS_I32 = 3,
  TACTUS_I64 = 4,
  TACTUS_U32 = 5,
  TACTUS_U64 = 6,
  TACTUS_U8 = 7,
  TACTUS_TIME = 8 /* int64_t ns, a stamp */
} tactus_type;

/* One field of the frame. No two fields overlap and together they cover the
 * whole frame: padding would record undefined bytes. Names are at most 31
 * characters, units at most 15. */
typedef struct tactus_field {
  const char* name;
  const char* unit; /* "" when it has none */
  tactus_type type;
  uint32_t count;
  uint32_t offset;
} tactus_field;

/* -------------------------------------------------------------- stages */

typedef enum tactus_stage_kind {
  TACTUS_SENSE = 0,
  TACTUS_INFER = 1,
  TACTUS_CHECK = 2,
  TACTUS_ACT = 3
} tactus_stage_kind;

typedef enum tactus_on_late {
  TACTUS_KEEP_LAST = 0, /* at most keep_last times in a row, then trip */
  TACTUS_FALLBACK = 1,  /* the output becomes `fallback` */
  TACTUS_SKIP_REST = 2, /* nothing more this cycle: the guard sees it */
  TACTUS_TRIP = 3
} tactus_on_late;

typedef tactus_status (*tactus_stage_fn)(void* self, void* frame,
                                         const tactus_tick* tick);

typedef struct tactus_stage {
  size_t sz;
  const char* name;
  tactus_stage_kind kind;
  tactus_stage_fn fn;
  void* self;
  int64_t deadline_ns; /* latest finish, from the scheduled release */
  int64_t budget_ns;   /* own run time; 0: none; exceeding it is counted */
  tactus_on_late on_late;
  uint32_t keep_last;     /* how often TACTUS_KEEP_LAST may repeat */
  uint32_t output_offset; /* its output in the frame: kept, restored, */
  uint32_t output_size;   /* and replayed */
  const void* fallback;   /* output_size bytes, for TACTUS_FALLBACK */
} tactus_stage;

#ifdef __cplusplus
}
#endif

#endif
