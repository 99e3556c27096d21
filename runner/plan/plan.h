/* SPDX-License-Identifier: MIT */
#pragma once

/* What has to be done for one container, decided from its specification, the machine's facts and what is
 * running. Pure: no I/O, no clock; "spec + state + facts -> argv" is tested by golden files. */

#include "spec/spec.h"

/* Where the backend attaches what the plan names; the arguments of nspawn contain no other path of the host.
 */
#define PLAN_MACHINE_DIR "/run/flake-containers/machine"

typedef enum PlanMountKind {
        PLAN_MOUNT_ROOT,     /* the container's own writable tree */
        PLAN_MOUNT_STORE,    /* what the toplevel needs, read-only */
        PLAN_MOUNT_TOPLEVEL, /* the toplevel itself, where no activation makes the link to it */
        PLAN_MOUNT_JOURNAL,  /* .containers/NAME/journal */
        PLAN_MOUNT_HOSTS,    /* the project's hosts file */
        PLAN_MOUNT_GATE,     /* the program that lets a plain command wait for its network */
        PLAN_MOUNT_DEVICES,  /* a folder with a node for each of devices, named by its index */
        PLAN_MOUNT_VOLUME,   /* a directory or file of the user's */
        PLAN_MOUNT_NAMED_VOLUME,
        PLAN_MOUNT_CREDENTIAL,
} PlanMountKind;

typedef struct PlanMount {
        PlanMountKind kind;
        char *name;   /* attached at PLAN_MACHINE_DIR/<name> */
        char *source; /* VOLUME, CREDENTIAL: absolute path; NAMED_VOLUME: its name; otherwise NULL, implied
                         by kind */
        const char *below; /* a relative source as it was written: the end of source; otherwise NULL */
        char *place;       /* where it stands in the specification, for messages */
        bool idmapped;
        bool writable;        /* VOLUME: the container can write there */
        bool writes_as_owner; /* VOLUME: the container's root writes there as the owner of the source */
} PlanMount;

/* What the plan depends on beside the specification. */
typedef struct PlanFacts {
        const char *root;    /* the project's, absolute */
        const char *machine; /* machine name */
        const char *nspawn;  /* program */
        const char *bridge;  /* of the project; NULL unless the network is private */
        const char *address; /* A.B.C.D, likewise */
} PlanFacts;

typedef struct ContainerPlan {
        char *name;
        char *machine;
        char *image;             /* absolute path of the read-only root file system; NULL with a toplevel */
        const char *image_below; /* as in PlanMount */
        char *build;             /* the command that makes it, for messages; may be NULL */
        char *toplevel;          /* NULL with an image */
        char *store;             /* the directory that holds it */
        char *closure;           /* the file that lists what of the store is mounted; NULL: all of it */
        char **argv;             /* of systemd-nspawn */
        PlanMount *mounts;
        size_t n_mounts;
        char **mount_points; /* inside, of volumes and tmpfs */
        char *bridge;        /* NULL unless the network is private */
        char *address;       /* A.B.C.D, likewise */
        Port *ports;
        size_t n_ports;
        Device *devices;
        size_t n_devices;
        Resource *resources;
        size_t n_resources;
        bool set_network; /* the network inside is set by us: private and none */
        bool gate;        /* the payload waits for the network, and we are told that it was executed */
        bool has_init;
        bool ephemeral; /* the root is made anew at each start */
        uint32_t
                ids_base; /* what root and closure are mapped to, by us; 0: not, nspawn does it, or nobody */
        RestartMode restart;
        bool notify;
        uint64_t ready_timeout_usec;
        uint64_t stop_timeout_usec;
        char **definition; /* canonical lines: two equal ones start the same container */
} ContainerPlan;

/* Return: the plan of starting @c, owned by the caller. */
ContainerPlan *plan_container(const ContainerSpec *c, const PlanFacts *facts);
ContainerPlan *container_plan_free(ContainerPlan *p);
DEFINE_FREEP(ContainerPlan, container_plan_free);

typedef enum PlanAction {
        PLAN_START,
        PLAN_KEEP,    /* runs, and as it should */
        PLAN_RESTART, /* runs, but with another definition */
} PlanAction;

/* @running_definition: what a running container was started with, NULL when that is not known.
 * @ret_reasons: a line for each difference, owned by the caller; may be NULL. */
PlanAction plan_decide(const ContainerPlan *p, bool running, char *const *running_definition,
                       char ***ret_reasons);

/* Whether the definition starts a command, not an init. */
bool plan_definition_runs_command(char *const *definition);

const char *plan_action_to_string(PlanAction action);
