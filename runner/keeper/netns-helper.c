/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/host-socket.h"
#include "base/process.h"
#include "keeper/netns-helper.h"
#include "keeper/netns-options.h"

/* As nspawn would call the guest's end of a veth. */
#define GUEST_INTERFACE "host0"

/* @argv: its command line. @stdin_fd: becomes its standard input, -EBADF: stays. Return: the pid of a
 * child. */
static pid_t netns_helper_spawn(char **argv, int stdin_fd, Error *reterr) {
        pid_t pid = fork();

        if (pid < 0)
                return error_set(reterr, errno, "start '%s'", argv[0]);
        if (pid > 0)
                return pid;
        process_unblock_signals();
        if (stdin_fd >= 0 && dup2(stdin_fd, STDIN_FILENO) < 0)
                _exit(EXIT_FAILURE);
        (void) execv(argv[0], argv);
        (void) fprintf(stderr, "cannot execute %s: %m\n", argv[0]);
        _exit(EXIT_FAILURE);
}

pid_t netns_helper_start(const KeeperOptions *o, pid_t leader, Error *reterr) {
        NetnsOptions options = {.pid = leader};
        _cleanup_strv_ char **argv = NULL;

        if (o->address || o->attach) {
                options.interface = (char *) GUEST_INTERFACE;
                options.address = o->address;
                options.bridge = o->bridge;
                options.attach = o->attach;
                options.macvlan = o->macvlan;
                options.alone = o->alone;
                options.gateway = o->gateway;
                options.address6 = o->address6;
                options.gateway6 = o->gateway6;
                options.machine = o->bridge || o->attach ? o->machine : NULL;
                options.mac = o->mac;
                options.networks = o->networks;
                options.internet = o->pasta;
        }
        argv = netns_options_print(o->netns, options.interface ? "setup" : "loopback", &options);
        return netns_helper_spawn(argv, -EBADF, reterr);
}

pid_t netns_helper_start_internet(const KeeperOptions *o, pid_t leader, Error *reterr) {
        const NetnsOptions options = {.pid = leader,
                                      .address = o->address,
                                      .machine = o->machine,
                                      .pasta = o->pasta,
                                      .brokered = host_socket_is_brokered()};
        _cleanup_strv_ char **argv = netns_options_print(o->netns, "internet", &options);

        return netns_helper_spawn(argv, host_socket_broker_fd(), reterr);
}

int netns_helper_let_go(const KeeperOptions *o, pid_t leader, Error *reterr) {
        const NetnsOptions options = {.pid = leader, .interface = (char *) GUEST_INTERFACE};
        _cleanup_strv_ char **argv = netns_options_print(o->netns, "let-go", &options);

        return process_run(argv, NULL, reterr);
}

pid_t netns_helper_start_listening(const KeeperOptions *o, pid_t leader, int socket_fd, Error *reterr) {
        const NetnsOptions options = {.pid = leader, .ports = o->host_access};
        _cleanup_strv_ char **argv = netns_options_print(o->netns, "listen", &options);

        return netns_helper_spawn(argv, socket_fd, reterr);
}

int netns_helper_result(int status, Error *reterr) {
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return 1;
        /* The helper has waited to be sure of that, and has printed nothing. */
        if (WIFEXITED(status) && WEXITSTATUS(status) == FC_EXIT_NOT_RUNNING)
                return 0;
        return error_raise(reterr, FC_EXIT_INTERNAL,
                           "set the network of the container (see its console log)");
}

static int netns_helper_ensure_one(const KeeperOptions *o, char *bridge, char *address, Error *reterr) {
        const NetnsOptions options = {.bridge = bridge, .address = address};
        _cleanup_strv_ char **argv = netns_options_print(o->netns, "ensure", &options);
        int r = process_run(argv, NULL, reterr);

        return r > 0 ? error_raise(reterr, FC_EXIT_INTERNAL, "make the network '%s'", bridge) : r;
}

int netns_helper_ensure(const KeeperOptions *o, Error *reterr) {
        int r = o->bridge && !o->shares ? netns_helper_ensure_one(o, o->bridge, o->address, reterr) : 0;

        STRV_FOREACH (network, o->networks) {
                char *address = strchr(*network, '=');
                _cleanup_free_ char *bridge =
                        address ? xstrndup(*network, (size_t) (address - *network)) : NULL;

                if (r >= 0 && bridge)
                        r = netns_helper_ensure_one(o, bridge, address + 1, reterr);
        }
        return r;
}

/* What the helper would find out first. Of ten containers that end together only the last one needs it, and
 * to execute it takes as long as all else at the end. */
static bool netns_is_held(const char *lock) {
        _cleanup_close_ int fd = open(lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

        return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

int netns_helper_release(const KeeperOptions *o, Error *reterr) {
        const NetnsOptions options = {.bridge = o->bridge, .lock = o->bridge_lock, .machine = o->machine};
        _cleanup_strv_ char **argv = NULL;

        if (!o->bridge || (o->bridge_lock && netns_is_held(o->bridge_lock)))
                return 0;
        argv = netns_options_print(o->netns, "release", &options);
        return process_run(argv, NULL, reterr);
}
