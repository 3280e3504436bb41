/* SPDX-License-Identifier: MIT */
/* The C twin of cpp_arm: main MODEL LIMITS [SECONDS]. The arm is simulated
 * in read_arm(); time comes from the tick. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tactus/tactus.h>

struct frame {
  float q[7], dq[7];                       /* rad, rad/s */
  float target[3], hand[3];                /* m, base frame */
  int64_t q_at, dq_at, target_at, hand_at; /* receive stamps */
  float u[7];                              /* rad/s; raw in, checked out */
  float unused;                            /* fills up to the alignment */
};

#define FIELD(member, unit, type, count) \
  {#member, unit, type, count, (uint32_t)offsetof(struct frame, member)}
static const tactus_field fields[] = {
    FIELD(q, "rad", TACTUS_F32, 7),       FIELD(dq, "rad/s", TACTUS_F32, 7),
    FIELD(target, "m", TACTUS_F32, 3),    FIELD(hand, "m", TACTUS_F32, 3),
    FIELD(q_at, "", TACTUS_TIME, 1),      FIELD(dq_at, "", TACTUS_TIME, 1),
    FIELD(target_at, "", TACTUS_TIME, 1), FIELD(hand_at, "", TACTUS_TIME, 1),
    FIELD(u, "rad/s", TACTUS_F32, 7),     FIELD(unused, "", TACTUS_F32, 1),
};

struct arm {
  int64_t last_ns;
  float q[7], dq[7], command[7];
};

static tactus_status read_arm(void* self, void* frame,
                              const tactus_tick* tick) {
  struct arm* arm = self;
  struct frame* f = frame;
  const float target[3] = {0.45F, -0.2F, 0.4F}, hand[3] = {0.2F, 1.1F, 0.5F};
  const float lag = 0.015F; /* s, below the declared 20 ms */
  const float dt =
      arm->last_ns ? (float)(tick->now_ns - arm->last_ns) * 1e-9F : 0;
  arm->last_ns = tick->now_ns;
  for (int j = 0; j < 7; ++j) {
    arm->dq[j] += dt / (lag + dt) * (arm->command[j] - arm->dq[j]);
    arm->q[j] += dt * arm->dq[j];
  }
  memcpy(f->q, arm->q, sizeof f->q);
  memcpy(f->dq, arm->dq, sizeof f->dq);
  memcpy(f->target, target, sizeof f->target);
  memcpy(f->hand, hand, sizeof f->hand);
  f->q_at = f->dq_at = f->target_at = f->hand_at = tick->now_ns;
  return TACTUS_OK;
}

static tactus_status write_arm(void* self, void* frame,
                               const tactus_tick* tick) {
  struct arm* arm = self;
  const struct frame* f = frame;
  (void)tick;
  memcpy(arm->command, f->u, sizeof arm->command);
  return TACTUS_OK;
}

static tactus_stage stage(tactus_stage_kind kind, const char* name,
                          int64_t deadline_us) {
  tactus_stage s = TACTUS_INIT(tactus_stage);
  s.kind = kind;
  s.name = name;
  s.deadline_ns = deadline_us * 1000;
  s.on_late = kind == TACTUS_INFER ? TACTUS_KEEP_LAST : TACTUS_SKIP_REST;
  s.keep_last = 2;
  return s;
}

static tactus_loop* build(struct arm* arm, const tactus_policy* policy,
                          const tactus_shield* shield, tactus_error* error) {
  const char* inputs[] = {"q", "dq", "target", "hand"};
  tactus_loop_options options = TACTUS_INIT(tactus_loop_options);
  options.name = "c-arm";
  options.period_ns = 1000000;
  options.cpu = -1;
  options.priority = 45; /* SCHED_FIFO where it is granted */
  options.trip_bad = 50;
  options.trip_of = 1000;
  tactus_stage sense = stage(TACTUS_SENSE, "read", 200);
  tactus_stage infer = stage(TACTUS_INFER, "infer", 500);
  tactus_stage check = stage(TACTUS_CHECK, "check", 700);
  tactus_stage act = stage(TACTUS_ACT, "write", 800);
  sense.fn = read_arm;
  act.fn = write_arm;
  sense.self = act.self = arm;
  /* Starts rtctl guardian, which plays the stop plan to that address when
   * commits stop. This arm lives in the same process and stands still with
   * it: nobody listens there. */
  tactus_guard_options guard = TACTUS_INIT(tactus_guard_options);
  guard.sender = "udp://127.0.0.1:5005";
  guard.commit_ns = 900000;
  guard.misses = 20;
  guard.bound_ns = 10000000;
  guard.cpu = -1;
  tactus_loop* loop = NULL;
  tactus_builder* b = tactus_builder_new(&options, error);
  if (b &&
      tactus_builder_frame(b, fields, sizeof fields / sizeof *fields,
                           sizeof(struct frame), error) == 0 &&
      tactus_builder_stage(b, &sense, error) == 0 &&
      tactus_builder_infer(b, &infer, policy, inputs, 4, "u", error) == 0 &&
      tactus_builder_check(b, &check, shield, error) == 0 &&
      tactus_builder_stage(b, &act, error) == 0 &&
      tactus_builder_guard(b, &guard, error) == 0 &&
      tactus_builder_record(b, "c-arm.tlog", error) == 0) {
    loop = tactus_builder_build(b, error);
  }
  tactus_builder_free(b);
  return loop;
}

static void print_status(const tactus_loop* loop) {
  tactus_loop_status s = TACTUS_INIT(tactus_loop_status);
  if (tactus_loop_get_status(loop, &s, NULL) != 0) return;
  const int stood = s.state == TACTUS_STATE_IDLE; /* only then it ends */
  printf("%llu cycles: %llu pass, %llu scale, %llu stop; %s%s%s\n",
         (unsigned long long)s.executed, (unsigned long long)s.pass,
         (unsigned long long)s.scale, (unsigned long long)s.stop,
         stood ? "ended at standstill" : "did not end",
         s.ever_latched ? "; latched: " : "", s.reason);
}

int main(int argc, char** argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: %s MODEL.onnx LIMITS.toml [SECONDS]\n", argv[0]);
    return 2;
  }
  const int64_t seconds = argc > 3 ? atoi(argv[3]) : 5;
  struct arm arm = {.q = {0, -0.6F, 0, -2.0F, 0, 1.6F, 0.8F}};
  tactus_error error = {0};
  int rc = 0;
  tactus_loop* loop = NULL;
  tactus_shield* shield = NULL;
  tactus_policy* policy = tactus_policy_load(argv[1], NULL, &error);
  if (policy) shield = tactus_shield_load(argv[2], &error);
  if (shield) loop = build(&arm, policy, shield, &error);
  if (loop) {
    puts(tactus_loop_granted(loop));
    tactus_loop_engage(loop);
    rc = tactus_loop_run(loop, seconds * 1000000000);
    print_status(loop);
  } else {
    fprintf(stderr, "%s\n", error.text);
    rc = error.code;
  }
  tactus_loop_free(loop);
  tactus_shield_free(shield);
  tactus_policy_free(policy);
  return rc;
}
