/* SPDX-License-Identifier: MIT
 *
 * The measuring stick of tests/bench: boots a guest with a given systemd-nspawn command line in the
 * surroundings that our supervisor makes (own mount and PID namespaces, cgroup2 alone on /sys/fs/cgroup, a
 * cgroup of its own for nspawn), and nothing else: no state, no network set-up, no ports, no log. What it
 * needs to READY=1 is the floor for `flake-containers up`; what it needs to stop by SIGRTMIN+3 is the floor
 * for `down`.
 *
 * The command line names what it mounts below /run/flake-containers/machine, where the supervisor attaches
 * it in its own mount namespace; each -m NAME=SOURCE attaches one here, with the ids of --private-users= of
 * that command line, as the supervisor does. (Otherwise all of it would belong to "nobody", and the guest's
 * services would fail, and need no time to stop.)
 *
 * Prints "leader=MS ready=MS stop=MS", counted from just before nspawn is started (stop: from the
 * signal). */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <mntent.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/userns.h"

#define MACHINE_DIR "/run/flake-containers/machine"

enum { DEADLINE_MS = 60000, MOUNTS_MAX = 64 };

/* What the init of the PID namespace tells the process outside of it. */
typedef struct Report {
        double leader;
        double ready;
        double stop;
        pid_t leader_host_pid;
        bool failed;
} Report;

static double now_ms(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec * 1e3 + (double) t.tv_nsec / 1e6;
}

static void die(const char *what) {
        fprintf(stderr, "raw-boot: %s: %s\n", what, strerror(errno));
        exit(EXIT_FAILURE);
}

static void write_file(const char *path, const char *text) {
        int fd = open(path, O_WRONLY | O_CLOEXEC);

        if (fd < 0 || write(fd, text, strlen(text)) < 0)
                die(path);
        close(fd);
}

/* The host's cgroup2 mount: /sys/fs/cgroup, or /sys/fs/cgroup/unified on a hybrid host. */
static void find_cgroup2(char *ret, size_t size) {
        FILE *f = setmntent("/proc/self/mounts", "re");
        struct mntent *m;

        if (!f)
                die("/proc/self/mounts");
        while ((m = getmntent(f)))
                if (strcmp(m->mnt_type, "cgroup2") == 0) {
                        snprintf(ret, size, "%s", m->mnt_dir);
                        endmntent(f);
                        return;
                }
        errno = ENOENT;
        die("no cgroup2 mount");
}

static int on_remove(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        (void) st;
        (void) ftw;
        if (type == FTW_DP)
                (void) rmdir(path);
        return 0;
}

/* Kills whatever is left below the cgroup, waits for the kernel's word that it is empty, removes it. */
static void clear_cgroup(const char *cgroup) {
        char path[4200], text[256];
        double end = now_ms() + DEADLINE_MS;
        struct pollfd p;
        int fd;

        snprintf(path, sizeof path, "%s/cgroup.kill", cgroup);
        write_file(path, "1");
        snprintf(path, sizeof path, "%s/cgroup.events", cgroup);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                die(path);
        for (;;) {
                ssize_t n = pread(fd, text, sizeof text - 1, 0);

                text[n < 0 ? 0 : n] = 0;
                if (strstr(text, "populated 0") || now_ms() > end)
                        break;
                p = (struct pollfd){.fd = fd, .events = POLLPRI};
                (void) poll(&p, 1, 1000);
        }
        close(fd);
        (void) nftw(cgroup, on_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* nspawn counts pids in our PID namespace; the caller outside needs the host's number. The host's /proc,
 * opened before it was covered, still answers for a pidfd. */
static pid_t host_pid(int host_proc, pid_t pid) {
        char path[64], text[512] = "";
        int pidfd, fd;
        char *p;

        pidfd = (int) syscall(SYS_pidfd_open, pid, 0);
        if (pidfd < 0)
                return 0;
        snprintf(path, sizeof path, "self/fdinfo/%d", pidfd);
        fd = openat(host_proc, path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
                ssize_t n = read(fd, text, sizeof text - 1);

                text[n < 0 ? 0 : n] = 0;
                close(fd);
        }
        close(pidfd);
        p = strstr(text, "\nPid:");
        return p ? (pid_t) atoi(p + strlen("\nPid:")) : 0;
}

static int notify_socket(const char *path) {
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
        (void) unlink(path);
        if (fd < 0 || bind(fd, (struct sockaddr *) &a, sizeof a) < 0)
                die(path);
        return fd;
}

static pid_t start_nspawn(char **argv, const char *group, const char *console, const char *socket_path) {
        char path[4200];
        pid_t pid = fork();
        int log, null;

        if (pid < 0)
                die("fork");
        if (pid > 0)
                return pid;
        snprintf(path, sizeof path, "/sys/fs/cgroup/%s/nspawn/cgroup.procs", group);
        write_file(path, "0");
        setenv("NOTIFY_SOCKET", socket_path, 1);
        setenv("SYSTEMD_NSPAWN_UNIFIED_HIERARCHY", "1", 1);
        null = open("/dev/null", O_RDWR | O_CLOEXEC);
        log = open(console, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
        if (null < 0 || log < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
                die("standard files");
        execvp(argv[0], argv);
        die(argv[0]);
        return -1;
}

/* Takes notify messages until the wanted word has come; the leader's pid arrives on the way. */
static bool wait_ready(int fd, double start, pid_t *ret_leader, Report *report) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        char text[4096];

        for (;;) {
                double left = start + DEADLINE_MS - now_ms();
                char *leader;
                ssize_t n;

                if (left <= 0 || poll(&p, 1, (int) left) <= 0)
                        return false;
                n = recv(fd, text, sizeof text - 1, 0);
                if (n < 0)
                        return false;
                text[n] = 0;
                leader = strstr(text, "X_NSPAWN_LEADER_PID=");
                if (leader) {
                        report->leader = now_ms() - start;
                        *ret_leader = (pid_t) atoi(leader + strlen("X_NSPAWN_LEADER_PID="));
                }
                if (strncmp(text, "READY=1", 7) == 0 || strstr(text, "\nREADY=1")) {
                        report->ready = now_ms() - start;
                        return true;
                }
        }
}

/* A user namespace with the guest's ids. Return: an fd, or -1: they are the host's. */
static int guest_ids(char *const *argv) {
        const char *range = NULL;
        char map[64];
        unsigned base, count;
        int fd;

        for (; *argv; argv++)
                if (strncmp(*argv, "--private-users=", strlen("--private-users=")) == 0)
                        range = *argv + strlen("--private-users=");
        if (!range || sscanf(range, "%u:%u", &base, &count) != 2)
                return -1;
        snprintf(map, sizeof map, "0 %u %u", base, count);
        fd = userns_open(map, map);
        if (fd < 0) {
                errno = -fd;
                die("user namespace");
        }
        return fd;
}

/* "NAME=SOURCE" to MACHINE_DIR/NAME. The place may be in use already, so it gets a tmpfs of our own. */
static void attach(char *const *mounts, size_t n, int userns) {
        struct mount_attr ids = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t) userns};

        (void) mkdir("/run/flake-containers", 0755);
        (void) mkdir(MACHINE_DIR, 0755);
        if (n > 0 && mount("tmpfs", MACHINE_DIR, "tmpfs", 0, "mode=755") < 0)
                die(MACHINE_DIR);
        for (size_t i = 0; i < n; i++) {
                char *source = strchr(mounts[i], '=') + 1, at[4200];
                struct stat st;
                int tree;

                snprintf(at, sizeof(at), MACHINE_DIR "/%.*s", (int) (source - mounts[i] - 1), mounts[i]);
                if (stat(source, &st) < 0)
                        die(source);
                if (S_ISDIR(st.st_mode) ? mkdir(at, 0755) < 0 : mknod(at, S_IFREG | 0600, 0) < 0)
                        die(at);
                tree = open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
                if (tree < 0 ||
                    (userns >= 0 &&
                     mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &ids, sizeof ids) < 0) ||
                    move_mount(tree, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH) < 0)
                        die(source);
                close(tree);
        }
}

/* Init of the PID namespace: everything of the guest ends with it. */
static int inside(char **argv, const char *group, const char *console, const char *socket_path,
                  int host_proc, int channel) {
        Report report = {0};
        pid_t nspawn, leader = 0;
        double start;
        char go;
        int fd;

        if (mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL) < 0 ||
            mount("proc", "/proc", "proc", 0, NULL) < 0)
                die("mount");
        (void) setsid();
        fd = notify_socket(socket_path);
        start = now_ms();
        nspawn = start_nspawn(argv, group, console, socket_path);
        report.failed = !wait_ready(fd, start, &leader, &report);
        if (leader > 0)
                report.leader_host_pid = host_pid(host_proc, leader);
        if (write(channel, &report, sizeof report) != sizeof report || report.failed)
                return EXIT_FAILURE;

        /* The command of -x runs outside now; end of file or a byte means: stop the guest. */
        if (read(channel, &go, 1) < 0)
                die("read");
        start = now_ms();
        if (kill(leader, SIGRTMIN + 3) < 0)
                die("kill");
        while (waitpid(nspawn, NULL, 0) != nspawn)
                if (errno == ECHILD)
                        break;
        report.stop = now_ms() - start;
        return write(channel, &report, sizeof report) == sizeof report ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run_command(const char *command, pid_t leader) {
        char pid[32];

        snprintf(pid, sizeof pid, "%d", (int) leader);
        setenv("RAW_LEADER", pid, 1);
        fflush(NULL);
        return system(command);
}

int main(int argc, char **argv) {
        char mnt[4000], cgroup[4100], group[64], path[4200], socket_path[108];
        const char *console = "/dev/null", *command = NULL;
        char *mounts[MOUNTS_MAX];
        size_t n_mounts = 0;
        int channel[2], host_proc, userns, option, status = 0;
        Report report = {.failed = true};
        pid_t pid;

        while ((option = getopt(argc, argv, "+m:o:x:")) >= 0)
                if (option == 'm' && n_mounts < MOUNTS_MAX && strchr(optarg, '='))
                        mounts[n_mounts++] = optarg;
                else if (option == 'o')
                        console = optarg;
                else if (option == 'x')
                        command = optarg;
                else
                        return 2;
        if (optind >= argc) {
                fprintf(stderr, "usage: raw-boot [-m NAME=SOURCE].. [-o CONSOLE-LOG] [-x COMMAND] -- NSPAWN "
                                "ARGUMENTS..\n");
                return 2;
        }

        find_cgroup2(mnt, sizeof mnt);
        snprintf(group, sizeof group, "flake-containers-raw-%d", (int) getpid());
        snprintf(cgroup, sizeof cgroup, "%s/%s", mnt, group);
        snprintf(path, sizeof path, "%s/nspawn", cgroup);
        if (mkdir(cgroup, 0755) < 0 || mkdir(path, 0755) < 0)
                die(path);
        snprintf(socket_path, sizeof socket_path, "/run/%s.notify", group);

        host_proc = open("/proc", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
        if (host_proc < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) < 0)
                die("prepare");
        userns = guest_ids(argv + optind);
        /* As fork(), with a PID namespace for the child only: unshare() would catch the command of -x as
         * well. */
        pid = (pid_t) syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL);
        if (pid < 0)
                die("clone");
        if (pid == 0) {
                close(channel[0]);
                if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
                        die("mount namespace");
                attach(mounts, n_mounts, userns);
                /* Whatever becomes of the process outside, the guest must not stay. */
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                _exit(inside(argv + optind, group, console, socket_path, host_proc, channel[1]));
        }
        close(channel[1]);

        if (read(channel[0], &report, sizeof report) == sizeof report && !report.failed) {
                if (command)
                        status = run_command(command, report.leader_host_pid);
                if (write(channel[0], "x", 1) != 1 ||
                    read(channel[0], &report, sizeof report) != sizeof report)
                        report.failed = true;
                printf("leader=%.1f ready=%.1f stop=%.1f\n", report.leader, report.ready, report.stop);
        } else
                fprintf(stderr, "raw-boot: the guest did not get ready, see %s\n", console);

        (void) kill(pid, SIGKILL);
        (void) waitpid(pid, NULL, 0);
        clear_cgroup(cgroup);
        (void) unlink(socket_path);
        if (report.failed)
                return EXIT_FAILURE;
        return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}
