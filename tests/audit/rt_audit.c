/* SPDX-License-Identifier: MIT */
/* Counts what an RT thread must not do, in an unmodified program:
 *
 *   LD_PRELOAD=librt_audit.so RT_AUDIT_CYCLES=100000 rtctl run arm.toml
 *
 * The thread that first sleeps until an absolute time is the audited one, of
 * this process only: what it starts (a guardian) runs without the auditor.
 * After RT_AUDIT_WARMUP of its sleeps, and for RT_AUDIT_CYCLES more, it
 * counts allocator calls (by interposition), every system call other than
 * the sleep and the datagram calls (seccomp traps them, the handler counts
 * and then performs them), page faults and voluntary switches beyond the
 * sleeps (getrusage; involuntary ones are reported). One JSON line goes to
 * RT_AUDIT_OUT. RT_AUDIT_OFFEND=malloc|futex|fault|write|switch makes the
 * audited thread do that once in the middle, to show that the audit sees it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define MAX_NR 512

static __thread int audited; /* 0 other thread, 1 warming, 2 counting */
static int claimed;          /* one thread per process */
static long warmup = 500, cycles = 100000, sleeps;
static const char* offence = "";
static unsigned long allocations, frees, trapped[MAX_NR];
static struct rusage at_begin, at_end;
static long switches_in_sleeps;

/* ------------------------------------------------- the allowed gadget */

/* All the auditor's own system calls, and the trapped ones it performs,
 * leave from this one instruction; the filter lets it through. */
__asm__(
    ".text\n.globl rt_audit_gadget\n.hidden rt_audit_gadget\n"
    ".type rt_audit_gadget,@function\nrt_audit_gadget:\n"
    "mov %rdi,%rax\nmov %rsi,%rdi\nmov %rdx,%rsi\nmov %rcx,%rdx\n"
    "mov %r8,%r10\nmov %r9,%r8\nmov 8(%rsp),%r9\nsyscall\n"
    ".globl rt_audit_gadget_end\n.hidden rt_audit_gadget_end\n"
    "rt_audit_gadget_end:\nret\n");
long rt_audit_gadget(long nr, long a, long b, long c, long d, long e, long f);
extern char rt_audit_gadget_end[];

static void on_trap(int sig, siginfo_t* info, void* context) {
  (void)sig;
  ucontext_t* u = context;
  greg_t* g = u->uc_mcontext.gregs;
  const int nr = info->si_syscall;
  if (audited == 2 && nr >= 0 && nr < MAX_NR) ++trapped[nr];
  g[REG_RAX] = rt_audit_gadget(nr, g[REG_RDI], g[REG_RSI], g[REG_RDX],
                               g[REG_R10], g[REG_R8], g[REG_R9]);
}

#define ALLOW_NR(nr)                             \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1), \
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define LOAD(field) \
  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))

static int install_filter(void) {
  const uint64_t ip = (uint64_t)(uintptr_t)rt_audit_gadget_end;
  struct sock_filter code[] = {
      LOAD(instruction_pointer),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)ip, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
               offsetof(struct seccomp_data, instruction_pointer) + 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(ip >> 32), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      LOAD(nr),
      ALLOW_NR(SYS_clock_nanosleep),
      ALLOW_NR(SYS_sendto),
      ALLOW_NR(SYS_sendmsg),
      ALLOW_NR(SYS_recvfrom),
      ALLOW_NR(SYS_recvmsg),
      ALLOW_NR(SYS_recvmmsg),
      ALLOW_NR(SYS_rt_sigreturn),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
  };
  struct sock_fprog program = {sizeof code / sizeof code[0], code};
  struct sigaction action = {.sa_sigaction = on_trap,
                             .sa_flags = SA_SIGINFO | SA_NODEFER};
  if (sigaction(SIGSYS, &action, NULL) != 0) return -1;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* ------------------------------------------------------------- report */

static void report(void) {
  rt_audit_gadget(SYS_getrusage, RUSAGE_THREAD, (long)&at_end, 0, 0, 0, 0);
  unsigned long calls = 0, futexes = trapped[SYS_futex];
  for (int i = 0; i < MAX_NR; ++i) calls += trapped[i];
  static char line[4096];
  int n = snprintf(
      line, sizeof line,
      "{\"schema\":\"tactus/audit/1\",\"cycles\":%ld,\"allocations\":%lu,"
      "\"frees\":%lu,\"syscalls\":%lu,\"futexes\":%lu,\"faults\":%ld,"
      "\"voluntary_switches_beyond_waits\":%ld,\"involuntary_switches\":%ld,"
      "\"by_nr\":{",
      cycles, allocations, frees, calls, futexes,
      at_end.ru_minflt + at_end.ru_majflt - at_begin.ru_minflt -
          at_begin.ru_majflt,
      at_end.ru_nvcsw - at_begin.ru_nvcsw - switches_in_sleeps,
      at_end.ru_nivcsw - at_begin.ru_nivcsw);
  const char* comma = "";
  for (int i = 0; i < MAX_NR && n < 4000; ++i) {
    if (!trapped[i]) continue;
    n += snprintf(line + n, sizeof line - (size_t)n, "%s\"%d\":%lu", comma, i,
                  trapped[i]);
    comma = ",";
  }
  n += snprintf(line + n, sizeof line - (size_t)n, "}}\n");
  const char* path = getenv("RT_AUDIT_OUT");
  const long fd =
      path ? rt_audit_gadget(SYS_openat, AT_FDCWD, (long)path,
                             O_WRONLY | O_CREAT | O_TRUNC, 0644, 0, 0)
           : 2;
  rt_audit_gadget(SYS_write, fd, (long)line, n, 0, 0, 0);
}

static void offend(void) {
  if (!strcmp(offence, "malloc")) {
    void* volatile p = malloc(32);
    free(p);
  } else if (!strcmp(offence, "futex")) {
    uint32_t word = 1;
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
  } else if (!strcmp(offence, "fault")) {
    /* mlockall(MCL_FUTURE) would populate it: unlock and drop it first. */
    const long p = rt_audit_gadget(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    rt_audit_gadget(SYS_munlock, p, 4096, 0, 0, 0, 0);
    rt_audit_gadget(SYS_madvise, p, 4096, MADV_DONTNEED, 0, 0, 0);
    volatile char* page = (char*)p;
    page[0] = 1;
  } else if (!strcmp(offence, "write")) {
    (void)!write(-1, "", 0);
  } else if (!strcmp(offence, "switch")) {
    /* Off the processor by a call that the filter lets through, as a blocking
     * send would be: only the switch is left to see. */
    const struct timespec moment = {0, 50000};
    rt_audit_gadget(SYS_nanosleep, (long)&moment, 0, 0, 0, 0, 0);
  }
}

/* ------------------------------------------------------ interposition */

static long number(const char* name, long otherwise) {
  const char* text = getenv(name);
  return text ? atol(text) : otherwise;
}

/* Its children would audit themselves and write the same file. */
__attribute__((constructor)) static void this_process_only(void) {
  unsetenv("LD_PRELOAD");
}

static void count_sleep(void) {
  if (!audited) {
    if (__atomic_exchange_n(&claimed, 1, __ATOMIC_RELAXED)) return;
    audited = 1;
    warmup = number("RT_AUDIT_WARMUP", warmup);
    cycles = number("RT_AUDIT_CYCLES", cycles);
    offence = getenv("RT_AUDIT_OFFEND") ? getenv("RT_AUDIT_OFFEND") : "";
  }
  ++sleeps;
  /* Not before: a thread that this one starts would be under the filter too,
   * and a clone performed by the handler has no stack to return to. */
  if (sleeps == warmup - 2) {
    if (install_filter() != 0) abort();
  } else if (sleeps == warmup - 1) { /* touches the pages */
    rt_audit_gadget(SYS_getrusage, RUSAGE_THREAD, (long)&at_end, 0, 0, 0, 0);
    rt_audit_gadget(SYS_getrusage, RUSAGE_THREAD, (long)&at_begin, 0, 0, 0, 0);
  } else if (sleeps == warmup) {
    rt_audit_gadget(SYS_getrusage, RUSAGE_THREAD, (long)&at_begin, 0, 0, 0, 0);
    audited = 2;
  } else if (sleeps == warmup + cycles / 2) {
    offend();
  } else if (sleeps == warmup + cycles) {
    audited = 1;
    report();
  }
}

/* Exact, not cycles' worth: a sleep whose time has passed does not switch,
 * and would hide one switch elsewhere. Sends and receives are not excused. */
static long voluntary_switches(void) {
  static struct rusage now;
  rt_audit_gadget(SYS_getrusage, RUSAGE_THREAD, (long)&now, 0, 0, 0, 0);
  return now.ru_nvcsw;
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec* until,
                    struct timespec* left) {
  if (clock == CLOCK_MONOTONIC && flags == TIMER_ABSTIME) count_sleep();
  const int counting = audited == 2;
  if (counting) switches_in_sleeps -= voluntary_switches();
  const long rc = syscall(SYS_clock_nanosleep, clock, flags, until, left);
  if (counting) switches_in_sleeps += voluntary_switches();
  return rc == 0 ? 0 : errno;
}

#define REAL(ret, name, ...) extern ret __libc_##name(__VA_ARGS__)
REAL(void*, malloc, size_t);
REAL(void*, calloc, size_t, size_t);
REAL(void*, realloc, void*, size_t);
REAL(void*, memalign, size_t, size_t);
REAL(void, free, void*);

#define COUNT(counter) \
  if (audited == 2) ++counter

void* malloc(size_t n) {
  COUNT(allocations);
  return __libc_malloc(n);
}
void* calloc(size_t n, size_t size) {
  COUNT(allocations);
  return __libc_calloc(n, size);
}
void* realloc(void* p, size_t n) {
  COUNT(allocations);
  return __libc_realloc(p, n);
}
void* memalign(size_t alignment, size_t n) {
  COUNT(allocations);
  return __libc_memalign(alignment, n);
}
void* aligned_alloc(size_t alignment, size_t n) {
  COUNT(allocations);
  return __libc_memalign(alignment, n);
}
int posix_memalign(void** p, size_t alignment, size_t n) {
  COUNT(allocations);
  *p = __libc_memalign(alignment, n);
  return *p ? 0 : ENOMEM;
}
void free(void* p) {
  COUNT(frees);
  __libc_free(p);
}
