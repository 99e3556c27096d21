/* SPDX-License-Identifier: MIT */
#pragma once

/* The specification of a project's containers, as Nix or a hand wrote it (docs/SPEC.md). Plain data: parsing
 * and printing are in spec-parse.h; nothing here looks at the machine. */

#include <sys/types.h>

#include "base/error.h"
#include "base/strv.h"

typedef enum UsersMode {
        USERS_PRIVATE, /* a user namespace of its own */
        USERS_HOST,
        _USERS_MODE_MAX,
} UsersMode;

typedef enum NetworkMode {
        NETWORK_PRIVATE,   /* own namespace, in networks of the project */
        NETWORK_HOST,      /* the host's network */
        NETWORK_NONE,      /* own namespace with loopback only */
        NETWORK_NAMESPACE, /* one of the host's, which has a name */
        NETWORK_CONTAINER, /* that of another container */
        NETWORK_BRIDGE,    /* own namespace, with a port of a bridge of the host's */
        NETWORK_MACVLAN,   /* own namespace, beside the host on one of its interfaces */
        NETWORK_INTERFACE, /* own namespace, in the place of the host on one of its interfaces */
        _NETWORK_MODE_MAX,
} NetworkMode;

typedef enum StoreMode {
        STORE_ALL,     /* the whole store that the toplevel is in */
        STORE_CLOSURE, /* only the paths that are listed in the file `closure` */
        _STORE_MODE_MAX,
} StoreMode;

typedef enum VolumeOwner {
        VOLUME_OWNER_USER,      /* the container's root is the owner of the source */
        VOLUME_OWNER_CONTAINER, /* the ids on the disk are the container's */
        VOLUME_OWNER_HOST,      /* ... are the host's */
        VOLUME_OWNER_ACCOUNT,   /* an account of the container is the owner of the source */
        _VOLUME_OWNER_MAX,
} VolumeOwner;

typedef enum RestartMode {
        RESTART_NO,
        RESTART_ON_FAILURE, /* when it ends otherwise than in order */
        _RESTART_MODE_MAX,
} RestartMode;

/* A port of the container that is published on the host. */
typedef struct Port {
        char *address;       /* numeric IPv4 or IPv6 as inet_ntop(3) writes it; NULL: 127.0.0.1 and ::1 */
        uint16_t host;       /* 0: any free port, remembered in the state ("auto") */
        uint16_t container;  /* 1..65535 */
        bool udp;            /* or else TCP */
        bool proxy_protocol; /* the service is told who the client is; TCP only */
        size_t element;      /* of the document's array: a range is several ports */
} Port;

/* A Unix socket of the container that the owner of the project can connect to on the host. */
typedef struct UnixSocket {
        char *name;
        char *path; /* inside, absolute, normalised */
} UnixSocket;

typedef struct Volume {
        char *source;      /* absolute, or relative to the project root; "@NAME": .containers/volumes/NAME */
        char *target;      /* absolute, normalised, not "/" */
        VolumeOwner owner; /* default: user; for "@NAME": container */
        char *account;     /* "www-data", "33" or "33:33"; NULL unless that is the owner */
        bool read_only;
        bool create;  /* the directory, where it is missing */
        bool overlay; /* what the container writes is kept apart, and not written to the source */
        bool once;    /* of the command line, not of the document */
} Volume;

typedef struct Tmpfs {
        char *target; /* absolute, normalised, not "/" */
        char *size;   /* bytes, or a percentage of the memory; NULL: what the kernel allows */
        mode_t mode;
        bool mode_given; /* otherwise that of the place inside */
} Tmpfs;

typedef struct Device {
        char *path;        /* below /dev, outside and inside */
        char *permissions; /* of "rwm", in this order */
} Device;

/* One of the three is not NULL. */
typedef struct Credential {
        char *id;
        char *path;     /* of a file: absolute, or relative to the project root */
        char *variable; /* of the user who asks */
        char **command; /* its output */
} Credential;

/* GET on a port inside. */
typedef struct HttpCheck {
        uint16_t port;
        char *path;
        uint16_t status_min, status_max; /* what counts as an answer, inclusive */
} HttpCheck;

/* What must be so inside before the container is ready, beside what its init says. */
typedef struct ReadyChecks {
        char **units;  /* active; needs systemd as the init */
        uint16_t *tcp; /* ports that accept connections */
        size_t n_tcp;
        HttpCheck *http;
        size_t n_http;
        char ***exec; /* commands that end with 0 */
        size_t n_exec;
        char **sockets; /* paths of unix sockets that accept connections */
} ReadyChecks;

typedef enum ResourceKind {
        RESOURCE_MEMORY_MAX,
        RESOURCE_MEMORY_HIGH,
        RESOURCE_MEMORY_SWAP_MAX,
        RESOURCE_CPU_QUOTA,
        RESOURCE_CPU_WEIGHT,
        RESOURCE_TASKS_MAX,
        RESOURCE_IO_WEIGHT,
        _RESOURCE_KIND_MAX,
        _RESOURCE_KIND_INVALID = -EINVAL,
} ResourceKind;

typedef struct Resource {
        ResourceKind kind;
        char *value;
} Resource;

/* One of `run` and `sql` is not NULL. */
typedef struct SeedStep {
        char **run;
        char *sql;      /* a file of the host, for what has psql or mariadb: as Credential's path */
        char *database; /* NULL: the program's own choice */
        char *user;     /* name or number inside; NULL: root, or the database's own account */
        uint64_t timeout_usec;
} SeedStep;

/* How far another container must have come. */
typedef enum DependencyNeed {
        NEED_STARTED,
        NEED_READY,
        NEED_COMPLETED, /* ended with success; of a one-shot container */
        _NEED_MAX,
} DependencyNeed;

typedef struct Dependency {
        char *name;
        DependencyNeed need;
} Dependency;

/* Commands on the host, in turn. */
typedef struct Hooks {
        char ***after_ready;
        size_t n_after_ready;
        char ***before_down;
        size_t n_before_down;
} Hooks;

/* A root file system of packages: how it is made. */
typedef struct DebianSpec {
        char *suite;
        char **packages;   /* beside systemd */
        char **components; /* NULL: main */
        char *mirror;      /* NULL: as the host's apt has it for that suite, else Debian's */
} DebianSpec;

/* A root file system of an image that other programs make: a directory of the form of OCI, or an archive of
 * that form or of docker's. */
typedef struct OciSpec {
        char *path;  /* relative to the project root or absolute */
        char *image; /* which of several; NULL: there is one */
        bool looked; /* whether ... */
        char *input; /* ... what is there has been looked at, see context/oci-input.h; NULL: it cannot be */
} OciSpec;

typedef struct ContainerSpec {
        char *name;     /* a host name label, 1..63 */
        char *rootfs;   /* image directory, relative to the project root or absolute; one of these four: */
        char *toplevel; /* a NixOS system, STORE/NAME, the same path inside */
        DebianSpec *debian;
        OciSpec *oci;
        char *closure; /* a file in that store that lists the toplevel's closure; may be NULL */
        StoreMode store;
        bool store_given;
        char *init;     /* absolute path inside; NULL when command is set */
        char *build;    /* what makes the image, only ever printed; may be NULL */
        char **command; /* payload instead of an init */
        UsersMode users;
        NetworkMode network;
        char *namespace;       /* name of the host's that it joins; NULL in other modes */
        char *network_of;      /* the container whose network it shares; NULL in other modes */
        char **networks;       /* names of the project's; NULL: the default one */
        char *interface;       /* of the host's that it is attached to; NULL in other modes */
        char *address;         /* IPv4, in the first of these; NULL: it is chosen. Attached: A.B.C.D/N */
        char *gateway;         /* IPv4; NULL but for what is attached and has an address */
        char *address6;        /* likewise, "fd00::20"; attached, beside an address: "fd00::20/64" */
        char *gateway6;        /* as the other gateway */
        char *mac;             /* "02:00:00:00:00:01", of its interface there; NULL: likewise */
        bool internet;         /* it reaches more than the project and the host */
        uint16_t *host_access; /* TCP ports of the host's localhost that it reaches */
        size_t n_host_access;
        Port *ports;
        size_t n_ports;
        UnixSocket *sockets;
        size_t n_sockets;
        Volume *volumes;
        size_t n_volumes;
        Tmpfs *tmpfs;
        size_t n_tmpfs;
        char **environment;       /* KEY=VALUE */
        char **env_files;         /* absolute, or relative to the project root; later ones count more */
        char **environment_units; /* whose services get both; NULL: all */
        Credential *credentials;
        size_t n_credentials;
        char **capabilities_add; /* CAP_... */
        char **capabilities_drop;
        Device *devices;
        size_t n_devices;
        Resource *resources; /* each kind at most once */
        size_t n_resources;
        char **nspawn_args; /* appended as they are: the user's own responsibility */
        RestartMode restart;
        bool ephemeral; /* a fresh root at each start */
        uint64_t ready_timeout_usec;
        uint64_t stop_timeout_usec;
        int stop_signal;   /* 0: SIGTERM for a command, SIGRTMIN+3 for an init */
        bool ready_notify; /* wait for the payload's READY=1; default: true with an init, false with a
                              command */
        bool ready_notify_given;
        ReadyChecks ready_checks;
        SeedStep *seed; /* in turn */
        size_t n_seed;
        Dependency *dependencies; /* in the order of the document */
        size_t n_dependencies;
        char **exports; /* NAME=TEMPLATE, spec/export.h */
        Hooks hooks;
        bool one_shot;   /* it is expected to end by itself */
        bool shared;     /* by the work trees of a repository */
        char **profiles; /* NULL: it is started without one being selected */
} ContainerSpec;

/* A network of the project of which something is said. */
typedef struct NetworkSpec {
        char *name;
        char *subnet;     /* "10.250.0.0/24"; NULL: it is chosen */
        char *container;  /* whose fixed address says that; NULL: the document */
        char *subnet6;    /* "fd00:1:2:3::/64"; NULL: likewise */
        char *container6; /* likewise */
} NetworkSpec;

/* The last number of a container's address. */
#define NETWORK_OCTET_MIN 2
#define NETWORK_OCTET_MAX 254

typedef struct Spec {
        char *project_name; /* may be NULL */
        bool rootless;      /* a user's commands go without root */
        NetworkSpec *networks;
        size_t n_networks;
        ContainerSpec *containers; /* in the order of the document */
        size_t n_containers;
} Spec;

#define SPEC_VERSION            1
#define SPEC_MANUAL             "flake-containers-spec"
#define SPEC_READY_TIMEOUT_USEC (60 * USEC_PER_SEC)
#define SPEC_STOP_TIMEOUT_USEC  (10 * USEC_PER_SEC)
#define SPEC_SEED_TIMEOUT_USEC  (300 * USEC_PER_SEC)

/* No container yet; all that has a default has it. */
#define CONTAINER_SPEC_NULL                                                                                 \
        ((ContainerSpec){                                                                                   \
                .ready_timeout_usec = SPEC_READY_TIMEOUT_USEC,                                              \
                .stop_timeout_usec = SPEC_STOP_TIMEOUT_USEC,                                                \
        })

Spec *spec_free(Spec *spec);
DEFINE_FREEP(Spec, spec_free);

/* Its interface is in a network of the host's. */
bool network_mode_is_attached(NetworkMode mode);

void network_spec_done(NetworkSpec *network);
void port_done(Port *port);
void unix_socket_done(UnixSocket *socket);
void volume_done(Volume *volume);
void tmpfs_done(Tmpfs *tmpfs);

/* Whether it lists anything that has to be tried, which units need not be: they tell. */
bool ready_checks_has_probes(const ReadyChecks *checks);

/* The directory that the toplevel lies in; owned by the caller. Only for a container that has one. */
char *container_spec_store(const ContainerSpec *c);

/* The file that lists what of the store is mounted; NULL: all of it is. Only for a container that has a
 * toplevel. */
const char *container_spec_closure(const ContainerSpec *c);

/* Removes the containers that are shared, or those that are not, and what the others say of waiting for
 * them. */
void spec_keep(Spec *spec, bool shared);

/* Return: the container of that name, owned by @spec, or NULL. */
const ContainerSpec *spec_find(const Spec *spec, const char *name);
