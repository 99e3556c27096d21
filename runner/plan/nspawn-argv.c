/* SPDX-License-Identifier: MIT */

#include <inttypes.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "plan/nspawn-argv.h"

/* Inside: nspawn mounts a tmpfs on /run, and on no root file system does anybody else use this name. */
#define GATE_PROGRAM "/run/flake-containers/gate"
#define GATE_FIFO    "/run/flake-containers/fifo"

/* Where NixOS's activation puts a link to it. */
#define CURRENT_SYSTEM "/run/current-system"

#define PATH_FHS "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* --bind= and --tmpfs= split at ':' and take '\' as the escape. */
static char *escape(const char *path) {
        char *escaped = xmalloc0(strlen(path) * 2 + 1), *q = escaped;

        for (const char *p = path; *p; p++) {
                if (*p == ':' || *p == '\\')
                        *q++ = '\\';
                *q++ = *p;
        }
        return escaped;
}

static void push_bind(char ***argv, bool read_only, const char *name, const char *target,
                      const char *mapping) {
        _cleanup_free_ char *escaped = escape(target);

        strv_pushf(argv, "--bind%s=" PLAN_MACHINE_DIR "/%s:%s%s%s", read_only ? "-ro" : "", name, escaped,
                   mapping ? ":" : "", mapping ? mapping : "");
}

static void push_users(char ***argv, const ContainerPlan *p, UsersMode users) {
        if (p->ids_base > 0) {
                strv_pushf(argv, "--private-users=%u:65536", p->ids_base);
                strv_push(argv, "--private-users-ownership=off");
                return;
        }
        if (users == USERS_HOST) {
                strv_push(argv, "--private-users=no");
                return;
        }
        strv_push(argv, "--private-users=pick");
        strv_push(argv, "--private-users-ownership=map");
}

/* A fresh root has no machine-id(5), and with another one each time there would be another journal, too. */
static void push_identity(char ***argv, const ContainerPlan *p) {
        _cleanup_free_ char *salted = xasprintf("%s/machine-id", p->machine);

        if (p->ephemeral && p->has_init)
                strv_pushf(argv, "--uuid=%016" PRIx64 "%016" PRIx64, hash_text(p->machine),
                           hash_text(salted));
}

static void push_network(char ***argv, const ContainerPlan *p, NetworkMode mode) {
        switch (mode) {
        case NETWORK_PRIVATE:
                strv_pushf(argv, "--network-bridge=%s", p->bridge);
                push_bind(argv, /* read_only= */ true, "hosts", "/etc/hosts", /* mapping= */ NULL);
                break;
        case NETWORK_NONE:
                strv_push(argv, "--private-network");
                break;
        default:
                return;
        }
        /* The host's resolver addresses mean nothing in another network namespace. */
        strv_push(argv, "--resolv-conf=off");
}

static void push_store(char ***argv, const ContainerPlan *p, UsersMode users) {
        const char *mapping = users == USERS_PRIVATE ? "idmap" : NULL;

        if (!p->toplevel)
                return;
        push_bind(argv, /* read_only= */ true, "store", p->store, p->closure ? NULL : mapping);
        if (!p->has_init)
                push_bind(argv, /* read_only= */ true, "toplevel", CURRENT_SYSTEM, mapping);
}

static void push_volumes(char ***argv, const ContainerSpec *c) {
        bool mapped = c->users == USERS_PRIVATE;

        for (size_t i = 0; i < c->n_volumes; i++) {
                const Volume *v = &c->volumes[i];
                _cleanup_free_ char *name = xasprintf("volume-%zu", i);
                const char *mapping = v->owner == VOLUME_OWNER_USER ? "rootidmap" : "idmap";

                push_bind(argv, v->read_only, name, v->target, mapped ? mapping : NULL);
        }
}

/* Nodes of ours, not the host's: see rootfs/devices.h. */
static void push_devices(char ***argv, const ContainerSpec *c) {
        for (size_t i = 0; i < c->n_devices; i++) {
                _cleanup_free_ char *name = xasprintf("devices/%zu", i);

                push_bind(argv, /* read_only= */ false, name, c->devices[i].path, /* mapping= */ NULL);
        }
}

static void push_settings(char ***argv, const ContainerSpec *c) {
        STRV_FOREACH (target, c->tmpfs) {
                _cleanup_free_ char *escaped = escape(*target);

                strv_pushf(argv, "--tmpfs=%s", escaped);
        }
        /* An init of NixOS sets it for its services; nspawn's own has nothing that leads to the store. */
        if (c->toplevel && c->command)
                strv_push(argv, "--setenv=PATH=" CURRENT_SYSTEM "/sw/bin:" PATH_FHS);
        STRV_FOREACH (assignment, c->environment)
                strv_pushf(argv, "--setenv=%s", *assignment);
        for (size_t i = 0; i < c->n_credentials; i++)
                strv_pushf(argv, "--load-credential=%s:" PLAN_MACHINE_DIR "/credential-%zu",
                           c->credentials[i].id, i);
        STRV_FOREACH (capability, c->capabilities_add)
                strv_pushf(argv, "--capability=%s", *capability);
        STRV_FOREACH (capability, c->capabilities_drop)
                strv_pushf(argv, "--drop-capability=%s", *capability);
        strv_extend(argv, c->nspawn_args);
}

/* An init is given as the command, not through --boot: the same for one that nspawn would find and for one
 * that it would not, as in the Nix store. */
static void push_payload(char ***argv, const ContainerPlan *p, const ContainerSpec *c) {
        if (!p->has_init)
                strv_push(argv, "--as-pid2");
        strv_push(argv, "--");
        if (p->gate) {
                strv_push(argv, GATE_PROGRAM);
                strv_push(argv, GATE_FIFO);
        }
        if (p->has_init)
                strv_push(argv, c->init);
        else
                strv_extend(argv, c->command);
}

char **nspawn_argv(const ContainerPlan *p, const ContainerSpec *c, const char *nspawn) {
        char **argv = NULL;

        strv_push(&argv, nspawn);
        strv_push(&argv, "--quiet");
        /* Without it nspawn asks a manager for a scope; it is in a cgroup of its own already. Whether it
         * registers with machined is the backend's to say. */
        strv_push(&argv, "--keep-unit");
        strv_push(&argv, "--directory=" PLAN_MACHINE_DIR "/root");
        strv_pushf(&argv, "--machine=%s", p->machine);
        strv_pushf(&argv, "--hostname=%s", c->name);
        strv_push(&argv, "--console=pipe");
        strv_pushf(&argv, "--notify-ready=%s", p->notify ? "yes" : "no");
        strv_push(&argv, "--kill-signal=SIGRTMIN+3");
        strv_push(&argv, "--timezone=off");
        /* The journal is bound below: --link-journal= would put it under the host's /var/log/journal. */
        strv_push(&argv, "--link-journal=no");
        push_users(&argv, p, c->users);
        push_identity(&argv, p);
        push_network(&argv, p, c->network);
        push_store(&argv, p, c->users);
        if (p->has_init)
                push_bind(&argv, /* read_only= */ false, "journal", "/var/log/journal",
                          c->users == USERS_PRIVATE ? "idmap" : NULL);
        if (p->gate) {
                push_bind(&argv, /* read_only= */ true, "gate", GATE_PROGRAM, /* mapping= */ NULL);
                push_bind(&argv, /* read_only= */ true, "fifo", GATE_FIFO, /* mapping= */ NULL);
        }
        push_volumes(&argv, c);
        push_devices(&argv, c);
        push_settings(&argv, c);
        push_payload(&argv, p, c);
        return argv;
}
