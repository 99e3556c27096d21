/* SPDX-License-Identifier: MIT */

#include "plan/without-root.h"

static bool has_nspawn_args(const ContainerSpec *c) {
        return c->nspawn_args;
}

static bool has_devices(const ContainerSpec *c) {
        return c->n_devices > 0;
}

static bool is_attached(const ContainerSpec *c) {
        return network_mode_is_attached(c->network);
}

static bool is_in_namespace(const ContainerSpec *c) {
        return c->network == NETWORK_NAMESPACE;
}

/* The kernel lets no user follow a container there, and only a systemd starts something by itself. */
static bool is_entered_in_network_of_host(const ContainerSpec *c) {
        return c->network == NETWORK_HOST && c->command && (c->ready_checks.n_exec > 0 || c->n_seed > 0);
}

static bool has_account_as_owner(const ContainerSpec *c) {
        for (size_t i = 0; i < c->n_volumes; i++)
                if (c->volumes[i].owner == VOLUME_OWNER_ACCOUNT)
                        return true;
        return false;
}

/* docs/SPEC.md has the same. */
static const struct {
        bool (*given)(const ContainerSpec *c);
        const char *key, *why;
} rows[] = {
        {has_nspawn_args, "nspawnArgs", "systemd-nspawn runs no container there"},
        {has_devices, "devices", "the kernel lets no user give them to others"},
        {is_attached, "network.mode bridge, macvlan or interface",
         "the kernel lets no user attach to an interface of the host's"},
        {is_in_namespace, "network.mode namespace",
         "the kernel lets no user enter a namespace of the host's"},
        {is_entered_in_network_of_host, "ready.exec or seed of a command in network.mode host",
         "only a systemd inside starts programs there"},
        {has_account_as_owner, "an account as the owner of a volume",
         "the kernel lets no user map ids of a file system"},
};

static int check(const ContainerSpec *c, Error *reterr) {
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                int r;

                if (!rows[i].given(c))
                        continue;
                r = error_raise(reterr, FC_EXIT_HOST, "%s needs root: %s", rows[i].key, rows[i].why);
                return error_in_container(reterr, r, c->name);
        }
        return 0;
}

const char *without_root_key(size_t i, const char **ret_why) {
        if (i >= ELEMENTSOF(rows))
                return NULL;
        *ret_why = rows[i].why;
        return rows[i].key;
}

int without_root_check(const Spec *spec, char *const *names, Error *reterr) {
        int r = 0;

        STRV_FOREACH (name, names) {
                const ContainerSpec *c = spec_find(spec, *name);

                r = c && r >= 0 ? check(c, reterr) : r;
        }
        return r;
}
