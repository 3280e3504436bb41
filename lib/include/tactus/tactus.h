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

/* What a stage or a cycle says. TACTUS_LATE from sense or infer is a late
 * stage: its result is discarded and on_late decides. Anything else but
 * TACTUS_OK and TACTUS_NO_DATA is a failed one, whatever on_late says: the
 * cycle is bad (the trip rule counts it); a failed infer leaves no action, so
 * the rung is stop; what a failed sense wrote is discarded, the rest runs, and
 * its signals go stale by their age. Anything but TACTUS_OK from act is a
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

/* One field of the frame. No two fields overlap and there is no gap between
 * them: padding would record undefined bytes. Names are at most 31
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

/* What a late sense or infer does; a late act can only skip_rest or trip. */
typedef enum tactus_on_late {
  TACTUS_KEEP_LAST = 0, /* at most keep_last times in a row, then trip */
  TACTUS_FALLBACK = 1,  /* the output becomes `fallback` */
  TACTUS_SKIP_REST = 2, /* the rest is not run; engaged: rung stop acts */
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
  uint32_t output_size;   /* and replayed. A sense stage may leave it 0: late
                             or failed, the frame is as it was before it */
  const void* fallback;   /* output_size bytes, for TACTUS_FALLBACK */
} tactus_stage;

/* -------------------------------------------------- policy and shield */

/* Functions that return int32_t return 0, or the code that `error` holds.
 * `error` may be null, and is written only when something is wrong; a null
 * anywhere else is an error unless said otherwise, but freeing null is not.
 * Strings are copied. Nothing is freed for you. */

typedef struct tactus_policy tactus_policy;

/* What becomes of recurrent state and histories when the loop engages. Either
 * way they run on in ready and through rung stop, stand still in stopping and
 * latched, and are empty when a loop is built. */
typedef enum tactus_at_engage {
  TACTUS_AT_ENGAGE_KEEP = 0, /* what was observed in ready counts */
  TACTUS_AT_ENGAGE_RESET = 1 /* begins anew with the first engaged cycle */
} tactus_at_engage;

typedef struct tactus_policy_options {
  size_t sz;
  const char* backend; /* null: fused */
  const char* output;  /* null: the model's only output */
  /* "timed": each layer's fastest, measured at load (40 ms at most, give or
   * take a call); "rule": the same at each load on that instruction set; else
   * the kernels themselves, as a log or `rtctl model inspect --json` names
   * them. Logs name them, and a replay runs them. Null: those that a .tmodel
   * names, else timed. */
  const char* kernels;
  /* Observations of the contract, or inputs, that change slower than the loop:
   * what they make of the first layers is kept while their bytes stay the
   * same. Kept or made again, the outputs are the same; only that a layer is
   * cut in two is another order of additions. Null: the contract's own. */
  const char* const* slow;
  size_t slow_count;
  /* Answers kept for inputs that come again bit by bit; 0: none. Not for
   * recurrent models. */
  size_t answers;
  tactus_at_engage state;
} tactus_policy_options;

/* Reads, compiles and verifies an ONNX model against its golden vectors.
 * `options` may be null. Null on error. */
TACTUS_API tactus_policy* tactus_policy_load(
    const char* path, const tactus_policy_options* options,
    tactus_error* error);
TACTUS_API void tactus_policy_free(tactus_policy* policy);

typedef struct tactus_shield tactus_shield;

/* Reads [robot], [signal], [limit] of a TOML file (and the URDF it names,
 * relative to it). The commit rule's times come from the loop and the guard
 * that it is built into: the limits are compiled there. Null on error. */
TACTUS_API tactus_shield* tactus_shield_load(const char* path,
                                             tactus_error* error);

/* What a program changes of the limits it loads. What it takes out is never
 * silent: `limits` among what was granted names it, and disabled rows stand as
 * off in status, logs and explanations; require "limits" refuses that. */
typedef struct tactus_shield_options {
  size_t sz;
  /* Rows by id ("cell", "joint.jerk"; "human" is both of its rows) or by
   * family ("keep", "joint", "ssm"): they stay known, but are not judged. */
  const char* const* disable;
  size_t disable_count;
  /* Tables of [limit]: as if they were not written. */
  const char* const* remove;
  size_t remove_count;
  /* Text of one more file that limit.use names: "[limit]\n..."; of each key
   * the tightest value binds. Null: none. */
  const char* add;
} tactus_shield_options;

/* The same with changes; `options` may be null. Set-up only: it allocates and
 * reads the file. Null on error: a size or name that is wrong, text that is no
 * TOML. That an id or table is not known, with those that are, or that no
 * limit is left, is an error of tactus_builder_build. */
TACTUS_API tactus_shield* tactus_shield_load_with(
    const char* path, const tactus_shield_options* options,
    tactus_error* error);
TACTUS_API void tactus_shield_free(tactus_shield* shield);

/* What a callback (kind = "callback" in [limit]) is shown in a cycle: the
 * inputs of the check, the action that is sent if no callback refuses it (the
 * one that was asked for, blended while the loop engages, or what the ladder
 * makes of it; where that sends none, the one that was asked for), and where
 * the robot would be until it stands: that action held until the stop begins at
 * the latest, and that stop. Read-only; valid during the call. A later version
 * may add fields at the end: look at `sz`. */
typedef struct tactus_margin_view {
  size_t sz;
  uint64_t cycle;
  int64_t now_ns;
  uint32_t joints, signals, samples, reserved;
  const float* q; /* joints values, as measured */
  const float* dq;
  const float* action;            /* joints values */
  const char* const* signal_name; /* [signals]; the order of [signal] */
  const uint32_t* signal_count;   /* values of each */
  const float* const* signal;     /* its values */
  const int64_t* signal_stamp_ns; /* when they were true, at the latest */
  /* Of the motion: sample i stands for the time up to until_s[i] seconds from
   * now, from where sample i - 1 ends; joint j is then within
   * wide[i * joints + j] of motion[i * joints + j] (rad or m). */
  const double* until_s;
  const double* motion;
  const double* wide;
} tactus_margin_view;

/* Writes the margin, in the unit that the row says; below its min it is
 * violated. So it is when it is NaN, when the status is not TACTUS_OK, when
 * the call took longer than the row's budget, and when no motion is known:
 * then it is not called. On the loop's thread, once for each cycle, the
 * dry ones of build among them: TACTUS_RT, as a stage is. */
typedef tactus_status (*tactus_margin_fn)(void* self,
                                          const tactus_margin_view* view,
                                          float* margin);

/* Registers the function of the callback `name`, before the shield is given to
 * a builder. A row without one, and a name without a row, are errors of build;
 * a row that the program disables needs none, and calls none.
 * Where the file names module and symbol, the one registered here is called.
 * After a reload of the limits the functions of the file's modules and these
 * are found by name again. */
TACTUS_API int32_t tactus_shield_callback(tactus_shield* shield,
                                          const char* name, tactus_margin_fn fn,
                                          void* self, tactus_error* error);

/* ------------------------------------------------------------- builder */

typedef enum tactus_overrun {
  TACTUS_SKIP = 0,   /* keep the phase, count the missed releases */
  TACTUS_REPHASE = 1 /* the robot owns the clock */
} tactus_overrun;

/* Zero means the default named here. */
typedef struct tactus_loop_options {
  size_t sz;
  const char* name;  /* unique on the host; required */
  int64_t period_ns; /* required */
  int32_t cpu;       /* -1: any */
  int32_t priority;  /* SCHED_FIFO; 0: not real-time */
  tactus_overrun overrun;
  const char* wake;    /* "auto", "nanosleep"; null: auto */
  int64_t lead_max_ns; /* 60 us */
  /* In the slack before a release the policy and the check are run dry, so
   * that the cycle finds them in the caches: this much earlier at most. 200 us,
   * or a quarter of the period; negative: off. tactus_loop_step has no slack
   * of its own, so nothing is prewarmed there. */
  int64_t prewarm_max_ns;
  uint32_t trip_bad;          /* 3 bad releases */
  uint32_t trip_of;           /* of the last 100 */
  int64_t engage_time_ns;     /* 0.5 s: blend from the measured state */
  int64_t commit_ns;          /* without a guard; 0: 0.9 period */
  const char* const* require; /* names of tactus/grants.hpp: "fifo", ... */
  size_t require_count;
} tactus_loop_options;

typedef struct tactus_guard_options {
  size_t sz;
  const char* sender; /* "udp://127.0.0.1:5005": the robot's address */
  int64_t commit_ns;  /* commit deadline, from release */
  uint32_t misses;    /* consecutive missed commits before it acts */
  int64_t bound_ns;   /* how late the guardian may wake up */
  int64_t repeat_ns;  /* between its frames; 0: the period */
  int32_t cpu;        /* -1: any but the loop's */
} tactus_guard_options;

typedef struct tactus_builder tactus_builder;
typedef struct tactus_loop tactus_loop;

TACTUS_API tactus_builder* tactus_builder_new(
    const tactus_loop_options* options, tactus_error* error);
TACTUS_API void tactus_builder_free(tactus_builder* builder);

/* Each part below is given once, in any order, and kept when build fails: the
 * builder may be corrected and built again.
 *
 * The frame: every byte of `size` belongs to exactly one field. */
TACTUS_API int32_t tactus_builder_frame(tactus_builder* builder,
                                        const tactus_field* fields,
                                        size_t count, size_t size,
                                        tactus_error* error);
/* A sense stage of your own, in the order of the pipeline, or the act stage. */
TACTUS_API int32_t tactus_builder_stage(tactus_builder* builder,
                                        const tactus_stage* stage,
                                        tactus_error* error);
/* Runs `policy` on the named fields, laid end to end in the order of the
 * model's inputs, into `output`. Of `timing`: name, deadline, budget,
 * on_late, keep_last, fallback (`output_size` bytes; null: zero velocity).
 * The model's contract must agree: names, sizes, units, and its rate with
 * the loop's period. */
TACTUS_API int32_t tactus_builder_infer(tactus_builder* builder,
                                        const tactus_stage* timing,
                                        const tactus_policy* policy,
                                        const char* const* inputs,
                                        size_t input_count, const char* output,
                                        tactus_error* error);
/* Judges infer's output. Signals of the shield are the fields of their name;
 * their stamps the TACTUS_TIME fields `<name>_at`. Of `timing`: name,
 * deadline, budget. What the file says too must be what the program says: the
 * loop's period, overrun, trip, engage_time; the guard; the policy's backend,
 * input, output. The model's path and where the thread runs (cpu, priority,
 * wake, lead_max, require) are left to `rtctl run` with the same file. */
TACTUS_API int32_t tactus_builder_check(tactus_builder* builder,
                                        const tactus_stage* timing,
                                        const tactus_shield* shield,
                                        tactus_error* error);
/* Starts `rtctl guardian`. Without a call there is no guard: that must be
 * said by tactus_builder_no_guard, with the robot's own declared time-out,
 * after which it stops by itself. */
TACTUS_API int32_t tactus_builder_guard(tactus_builder* builder,
                                        const tactus_guard_options* options,
                                        tactus_error* error);
TACTUS_API int32_t tactus_builder_no_guard(tactus_builder* builder,
                                           int64_t robot_timeout_ns,
                                           tactus_error* error);
TACTUS_API int32_t tactus_builder_record(tactus_builder* builder,
                                         const char* path, tactus_error* error);
/* Allocates, locks, dry-runs, checks the grants. Null on error. */
TACTUS_API tactus_loop* tactus_builder_build(tactus_builder* builder,
                                             tactus_error* error);

/* ---------------------------------------------------------------- loop */

TACTUS_API void tactus_loop_free(tactus_loop* loop);

/* Cycles on the calling thread until the duration is over (0: no end), until
 * tactus_loop_end, or SIGINT/SIGTERM of the caller's choice calls it; then the
 * guardian leaves and the log is closed: once only. Another thread than the
 * one that built the loop gets priority and affinity first (the builder's
 * priority goes). Returns an exit code: 0, 1 when it ever latched, 2 when it
 * cannot run (null, a negative duration, run before), 3 when this thread lacks
 * a required grant, 4, 5. */
TACTUS_API int32_t tactus_loop_run(tactus_loop* loop, int64_t duration_ns);
/* One cycle, on a thread owned by others (libfranka, ros2_control, EtherCAT).
 * Of `tick`: release_ns, wake_ns (0: now). The period is a maximum: a gap of
 * more between two releases is missed ones, counted from the stamps; where less
 * passed, rates, accelerations and jerks go by that time (below a 64th of the
 * period the latter two, and expressions with dt, are violated). OK, LATE
 * when the cycle was bad, ENDED once it is over or has run. INVALID: loop or
 * tick is null, or release_ns is not after the one before, or more than a
 * period ahead of now; nothing ran or was sent, and such a tick counts as
 * skipped and bad. The log is closed by tactus_loop_free. RT-safe from the
 * second call on: the first looks what this thread has, for
 * tactus_loop_granted, and changes nothing of it. FAILED, from then on, when it
 * lacks a required grant. */
TACTUS_API tactus_status tactus_loop_step(tactus_loop* loop,
                                          const tactus_tick* tick) TACTUS_RT;

/* Requests, applied at a cycle edge; from any thread, signal-safe. A null loop
 * is left alone. */
TACTUS_API void tactus_loop_engage(tactus_loop* loop) TACTUS_RT;
TACTUS_API void tactus_loop_stop(tactus_loop* loop) TACTUS_RT;
TACTUS_API void tactus_loop_rearm(tactus_loop* loop) TACTUS_RT;
TACTUS_API void tactus_loop_end(tactus_loop* loop) TACTUS_RT;

typedef struct tactus_loop_status {
  size_t sz;
  tactus_state state;
  uint64_t released, executed, skipped, bad;
  uint64_t pass, scale, project, stop;
  uint32_t epoch;
  int32_t ever_latched;
  char reason[128]; /* why it last tripped; "" never */
} tactus_loop_status;
/* Set `sz` first. Any thread but not the loop's own while it runs: it
 * allocates. */
TACTUS_API int32_t tactus_loop_get_status(const tactus_loop* loop,
                                          tactus_loop_status* status,
                                          tactus_error* error);
/* What the machine granted, as one line of text, as of now: the thread that
 * runs may get less than the one that built. Lives as long as the loop. */
TACTUS_API const char* tactus_loop_granted(const tactus_loop* loop);

/* What a log's inputs gave when they went through this loop's infer and check
 * once more. */
typedef struct tactus_replay {
  size_t sz;
  uint64_t cycles;   /* compared, bit by bit */
  uint64_t skipped;  /* no keyframe before them */
  uint64_t gaps;     /* cycles were lost there; it went on at a keyframe */
  int32_t identical; /* 1: no difference in what was compared */
  uint32_t reserved;
  uint64_t cycle; /* of the first difference, where it ended */
  char field[64]; /* "raw u[2]", "rung", ...; "" when there is none */
  char expected[64], got[64];
  char stopped[128]; /* why it ended before the log did; "" */
  char notes[256];   /* what to know beside it: the log has no end, ...; "" */
} tactus_replay;
/* Feeds the frames, times, requests and guard inputs of a log into the policy
 * and the limits that `loop` was built with; sense and act are not called, and
 * the loop itself is left alone. The log's frame must be the loop's. Not for
 * the loop's thread. */
TACTUS_API int32_t tactus_loop_replay(const tactus_loop* loop, const char* path,
                                      tactus_replay* result,
                                      tactus_error* error);

TACTUS_API const char* tactus_version(void);

#ifdef __cplusplus
}
#endif

#endif
