/* SPDX-License-Identifier: MIT */

#include "base/common-calls.h"

const char common_calls[] =
        /* clang-format off */
        /* files */
        "access chdir chmod chown chroot close close_range copy_file_range creat dup dup2 dup3 faccessat "
        "faccessat2 fadvise64 fadvise64_64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl "
        "fdatasync fgetxattr flistxattr flock fremovexattr fsetxattr fstat fstatat64 fstatfs fsync "
        "ftruncate futimesat getcwd getdents getxattr inotify_add_watch inotify_init inotify_init1 "
        "inotify_rm_watch lchown lgetxattr link linkat listxattr llistxattr _llseek lremovexattr lseek "
        "lsetxattr lstat memfd_create mkdir mkdirat mknod mknodat mmap mmap2 msync munmap name_to_handle_at "
        "newfstatat oldfstat oldlstat oldstat open openat openat2 pipe pipe2 pread64 preadv preadv2 "
        "pwrite64 pwritev pwritev2 read readahead readdir readlink readlinkat readv removexattr rename "
        "renameat renameat2 rmdir sendfile setxattr splice stat statfs statx symlink symlinkat sync "
        "sync_file_range sync_file_range2 syncfs tee truncate umask unlink unlinkat utime utimensat utimes "
        "vmsplice write writev ioctl "
        /* waiting */
        "epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait "
        "epoll_wait_old eventfd eventfd2 futex futex_waitv io_cancel io_destroy io_getevents io_pgetevents "
        "io_setup io_submit io_uring_enter io_uring_register io_uring_setup _newselect pause poll ppoll "
        "pselect6 select "
        /* mounts */
        "fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_tree pivot_root umount umount2 "
        /* sockets, and messages between processes */
        "accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg "
        "recvmsg send sendmmsg sendmsg sendto setsockopt shutdown socket socketcall socketpair ipc "
        "mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd "
        "process_madvise semctl semget semop semtimedop shmat shmctl shmdt shmget "
        /* processes, and who they are */
        "arch_prctl capget capset clone clone3 execve execveat exit exit_group fork getegid geteuid getgid "
        "getgroups getpgid getpgrp getpid getppid getresgid getresuid getrusage getsid gettid getuid kcmp "
        "kill personality pidfd_open pidfd_send_signal prctl rt_sigqueueinfo rt_tgsigqueueinfo seccomp "
        "setfsgid setfsuid setgid setgroups setns setpgid setregid setresgid setresuid setreuid setsid "
        "setuid swapcontext tgkill times tkill unshare vfork wait4 waitid waitpid "
        /* signals */
        "rt_sigaction rt_sigpending rt_sigprocmask rt_sigreturn rt_sigsuspend rt_sigtimedwait sigaction "
        "sigaltstack signal signalfd signalfd4 sigpending sigprocmask sigreturn sigsuspend restart_syscall "
        /* memory, threads and resources */
        "brk cacheflush get_mempolicy get_robust_list get_thread_area getcpu getpriority getrandom "
        "getrlimit ioprio_get ioprio_set madvise mbind membarrier migrate_pages mincore move_pages mprotect "
        "mremap nice prlimit64 remap_file_pages riscv_flush_icache riscv_hwprobe rseq "
        "sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam "
        "sched_getscheduler sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam "
        "sched_setscheduler sched_yield set_mempolicy set_mempolicy_home_node set_robust_list "
        "set_thread_area set_tid_address set_tls setpriority setrlimit ugetrlimit uretprobe userfaultfd "
        /* time, and the system */
        "alarm clock_getres clock_gettime clock_nanosleep getitimer gettimeofday nanosleep setitimer time "
        "timer_create timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create "
        "timerfd_gettime timerfd_settime oldolduname olduname setdomainname sethostname sysinfo uname";
/* clang-format on */
