/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "proxy/filter.h"

/* No fork, no file that is written, made or removed, no signal to another process, no namespace, no mount,
 * no tracing, no keyring, no BPF. */
static const char *const allowed[] = {
        /* loading itself, memory, threads; execve once, by us: it gains nothing (confine.h) */
        "arch_prctl",
        "brk",
        "execve",
        "exit",
        "exit_group",
        "futex",
        "futex_wait",
        "futex_waitv",
        "futex_wake",
        "get_robust_list",
        "getrandom",
        "madvise",
        "membarrier",
        "mmap",
        "mprotect",
        "mremap",
        "mseal",
        "munmap",
        "prctl",
        "restart_syscall",
        "riscv_flush_icache",
        "rseq",
        "sched_getaffinity",
        "sched_yield",
        "set_robust_list",
        "set_tid_address",
        /* who and where it is */
        "getcwd",
        "getegid",
        "geteuid",
        "getgid",
        "getpid",
        "getppid",
        "getrlimit",
        "gettid",
        "getuid",
        "prlimit64",
        "setrlimit",
        "sysinfo",
        "uname",
        /* reading files: libraries, nsswitch.conf */
        "access",
        "faccessat",
        "faccessat2",
        "fadvise64",
        "fstat",
        "fstatfs",
        "getdents64",
        "lseek",
        "lstat",
        "newfstatat",
        "pread64",
        "readlink",
        "readlinkat",
        "stat",
        "statfs",
        "statx",
        /* descriptors, and waiting for them */
        "close",
        "close_range",
        "dup",
        "dup2",
        "dup3",
        "epoll_create1",
        "epoll_ctl",
        "epoll_pwait",
        "epoll_pwait2",
        "epoll_wait",
        "eventfd2",
        "fcntl",
        "pipe2",
        "poll",
        "ppoll",
        "read",
        "readv",
        "signalfd4",
        "splice",
        "write",
        "writev",
        /* sockets */
        "accept",
        "accept4",
        "connect",
        "getpeername",
        "getsockname",
        "getsockopt",
        "recvfrom",
        "recvmmsg",
        "recvmsg",
        "sendmmsg",
        "sendmsg",
        "sendto",
        "setsockopt",
        "shutdown",
        "socketpair",
        /* time and signals */
        "clock_getres",
        "clock_gettime",
        "clock_nanosleep",
        "gettimeofday",
        "nanosleep",
        "rt_sigaction",
        "rt_sigpending",
        "rt_sigprocmask",
        "rt_sigreturn",
        "rt_sigtimedwait",
        "sigaltstack",
        "timerfd_create",
        "timerfd_gettime",
        "timerfd_settime",
};

static int allow(scmp_filter_ctx filter, const char *name, unsigned n, struct scmp_arg_cmp condition) {
        int number = seccomp_syscall_resolve_name(name);

        /* A call of another architecture, or one that is newer than the library. */
        return number == __NR_SCMP_ERROR ? 0
                                         : seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, n, condition);
}

/* Where an argument tells what is asked for. Flags are the first argument of clone(2) but on s390. */
static int allow_some(scmp_filter_ctx filter) {
        static const int families[] = {AF_INET, AF_UNIX}, terminal[] = {TCGETS, FIONREAD};
        const scmp_datum_t changes = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;
        int r;

#ifdef __s390__
        r = allow(filter, "clone", 1, SCMP_A1(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
#else
        r = allow(filter, "clone", 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
#endif
        if (r >= 0)
                r = allow(filter, "open", 1, SCMP_A1(SCMP_CMP_MASKED_EQ, changes, 0));
        if (r >= 0)
                r = allow(filter, "openat", 1, SCMP_A2(SCMP_CMP_MASKED_EQ, changes, 0));
        if (r >= 0)
                r = allow(filter, "tgkill", 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t) getpid()));
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(families); i++)
                r = allow(filter, "socket", 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t) families[i]));
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(terminal); i++)
                r = allow(filter, "ioctl", 1, SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t) terminal[i]));
        return r;
}

int filter_load(Error *reterr) {
        /* 32 bits have other names for half of these. */
#if __SIZEOF_POINTER__ == 8
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
        int r;

        if (!filter)
                return error_set(reterr, ENOMEM, "make a filter of system calls");
        r = allow_some(filter);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(allowed); i++)
                r = allow(filter, allowed[i], 0, (struct scmp_arg_cmp){});
        if (r >= 0)
                r = seccomp_load(filter);
        seccomp_release(filter);
        if (r < 0)
                return error_set(reterr, r, "load a filter of system calls");
#endif
        return 0;
}
