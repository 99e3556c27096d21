/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "proxy/filter.h"

static const char *const allowed[] = {
        /* memory */
        "brk",
        "madvise",
        "mremap",
        "munmap",
        /* waiting */
        "clock_gettime",
        "epoll_ctl",
        "epoll_pwait",
        "epoll_wait",
        "poll",
        "ppoll",
        "restart_syscall",
        /* connections and datagrams */
        "accept4",
        "close",
        "connect",
        "getpeername",
        "getsockname",
        "getsockopt",
        "pipe2",
        "recvfrom",
        "recvmsg",
        "sendmsg",
        "sendto",
        "setsockopt",
        "shutdown",
        "splice",
        /* messages, and the end */
        "exit",
        "exit_group",
        "futex",
        "getpid",
        "gettid",
        "rt_sigaction",
        "rt_sigprocmask",
        "rt_sigreturn",
        "sigaltstack", /* AddressSanitizer's, before _exit(2) */
        "write",
        "writev",
};

static int allow(scmp_filter_ctx filter, const char *name, unsigned n, struct scmp_arg_cmp condition) {
        int number = seccomp_syscall_resolve_name(name);

        /* A call of another architecture, or one that is newer than the library. */
        return number == __NR_SCMP_ERROR ? 0
                                         : seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, n, condition);
}

/* Where an argument tells what is asked for. */
static int allow_some(scmp_filter_ctx filter, bool unix_sockets) {
        static const int families[] = {AF_INET, AF_INET6, AF_UNIX};
        int r;

        r = allow(filter, "mmap", 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
        if (r >= 0)
                r = allow(filter, "mprotect", 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
        if (r >= 0)
                r = allow(filter, "fcntl", 1, SCMP_A1(SCMP_CMP_EQ, F_SETPIPE_SZ));
        /* abort(3) */
        if (r >= 0)
                r = allow(filter, "tgkill", 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t) getpid()));
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(families) - !unix_sockets; i++)
                r = allow(filter, "socket", 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t) families[i]));
        return r;
}

int filter_load(bool unix_sockets, Error *reterr) {
        /* 32 bits have other names for half of these. */
#if __SIZEOF_POINTER__ == 8
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
        int r;

        if (!filter)
                return error_set(reterr, ENOMEM, "make a filter of system calls");
        r = allow_some(filter, unix_sockets);
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
