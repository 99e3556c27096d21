/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/call-filter.h"
#include "proxy/filter.h"

/* 32 bits have other names for half of these. */
#if __SIZEOF_POINTER__ == 8

/* AddressSanitizer calls sigaltstack() before _exit(2). */
static const char allowed[] = "brk madvise mremap munmap "
                              "clock_gettime epoll_ctl epoll_pwait epoll_wait poll ppoll restart_syscall "
                              "accept4 close connect getpeername getsockname getsockopt pipe2 recvfrom "
                              "recvmsg sendmsg sendto setsockopt shutdown splice "
                              "exit exit_group futex getpid gettid rt_sigaction rt_sigprocmask "
                              "rt_sigreturn sigaltstack write writev";

/* Where an argument tells what is asked for. */
static int allow_some(scmp_filter_ctx filter, int number, struct scmp_arg_cmp condition) {
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1, condition);
}

static int allow_what_serves(scmp_filter_ctx filter, const void *unix_sockets) {
        static const int families[] = {AF_INET, AF_INET6, AF_UNIX};
        int r;

        r = call_filter_add(filter, SCMP_ACT_ALLOW, allowed);
        if (r >= 0)
                r = allow_some(filter, SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
        if (r >= 0)
                r = allow_some(filter, SCMP_SYS(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
        if (r >= 0)
                r = allow_some(filter, SCMP_SYS(fcntl), SCMP_A1(SCMP_CMP_EQ, F_SETPIPE_SZ));
        /* abort(3) */
        if (r >= 0)
                r = allow_some(filter, SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t) getpid()));
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(families) - !*(const bool *) unix_sockets; i++)
                r = allow_some(filter, SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t) families[i]));
        return r;
}

#endif

int filter_load(bool unix_sockets, Error *reterr) {
#if __SIZEOF_POINTER__ == 8
        return call_filter_load(SCMP_ACT_ERRNO(ENOSYS), allow_what_serves, &unix_sockets, reterr);
#else
        return 0;
#endif
}
