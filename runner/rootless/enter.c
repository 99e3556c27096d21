/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/companions.h"
#include "base/detach.h"
#include "base/file-lock.h"
#include "base/fs.h"
#include "base/host-socket.h"
#include "base/loopback.h"
#include "base/paths.h"
#include "base/process.h"
#include "bus/user-scope.h"
#include "cgroup/cgroup.h"
#include "rootless/enter.h"
#include "rootless/found.h"
#include "rootless/user-cgroup.h"
#include "rootless/user-mounts.h"

/* How long what is joined may end under us, or be somewhere else, before we say so; and what is in no
 * namespace that we know, which may be a first command that has failed and ends. */
#define JOIN_USEC      (10 * USEC_PER_SEC)
#define UNKNOWN_USEC   (1 * USEC_PER_SEC)
#define JOIN_PAUSE_MIN (5 * USEC_PER_MSEC)
#define JOIN_PAUSE_MAX (80 * USEC_PER_MSEC)

#define PLACE_TEXT_MAX 64

/* The two namespaces, by their inodes, that tell whether a process is where all of the user's commands and
 * containers are. */
typedef struct Place {
        uintmax_t user, net;
} Place;

/* Two first commands at once would make two networks. */
static int lock_namespace(int runtime_fd, Error *reterr) {
        _cleanup_close_ int fd =
                openat(runtime_fd, ROOTLESS_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        int r = fd < 0 ? error_set(reterr, errno, "open the lock of the user's namespace")
                       : file_lock_take(fd, LOCK_EX, "the user's namespace", reterr);

        return r < 0 ? r : TAKE_FD(fd);
}

/* ---- where a process is ---- */

/* @process: "self" or a number. False also of one that has ended, or is on its way to another program. */
static bool place_look(const char *process, Place *ret) {
        _cleanup_free_ char *user = xasprintf("/proc/%s/ns/user", process),
                            *net = xasprintf("/proc/%s/ns/net", process);
        struct stat user_st, net_st;

        if (stat(user, &user_st) < 0 || stat(net, &net_st) < 0)
                return false;
        *ret = (Place){.user = user_st.st_ino, .net = net_st.st_ino};
        return true;
}

static bool place_equal(const Place *a, const Place *b) {
        return a->user == b->user && a->net == b->net;
}

/* No process is at one that is not told. */
static Place place_read(int runtime_fd) {
        _cleanup_close_ int fd = openat(runtime_fd, ROOTLESS_PLACE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_free_ char *text = NULL;
        Place place;

        return fd >= 0 && fs_read_fd(fd, ROOTLESS_PLACE, PLACE_TEXT_MAX, &text, NULL, NULL) >= 0 &&
                               sscanf(text, "%ju %ju", &place.user, &place.net) == 2
                       ? place
                       : (Place){};
}

static int place_write(int runtime_fd, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        Place own;

        if (!place_look("self", &own))
                return error_set(reterr, errno, "look at the namespaces");
        text = xasprintf("%ju %ju\n", own.user, own.net);
        return fs_write_fleeting(runtime_fd, ROOTLESS_PLACE, text, strlen(text), 0600, reterr);
}

/* ---- the broker ---- */

/* It ends when all of those have that it serves, and not by what their terminal says, nor when all are asked
 * to end at once. */
static _Noreturn void be_broker(int fd) {
        sigset_t ends;

        (void) sigemptyset(&ends);
        (void) sigaddset(&ends, SIGINT);
        (void) sigaddset(&ends, SIGHUP);
        (void) sigaddset(&ends, SIGQUIT);
        (void) sigaddset(&ends, SIGTERM);
        (void) sigprocmask(SIG_BLOCK, &ends, NULL);
        detach_from_command(&fd, 1, "fc-broker");
        host_socket_serve(fd);
        _exit(EXIT_SUCCESS);
}

static int start_broker(int *ret, Error *reterr) {
        int pair[2];
        pid_t pid;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return error_set(reterr, errno, "make a socket pair");
        pid = fork();
        if (pid == 0)
                be_broker(pair[1]);
        (void) safe_close(pair[1]);
        if (pid < 0) {
                (void) safe_close(pair[0]);
                return error_set(reterr, errno, "start the broker of sockets");
        }
        *ret = pair[0];
        return 0;
}

/* ---- joining, or making ---- */

/* All at once: the other process may end at any moment. Return: 1, 0 when it has ended or gone elsewhere. */
static int join(pid_t peer, const Place *place, Error *reterr) {
        _cleanup_free_ char *process = xasprintf("%d", (int) peer);
        _cleanup_close_ int fd = process_open(peer);
        Place is;
        int r;

        /* Looked at when it can be no other process any more. */
        if (fd == -ESRCH || (fd >= 0 && (!place_look(process, &is) || !place_equal(&is, place))))
                return 0;
        r = fd < 0 ? fd : setns(fd, NAMESPACES_OF_USER) < 0 ? -errno : 0;
        if (r == -ESRCH)
                return 0;
        if (r < 0)
                return error_set(reterr, r, "enter the user's namespace");
        /* There is no way back for another attempt. */
        if (!place_look("self", &is) || !place_equal(&is, place))
                return error_raise(reterr, FC_EXIT_CONFLICT,
                                   "process %d went to another network in this moment; try again",
                                   (int) peer);
        r = namespace_become_root(reterr);
        return r < 0 ? r : 1;
}

/* No controller may be on for what is below the upper cgroup while a process is in that, as the last
 * containers may have left it. */
static int make_namespaces(int base_fd, int runtime_fd, Error *reterr) {
        int r = cgroup_disable_all(base_fd, reterr);

        if (r >= 0)
                r = namespaces_found(base_fd, reterr);
        if (r >= 0)
                r = place_write(runtime_fd, reterr);
        return r < 0 ? r : loopback_set_up(reterr);
}

/* What sudo and its like would say of the user who asked is of an earlier one: here root is the user. */
static void clear_environment(void) {
        static const char *const names[] = {"SUDO_UID", "SUDO_GID", "SUDO_USER", "PKEXEC_UID", "DOAS_USER"};

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                (void) unsetenv(names[i]);
}

typedef struct Search {
        Place own, place;
        bool entered; /* there is one that is in another user namespace than the user's own */
        bool known;   /* and one that is in that of @place */
} Search;

/* One may be in another network for a moment, or for good in a guest, which must not be joined. */
static bool is_at_place(pid_t pid, void *data) {
        _cleanup_free_ char *process = xasprintf("%d", (int) pid);
        Search *search = data;
        Place its;

        if (!place_look(process, &its) || its.user == search->own.user)
                return false;
        search->entered = true;
        search->known = search->known || its.user == search->place.user;
        return place_equal(&its, &search->place);
}

static int raise_no_place(Error *reterr) {
        int r = error_raise(reterr, FC_EXIT_CONFLICT,
                            "what runs without root is not where '%s/flake-containers/" ROOTLESS_PLACE
                            "' says, or ends again and again",
                            getenv("XDG_RUNTIME_DIR"));

        error_add_hint(reterr, "it must end before more can run: systemctl --user stop " USER_SCOPE
                               ", or without systemd kill it");
        return r;
}

/* Where the user's other commands and containers are, or, without any, in new ones. */
static int namespace_find(int base_fd, int runtime_fd, Error *reterr) {
        uint64_t began = now_usec();
        useconds_t pause = JOIN_PAUSE_MIN;
        Search search = {.place = place_read(runtime_fd)};

        if (!place_look("self", &search.own))
                return error_set(reterr, errno, "look at the namespaces");
        do {
                pid_t peer;
                int r;

                search.entered = search.known = false;
                peer = companions_find(base_fd, is_at_place, &search);
                r = peer > 0 ? join(peer, &search.place, reterr) : 0;
                if (r != 0)
                        return r;
                if (peer == 0 && !search.entered)
                        return make_namespaces(base_fd, runtime_fd, reterr);
                /* No event tells that a process has come back from another namespace. */
                (void) usleep(pause);
                pause = pause < JOIN_PAUSE_MAX ? 2 * pause : pause;
        } while (now_usec() < began + (search.known ? JOIN_USEC : UNKNOWN_USEC));
        return raise_no_place(reterr);
}

/* Where the user has a systemd, in a scope of its own: what it divides must not be what the user's systemd
 * does. */
static int namespace_open_base(Error *reterr) {
        int r = user_cgroup_is_in_scope() ? 0 : user_scope_enter(getenv("XDG_RUNTIME_DIR"), reterr);

        return r < 0 ? r : user_cgroup_open(reterr);
}

static int enter_commands(int base_fd, Error *reterr) {
        if (mkdirat(base_fd, COMPANIONS_OF_COMMANDS, 0755) < 0 && errno != EEXIST)
                return error_set(reterr, errno, "make the cgroup of commands");
        return cgroup_enter(base_fd, COMPANIONS_OF_COMMANDS, reterr);
}

int rootless_enter(int *ret_broker_fd, Error *reterr) {
        _cleanup_close_ int base_fd = -EBADF, runtime_fd = user_runtime_open(reterr), broker_fd = -EBADF,
                            lock_fd = -EBADF;
        int r;

        if (runtime_fd < 0)
                return runtime_fd;
        base_fd = namespace_open_base(reterr);
        if (base_fd < 0)
                return base_fd;
        /* Before anything is started: what stays in the upper cgroup keeps containers from having limits. */
        r = enter_commands(base_fd, reterr);
        /* Before the namespace is entered, which it must stay out of. */
        if (r >= 0)
                r = start_broker(&broker_fd, reterr);
        if (r >= 0)
                r = lock_fd = lock_namespace(runtime_fd, reterr);
        if (r >= 0)
                r = namespace_find(base_fd, runtime_fd, reterr);
        if (r >= 0)
                r = user_mounts_make(reterr);
        /* A process cannot be joined whose credentials have changed, until it says so or executes another
         * program. Before the lock goes. */
        if (r >= 0 && prctl(PR_SET_DUMPABLE, 1) < 0)
                r = error_set(reterr, errno, "let other commands join this one");
        if (r < 0)
                return r;
        clear_environment();
        *ret_broker_fd = TAKE_FD(broker_fd);
        return 0;
}
