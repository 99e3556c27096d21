/* SPDX-License-Identifier: MIT */

#include <linux/netlink.h>
#include <seccomp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/privilege.h"
#include "cell/rights.h"

/* Capabilities. */
#define RIGHTS                                                                                              \
        (PRIVILEGE(AUDIT_CONTROL) | PRIVILEGE(AUDIT_WRITE) | PRIVILEGE(CHOWN) | PRIVILEGE(DAC_OVERRIDE) |   \
         PRIVILEGE(DAC_READ_SEARCH) | PRIVILEGE(FOWNER) | PRIVILEGE(FSETID) | PRIVILEGE(IPC_OWNER) |        \
         PRIVILEGE(KILL) | PRIVILEGE(LEASE) | PRIVILEGE(LINUX_IMMUTABLE) | PRIVILEGE(MKNOD) |               \
         PRIVILEGE(NET_BIND_SERVICE) | PRIVILEGE(NET_BROADCAST) | PRIVILEGE(NET_RAW) | PRIVILEGE(SETFCAP) | \
         PRIVILEGE(SETGID) | PRIVILEGE(SETPCAP) | PRIVILEGE(SETUID) | PRIVILEGE(SYS_ADMIN) |                \
         PRIVILEGE(SYS_BOOT) | PRIVILEGE(SYS_CHROOT) | PRIVILEGE(SYS_NICE) | PRIVILEGE(SYS_PTRACE) |        \
         PRIVILEGE(SYS_RESOURCE) | PRIVILEGE(SYS_TTY_CONFIG))

uint64_t rights_of_guest(const CellOptions *o) {
        uint64_t rights = RIGHTS | o->capabilities_add;

        if (o->private_network)
                rights |= PRIVILEGE(NET_ADMIN);
        return rights & ~o->capabilities_drop;
}

/* Names with a space between them; what an architecture or the library does not know is left out. */
static const struct {
        uint64_t capability; /* the guest must have it; 0: none */
        const char *names;
} calls[] = {
        /* clang-format off */
        /* files */
        {0, "access chdir chmod chown chown32 chroot close close_range copy_file_range creat dup dup2 dup3"},
        {0, "faccessat faccessat2 fadvise64 fadvise64_64 fallocate fchdir fchmod fchmodat fchmodat2 fchown"},
        {0, "fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr flock fremovexattr fsetxattr fstat"},
        {0, "fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futimesat getcwd getdents"},
        {0, "getdents64 getxattr inotify_add_watch inotify_init inotify_init1 inotify_rm_watch lchown lchown32"},
        {0, "lgetxattr link linkat listxattr llistxattr _llseek lremovexattr lseek lsetxattr lstat lstat64"},
        {0, "memfd_create mkdir mkdirat mknod mknodat mmap mmap2 msync munmap name_to_handle_at newfstatat"},
        {0, "oldfstat oldlstat oldstat open openat openat2 pipe pipe2 pread64 preadv preadv2 pwrite64 pwritev"},
        {0, "pwritev2 read readahead readdir readlink readlinkat readv removexattr rename renameat renameat2"},
        {0, "rmdir sendfile sendfile64 setxattr splice stat stat64 statfs statfs64 statx symlink symlinkat sync"},
        {0, "sync_file_range sync_file_range2 syncfs tee truncate truncate64 umask unlink unlinkat utime"},
        {0, "utimensat utimensat_time64 utimes vmsplice write writev ioctl"},
        /* waiting */
        {0, "epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait"},
        {0, "epoll_wait_old eventfd eventfd2 futex futex_time64 futex_waitv io_cancel io_destroy io_getevents"},
        {0, "io_pgetevents io_pgetevents_time64 io_setup io_submit io_uring_enter io_uring_register"},
        {0, "io_uring_setup _newselect pause poll ppoll ppoll_time64 pselect6 pselect6_time64 select"},
        /* mounts */
        {0, "fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_tree pivot_root umount umount2"},
        /* sockets, and messages between processes */
        {0, "accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg"},
        {0, "recvmmsg_time64 recvmsg send sendmmsg sendmsg sendto setsockopt shutdown socket socketcall"},
        {0, "socketpair ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64"},
        {0, "mq_timedsend mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd process_madvise semctl"},
        {0, "semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget"},
        /* processes, and who they are */
        {0, "arch_prctl capget capset clone clone3 execve execveat exit exit_group fork getegid getegid32"},
        {0, "geteuid geteuid32 getgid getgid32 getgroups getgroups32 getpgid getpgrp getpid getppid getresgid"},
        {0, "getresgid32 getresuid getresuid32 getrusage getsid gettid getuid getuid32 kcmp kill personality"},
        {0, "pidfd_open pidfd_send_signal prctl rt_sigqueueinfo rt_tgsigqueueinfo seccomp setfsgid setfsgid32"},
        {0, "setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setns setpgid setregid setregid32"},
        {0, "setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setsid setuid setuid32"},
        {0, "swapcontext tgkill times tkill unshare vfork wait4 waitid waitpid"},
        /* signals */
        {0, "rt_sigaction rt_sigpending rt_sigprocmask rt_sigreturn rt_sigsuspend rt_sigtimedwait"},
        {0, "rt_sigtimedwait_time64 sigaction sigaltstack signal signalfd signalfd4 sigpending sigprocmask"},
        {0, "sigreturn sigsuspend restart_syscall"},
        /* memory, threads and resources */
        {0, "brk cacheflush get_mempolicy get_robust_list get_thread_area getcpu getpriority getrandom getrlimit"},
        {0, "ioprio_get ioprio_set madvise mbind membarrier migrate_pages mincore move_pages mprotect mremap"},
        {0, "nice prlimit64 remap_file_pages riscv_flush_icache riscv_hwprobe rseq sched_get_priority_max"},
        {0, "sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler"},
        {0, "sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam"},
        {0, "sched_setscheduler sched_yield set_mempolicy set_mempolicy_home_node set_robust_list"},
        {0, "set_thread_area set_tid_address set_tls setpriority setrlimit ugetrlimit uretprobe userfaultfd"},
        /* time, and the system */
        {0, "alarm clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep"},
        {0, "clock_nanosleep_time64 getitimer gettimeofday nanosleep setitimer time timer_create timer_delete"},
        {0, "timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create"},
        {0, "timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64"},
        {0, "oldolduname olduname setdomainname sethostname sysinfo uname"},
        /* what a capability is for */
        {PRIVILEGE(SYS_TIME), "adjtimex clock_adjtime clock_adjtime64 clock_settime clock_settime64 settimeofday"},
        {PRIVILEGE(SYS_MODULE), "delete_module finit_module init_module"},
        {PRIVILEGE(SYS_RAWIO), "ioperm iopl pciconfig_iobase pciconfig_read pciconfig_write"},
        {PRIVILEGE(IPC_LOCK), "mlock mlock2 mlockall munlock munlockall"},
        {PRIVILEGE(SYS_PACCT), "acct"},
        {PRIVILEGE(SYS_PTRACE), "process_vm_readv process_vm_writev ptrace"},
        {PRIVILEGE(SYS_BOOT), "reboot"},
        {PRIVILEGE(SYSLOG), "syslog"},
        {PRIVILEGE(SYS_TTY_CONFIG), "vhangup"},
        /* clang-format on */
};

/* Calls that are known, and refused. Programs take ENOSYS, which all others give, for a kernel that is older
 * than they are. */
static const char refused[] = "add_key bpf fanotify_init fanotify_mark kexec_file_load kexec_load keyctl "
                              "lookup_dcookie modify_ldt nfsservctl open_by_handle_at perf_event_open "
                              "pkey_alloc pkey_free pkey_mprotect quotactl quotactl_fd request_key swapoff "
                              "swapon";

static int add_names(scmp_filter_ctx filter, uint32_t action, const char *names) {
        _cleanup_free_ char *copy = xstrdup(names);
        char *rest = copy, *name;
        int r = 0;

        while (r >= 0 && (name = strsep(&rest, " "))) {
                int number = seccomp_syscall_resolve_name(name);

                if (number != __NR_SCMP_ERROR)
                        r = seccomp_rule_add(filter, action, number, 0);
        }
        return r;
}

/* There is no audit: what asks for it believes this error and no other. */
static int refuse_audit(scmp_filter_ctx filter, uint64_t kept) {
        return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 2,
                                SCMP_A0(SCMP_CMP_EQ, AF_NETLINK), SCMP_A2(SCMP_CMP_EQ, NETLINK_AUDIT));
}

static int allow_calls(scmp_filter_ctx filter, uint64_t kept) {
        /* A tree instead of a list of 300. */
        int r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(calls); i++)
                if ((calls[i].capability & ~kept) == 0)
                        r = add_names(filter, SCMP_ACT_ALLOW, calls[i].names);
        return r < 0 ? r : add_names(filter, SCMP_ACT_ERRNO(EPERM), refused);
}

/* Programs of 32 bits run where the kernel runs them. Without "no new privileges", which CAP_SYS_ADMIN is
 * needed for, programs inside still gain by their set-user-id bits. */
static int load_filter(uint32_t others, int (*fill)(scmp_filter_ctx filter, uint64_t kept), uint64_t kept,
                       Error *reterr) {
        scmp_filter_ctx filter = seccomp_init(others);
        int r = filter ? 0 : -ENOMEM;

#if defined(__x86_64__)
        if (r >= 0)
                r = seccomp_arch_add(filter, SCMP_ARCH_X86);
#elif defined(__aarch64__)
        if (r >= 0)
                r = seccomp_arch_add(filter, SCMP_ARCH_ARM);
#endif
        if (r >= 0)
                r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
        if (r >= 0)
                r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
        if (r >= 0)
                r = fill(filter, kept);
        if (r >= 0)
                r = seccomp_load(filter);
        seccomp_release(filter);
        return r < 0 ? error_set(reterr, r, "load a filter of system calls") : 0;
}

int rights_keep(uint64_t kept, Error *reterr) {
        int r;

        /* Two filters, since each has one answer to what it does not name. */
        r = load_filter(SCMP_ACT_ALLOW, refuse_audit, kept, reterr);
        if (r >= 0)
                r = load_filter(SCMP_ACT_ERRNO(ENOSYS), allow_calls, kept, reterr);
        if (r < 0)
                return r;
        r = privilege_bound(kept);
        if (r >= 0)
                r = privilege_keep(kept);
        return r < 0 ? error_set(reterr, r, "give up privileges") : 0;
}
