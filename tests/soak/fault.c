/* SPDX-License-Identifier: MIT
 *
 * Runs a command in which one system call goes wrong: the process is killed as it makes it, or the call
 * fails. Counts those of the command itself, or with --in those of the programs of that name
 * (proc_pid_comm(5)) that it starts.
 *
 *     fault [--in NAME] [--from PATH] count COMMAND..          nothing goes wrong
 *     fault [--in NAME] [--from PATH] kill N COMMAND..         SIGKILL at the N-th call
 *     fault [--in NAME] [--from PATH] error N ERRNO COMMAND..  the N-th call that can fail (`kinds`) fails
 *     fault [--in NAME] [--from PATH] stop N COMMAND..         SIGSTOP at the N-th call: until a SIGCONT
 *
 * With --from the first call is the one that opens PATH, written exactly so and not for O_PATH alone.
 *
 * Ends like the command, or with 128 + its signal; what it started goes on. The last line of its standard
 * error says how many calls counted and which one was hit: "fault: 831 calls", "fault: 12 calls, hit
 * openat2". One that stops is told by a line at once: "fault: stopped". */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES_MAX 4096

/* Calls that fail on a host that is short of something, or not as it should be. Not those for memory:
 * without it the program aborts, as it says. */
#define KIND(name)                                                                                          \
        { SYS_##name, #name }
static const struct {
        long number;
        const char *name;
} kinds[] = {
        KIND(openat),
        KIND(openat2),
        KIND(read),
        KIND(write),
        KIND(pread64),
        KIND(pwrite64),
        KIND(mkdirat),
        KIND(unlinkat),
#ifdef SYS_renameat
        KIND(renameat),
#endif
        KIND(renameat2),
        KIND(linkat),
        KIND(symlinkat),
        KIND(readlinkat),
        KIND(fsync),
        KIND(ftruncate),
        KIND(flock),
        KIND(fchown),
        KIND(fchownat),
        KIND(fchmod),
        KIND(fstat),
        KIND(newfstatat),
        KIND(statx),
        KIND(getdents64),
        KIND(faccessat),
        KIND(faccessat2),
#ifdef SYS_access
        KIND(access),
#endif
        KIND(getxattr),
        KIND(fgetxattr),
        KIND(setxattr),
        KIND(fsetxattr),
        KIND(name_to_handle_at),
        KIND(open_by_handle_at),
        KIND(pidfd_send_signal),
        KIND(mknodat),
        KIND(ioctl),
        KIND(socket),
        KIND(socketpair),
        KIND(bind),
        KIND(listen),
        KIND(connect),
        KIND(sendmsg),
        KIND(sendto),
        KIND(recvmsg),
        KIND(setsockopt),
        KIND(getsockopt),
        KIND(pipe2),
        KIND(eventfd2),
        KIND(signalfd4),
        KIND(timerfd_create),
        KIND(timerfd_settime),
        KIND(epoll_create1),
        KIND(epoll_ctl),
        KIND(inotify_init1),
        KIND(inotify_add_watch),
        KIND(memfd_create),
        KIND(pidfd_open),
        KIND(clone),
        KIND(clone3),
        KIND(execve),
        KIND(unshare),
        KIND(setns),
        KIND(mount),
        KIND(umount2),
        KIND(open_tree),
        KIND(move_mount),
        KIND(mount_setattr),
        KIND(fsopen),
        KIND(fsconfig),
        KIND(fsmount),
        KIND(copy_file_range),
        KIND(chdir),
        KIND(fchdir),
        KIND(prlimit64),
};

static const struct {
        int number;
        const char *name;
} errors[] = {
        {ENOSPC, "ENOSPC"},   {EIO, "EIO"},
        {EMFILE, "EMFILE"},   {ENFILE, "ENFILE"},
        {ENOMEM, "ENOMEM"},   {EPERM, "EPERM"},
        {EACCES, "EACCES"},   {EAGAIN, "EAGAIN"},
        {ENOBUFS, "ENOBUFS"}, {EROFS, "EROFS"},
        {EBUSY, "EBUSY"},     {EDQUOT, "EDQUOT"},
        {EINTR, "EINTR"},     {EADDRINUSE, "EADDRINUSE"},
        {ENOENT, "ENOENT"},
};

typedef enum Mode { COUNT, KILL, STOP, ERROR } Mode;

typedef struct Process {
        pid_t pid;
        bool counts;
        bool begun;   /* has opened `from` */
        bool failing; /* the call that it is in */
} Process;

static Mode mode;
static const char *in, *from;
static unsigned long wanted, calls, can_fail;
static int error;
static char hit[64];
static Process processes[PROCESSES_MAX];
static size_t n_processes;

static _Noreturn void fails(const char *what) {
        fprintf(stderr, "fault: %s: %s\n", what, strerror(errno));
        exit(125);
}

static Process *find(pid_t pid) {
        for (size_t i = 0; i < n_processes; i++)
                if (processes[i].pid == pid)
                        return &processes[i];
        if (n_processes == PROCESSES_MAX)
                fails("too many processes");
        processes[n_processes] = (Process){.pid = pid};
        return &processes[n_processes++];
}

static void forget(pid_t pid) {
        for (size_t i = 0; i < n_processes; i++)
                if (processes[i].pid == pid) {
                        processes[i] = processes[--n_processes];
                        return;
                }
}

static bool is_called(pid_t pid, const char *name) {
        char path[64], comm[64] = "";
        FILE *f;

        snprintf(path, sizeof(path), "/proc/%d/comm", pid);
        f = fopen(path, "re");
        if (!f)
                return false;
        if (fgets(comm, sizeof(comm), f))
                comm[strcspn(comm, "\n")] = '\0';
        fclose(f);
        return strcmp(comm, name) == 0;
}

static bool read_memory(pid_t pid, unsigned long address, void *ret, size_t size) {
        struct iovec ours = {ret, size}, theirs = {(void *) address, size};

        return process_vm_readv(pid, &ours, 1, &theirs, 1, 0) == (ssize_t) size;
}

static bool opens(pid_t pid, const struct __ptrace_syscall_info *info, const char *path) {
        unsigned long flags = info->entry.args[2]; /* of openat2(2) the struct that begins with them */
        size_t size = strlen(path) + 1;
        char text[256] = "";

        if (info->entry.nr != SYS_openat &&
            (info->entry.nr != SYS_openat2 || !read_memory(pid, flags, &flags, sizeof(flags))))
                return false;
        return !(flags & O_PATH) && size <= sizeof(text) &&
               read_memory(pid, info->entry.args[1], text, size) && strcmp(text, path) == 0;
}

static const char *kind_name(unsigned long number) {
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
                if ((unsigned long) kinds[i].number == number)
                        return kinds[i].name;
        return NULL;
}

/* The kernel then makes no call at all, and fail_call() says how it went. */
static void skip_call(pid_t pid) {
#if defined(__x86_64__)
        if (ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, orig_rax), -1L) < 0)
                fails("skip a call");
#elif defined(__aarch64__)
        int none = -1;
        struct iovec iov = {.iov_base = &none, .iov_len = sizeof(none)};

        if (ptrace(PTRACE_SETREGSET, pid, 0x404 /* NT_ARM_SYSTEM_CALL */, &iov) < 0)
                fails("skip a call");
#else
        fprintf(stderr, "fault: not for this kind of processor\n");
        exit(77);
#endif
}

static void fail_call(pid_t pid) {
#if defined(__x86_64__)
        if (ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, rax), (long) -error) < 0)
                fails("fail a call");
#elif defined(__aarch64__)
        struct user_regs_struct regs;
        struct iovec iov = {.iov_base = &regs, .iov_len = sizeof(regs)};

        if (ptrace(PTRACE_GETREGSET, pid, 1 /* NT_PRSTATUS */, &iov) < 0)
                fails("fail a call");
        regs.regs[0] = (unsigned long) -error;
        if (ptrace(PTRACE_SETREGSET, pid, 1, &iov) < 0)
                fails("fail a call");
#endif
}

static void on_entry(Process *p, const struct __ptrace_syscall_info *info) {
        unsigned long number = info->entry.nr;
        const char *name = kind_name(number);

        if (p->counts && !p->begun)
                p->begun = !from || opens(p->pid, info, from);
        if (!p->counts || !p->begun)
                return;
        can_fail += name != NULL;
        if (mode == ERROR && !name)
                return;
        calls++;
        if (mode == COUNT || calls != wanted)
                return;
        if (name)
                snprintf(hit, sizeof(hit), "%s", name);
        else
                snprintf(hit, sizeof(hit), "call %lu", number);
        if (mode == KILL)
                kill(p->pid, SIGKILL);
        else if (mode == STOP)
                kill(p->pid, SIGSTOP);
        else {
                p->failing = true;
                skip_call(p->pid);
        }
}

static void on_call(Process *p) {
        struct __ptrace_syscall_info info;

        if (ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof(info), &info) <= 0)
                return; /* killed meanwhile */
        if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
                on_entry(p, &info);
        else if (p->failing) {
                p->failing = false;
                fail_call(p->pid);
        }
}

/* Return: the signal to go on with. */
static int on_stop(Process *p, pid_t command, int status) {
        int signal = WSTOPSIG(status);

        switch (status >> 16) {
        case PTRACE_EVENT_EXEC:
                p->counts = in ? is_called(p->pid, in) : p->pid == command;
                return 0;
        case PTRACE_EVENT_FORK:
        case PTRACE_EVENT_VFORK:
        case PTRACE_EVENT_CLONE: {
                unsigned long child;

                /* Until it executes a program it counts as its parent. */
                if (ptrace(PTRACE_GETEVENTMSG, p->pid, 0, &child) >= 0) {
                        bool counts = p->counts;

                        find((pid_t) child)->counts = counts && in;
                }
                return 0;
        }
        case PTRACE_EVENT_STOP:
                return 0;
        default:
                if (signal != (SIGTRAP | 0x80))
                        return signal;
                on_call(p);
                return 0;
        }
}

static int trace(pid_t command) {
        for (;;) {
                int status, signal;
                pid_t pid = waitpid(-1, &status, __WALL);

                if (pid < 0 && errno == EINTR)
                        continue;
                if (pid < 0)
                        fails("wait");
                if (!WIFSTOPPED(status)) {
                        forget(pid);
                        if (pid == command)
                                return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
                        continue;
                }
                signal = on_stop(find(pid), command, status);
                /* It may be gone, which the next waitpid() says. A stopped group stays so until SIGCONT. */
                if (status >> 16 == PTRACE_EVENT_STOP && WSTOPSIG(status) != SIGTRAP) {
                        ptrace(PTRACE_LISTEN, pid, 0, 0);
                        if (mode == STOP && hit[0])
                                fprintf(stderr, "fault: stopped\n");
                } else
                        ptrace(PTRACE_SYSCALL, pid, 0, signal);
        }
}

static pid_t start(char **argv) {
        long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC;
        int go[2];
        pid_t pid;

        if (pipe2(go, 02000000 /* O_CLOEXEC */) < 0)
                fails("make a pipe");
        pid = fork();
        if (pid < 0)
                fails("fork");
        if (pid == 0) {
                char byte;

                if (read(go[0], &byte, 1) != 1)
                        _exit(125);
                execvp(argv[0], argv);
                fprintf(stderr, "fault: %s: %s\n", argv[0], strerror(errno));
                _exit(127);
        }
        if (in)
                options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
        if (ptrace(PTRACE_SEIZE, pid, 0, options) < 0 || ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0)
                fails("trace");
        if (write(go[1], "", 1) != 1)
                fails("write");
        close(go[0]);
        close(go[1]);
        return pid;
}

static int find_error(const char *name) {
        for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
                if (strcmp(errors[i].name, name) == 0)
                        return errors[i].number;
        fprintf(stderr, "fault: no error is called '%s'\n", name);
        exit(125);
}

int main(int argc, char **argv) {
        int i = 1, status;

        for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
                if (strcmp(argv[i], "--in") == 0)
                        in = argv[i + 1];
                else if (strcmp(argv[i], "--from") == 0)
                        from = argv[i + 1];
                else
                        break;
        }
        if (i < argc && strcmp(argv[i], "count") == 0)
                i++;
        else if (i + 1 < argc && (strcmp(argv[i], "kill") == 0 || strcmp(argv[i], "stop") == 0)) {
                mode = argv[i][0] == 'k' ? KILL : STOP;
                wanted = strtoul(argv[i + 1], NULL, 10);
                i += 2;
        } else if (i + 2 < argc && strcmp(argv[i], "error") == 0) {
                mode = ERROR;
                wanted = strtoul(argv[i + 1], NULL, 10);
                error = find_error(argv[i + 2]);
                i += 3;
        } else
                i = argc;
        if (i >= argc) {
                fprintf(stderr, "usage: fault [--in NAME] [--from PATH] count|kill N|stop N|error N ERRNO "
                                "COMMAND..\n");
                return 125;
        }
        status = trace(start(argv + i));
        if (mode == COUNT)
                fprintf(stderr, "fault: %lu calls, %lu that can fail\n", calls, can_fail);
        else
                fprintf(stderr, "fault: %s after %lu calls\n", hit[0] ? hit : "nothing", calls);
        return status;
}
