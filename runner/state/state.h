/* SPDX-License-Identifier: MIT */
#pragma once

/* What is remembered between commands. Never the truth about what runs, that is the kernel's; but what was
 * started, from what definition, and which ports and addresses it got.
 *
 *     .containers/NAME/state.json   a container, written under its lock
 *     .containers/state.json        the project, written under the project's lock
 *
 * Both are JSON with a "version", read strictly, and replaced as a whole. One that is damaged or of another
 * version is an error that says which file it is and what is lost without it. */

#include "base/error.h"
#include "base/json.h"
#include "base/strv.h"
#include "host/user.h"
#include "record/phase.h"
#include "spec/published-port.h"

#define STATE_FILE_NAME "state.json"
#define STATE_SIZE_MAX  (16 * 1024 * 1024)

typedef struct BoundPort {
        char *address; /* numeric IPv4 or IPv6 */
        uint16_t host; /* as really bound, never 0 */
        uint16_t container;
        bool udp;
        bool once; /* published while it ran, the specification does not have it */
} BoundPort;

/* "127.0.0.1:8080", "[::1]:8080": where on the host; owned by the caller. */
char *bound_port_address(const BoundPort *port);

/* Whether it is @port, or one of its addresses. Its number on the host may be 0: any. */
bool bound_port_is(const BoundPort *b, const Port *port);

/* "/udp" of one, "" of a TCP port. */
const char *bound_port_suffix(const BoundPort *port);

/* A Unix socket of the container, and where it is on the host. */
typedef struct BoundSocket {
        char *name, *host, *container;
} BoundSocket;

/* As `status` and the state have it. */
Json *bound_socket_json(const BoundSocket *socket);

typedef struct ContainerState {
        Phase phase; /* a remembered one; PHASE_STARTING is the intent, written before anything is started */
        char *machine;
        char *boot_id;         /* HostFacts.boot_id at the start; another one: it cannot run any more */
        uint64_t started_usec; /* CLOCK_REALTIME */
        uint64_t ready_usec;   /* CLOCK_REALTIME, 0: it was not */
        char *address;         /* "10.x.y.z", NULL: none */
        bool ipv6;             /* with that it got an IPv6 address */
        char **definition;     /* canonical lines of what it was started with, any bytes */
        char **volume_sources; /* for each volume what its source was: a SourceId as text; NULL: not known */
        BoundPort *ports;      /* one for each address */
        size_t n_ports;
        BoundSocket *sockets;
        size_t n_sockets;
        char *result;        /* one line about how it went, may be NULL */
        char *switching;     /* the toplevel that a switch has begun with; NULL: there is none on its way */
        unsigned generation; /* of its systems, which runs (state/generations.h); 0: not known */
} ContainerState;

/* With the intent to start it. */
ContainerState *container_state_new(void);
ContainerState *container_state_free(ContainerState *state);
DEFINE_FREEP(ContainerState, container_state_free);

/* Remembers where it is open. */
void container_state_add_port(ContainerState *state, const PublishedPort *port);

/* Likewise, of one that was published while it ran, and then no longer. */
void container_state_add_port_once(ContainerState *state, const PublishedPort *port);
void container_state_remove_port_once(ContainerState *state, uint16_t host, bool udp);

/* One of the specification that is closed while the container runs. */
void container_state_remove_port(ContainerState *state, const Port *port);

/* Remembers it at the path @host. */
void container_state_add_socket(ContainerState *state, const UnixSocket *socket, const char *host);

/* The host's port that the container's was published on; 0: it was not. */
uint16_t container_state_get_port(const ContainerState *state, const Port *wanted);

/* How many ports those are: one has an entry for each of its addresses. */
size_t container_state_count_ports(const ContainerState *state);

/* Whether it was open where @wanted wants it. */
bool container_state_has_port(const ContainerState *state, const Port *wanted);

/**
 * container_state_load() - what is remembered of a container
 * @container_fd: `.containers/NAME`
 * @ret: owned by the caller; NULL when there is no file
 *
 * FC_EXIT_CONFLICT when the file is damaged.
 */
int container_state_load(int container_fd, const char *name, const InvokingUser *user, ContainerState **ret,
                         Error *reterr);

/* Replaces the file, fs_write_atomic(). FC_EXIT_HOST when the disk is full or read-only; then the old one is
 * still there. */
int container_state_save(int container_fd, const char *name, const InvokingUser *user,
                         const ContainerState *state, Error *reterr);

typedef struct RememberedAddress {
        char *name;      /* container */
        uint8_t octet;   /* 2..254, the last of its address in each of its networks */
        char **networks; /* their names, as in the specification; NULL: the default one */
} RememberedAddress;

/* A container that has the addresses of another one. */
typedef struct RememberedShare {
        char *name;
        char *owner;
} RememberedShare;

typedef struct RememberedNetwork {
        char *name;
        char *subnet;  /* "10.x.y.0/24" */
        char *subnet6; /* as the specification gave it, "fd00:1:2:3::/64"; NULL: it gave none */
} RememberedNetwork;

typedef struct ProjectState {
        char *id;
        char *subnet;                /* of the default network, "10.x.y.0/24", NULL: none chosen yet */
        char *subnet6;               /* likewise, as in RememberedNetwork */
        RememberedNetwork *networks; /* the others, in the order in which they came */
        size_t n_networks;
        char *git_index; /* tracked_index() of the index that does not track .containers, or NULL */
        RememberedAddress *addresses; /* sorted as they were added; neither names nor octets repeat */
        size_t n_addresses;
        RememberedShare *shares; /* names do not repeat */
        size_t n_shares;
} ProjectState;

ProjectState *project_state_new(void);
ProjectState *project_state_free(ProjectState *state);
DEFINE_FREEP(ProjectState, project_state_free);

/* 0: none is remembered. */
uint8_t project_state_get_address(const ProjectState *state, const char *name);
void project_state_set_address(ProjectState *state, const char *name, uint8_t octet);
void project_state_remove_address(ProjectState *state, const char *name);

/* Of the networks, by its index. */
void project_state_remove_network(ProjectState *state, size_t i);

/* @networks: copied. Return: whether that is new. */
bool project_state_set_networks(ProjectState *state, const char *name, char *const *networks);

/* Whose network a container shares; NULL: it is not known to share one. */
const char *project_state_get_share(const ProjectState *state, const char *name);

/* @owner: copied; NULL: it shares none any more. Return: whether that is new. */
bool project_state_set_share(ProjectState *state, const char *name, const char *owner);

/* Like the functions for containers; @state_fd is `.containers`. */
int project_state_load(int state_fd, const InvokingUser *user, ProjectState **ret, Error *reterr);
int project_state_save(int state_fd, const InvokingUser *user, const ProjectState *state, Error *reterr);
