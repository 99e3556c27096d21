/* SPDX-License-Identifier: MIT */

#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/handshake.h"
#include "base/own-cgroup.h"
#include "base/privilege.h"
#include "base/process.h"
#include "base/strv.h"
#include "rootless/found.h"
#include "rootless/ids.h"
#include "rootless/restrictions.h"

#define MAP_USEC (30 * USEC_PER_SEC)

static int raise_restricted(int errnum, const char *what, Error *reterr) {
        int r = error_set(reterr, errnum, "%s", what);

        restrictions_add_hints(reterr);
        return r;
}

int namespace_become_root(Error *reterr) {
        int r = privilege_become_root();

        return r < 0 ? raise_restricted(r, "become root in the user's namespace", reterr) : 0;
}

/* ---- the mappers ---- */

/* Ids are given by these two programs, of what stays outside. */
typedef struct Mappers {
        char **commands[2];
        pid_t pids[2];
} Mappers;

/* Without a copy of this process, which has much to copy. Return: 0 or a negative errno. */
static int spawn_mapper(char *const *argv, pid_t *ret) {
        posix_spawnattr_t attributes;
        sigset_t none;
        int r;

        (void) sigemptyset(&none);
        (void) posix_spawnattr_init(&attributes);
        (void) posix_spawnattr_setsigmask(&attributes, &none);
        (void) posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
        r = -posix_spawn(ret, argv[0], NULL, &attributes, argv, environ);
        (void) posix_spawnattr_destroy(&attributes);
        return r;
}

/* Side by side, while we go on. */
static int start_mappers(Mappers *m, Error *reterr) {
        for (size_t i = 0; i < ELEMENTSOF(m->commands); i++) {
                int r = spawn_mapper(m->commands[i], &m->pids[i]);

                if (r < 0)
                        return error_set(reterr, r, "run '%s'", m->commands[i][0]);
        }
        return 0;
}

/* What it runs may ask a server for the user's ids. */
static int reap_mapper(Mappers *m, size_t i, Error *reterr) {
        _cleanup_close_ int fd = process_open(m->pids[i]);
        int status;

        if (fd >= 0 && process_wait(fd, MAP_USEC) <= 0)
                (void) process_signal(fd, SIGKILL);
        status = process_reap(m->pids[i]);
        m->pids[i] = 0;
        if (status == 0)
                return 0;
        return error_raise(reterr, FC_EXIT_HOST, "the user's namespace gets no ids: %s failed, status %d",
                           m->commands[i][0], status < 0 ? status : process_exit_status(status));
}

/* Before the process whose number they were given is reaped, or that would be another one's. */
static void mappers_done(Mappers *m) {
        for (size_t i = 0; i < ELEMENTSOF(m->commands); i++) {
                if (m->pids[i] > 0)
                        (void) reap_mapper(m, i, NULL);
                strv_free(m->commands[i]);
        }
}

/* The process that makes the namespaces, and ends when we are in them. */
typedef struct Founder {
        int fd; /* a pidfd */
        int socket_fd;
        pid_t pid;
} Founder;

/* In two steps, and it tells of each: after the first one ids can be given. */
static _Noreturn void be_founder(pid_t parent, int socket_fd) {
        static const int steps[] = {CLONE_NEWUSER, NAMESPACES_OF_USER & ~CLONE_NEWUSER};
        bool goes_on = process_end_with_parent(parent, SIGKILL) >= 0;

        for (size_t i = 0; goes_on && i < ELEMENTSOF(steps); i++) {
                int error = unshare(steps[i]) < 0 ? errno : 0;

                goes_on = write(socket_fd, &error, sizeof(error)) == sizeof(error) && error == 0;
        }
        if (goes_on)
                (void) handshake_await(socket_fd);
        _exit(goes_on ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* Its end takes a while, in which there is other work to do. */
static void founder_let_go(Founder *f) {
        f->socket_fd = safe_close(f->socket_fd);
}

static void founder_done(Founder *f) {
        founder_let_go(f);
        (void) safe_close(f->fd);
        if (f->pid > 0)
                (void) process_reap(f->pid);
}

/* It begins in the upper cgroup, which becomes the root of the cgroup namespace: a process that moves there
 * and back waits for the kernel, for longer than all the rest takes. */
static int start_founder(int base_fd, Founder *f, Error *reterr) {
        pid_t parent = getpid();
        int pair[2], error;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return error_set(reterr, errno, "make a socket pair");
        f->pid = own_cgroup_fork(base_fd);
        if (f->pid == 0) {
                (void) close(pair[0]);
                be_founder(parent, pair[1]);
        }
        error = errno;
        (void) close(pair[1]);
        f->socket_fd = pair[0];
        if (f->pid < 0)
                return error_set(reterr, error, "start a process in the user's control group");
        f->fd = process_open(f->pid);
        return f->fd < 0 ? error_set(reterr, f->fd, "open the process that makes the user's namespaces") : 0;
}

static int founder_await_step(const Founder *f, Error *reterr) {
        int error;

        if (read(f->socket_fd, &error, sizeof(error)) != sizeof(error))
                return error_raise(reterr, FC_EXIT_INTERNAL, "what makes the user's namespaces was killed");
        return error != 0 ? raise_restricted(error, "make the user's namespaces", reterr) : 0;
}

/* When it returns, this process is in them, and ids are being given. */
static int found_namespaces(int base_fd, Founder *founder, Mappers *mappers, Error *reterr) {
        int r = start_founder(base_fd, founder, reterr);

        if (r >= 0)
                r = subids_map_commands(founder->pid, &mappers->commands[0], &mappers->commands[1], reterr);
        if (r >= 0)
                r = founder_await_step(founder, reterr);
        if (r >= 0)
                r = start_mappers(mappers, reterr);
        if (r >= 0)
                r = founder_await_step(founder, reterr);
        if (r >= 0 && setns(founder->fd, NAMESPACES_OF_USER) < 0)
                r = raise_restricted(errno, "enter the user's namespaces", reterr);
        return r;
}

int namespaces_found(int base_fd, Error *reterr) {
        _cleanup_(founder_done) Founder founder = {-EBADF, -EBADF, 0};
        _cleanup_(mappers_done) Mappers mappers = {};
        int r = found_namespaces(base_fd, &founder, &mappers, reterr);

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(mappers.pids); i++)
                r = reap_mapper(&mappers, i, reterr);
        founder_let_go(&founder);
        return r < 0 ? r : namespace_become_root(reterr);
}
