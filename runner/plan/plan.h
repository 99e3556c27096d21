/* SPDX-License-Identifier: MIT */
#pragma once

/* What has to be done for one container, decided from its specification, the machine's facts and what is
 * running. Pure: no I/O, no clock; "spec + state + facts -> argv" is tested by golden files. */

#include "base/paths.h"
#include "spec/spec.h"

/* Says who opens the source of a mount, and what is checked of it. */
typedef enum PlanMountKind {
        PLAN_MOUNT_ROOT,         /* the container's own writable tree */
        PLAN_MOUNT_STORE,        /* the store that the toplevel is in */
        PLAN_MOUNT_CLOSURE,      /* what of the store the toplevel needs */
        PLAN_MOUNT_TOPLEVEL,     /* the toplevel itself, where no activation makes the link to it */
        PLAN_MOUNT_JOURNAL,      /* the guest's journal */
        PLAN_MOUNT_HOSTS,        /* the project's hosts file */
        PLAN_MOUNT_GATE,         /* the program that lets a plain command wait for its network */
        PLAN_MOUNT_DEVICES,      /* a folder with a node for each device, named by its index */
        PLAN_MOUNT_FILES,        /* a folder with the plan's files */
        PLAN_MOUNT_VOLUME,       /* a directory or file of the user's */
        PLAN_MOUNT_NAMED_VOLUME, /* a directory in .containers/volumes */
        PLAN_MOUNT_OVERLAY,      /* a directory of the user's, which is not written to */
        PLAN_MOUNT_LAYERED,      /* a volume of a snapshot, likewise */
        PLAN_MOUNT_TMPFS,        /* an empty file system in memory */
        PLAN_MOUNT_MASK,         /* an empty directory over `.containers` in a volume before it */
        PLAN_MOUNT_CREDENTIAL,   /* a file of the user's */
        PLAN_MOUNT_SECRET,       /* one of FILES, whose content is not in the plan: nothing to attach */
        PLAN_MOUNT_THERE,        /* nothing to attach: a node in DEVICES, one of FILES, the keeper's own */
        _PLAN_MOUNT_KIND_MAX,
} PlanMountKind;

/* Whose the files are inside. */
typedef enum PlanMapping {
        PLAN_MAP_NONE,      /* the ids of the host */
        PLAN_MAP_CONTAINER, /* what is 0 on the disk is the container's root */
        PLAN_MAP_OWNER,     /* an account of the container is the owner of the source */
} PlanMapping;

/* Attached at MACHINE_DIR/<name>, from where nspawn takes it to where it belongs inside. A mask is attached
 * in the volume before it, once: however the guest moves what is above it, it stays on that directory, also
 * at the guest's next boot. */
typedef struct PlanMount {
        PlanMountKind kind;
        char *name;
        char *source;      /* absolute path on the host; NULL: made for this start, or a program of ours */
        const char *below; /* a relative source as it was written: the end of source; otherwise NULL */
        char *target;      /* path inside, of a credential its id; NULL: nspawn takes only parts of it */
        char *upper; /* of an overlay: what is written is kept in .containers/volumes under this name ... */
        bool fleeting; /* ... and need not outlive the container */
        PlanMapping mapping;
        const char *account; /* that account, as in Volume; NULL: root */
        bool read_only;
        bool masked;                  /* `.containers` is in it, and a PLAN_MOUNT_MASK comes next */
        bool create;                  /* the source, a directory, where it is missing */
        const Credential *credential; /* borrowed; NULL but for CREDENTIAL and SECRET, and there for the
                                         variables of files */
        const Tmpfs *tmpfs;           /* borrowed; NULL but for PLAN_MOUNT_TMPFS */
        char *place; /* where it stands in the specification, for messages; NULL: it does not */
} PlanMount;

/* Of a container with internet. */
#define RESOLV_CONF_TARGET "/etc/resolv.conf"

/* In the folder PLAN_MOUNT_FILES, for every user inside to read. */
typedef struct PlanFile {
        const char *name;
        char *text;
} PlanFile;

/* A file of variables. */
typedef struct PlanEnvFile {
        char *source; /* absolute path on the host */
        const char *below;
        char *place;
} PlanEnvFile;

/* A network that the container is in. */
typedef struct PlanNetwork {
        char *name;
        char *bridge;  /* of the project */
        char *address; /* A.B.C.D */
        char *subnet6; /* "fd00:1:2:3::/64" where the specification gives that */
} PlanNetwork;

/* What the plan depends on beside the specification. */
typedef struct PlanFacts {
        const char *root;         /* the project's, absolute */
        const char *started_root; /* likewise, when what runs of it was started; NULL: the same */
        const char *state;        /* its `.containers`, absolute */
        const char *kept;         /* where what its containers keep is: that, or a place in it; NULL: that */
        char *const *layered;     /* volumes that begin as those of a snapshot, by a layer over them */
        bool fleeting;            /* all that is kept goes with what is started */
        const char *hosts;        /* its hosts file */
        const char *machine;      /* machine name */
        const char *nspawn;       /* program */
        bool rootless;            /* root is a user's: all containers have its ids */
        const char *image_cache;  /* where images are that are made; NULL: root's */
        const char *resolv_conf;  /* text of that of the host's network that it is in; NULL: there is none,
                                     or nspawn sees to it */
        const ContainerSpec *owner;  /* whose network it shares; NULL: it has one of its own */
        const PlanNetwork *networks; /* in the specification's order, of the owner where there is one; none
                                        unless the network is private */
        size_t n_networks;
} PlanFacts;

typedef struct ContainerPlan {
        const ContainerSpec *spec; /* borrowed */
        char *machine;
        char *image;             /* absolute path of the read-only root file system; NULL with a toplevel */
        const char *image_below; /* as in PlanMount */
        char *oci;               /* what the image is unpacked from; NULL: it is not */
        const char *oci_below;   /* likewise */
        char *store;             /* the directory that holds the toplevel; NULL with an image */
        char **argv;             /* of systemd-nspawn */
        PlanMount *mounts;
        size_t n_mounts;
        PlanFile *files;
        size_t n_files;
        PlanEnvFile *env_files; /* in the order of the specification */
        size_t n_env_files;
        char **mount_points; /* inside: what the root must have the directories of */
        char *bridge;        /* of its first network, or its owner's; NULL unless that is private */
        char *address;       /* A.B.C.D there; NULL: it has no address of its own */
        char *subnet6;       /* as in PlanNetwork */
        PlanNetwork *more;   /* the others */
        size_t n_more;
        uint32_t ids_base; /* the first of the container's ids, plan/ids.h; 0: it has the host's */
        char **definition; /* see plan/definition.h */
} ContainerPlan;

/* @c: must live as long as the plan. Return: the plan of starting it, owned by the caller. */
ContainerPlan *plan_container(const ContainerSpec *c, const PlanFacts *facts);
ContainerPlan *container_plan_free(ContainerPlan *p);
DEFINE_FREEP(ContainerPlan, container_plan_free);

/* Whether it is one of the specification's volumes; they are in the same order. */
bool plan_mount_is_volume(const PlanMount *m);

/* Whether a layer is laid over its source, which what is written goes to. */
bool plan_mount_is_overlay(const PlanMount *m);

/* The network inside is set by us. */
bool plan_sets_network(const ContainerPlan *p);

/* The payload waits for the network, and we are told that it was executed: a plain command, which cannot say
 * itself that it runs. */
static inline bool plan_has_gate(const ContainerPlan *p) {
        return !p->spec->init;
}

/* A plain command says itself when it is ready, to the keeper: nspawn hears PID 1 only. */
static inline bool plan_hears_command(const ContainerPlan *p) {
        return !p->spec->init && p->spec->ready_notify;
}

typedef enum PlanAction {
        PLAN_START,
        PLAN_KEEP,    /* runs, and as it should */
        PLAN_ADJUST,  /* runs, with other ports or limits, and can have them without (plan/in-place.h) */
        PLAN_SWITCH,  /* runs, with another NixOS system, perhaps such a change, too, and needs no restart */
        PLAN_RESTART, /* runs, but with another definition */
} PlanAction;

/* Begins the reason why another system is not switched to in place. */
#define PLAN_NOT_IN_PLACE "not in place: "

/* @running_definition: what a running container was started with, NULL when that is not known.
 * @ret_reasons: a line for each difference, owned by the caller; may be NULL. */
PlanAction plan_decide(const ContainerPlan *p, bool running, char *const *running_definition,
                       char ***ret_reasons);

const char *plan_action_to_string(PlanAction action);
