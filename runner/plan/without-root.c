/* SPDX-License-Identifier: MIT */

#include "plan/without-root.h"

static bool has_account_as_owner(const ContainerSpec *c) {
        for (size_t i = 0; i < c->n_volumes; i++)
                if (c->volumes[i].owner == VOLUME_OWNER_ACCOUNT)
                        return true;
        return false;
}

static int check(const ContainerSpec *c, Error *reterr) {
        const struct {
                bool given;
                const char *key, *why;
        } rows[] = {
                {c->nspawn_args, "nspawnArgs", "systemd-nspawn runs no container there"},
                {c->n_devices > 0, "devices", "the kernel lets no user give them to others"},
                {c->network == NETWORK_HOST, "network.mode host",
                 "the user's containers have a network of their own"},
                {network_mode_is_attached(c->network), "network.mode bridge or macvlan",
                 "the kernel lets no user attach to an interface of the host's"},
                {c->network == NETWORK_NAMESPACE, "network.mode namespace",
                 "the kernel lets no user enter a namespace of the host's"},
                {c->internet, "network.internet", "pasta would begin in the user's own network"},
                {c->host_access, "network.hostAccess",
                 "the host's localhost is not in the user's own network"},
                {has_account_as_owner(c), "an account as the owner of a volume",
                 "the kernel lets no user map ids of a file system"},
                {c->hooks.n_after_ready + c->hooks.n_before_down > 0, "hooks",
                 "they would run in the user's own network"},
                {c->debian, "system.debian", "images are made by root"},
                {c->oci, "system.oci", "images are made by root"},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                int r;

                if (!rows[i].given)
                        continue;
                r = error_raise(reterr, FC_EXIT_HOST, "%s needs root: %s", rows[i].key, rows[i].why);
                return error_in_container(reterr, r, c->name);
        }
        return 0;
}

int without_root_check(const Spec *spec, char *const *names, Error *reterr) {
        int r = 0;

        STRV_FOREACH (name, names) {
                const ContainerSpec *c = spec_find(spec, *name);

                r = c && r >= 0 ? check(c, reterr) : r;
        }
        return r;
}
