/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include "backend/crash-record.h"
#include "backend/nspawn-notify.h"
#include "backend/nspawn-status.h"
#include "backend/state-place.h"
#include "base/alloc.h"
#include "base/process.h"
#include "unit/events.h"
#include "unit/proxies.h"
#include "unit/relay.h"

/* systemd forgets what a process has said that is gone by the time it looks who that was. */
#define BARRIER_TIMEOUT_USEC (10 * USEC_PER_SEC)

#define GATE MACHINE_DIR "/fifo"

int relay_socket(Error *reterr) {
        struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = RELAY_SOCKET};
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        int on = 1;

        /* That of the last start: the mounts outlive a reboot of the guest. */
        (void) unlink(RELAY_SOCKET);
        if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 ||
            setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
                return error_set(reterr, errno, "make the notification socket");
        return TAKE_FD(fd);
}

static int set_network(const UnitOptions *o, const char *leader, Error *reterr) {
        char *set[] = {(char *) o->netns,    (char *) "setup",       (char *) "--pid",
                       (char *) leader,      (char *) "--interface", (char *) "host0",
                       (char *) "--address", (char *) o->address,    NULL};
        char *loopback[] = {(char *) o->netns, (char *) "loopback", (char *) "--pid", (char *) leader, NULL};
        int r;

        if (!o->netns)
                return 0;
        r = process_run(o->address ? set : loopback, NULL, reterr);
        return r > 0 ? error_raise(reterr, FC_EXIT_INTERNAL, "set the network of the container") : r;
}

/* The gate holds the FIFO open until it executes its command, which closes it; or until it ends because it
 * could not, and then it has taken the byte out before. Watched before it is opened, which is what the gate
 * waits for; it stays open until then, or it would shut again before a slow payload has come. Return: 1
 * executed, 0 it will never be. */
static int open_gate(const UnitOptions *o, int leader_fd, Error *reterr) {
        _cleanup_close_ int watch = inotify_init1(IN_CLOEXEC), fd = -EBADF;
        struct pollfd fds[] = {{.fd = watch, .events = POLLIN}, {.fd = leader_fd, .events = POLLIN}};
        int left = 0;

        if (!o->gate)
                return 1;
        if (watch < 0 || inotify_add_watch(watch, GATE, IN_CLOSE_NOWRITE) < 0)
                return error_set(reterr, errno, "watch the gate");
        fd = open(GATE, O_RDWR | O_CLOEXEC);
        if (fd < 0 || write(fd, "", 1) != 1)
                return error_set(reterr, errno, "open the gate");
        while (poll(fds, ELEMENTSOF(fds), -1) < 0)
                if (errno != EINTR)
                        return error_set(reterr, errno, "watch the gate");
        return fds[0].revents != 0 && ioctl(fd, FIONREAD, &left) >= 0 && left > 0;
}

/* Return: 1 the payload runs, 0 it has ended already, and nspawn will say so. */
static int on_leader(const UnitOptions *o, pid_t leader, int *ret_pidfd, Error *reterr) {
        _cleanup_free_ char *text = xasprintf("%d", leader);
        int r = process_open(leader);

        if (r < 0)
                return 0;
        *ret_pidfd = r;
        r = set_network(o, text, reterr);
        return r < 0 ? r : open_gate(o, *ret_pidfd, reterr);
}

/* The first time that is for the command to tell that started it. */
static int note_booted(const UnitOptions *o, Error *reterr) {
        _cleanup_close_ int runtime_fd = open(o->runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                            state_fd = -EBADF;
        CrashRecord crashes;
        int r;

        if (runtime_fd < 0)
                return 0;
        r = crash_record_read(runtime_fd, &crashes, reterr);
        if (r < 0 || (crashes.restarts == 0 && crashes.reboots == 0))
                return r;
        crashes.ready_usec = realtime_usec();
        r = crash_record_write(runtime_fd, &crashes, reterr);
        if (r >= 0)
                r = state_place_open(runtime_fd, &state_fd, reterr);
        if (r >= 0)
                unit_event(o, state_fd, "booted", NULL);
        return r;
}

/* Return: 1 the guest is ready. */
static int on_notification(const UnitOptions *o, const char *text, int *leader_fd, Error *reterr) {
        _cleanup_(nspawn_notice_done) NspawnNotice notice = {0};
        int r = 1;

        nspawn_notice_parse(text, &notice);
        if (notice.leader > 0 && *leader_fd < 0)
                r = on_leader(o, notice.leader, leader_fd, reterr);
        /* nspawn will say how that ended; what it has to say before is not true any more. */
        if (r == 0)
                _exit(EXIT_SUCCESS);
        if (r >= 0 && notice.ready)
                r = note_booted(o, reterr);
        if (r < 0)
                return r;
        r = sd_notify(false, text);
        if (r >= 0 && notice.ready)
                r = sd_notify_barrier(false, BARRIER_TIMEOUT_USEC);
        return r < 0 ? error_set(reterr, r, "notify systemd") : notice.ready;
}

/* Ends with the unit, by SIGKILL. */
static int serve_ports(const UnitOptions *o, pid_t nspawn, int notify_fd, int *leader_fd,
                       const int *port_fds, Error *reterr) {
        Proxies *proxies = proxies_new(o, *leader_fd, port_fds);
        struct pollfd *fds = xnew0(struct pollfd, proxies_count(proxies) + 1);

        for (;;) {
                char buffer[4096];
                int timeout, r;
                size_t n = proxies_prepare(proxies, fds, &timeout);

                fds[n] = (struct pollfd){.fd = notify_fd, .events = POLLIN};
                if (poll(fds, n + 1, timeout) < 0) {
                        if (errno == EINTR)
                                continue;
                        return error_set(reterr, errno, "wait for connections");
                }
                proxies_dispatch(proxies, fds, n);
                if (fds[n].revents == 0)
                        continue;
                r = nspawn_notify_receive(notify_fd, 0, nspawn, buffer, sizeof(buffer));
                if (r > 0)
                        r = on_notification(o, buffer, leader_fd, reterr);
                if (r < 0)
                        return r;
        }
}

void relay_run(const UnitOptions *o, pid_t nspawn, int notify_fd, const int *port_fds) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int leader_fd = -EBADF;
        char buffer[4096];
        int r = 0;

        while (r == 0) {
                r = nspawn_notify_receive(notify_fd, 0, nspawn, buffer, sizeof(buffer));
                if (r == -EINTR)
                        r = 0;
                else if (r > 0)
                        r = on_notification(o, buffer, &leader_fd, &error);
        }
        if (r > 0 && o->n_ports > 0 && leader_fd >= 0)
                r = serve_ports(o, nspawn, notify_fd, &leader_fd, port_fds, &error);
        if (r >= 0)
                _exit(EXIT_SUCCESS);
        /* When the guest has ended, that is what is to be reported, and nspawn does. */
        if (leader_fd < 0 || process_wait(leader_fd, 0) == 0) {
                (void) fprintf(stderr, "flake-containers: %s\n",
                               error.message ? error.message : strerror(-r));
                (void) kill(nspawn, SIGKILL);
        }
        _exit(EXIT_FAILURE);
}
