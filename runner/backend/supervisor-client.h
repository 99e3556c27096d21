/* SPDX-License-Identifier: MIT */
#pragma once

/* The backend of hosts that systemd does not manage: starts, finds and stops supervisors
 * (runner/supervisor/). It remembers nothing: what runs is read from the machine's cgroup. */

#include <sys/types.h>
#include <systemd/sd-event.h>

#include "plan/plan.h"

typedef struct MachineStatus {
        bool running;     /* anything of it is alive */
        bool stale;       /* nothing is, but its cgroup is there: it was killed, or is just being started */
        pid_t supervisor; /* 0: none */
        pid_t leader;     /* the payload's PID 1 in the host's numbers; 0: none yet */
} MachineStatus;

int supervisor_query(const char *cgroup_mount, const char *machine, MachineStatus *ret, Error *reterr);

/* The names of all machines that run now, of whatever project; owned by the caller, NULL when there are
 * none. */
int supervisor_list(const char *cgroup_mount, char ***ret, Error *reterr);

/* The payload's cgroup directory, for processes that join it. Return: an fd, owned by the caller. */
int supervisor_open_payload_cgroup(const char *cgroup_mount, const char *machine, Error *reterr);

/* What the verb has opened for a plan; all of it borrowed. */
typedef struct StartResources {
        const char *cgroup_mount;
        const char *proxyd;      /* systemd-socket-proxyd, needed with ports */
        const char *bridge_lock; /* path, needed with a bridge */
        int lock_fd;             /* shared lock on it, or -EBADF */
        int runtime_fd;          /* the container's directory below /run/flake-containers/ID/ */
        int console_fd;
        int gate_fd;          /* O_PATH of the FIFO, or -EBADF */
        const int *mount_fds; /* detached mounts, in the order of plan->mounts */
        const int (
                *port_fds)[2]; /* listening sockets, in the order of plan->ports; the second may be -EBADF */
} StartResources;

/**
 * supervisor_start() - start a machine that does not run
 * @ret_control_fd: where it reports, see backend/control.h; owned by the caller
 *
 * The cgroup that a killed predecessor left is cleared first. Returns as soon as the supervisor is on its
 * own; whether it got further is read from the control socket. Closing that socket does not stop anything.
 */
int supervisor_start(const ContainerPlan *plan, const StartResources *resources, int *ret_control_fd,
                     Error *reterr);

/* Ends all of a machine that is alive, at once, and removes its cgroup and what nspawn left. For what must
 * not wait; not running is success. */
int supervisor_kill(const char *cgroup_mount, const char *machine, Error *reterr);

/* How a machine was stopped. */
typedef enum StopMeans {
        STOP_NONE,       /* it did not run */
        STOP_HALTED,     /* it shut down when asked */
        STOP_TERMINATED, /* its PID 1 was killed after the timeout */
        STOP_KILLED,     /* its cgroup was killed */
} StopMeans;

/* One machine on its way down, beside others in one event loop. */
typedef struct StopJob StopJob;
typedef void (*StopDone)(StopJob *job, int r, StopMeans means, Error *error, void *userdata);

/**
 * stop_job_new() - ask a machine to halt
 * @timeout_usec: how long it may take before its PID 1 is killed; a fifth of it later (at least 1 s) its
 * cgroup is
 * @done: called once, from the event loop, also for a machine that does not run; when @r is negative, @error
 * is set
 *
 * @done fires when the supervisor has ended, the cgroup is removed and nothing is left.
 */
int stop_job_new(sd_event *event, const char *cgroup_mount, const char *machine, uint64_t timeout_usec,
                 StopDone done, void *userdata, StopJob **ret, Error *reterr);
StopJob *stop_job_free(StopJob *job);
DEFINE_FREEP(StopJob, stop_job_free);

/* Goes to the next, harder means now: what a second Ctrl-C asks for. */
void stop_job_hurry(StopJob *job);
