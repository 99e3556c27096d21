/* SPDX-License-Identifier: MIT */

#include <inttypes.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/paths.h"
#include "plan/ids.h"
#include "plan/nspawn-argv.h"
#include "spec/stop.h"

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

static void push_mount(char ***argv, const PlanMount *m) {
        _cleanup_free_ char *escaped = m->target ? escape(m->target) : NULL;

        if (!m->target)
                return;
        if (m->kind == PLAN_MOUNT_ROOT)
                strv_pushf(argv, "--directory=" MACHINE_DIR "/%s", m->name);
        else if (m->kind == PLAN_MOUNT_CREDENTIAL || m->kind == PLAN_MOUNT_SECRET)
                strv_pushf(argv, "--load-credential=%s:" MACHINE_DIR "/%s", m->target, m->name);
        else
                strv_pushf(argv, "--bind%s=" MACHINE_DIR "/%s:%s", m->read_only ? "-ro" : "", m->name,
                           escaped);
}

/* The mounts are mapped already. */
static void push_users(char ***argv, const ContainerPlan *p) {
        if (p->ids_base == 0) {
                strv_push(argv, "--private-users=no");
                return;
        }
        strv_pushf(argv, "--private-users=%u:%u", p->ids_base, IDS_SIZE);
        strv_push(argv, "--private-users-ownership=off");
}

/* An init. To nspawn's own, which a command has, other signals mean to reboot, and the like. */
static void push_signal(char ***argv, const ContainerPlan *p) {
        _cleanup_free_ char *own = p->spec->init && p->spec->stop_signal > 0
                                           ? stop_signal_to_string(p->spec->stop_signal)
                                           : NULL;

        strv_pushf(argv, "--kill-signal=%s", own ? own : "SIGRTMIN+3");
}

/* A fresh root has no machine-id(5), and with another one each time there would be another journal, too. */
static void push_identity(char ***argv, const ContainerPlan *p) {
        _cleanup_free_ char *salted = xasprintf("%s/machine-id", p->machine);

        if (p->spec->ephemeral && p->spec->init)
                strv_pushf(argv, "--uuid=%016" PRIx64 "%016" PRIx64, hash_text(p->machine),
                           hash_text(salted));
}

static bool has_resolv_conf(const ContainerPlan *p) {
        for (size_t i = 0; i < p->n_files; i++)
                if (streq(p->files[i].name, "resolv.conf"))
                        return true;
        return false;
}

static void push_network(char ***argv, const ContainerPlan *p) {
        switch (p->spec->network) {
        case NETWORK_PRIVATE: /* the interface is added to it (netns-setup/) */
        case NETWORK_NONE:
        case NETWORK_BRIDGE:
        case NETWORK_MACVLAN:
        case NETWORK_INTERFACE:
                strv_push(argv, "--private-network");
                break;
        case NETWORK_CONTAINER: /* nspawn is there already (netns-setup/join.h), likewise below */
                break;
        default:
                if (!has_resolv_conf(p))
                        return;
                break;
        }
        /* The host's resolver addresses mean nothing in another network namespace. */
        strv_push(argv, "--resolv-conf=off");
}

static void push_settings(char ***argv, const ContainerPlan *p) {
        const ContainerSpec *c = p->spec;

        /* An init of NixOS sets it for its services; nspawn's own has nothing that leads to the store. */
        if (c->toplevel && c->command)
                strv_push(argv, "--setenv=PATH=" CURRENT_SYSTEM "/sw/bin:" PATH_FHS);
        /* In the place of nspawn's own, by which it hears PID 1 only. */
        if (plan_hears_command(p))
                strv_push(argv, "--setenv=NOTIFY_SOCKET=" COMMAND_NOTIFY);
        /* Where units are named the others do not get it. */
        if (!c->environment_units)
                STRV_FOREACH (assignment, c->environment)
                        strv_pushf(argv, "--setenv=%s", *assignment);
        STRV_FOREACH (capability, c->capabilities_add)
                strv_pushf(argv, "--capability=%s", *capability);
        STRV_FOREACH (capability, c->capabilities_drop)
                strv_pushf(argv, "--drop-capability=%s", *capability);
        strv_extend(argv, c->nspawn_args);
}

/* An init is given as the command, not through --boot: the same for one that nspawn would find and for one
 * that it would not, as in the Nix store. */
static void push_payload(char ***argv, const ContainerPlan *p) {
        const ContainerSpec *c = p->spec;

        if (!c->init)
                strv_push(argv, "--as-pid2");
        strv_push(argv, "--");
        if (plan_has_gate(p)) {
                strv_push(argv, GATE_PROGRAM);
                if (c->env_files) {
                        strv_push(argv, GATE_ENVIRONMENT);
                        strv_push(argv, ENVIRONMENT_CREDENTIAL_PATH);
                }
                strv_push(argv, GATE_FIFO);
        }
        if (c->init)
                strv_push(argv, c->toplevel ? SYSTEM_INIT : c->init);
        else
                strv_extend(argv, c->command);
}

char **nspawn_argv(const ContainerPlan *p, const char *nspawn) {
        char **argv = NULL;

        strv_push(&argv, nspawn);
        strv_push(&argv, "--quiet");
        /* Without it nspawn asks a manager for a scope; it is in a cgroup of its own already. Whether it
         * registers with machined is the backend's to say. */
        strv_push(&argv, "--keep-unit");
        strv_pushf(&argv, "--machine=%s", p->machine);
        strv_pushf(&argv, "--hostname=%s", p->spec->name);
        strv_push(&argv, "--console=pipe");
        strv_pushf(&argv, "--notify-ready=%s", p->spec->ready_notify ? "yes" : "no");
        push_signal(&argv, p);
        strv_push(&argv, "--timezone=off");
        /* The journal is a mount of ours: --link-journal= would put it under the host's /var/log/journal. */
        strv_push(&argv, "--link-journal=no");
        push_users(&argv, p);
        push_identity(&argv, p);
        push_network(&argv, p);
        for (size_t i = 0; i < p->n_mounts; i++)
                push_mount(&argv, &p->mounts[i]);
        push_settings(&argv, p);
        push_payload(&argv, p);
        return argv;
}
