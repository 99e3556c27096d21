/* SPDX-License-Identifier: MIT */
#pragma once

/* All that a plan needs opened before its machine starts: mounts, published ports, console. Everything
 * that can be refused is refused here, before anything has started. */

#include "context/network.h"
#include "machine/machine.h"
#include "net/port-conflicts.h"
#include "rootfs/mount-maps.h"

typedef struct Resources {
        int container_fd; /* .containers/NAME */
        int runtime_fd;   /* /run/flake-containers/ID/NAME */
        int console_fd;
        uint64_t console_start; /* size of the console's log before this start */
        int lock_fd;            /* the network's, borrowed */
        int owner_fd;           /* as in StartResources */
        char *bridge_lock;
        int image_lock_fd; /* of system.debian: it is not removed meanwhile */
        int image_fd;      /* -EBADF: there is a root already, or there is no image */
        char **notes;      /* what the user should know of it */
        MountMaps maps;
        int *mount_fds;
        int *on_fds;       /* of masks: what they are attached on, as in StartResources */
        char **source_ids; /* what each was made of, as source_id_text(); of volumes only, otherwise NULL */
        size_t n_mounts;
        PublishedPort *ports; /* one for each of the specification */
        size_t n_ports;
        int *socket_fds; /* likewise */
        char **socket_paths;
        size_t n_sockets;
} Resources;

#define RESOURCES_NULL                                                                                      \
        ((Resources){.container_fd = -EBADF,                                                                \
                     .runtime_fd = -EBADF,                                                                  \
                     .console_fd = -EBADF,                                                                  \
                     .image_lock_fd = -EBADF,                                                               \
                     .image_fd = -EBADF,                                                                    \
                     .lock_fd = -EBADF,                                                                     \
                     .owner_fd = -EBADF})

void resources_done(Resources *resources);

/* "container 'NAME' of project 'PATH'", owned by the caller; NULL where that is not known. A
 * PortDescribeMachine. */
char *resources_describe_machine(const char *machine, void *userdata);

/* The container's directories; made when missing, and opened anew when they are open. */
int resources_open_directories(const Project *project, int project_runtime_fd, const char *container,
                               Resources *resources, Error *reterr);

/**
 * resources_bind_ports() - bind those ports that are not bound yet
 * @old: what the container's ports were: "auto" gets the same again; may be NULL
 * @running: the container runs with @old: leave out what it holds, until it is stopped
 * @conflicts: ports that are taken are added, and the others bound; port_conflicts_raise() tells them
 */
int resources_bind_ports(const ContainerPlan *plan, const ContainerState *old, bool running,
                         Resources *resources, PortConflicts *conflicts, Error *reterr);

/* Whether the paths of the container's Unix sockets on the host are short enough. */
int resources_check_sockets(const Project *project, const ContainerPlan *plan, Error *reterr);

/* Listens on them; an earlier start of the container has ended. */
int resources_open_sockets(const Project *project, const ContainerPlan *plan, Resources *resources,
                           Error *reterr);

/* The console's log, a new one where it is long. */
int resources_open_console(const Project *project, const ContainerPlan *plan, Resources *resources,
                           Error *reterr);

/* What the root is made from, where it has yet to be made. */
int resources_open_image(const Project *project, const ContainerPlan *plan, Progress *progress,
                         Resources *resources, Error *reterr);

/* Volumes of the user's and credentials; makes the journal directory. Not the root, which may yet
 * have to be copied, what covers it, and sources that are missing and are to be made. */
int resources_open_mounts(const Project *project, int project_runtime_fd, const ContainerPlan *plan,
                          Resources *resources, Error *reterr);

/* Closes what these three have opened: they may open it anew. */
void resources_close_mounts(Resources *resources);

/* The root, from its image when there is none yet; blocks while it is copied. */
int resources_open_root(const Project *project, const ContainerPlan *plan, Progress *progress,
                        Resources *resources, Error *reterr);

/* "@NAME", owned by the caller: a volume that resources_open_covers() is going to fill; NULL: none. */
int resources_find_fresh(const Project *project, const ContainerPlan *plan, char **ret, Error *reterr);

/* Named volumes and file systems in memory, which begin as what they cover in the root. That is there,
 * unless the container is ephemeral. Blocks while a fresh volume is filled. Makes sources of volumes that
 * are to be made, and then mount points in the volumes, resources/mount-points.h. */
int resources_open_covers(const Project *project, int project_runtime_fd, const ContainerPlan *plan,
                          Resources *resources, Error *reterr);

/* Lays overlays over what was opened for them, and makes mount points in them. At last, when an earlier run
 * of the container has stopped. */
int resources_lay_overlays(const Project *project, const ContainerPlan *plan, Resources *resources,
                           Error *reterr);

/* Opens what the masks are attached on, in the volumes as they are going to be mounted. After all these.
 * FC_EXIT_CONFLICT: another directory lies where `.containers` was. */
int resources_open_masked(const Project *project, const ContainerPlan *plan, Resources *resources,
                          Error *reterr);

/* Starts the machine with them. @ret_control_fd: as in machine_start(). */
int resources_start(const Project *project, sd_event *event, const ContainerPlan *plan,
                    const Resources *resources, int *ret_control_fd, MachineReporter **ret_reporter,
                    Error *reterr);
