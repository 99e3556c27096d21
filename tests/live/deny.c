/* SPDX-License-Identifier: MIT
 *
 * What a shell cannot do: let a command and all that it starts fail with what a host's limits do, without
 * touching the limits of this machine.
 *
 *     deny inotify COMMAND [ARGUMENT..]    no inotify instance is left (EMFILE)
 *     deny pidfd COMMAND [ARGUMENT..]      no descriptor of a process can be had (EMFILE) */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned call_of(const char *what) {
        if (strcmp(what, "inotify") == 0)
                return __NR_inotify_init1;
        if (strcmp(what, "pidfd") == 0)
                return __NR_pidfd_open;
        fprintf(stderr, "deny: which of inotify, pidfd?\n");
        exit(2);
}

int main(int argc, char **argv) {
        struct sock_filter filter[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, argc > 2 ? call_of(argv[1]) : 0, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EMFILE),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

        if (argc < 3) {
                fprintf(stderr, "usage: deny WHAT COMMAND [ARGUMENT..]\n");
                return 2;
        }
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
                fprintf(stderr, "deny: %s\n", strerror(errno));
                return 2;
        }
        execvp(argv[2], argv + 2);
        fprintf(stderr, "deny: %s: %s\n", argv[2], strerror(errno));
        return 127;
}
