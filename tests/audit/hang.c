/* SPDX-License-Identifier: MIT */
/* Makes the RT thread of an unmodified program fail on request:
 *
 *   LD_PRELOAD=libhang.so HANG_AT=now|send rtctl run arm.toml
 *
 * On SIGUSR1 the thread that first slept until an absolute time either spins
 * for ever where it stands (now), or stops the whole process just before its
 * next datagram leaves, after everything was checked (send). The guardian,
 * another process, is left alone: it inherits the library, but nobody sends
 * it the signal. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t rt_thread, stop_at_send;
static int at_send;

static void on_signal(int sig) {
  if (rt_thread == 0) return;
  if (syscall(SYS_gettid) != rt_thread) {
    syscall(SYS_tgkill, getpid(), (pid_t)rt_thread, sig);
    return;
  }
  if (!at_send) {
    for (;;) __asm__ volatile("");
  }
  stop_at_send = 1;
}

__attribute__((constructor)) static void prepare(void) {
  const char* at = getenv("HANG_AT");
  at_send = at != NULL && strcmp(at, "send") == 0;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR1, &action, NULL);
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec* until,
                    struct timespec* left) {
  static int (*real)(clockid_t, int, const struct timespec*, struct timespec*);
  if (!real) real = dlsym(RTLD_NEXT, "clock_nanosleep");
  if (rt_thread == 0 && (flags & TIMER_ABSTIME))
    rt_thread = (sig_atomic_t)syscall(SYS_gettid);
  return real(clock, flags, until, left);
}

ssize_t send(int fd, const void* bytes, size_t size, int flags) {
  static ssize_t (*real)(int, const void*, size_t, int);
  if (!real) real = dlsym(RTLD_NEXT, "send");
  if (stop_at_send && syscall(SYS_gettid) == rt_thread) {
    stop_at_send = 0;
    kill(getpid(), SIGSTOP);
  }
  return real(fd, bytes, size, flags);
}
