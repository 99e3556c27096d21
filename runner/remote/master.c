/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/detach.h"
#include "base/file-lock.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/package.h"
#include "base/process.h"
#include "ops/outer-command.h"
#include "remote/master.h"
#include "remote/socket-dir.h"

/* What ssh exits with when it has no connection, which a command there can do as well. */
#define SSH_FAILED 255

#define MACHINE_ID "/etc/machine-id"

/* Stands for the other machine where the socket leads there. */
#define ANY_HOST "remote"

char *master_file(const Master *master, const char *suffix) {
        return xasprintf("%s.%s", master->name, suffix);
}

/* No file of settings: what it says was for the master, and ports or a command of it would come a second
 * time. */
static char **master_words(const Master *master) {
        char **argv = NULL;

        strv_push(&argv, master->program);
        strv_push(&argv, "-F");
        strv_push(&argv, "none");
        strv_push(&argv, "-S");
        strv_push(&argv, master->socket);
        return argv;
}

/* Where the socket is gone there must be no other connection in its place. */
char **master_command(const Master *master, const char *option) {
        char **argv = master_words(master);

        strv_push(&argv, "-oProxyCommand=false");
        strv_push(&argv, "-oLogLevel=ERROR");
        if (option)
                strv_push(&argv, option);
        strv_push(&argv, "--");
        strv_push(&argv, ANY_HOST);
        return argv;
}

int master_run(char *const *argv, Error *reterr) {
        int r = outer_command_run(argv, NULL, reterr);

        process_unblock_signals();
        return r;
}

/* ---- what is asked of it ---- */

/* Return: the exit status of ssh, or a negative errno. */
static int master_control(const Master *master, const char *what, const char *spec, char **ret_output,
                          Error *reterr) {
        _cleanup_strv_ char **argv = master_words(master);
        _cleanup_free_ char *output = NULL;
        int r;

        strv_push(&argv, "-O");
        strv_push(&argv, what);
        if (spec) {
                strv_push(&argv, "-L");
                strv_push(&argv, spec);
        }
        strv_push(&argv, "--");
        strv_push(&argv, ANY_HOST);
        r = process_run(argv, &output, reterr);
        if (ret_output)
                *ret_output = TAKE_PTR(output);
        return r;
}

int master_is_lost(const Master *master, Error *reterr) {
        int r = master_control(master, "check", NULL, NULL, reterr);

        /* One that was killed has not answered, and the connection may carry ports. */
        return r <= 0            ? r
               : r == SSH_FAILED ? 1
                                 : error_raise(reterr, FC_EXIT_INTERNAL, "'%s -O check' ended with %d",
                                               master->program, r);
}

int master_status(const Master *master, int status, Error *reterr) {
        int r = status == SSH_FAILED ? master_is_lost(master, reterr) : 0;

        return r <= 0 ? (r < 0 ? r : status)
                      : error_raise(reterr, FC_EXIT_HOST, "the connection to '%s' was lost",
                                    master->destination->host);
}

bool master_forward(const Master *master, const char *spec, bool cancel, char **ret_why) {
        return master_control(master, cancel ? "cancel" : "forward", spec, ret_why, NULL) == 0;
}

/* ---- its end ---- */

int master_lock(const Master *master, const char *name, Error *reterr) {
        _cleanup_free_ char *file = master_file(master, name);
        int fd = fs_open_file_beneath(master->dir_fd, file, O_RDWR | O_CREAT, 0600, reterr), r;

        if (fd < 0)
                return fd;
        r = file_lock_wait(fd, LOCK_EX, UINT64_MAX);
        if (r > 0)
                return fd;
        (void) close(fd);
        return error_set(reterr, r, "wait for another command that works with '%s'",
                         master->destination->host);
}

static int master_use(Master *master, Error *reterr) {
        _cleanup_free_ char *name = master_file(master, "use");

        master->use_fd = fs_open_file_beneath(master->dir_fd, name, O_RDWR | O_CREAT, 0600, reterr);
        return master->use_fd < 0 ? master->use_fd : 0;
}

static bool master_carries(const Master *master) {
        _cleanup_free_ char *name = master_file(master, "ports");
        struct stat st;

        return fstatat(master->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) >= 0 && st.st_size > 0;
}

/* ---- what sees to it ---- */

typedef struct Guard {
        Master master;
        int pidfd;
} Guard;

/* By the process, of which the kernel tells when its locks are gone, and not by a pipe of it, which may be
 * closed before them. Only where no other command has `HASH.use`: that one has a guard as well. */
static void master_guard_run(void *userdata) {
        Guard *g = userdata;
        _cleanup_close_ int lock_fd = -EBADF;

        (void) process_wait(g->pidfd, UINT64_MAX);
        lock_fd = master_lock(&g->master, "lock", NULL);
        if (lock_fd < 0 || master_use(&g->master, NULL) < 0 ||
            flock(g->master.use_fd, LOCK_EX | LOCK_NB) < 0)
                return;
        if (!master_carries(&g->master))
                (void) master_control(&g->master, "exit", NULL, NULL, NULL);
}

/* Before there is a connection. */
static int master_guard(const Master *master, Error *reterr) {
        _cleanup_close_ int pidfd = process_open(getpid());
        Guard guard = {.master = *master, .pidfd = pidfd};
        const int keep[] = {pidfd, master->dir_fd};
        int r = pidfd < 0 ? pidfd
                          : detach_run(master_guard_run, &guard, keep, ELEMENTSOF(keep), "fc-connection");

        return r < 0 ? error_set(reterr, r, "start what ends the connection") : 0;
}

/* ---- its beginning ---- */

static char **master_argv(const Master *master) {
        const Destination *d = master->destination;
        char **argv = NULL;

        static const char *const words[] = {
                "-f", "-N", "-M", "-T", "-a", "-x",
                /* The user's settings lead there, and nothing else of them counts. */
                "-oControlPersist=no", "-oClearAllForwardings=yes", "-oPermitLocalCommand=no",
                "-oRemoteCommand=none", "-oTunnel=no", "-oLogLevel=ERROR",
                /* One that is dead ends after a minute, and with it what listens on its ports. */
                "-oServerAliveInterval=15", "-oServerAliveCountMax=3", "-S"};

        strv_push(&argv, master->program);
        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                strv_push(&argv, words[i]);
        strv_push(&argv, master->socket);
        if (d->user)
                strv_pushf(&argv, "-l%s", d->user);
        if (d->port > 0)
                strv_pushf(&argv, "-p%u", d->port);
        strv_push(&argv, "--");
        strv_push(&argv, d->host);
        return argv;
}

static int master_start(const Master *master, Error *reterr) {
        _cleanup_strv_ char **argv = master_argv(master);
        _cleanup_free_ char *ports = master_file(master, "ports");
        int r;

        /* Of one that was killed. */
        (void) unlinkat(master->dir_fd, master->name, 0);
        (void) unlinkat(master->dir_fd, ports, 0);
        r = master_run(argv, reterr);
        return r <= 0 ? r
                      : error_raise(reterr, FC_EXIT_HOST, "there is no connection to '%s'",
                                    master->destination->host);
}

uint64_t master_hash_machine(void) {
        _cleanup_close_ int fd = open(MACHINE_ID, O_RDONLY | O_CLOEXEC);
        _cleanup_free_ char *id = NULL;
        char host[256] = "";

        if (fd < 0 || fs_read_fd(fd, MACHINE_ID, 4096, &id, NULL, NULL) < 0)
                (void) gethostname(host, sizeof(host) - 1);
        return hash_text(id ? id : host);
}

int master_open(const Destination *destination, const char *root, Master *ret, Error *reterr) {
        _cleanup_free_ char *path = NULL, *port = xasprintf("%u", destination->port);
        const char *parts[] = {root, destination->user ? destination->user : "", destination->host, port};
        _cleanup_close_ int lock_fd = -EBADF;
        uint64_t hash = master_hash_machine();
        int r;

        *ret = MASTER_NULL;
        ret->destination = destination;
        for (size_t i = 0; i < ELEMENTSOF(parts); i++)
                hash = hash_more(hash, parts[i], strlen(parts[i]) + 1);
        /* As the user's, who it is run as, it may come from anywhere. */
        ret->program = process_find_program("ssh", getenv("PATH"));
        if (!ret->program) {
                r = error_raise(reterr, FC_EXIT_HOST, "there is no ssh in PATH");
                package_add_hint(reterr, "openssh-client");
                return r;
        }
        ret->dir_fd = socket_dir_open(&path, reterr);
        if (ret->dir_fd < 0)
                return ret->dir_fd;
        ret->name = xasprintf("%016" PRIx64, hash);
        ret->socket = xasprintf("%s/%s", path, ret->name);
        r = master_guard(ret, reterr);
        if (r < 0)
                return r;
        lock_fd = master_lock(ret, "lock", reterr);
        if (lock_fd < 0)
                return lock_fd;
        r = master_use(ret, reterr);
        if (r < 0)
                return r;
        /* Held for a moment by the guard of a command that has ended. */
        r = file_lock_take(ret->use_fd, LOCK_SH, "the connection", reterr);
        if (r >= 0)
                r = master_is_lost(ret, reterr);
        return r <= 0 ? r : master_start(ret, reterr);
}

void master_done(Master *master) {
        (void) safe_close(master->use_fd);
        (void) safe_close(master->dir_fd);
        free(master->name);
        free(master->program);
        free(master->socket);
        *master = MASTER_NULL;
}
