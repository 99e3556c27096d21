/* SPDX-License-Identifier: MIT */

/* The supervisor: one small detached process for each container on a host that systemd does not manage. It
 * starts systemd-nspawn, keeps the container's network and ports while the guest reboots, and puts
 * everything away at the end. It does not read the specification, the state or the project:
 * machine/supervisor-client.c hands it what it needs. It loads only libsystemd, since it stays resident. */

#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "base/companions.h"
#include "base/host-socket.h"
#include "base/privilege.h"
#include "base/process.h"
#include "base/systemd.h"
#include "cgroup/cgroup.h"
#include "keeper/control.h"
#include "keeper/netns-helper.h"
#include "keeper/records.h"
#include "keeper/supervisor-guest.h"
#include "keeper/supervisor-isolate.h"
#include "keeper/supervisor-options.h"
#include "record/ephemeral.h"
#include "record/record.h"

/* Without root not into the upper one: while a process is in that, no container can be given a limit. */
static int leave_cgroup(int root) {
        int r = cgroup_enter(root, COMPANIONS_OF_COMMANDS, NULL);

        return r < 0 ? cgroup_enter(root, ".", NULL) : r;
}

/* From here on the machine is gone: until now our being in its cgroup has said that it is there. To leave it
 * takes a grace period of the kernel, which is not worth waiting for when a container has ended by itself. A
 * command that has asked for the end waits for ours, and removes the cgroup then (machine/stop-job.c).
 * Without root pasta is not in our PID namespace, and may be on its way out. */
static void remove_cgroup(const SupervisorOptions *o) {
        _cleanup_close_ int root = open(CGROUP_MOUNT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (root >= 0 && leave_cgroup(root) >= 0 && cgroup_kill(o->cgroup_fd, ".", NULL) >= 0 &&
            cgroup_wait_empty(o->cgroup_fd, ".", CGROUP_KILL_USEC, NULL) > 0)
                (void) cgroup_remove(CGROUP_MOUNT, o->keeper.machine, NULL);
}

/* The record is for `status`, and complete before the machine is gone, as is the event: once it is, another
 * command may start it again and tell that. The message is for the command that started us, and comes when
 * everything is. */
static void supervisor_finish(SupervisorOptions *o, ControlKind kind, const ExitRecord *end, bool failed,
                              bool asked) {
        const KeeperRecords records = {o->runtime_fd, o->events_fd, o->keeper.container};
        _cleanup_free_ char *text = exit_record_to_string(end);

        (void) exit_record_write(o->runtime_fd, end, NULL);
        records_event(&records, failed ? PHASE_CRASHED : PHASE_ENDED, text);
        /* The network goes when no process holds the lock any more, this one included. */
        o->lock_fd = safe_close(o->lock_fd);
        (void) netns_helper_release(&o->keeper, NULL);
        (void) ephemeral_remove(o->state_fd, NULL);
        if (!asked)
                remove_cgroup(o);
        control_send(o->control_fd, kind, text);
}

/* These are for what this process does itself: it removes an ephemeral root and the cgroups of guests,
 * signals guests and proxies, gives a new log of the console to its owner and writes to the event log as
 * that owner. Programs that it executes, nspawn above all, need all privileges: so the bounding set stays
 * and new privileges are not refused. */
static int supervisor_give_up_privileges(Error *reterr) {
        int r = privilege_keep(PRIVILEGE(CHOWN) | PRIVILEGE(DAC_OVERRIDE) | PRIVILEGE(FOWNER) |
                               PRIVILEGE(KILL) | PRIVILEGE(LINUX_IMMUTABLE) | PRIVILEGE(SETGID) |
                               PRIVILEGE(SETUID));

        privilege_no_core();
        return r < 0 ? error_set(reterr, r, "give up privileges") : 0;
}

static int supervisor_run(SupervisorOptions *o, Error *reterr) {
        _cleanup_(guest_freep) Guest *guest = NULL;
        _cleanup_close_ int host_proc = -EBADF;
        int r;

        if (o->broker_fd >= 0)
                host_socket_adopt(o->broker_fd);
        /* By the process that ends when it has made the namespaces: what loading reads is not resident in
         * the one that stays. */
        r = library_open(&systemd_library, reterr);
        if (r >= 0)
                r = isolate(o, &host_proc, reterr);
        if (r < 0)
                return r;
        r = guest_new(o, host_proc, &guest, reterr);
        if (r < 0)
                return r;
        r = supervisor_give_up_privileges(reterr);
        if (r < 0)
                return r;
        r = guest_run(guest, reterr);
        if (r < 0)
                return r;
        supervisor_finish(o, CONTROL_EXITED, guest_end(guest), guest_failed(guest), guest_asked(guest));
        return 0;
}

/* First of all: PID 1 of a namespace loses a signal that is neither blocked nor handled, and we can be asked
 * to stop as soon as we exist. */
static void block_signals(void) {
        sigset_t mask;

        (void) sigemptyset(&mask);
        (void) sigaddset(&mask, SIGCHLD);
        (void) sigaddset(&mask, SIGTERM);
        (void) sigprocmask(SIG_BLOCK, &mask, NULL);
}

int main(int argc, char **argv) {
        SupervisorOptions options;
        Error error = ERROR_NULL;

        block_signals();
        if (supervisor_options_parse(argv + 1, &options, &error) < 0) {
                (void) fprintf(stderr, "supervisor: %s\n", error.message);
                error_done(&error);
                return EXIT_FAILURE;
        }
        if (supervisor_run(&options, &error) < 0) {
                ExitRecord end = {.how = ENDED_OTHER, .text = error.message};

                supervisor_finish(&options, CONTROL_ERROR, &end, /* failed= */ true, /* asked= */ false);
        }
        error_done(&error);
        supervisor_options_done(&options);
        return EXIT_SUCCESS;
}
