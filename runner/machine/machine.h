/* SPDX-License-Identifier: MIT */
#pragma once

/* A machine is one container that runs: systemd-nspawn, the guest, and what keeps them. Its life:
 * machine_start() makes it and returns while it boots; what becomes of it comes on a control socket
 * (keeper/control.h); its keeper starts it again after a reboot of the guest, or a failure; machine_query()
 * finds it by what runs, from any command and after any crash; a StopJob ends it in order, machine_kill() at
 * once. Then nothing of it is left on the host.
 *
 * There is more than one way to keep a machine; each is a Backend, one struct of functions. A machine is
 * asked of all of them: which one has it is seen from what runs, and nothing remembers it. Only a start has
 * to choose. */

#include <sys/types.h>

#include "base/systemd.h"
#include "plan/plan.h"
#include "spec/published-port.h"

typedef struct Backend Backend;

typedef struct MachineStatus {
        const Backend *backend; /* where it runs or has left something; NULL: nowhere */
        bool running;           /* anything of it is alive */
        bool stale;   /* nothing is, but its cgroup is there: it was killed, or is just being started */
        bool frozen;  /* its cgroup is frozen: it neither acts nor answers */
        pid_t keeper; /* the process that ends it in order when told to; 0: none */
        pid_t leader; /* the payload's PID 1 in the host's numbers; 0: none yet */
} MachineStatus;

/* What the verb has opened for a plan; all of it borrowed. */
typedef struct StartResources {
        const char *cgroup_mount;
        const char *bridge_lock; /* path, needed with a bridge */
        int lock_fd;             /* shared lock on it, or -EBADF */
        int runtime_fd;          /* the container's directory below /run/flake-containers/ID/ */
        int console_fd;          /* its log */
        int state_fd;            /* .containers/NAME */
        int events_fd;           /* .containers, for the event log */
        const int *mount_fds; /* detached mounts, in the order of plan->mounts, -EBADF: nothing to attach */
        const int *on_fds;    /* likewise: as in MachineMount */
        const PublishedPort *ports; /* open, in the order of the specification */
        const int *socket_fds;      /* listening, likewise */
        int owner_fd; /* pidfd of PID 1 of the container whose network it shares; -EBADF: it shares none */
} StartResources;

/* What a machine may use. */
typedef struct MachineLimits {
        const char *cgroup_mount;
        const char *machine;
        int runtime_fd; /* the container's directory below /run/flake-containers/ID/ */
        const Resource *resources;
        size_t n;
} MachineLimits;

/* What reports on the control fd from within this process, where the machine has no supervisor to do it. */
typedef struct MachineReporter MachineReporter;

struct MachineReporter {
        MachineReporter *(*free)(MachineReporter *reporter);
};

MachineReporter *machine_reporter_free(MachineReporter *reporter);

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

struct Backend {
        const char *name;
        /* A machine's keeper makes the project's network at its start, in the host's mounts. A command may
         * be in other ones, those of a service for example, which the keepers do not see. */
        bool makes_network;

        /* The functions below, of the machines that this backend has. */
        int (*query)(const char *cgroup_mount, const char *machine, MachineStatus *ret, Error *reterr);
        /* As machine_look(). */
        int (*look)(const char *cgroup_mount, const char *machine, bool *ret_running, bool *ret_stale,
                    Error *reterr);
        int (*list)(const char *cgroup_mount, char ***ret, Error *reterr);
        /* Can a machine have what the plan wants? Refuses without having tried to start. */
        int (*check)(const char *cgroup_mount, const ContainerPlan *plan, Error *reterr);
        int (*open_payload_cgroup)(const char *cgroup_mount, const char *machine, Error *reterr);
        /* May be NULL. */
        char *(*payload_path)(const char *machine);
        /* What is there from the start to the last of the end, reboots and restarts included. Owned by the
         * caller. NULL: the keeper is. */
        char *(*lasting_file)(const char *machine);
        int (*kill)(const char *cgroup_mount, const char *machine, Error *reterr);
        int (*pause)(const char *cgroup_mount, const char *machine, Error *reterr);
        int (*unpause)(const char *cgroup_mount, const char *machine, Error *reterr);
        int (*limit)(const MachineLimits *limits, Error *reterr);
        int (*start)(sd_event *event, const ContainerPlan *plan, const StartResources *resources,
                     int *ret_control_fd, MachineReporter **ret_reporter, Error *reterr);

        /* The steps of a StopJob, see machine/stop-job.h. */
        int (*stop_begin)(StopJob *job, const MachineStatus *status, Error *reterr);
        void (*stop_ask)(StopJob *job, StopMeans means);
        void (*stop_end)(StopJob *job);
};

/**
 * backend_choose() - the backend for machines that are started
 * @name: "auto" or NULL, "supervisor", "systemd"
 * @sd_booted: systemd is PID 1
 * @cgroup_unified: with cgroup version 2 alone
 *
 * FC_EXIT_USAGE when there is no such backend, FC_EXIT_HOST when this host has nothing for it.
 */
int backend_choose(const char *name, bool sd_booted, bool cgroup_unified, const Backend **ret,
                   Error *reterr);

int machine_query(const char *cgroup_mount, const char *machine, MachineStatus *ret, Error *reterr);

/* Only `running` and `stale` of that, for half of the cost. */
int machine_look(const char *cgroup_mount, const char *machine, bool *ret_running, bool *ret_stale,
                 Error *reterr);

/* The names of all machines that a keeper may have, running or not, without a look at each; owned by the
 * caller. */
int machine_list_names(const char *cgroup_mount, char ***ret, Error *reterr);

/* The names of all machines that run now, of whatever project; owned by the caller, NULL when there are
 * none. */
int machine_list(const char *cgroup_mount, char ***ret, Error *reterr);

/* Likewise, also of those of which only something is left. */
int machine_list_left(const char *cgroup_mount, char ***ret, Error *reterr);

/* The payload's cgroup directory, for processes that join it. Return: an fd, owned by the caller. */
int machine_open_payload_cgroup(const MachineStatus *status, const char *cgroup_mount, const char *machine,
                                Error *reterr);

/* Where the payload's cgroup is, below the host's cgroup2, whether the machine runs or not: for watching it
 * come. Owned by the caller; NULL: it is not known. */
char *machine_payload_path(const Backend *backend, const char *machine);

/* Freezes all of a machine that runs, its keeper included, until machine_unpause() or its stop. */
int machine_pause(const MachineStatus *status, const char *cgroup_mount, const char *machine, Error *reterr);

/* FC_EXIT_CONFLICT when what it is in is frozen, too. */
int machine_unpause(const MachineStatus *status, const char *cgroup_mount, const char *machine,
                    Error *reterr);

/* Limits a machine that runs, and its guest's next boots, to that and nothing else. Of less memory than it
 * uses the kernel takes back what it can, for which this waits, and may kill. When it fails, some may have
 * changed. */
int machine_limit(const MachineStatus *status, const MachineLimits *limits, Error *reterr);

/* Ends all of a machine that is alive, at once, and removes its cgroup and what nspawn left. For what must
 * not wait; not running is success. */
int machine_kill(const char *cgroup_mount, const char *machine, Error *reterr);

/**
 * machine_start() - start a machine that does not run
 * @event: outlives the control fd
 * @ret_control_fd: where it reports, see keeper/control.h; owned by the caller
 * @ret_reporter: to be freed when nothing is read from there any more, before @event; may become NULL
 *
 * What a killed predecessor left is cleared first. Whether it got further is read from the control fd;
 * closing that does not stop anything.
 */
int machine_start(const Backend *backend, sd_event *event, const ContainerPlan *plan,
                  const StartResources *resources, int *ret_control_fd, MachineReporter **ret_reporter,
                  Error *reterr);

/**
 * stop_job_new() - ask a machine to halt
 * @timeout_usec: how long it may take before its PID 1 is killed; a fifth of it later (at least 1 s) its
 * cgroup is
 * @done: called once, from the event loop, also for a machine that does not run; when @r is negative, @error
 * is set
 *
 * @done fires when nothing of the machine is left.
 */
int stop_job_new(sd_event *event, const char *cgroup_mount, const char *machine, uint64_t timeout_usec,
                 StopDone done, void *userdata, StopJob **ret, Error *reterr);
StopJob *stop_job_free(StopJob *job);
DEFINE_FREEP(StopJob, stop_job_free);

/* Goes to the next, harder means now: what a second Ctrl-C asks for. */
void stop_job_hurry(StopJob *job);
