/* SPDX-License-Identifier: MIT */
#pragma once

/* What `status` shows of each container: what the kernel and the guest say now, beside what was
 * remembered. */

#include "base/json.h"
#include "boot/boot.h"
#include "context/project.h"
#include "record/crash-record.h"
#include "record/phase.h"
#include "storage/instances.h"
#include "view/project-list.h"
#include "view/status-size.h"

typedef struct ContainerStatus {
        char *name;
        char *machine;
        Phase phase; /* PHASE_RUNNING, FROZEN, DEGRADED, STARTING, STOPPING, STOPPED, COMPLETED, FAILED,
                        CRASHED, ELSEWHERE */
        bool running;
        bool ready;
        bool stopping; /* its end has been asked for */
        bool frozen;   /* for a snapshot, or paused */
        bool paused;
        bool left_out; /* it has profiles, and was not started */
        pid_t leader;
        uint64_t since_usec;   /* CLOCK_REALTIME of being ready, 0: is not */
        CrashRecord crashes;   /* and reboots, of this start */
        ContainerState *state; /* may be NULL */
        uint64_t memory;       /* that it takes, in bytes; 0: not known */
        char **notes;          /* but for those that go on by themselves, status_notes() */
        ContainerSize size;    /* after status_list_measure() */
} ContainerStatus;

typedef struct StatusList {
        ContainerStatus *entries;
        size_t n;
        bool measured;
        InstanceList instances; /* after status_list_find_instances() */
        BootEntry boot;         /* of the unit that starts the project at boot; no name: there is none */
        ProjectList worktrees;  /* other ones of the repository, of which something runs */
} StatusList;

void status_list_done(StatusList *list);

/* Only root can ask a guest's manager; for others `ready` is what was true when it was started. */
int status_list_gather(Project *project, char *const *names, StatusList *ret, Error *reterr);

/* Fresh instances of the project, whatever names were asked for. */
int status_list_find_instances(const Project *project, StatusList *list, Error *reterr);

/* Whether the project is started when the host boots. */
int status_list_find_boot(const Project *project, StatusList *list, Error *reterr);

/* For root. */
int status_list_measure(Project *project, StatusList *list, Error *reterr);

/* Are all of them ready? FC_EXIT_OK, FC_EXIT_FAILED when one has failed or is degraded, else
 * FC_EXIT_NOT_RUNNING.
 * @named: the user has named them; otherwise what is left out does not count, unless that is all */
int status_list_check(const StatusList *list, bool named);

/* What the kernel counts for a machine that runs, in bytes; 0: it is not known.
 * @ret_ran_out: it has killed a process for want of it; may be NULL */
uint64_t status_read_memory(const Project *project, const MachineStatus *status, const char *machine,
                            bool *ret_ran_out);

/* Project and containers as a document of one line, without its end. Owned by the caller. @now:
 * CLOCK_REALTIME */
char *status_list_to_line(const Project *project, const StatusList *list, uint64_t now);

/* @timings: of view/timings-text.h, taken; NULL: none */
int status_list_print_json(const Project *project, const StatusList *list, Json *timings, Error *reterr);
