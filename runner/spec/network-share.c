/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "spec/dependency.h"
#include "spec/network-share.h"

static int raise_share(const ContainerSpec *c, const char *reason, Error *reterr) {
        return error_raise(reterr, FC_EXIT_USAGE, "containers.%s.network.container: '%s' %s", c->name,
                           c->network_of, reason);
}

static int check_network_owner(const ContainerSpec *c, const ContainerSpec *owner, Error *reterr) {
        if (!owner)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.network.container: there is no container '%s'", c->name,
                                   c->network_of);
        if (owner == c)
                return raise_share(c, "is the container itself", reterr);
        if (owner->network == NETWORK_CONTAINER) {
                _cleanup_free_ char *reason =
                        xasprintf("shares the network of '%s' itself: name that", owner->network_of);

                return raise_share(c, reason, reterr);
        }
        if (owner->network == NETWORK_HOST || owner->network == NETWORK_NAMESPACE)
                return raise_share(c, "has a network of the host's: give this one the same", reterr);
        if (owner->one_shot)
                return raise_share(c, "is 'oneShot', and its network goes with its end", reterr);
        if (owner->shared != c->shared)
                return raise_share(c,
                                   owner->shared ? "is shared by work trees, and so is its network: share "
                                                   "this one, too"
                                                 : "is of each work tree, and this one is shared by all",
                                   reterr);
        return 0;
}

int network_share_check(Spec *spec, Error *reterr) {
        for (size_t i = 0; i < spec->n_containers; i++) {
                ContainerSpec *c = &spec->containers[i];
                int r = c->network_of ? check_network_owner(c, spec_find(spec, c->network_of), reterr) : 0;

                if (r < 0)
                        return r;
                if (c->network_of && !depends_on(c, c->network_of))
                        *XGROW(c->dependencies, c->n_dependencies) =
                                (Dependency){xstrdup(c->network_of), NEED_READY};
        }
        return 0;
}

void network_share_add(const Spec *spec, char ***names) {
        for (size_t i = 0; i < spec->n_containers; i++) {
                const ContainerSpec *c = &spec->containers[i];

                if (c->network_of && strv_contains(*names, c->network_of) && !strv_contains(*names, c->name))
                        strv_push(names, c->name);
        }
}

char **network_share_follow(const Spec *spec, char *const *names) {
        _cleanup_strv_ char **all = strv_copy(names), **ordered = NULL;
        char **found = NULL;

        network_share_add(spec, &all);
        ordered = dependencies_order(spec, all);
        STRV_FOREACH (name, ordered)
                if (strv_contains(all, *name))
                        strv_push(&found, *name);
        return found;
}
