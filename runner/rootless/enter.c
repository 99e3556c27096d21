/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/companions.h"
#include "base/detach.h"
#include "base/file-lock.h"
#include "base/fs.h"
#include "base/handshake.h"
#include "base/host-socket.h"
#include "base/loopback.h"
#include "base/own-cgroup.h"
#include "base/paths.h"
#include "base/privilege.h"
#include "base/process.h"
#include "base/strv.h"
#include "bus/user-scope.h"
#include "cgroup/cgroup.h"
#include "rootfs/mounts.h"
#include "rootless/enter.h"
#include "rootless/ids.h"
#include "rootless/restrictions.h"
#include "rootless/user-cgroup.h"

#define NAMESPACES (CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWUTS)
#define NOTHING    (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* How long what is joined may end under us, or be somewhere else, before we say so; and what is in no
 * namespace that we know, which may be a first command that has failed and ends. */
#define JOIN_USEC      (10 * USEC_PER_SEC)
#define UNKNOWN_USEC   (1 * USEC_PER_SEC)
#define JOIN_PAUSE_MIN (5 * USEC_PER_MSEC)
#define JOIN_PAUSE_MAX (80 * USEC_PER_MSEC)

#define MAP_USEC (30 * USEC_PER_SEC)

#define RUN ROOTLESS_RUNTIME

#define PLACE_TEXT_MAX 64

/* The two namespaces, by their inodes, that tell whether a process is where all of the user's commands and
 * containers are. */
typedef struct Place {
        uintmax_t user, net;
} Place;

/* Where what is in /run with root is, for as long as the user is logged in. Return: an fd. */
static int open_runtime(Error *reterr) {
        const char *base = getenv("XDG_RUNTIME_DIR");
        _cleanup_free_ char *path = base ? xasprintf("%s/flake-containers", base) : NULL;
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        if (!base || base[0] != '/') {
                int r = error_raise(reterr, FC_EXIT_HOST, "without root this needs XDG_RUNTIME_DIR");

                error_add_hint(reterr, "a login sets it, which su is not: ssh or machinectl shell");
                return r;
        }
        if (mkdir(path, 0700) < 0 && errno != EEXIST)
                return error_set(reterr, errno, "make '%s'", path);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return error_set(reterr, errno, "open '%s'", path);
        if (st.st_uid != geteuid())
                return error_raise(reterr, FC_EXIT_HOST, "'%s' belongs to another user", path);
        return TAKE_FD(fd);
}

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

static int raise_restricted(int errnum, const char *what, Error *reterr) {
        int r = error_set(reterr, errnum, "%s", what);

        restrictions_add_hints(reterr);
        return r;
}

/* AppArmor lets one make a namespace, and takes away what one has there. */
static int namespace_become_root(Error *reterr) {
        int r = privilege_become_root();

        return r < 0 ? raise_restricted(r, "become root in the user's namespace", reterr) : 0;
}

/* All at once: the other process may end at any moment. Return: 1, 0 when it has ended or gone elsewhere. */
static int join(pid_t peer, const Place *place, Error *reterr) {
        _cleanup_free_ char *process = xasprintf("%d", (int) peer);
        _cleanup_close_ int fd = process_open(peer);
        Place is;
        int r;

        /* Looked at when it can be no other process any more. */
        if (fd == -ESRCH || (fd >= 0 && (!place_look(process, &is) || !place_equal(&is, place))))
                return 0;
        r = fd < 0 ? fd : setns(fd, CLONE_NEWUSER | NAMESPACES) < 0 ? -errno : 0;
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
        static const int steps[] = {CLONE_NEWUSER, NAMESPACES};
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
        if (r >= 0 && setns(founder->fd, CLONE_NEWUSER | NAMESPACES) < 0)
                r = raise_restricted(errno, "enter the user's namespaces", reterr);
        return r;
}

/* No controller may be on for what is below the upper cgroup while a process is in that, as the last
 * containers may have left it. */
static int make_namespaces(int base_fd, int runtime_fd, Error *reterr) {
        _cleanup_(founder_done) Founder founder = {-EBADF, -EBADF, 0};
        _cleanup_(mappers_done) Mappers mappers = {};
        int r;

        r = cgroup_disable_all(base_fd, reterr);
        if (r >= 0)
                r = found_namespaces(base_fd, &founder, &mappers, reterr);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(mappers.pids); i++)
                r = reap_mapper(&mappers, i, reterr);
        founder_let_go(&founder);
        if (r >= 0)
                r = namespace_become_root(reterr);
        if (r >= 0)
                r = place_write(runtime_fd, reterr);
        return r < 0 ? r : loopback_set_up(reterr);
}

/* One thing of the host's /run, in ours. What is neither a directory nor a link only root could use. */
static int keep_of_run(int old_fd, const char *name, Error *reterr) {
        _cleanup_free_ char *path = xasprintf("/run/%s", name);
        _cleanup_close_ int fd = openat(old_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), tree = -EBADF;
        char target[PATH_MAX];
        struct stat st;
        ssize_t n;

        /* It may have gone by now. */
        if (streq(path, RUN) || fd < 0 || fstat(fd, &st) < 0)
                return 0;
        if (S_ISLNK(st.st_mode)) {
                n = readlinkat(fd, "", target, sizeof(target) - 1);
                if (n < 0)
                        return 0;
                target[n] = '\0';
                return symlink(target, path) < 0 ? error_set(reterr, errno, "make '%s'", path) : 0;
        }
        if (!S_ISDIR(st.st_mode))
                return 0;
        tree = mount_clone(fd, /* recursive= */ true, reterr);
        if (tree < 0)
                return error_prefix(reterr, tree, "'%s'", path);
        if (mkdir(path, 0755) < 0)
                return error_set(reterr, errno, "make '%s'", path);
        return mount_attach(tree, path, reterr);
}

/* What is there stays in sight, since programs may lie there, as on NixOS. What root's containers have there
 * is not this user's. */
static int replace_run(int runtime_fd, Error *reterr) {
        _cleanup_close_ int old_fd = open("/run", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_strv_ char **names = NULL;
        int r = old_fd < 0 ? -errno : fs_list(old_fd, &names);

        if (r < 0)
                return error_set(reterr, r, "list '/run'");
        r = mount_make_at("tmpfs", "/run", &(MountOption){"mode", "0755"}, 1, NOTHING, reterr);
        STRV_FOREACH (name, names)
                if (r >= 0)
                        r = keep_of_run(old_fd, *name, reterr);
        if (r >= 0 && mkdir(RUN, 0755) < 0)
                r = error_set(reterr, errno, "make '" RUN "'");
        return r < 0 ? r : mount_attach(runtime_fd, RUN, reterr);
}

static int make_mounts_of_user(Error *reterr) {
        _cleanup_close_ int runtime_fd = -EBADF, runtime = -EBADF;
        int r;

        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
                return error_set(reterr, errno, "make a mount namespace");
        /* Opened again: only what is in this namespace can be cloned. */
        runtime_fd = open_runtime(reterr);
        runtime = runtime_fd < 0 ? runtime_fd : mount_clone(runtime_fd, /* recursive= */ true, reterr);
        if (runtime < 0)
                return runtime;
        /* The same file system cannot be mounted on itself, and what is there not be unmounted. */
        r = mount_make_at("tmpfs", "/sys/fs/cgroup", NULL, 0, NOTHING, reterr);
        if (r >= 0)
                r = mount_make_at("cgroup2", "/sys/fs/cgroup", NULL, 0, NOTHING, reterr);
        return r < 0 ? r : replace_run(runtime, reterr);
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
        _cleanup_close_ int base_fd = -EBADF, runtime_fd = open_runtime(reterr), broker_fd = -EBADF,
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
                r = make_mounts_of_user(reterr);
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
