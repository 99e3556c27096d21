/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/file.h>

#include "base/alloc.h"
#include "base/file-lock.h"
#include "base/fs.h"
#include "context/identify.h"
#include "context/network.h"
#include "machine/machine.h"
#include "net/hosts.h"
#include "net/old-bridge.h"
#include "net/router.h"
#include "net/router6.h"
#include "net/rtnl.h"
#include "plan/address6.h"
#include "state/identity.h"
#include "state/lock.h"
#include "state/runtime-dir.h"

#define NETWORK_LOCK "@network.lock"

/* Choosing addresses takes a few milliseconds. */
#define LOCK_TIMEOUT_USEC (30 * USEC_PER_SEC)

/* ---- the hosts files ---- */

char *network_address6(const Network *n, const ProjectNetwork *network, const char *container) {
        uint8_t octet = project_state_get_address(n->state, container);
        struct in6_addr address;

        if (octet == 0 || network->unknown6 || strv_contains(n->without6, container) || !n->ipv6)
                return NULL;
        address = address6_of(network->bridge, &network->subnet.network6, octet);
        return address6_to_string(&address);
}

/* One that has no address has no network yet: it gets IPv6 with that. */
void network_look_for_ipv6(const Project *project, Network *n) {
        for (size_t i = 0; n->ipv6 && i < n->state->n_addresses; i++) {
                const char *name = n->state->addresses[i].name;
                _cleanup_(container_state_freep) ContainerState *state = NULL;

                if (network_runs(project, n, name) && (project_load_state(project, name, &state, NULL) < 0 ||
                                                       !state || (state->address && !state->ipv6)))
                        strv_push(&n->without6, name);
        }
}

const char *network_owner(const Network *n, const char *container) {
        const char *owner = project_state_get_share(n->state, container);

        return owner ? owner : container;
}

const ProjectNetwork *network_first(const Network *n, const char *container) {
        for (size_t i = 0; i < n->state->n_addresses; i++)
                if (streq(n->state->addresses[i].name, container))
                        return network_find(n, network_names(n->state->addresses[i].networks)[0]);
        return NULL;
}

char *network_full_name(const Network *n, const char *container) {
        return xasprintf("%s.%s." NETWORK_DOMAIN, container, n->state->id);
}

/* As one that is in @networks reaches it: by the first that both are in. NULL: it does not. */
static const ProjectNetwork *network_shared(const Network *n, char *const *networks,
                                            const RememberedAddress *other) {
        STRV_FOREACH (name, network_names(networks)) {
                const ProjectNetwork *network = network_find(n, *name);

                if (network && strv_contains(network_names(other->networks), *name))
                        return network;
        }
        return NULL;
}

/* A container's, and those of the ones that share its network. */
static char *network_names_of(const Network *n, const char *container) {
        _cleanup_strv_ char **names = NULL;

        strv_push(&names, container);
        strv_push_take(&names, network_full_name(n, container));
        for (size_t i = 0; i < n->state->n_shares; i++)
                if (streq(n->state->shares[i].owner, container)) {
                        strv_push(&names, n->state->shares[i].name);
                        strv_push_take(&names, network_full_name(n, n->state->shares[i].name));
                }
        return strv_join(names, " ");
}

static int network_write_hosts(const Network *n, const char *file, char *const *networks, int runtime_fd,
                               Error *reterr) {
        _cleanup_free_ HostsEntry *entries =
                xnew0(HostsEntry, n->state->n_addresses + strv_length(n->shared));
        _cleanup_strv_ char **owned = NULL;
        _cleanup_free_ char *text = NULL;
        size_t n_entries = 0;

        for (size_t i = 0; i < n->state->n_addresses; i++) {
                const char *name = n->state->addresses[i].name;
                const ProjectNetwork *network = network_shared(n, networks, &n->state->addresses[i]);
                char *address = network ? network_address(n, network, name) : NULL, *address6, *names;

                if (!address)
                        continue;
                names = network_names_of(n, name);
                address6 = network_address6(n, network, name);
                strv_push_take(&owned, address);
                strv_push_take(&owned, names);
                if (address6)
                        strv_push_take(&owned, address6);
                entries[n_entries++] = (HostsEntry){names, address, address6};
        }
        /* By their ports on the host. */
        STRV_FOREACH (name, n->shared)
                entries[n_entries++] = (HostsEntry){.names = *name, .address = HOST_ACCESS_ADDRESS};
        text = hosts_print(entries, n_entries);
        return hosts_write(runtime_fd, file, text, reterr);
}

static int network_write_all_hosts(const Network *n, int runtime_fd, Error *reterr) {
        int r = network_write_hosts(n, NETWORK_HOSTS, /* networks= */ NULL, runtime_fd, reterr);

        for (size_t i = 0; r >= 0 && i < n->state->n_addresses; i++) {
                const RememberedAddress *a = &n->state->addresses[i];
                _cleanup_free_ char *file = network_hosts_file(a->name, a->networks);

                if (a->networks)
                        r = network_write_hosts(n, file, a->networks, runtime_fd, reterr);
        }
        return r;
}

static int network_remove_hosts(int runtime_fd, Error *reterr) {
        _cleanup_strv_ char **entries = NULL;
        int r = fs_list(runtime_fd, &entries);

        STRV_FOREACH (entry, entries)
                if ((streq(*entry, NETWORK_HOSTS) || startswith(*entry, NETWORK_HOSTS ".")) &&
                    unlinkat(runtime_fd, *entry, 0) < 0 && errno != ENOENT)
                        r = -errno;
        return r < 0 ? error_set(reterr, r, "clear the runtime directory") : 0;
}

/* ---- all of it ---- */

/* What runs has the addresses that it was started with. */
static int network_refuse_move(const Network *n, bool in_use, Error *reterr) {
        int r;

        if (!n->moved || !in_use)
                return network_check_declared(n, in_use, reterr);
        r = error_raise(reterr, FC_EXIT_CONFLICT,
                        "the specification gives the project other addresses than what runs of it has");
        error_add_hint(reterr, "flake-containers down, and then up");
        return r;
}

int network_settle(const Project *project, int runtime_fd, const char *verb, char *const *handled,
                   Network *ret, Error *reterr) {
        _cleanup_strv_ char **machines = NULL;
        _cleanup_(network_done) Network n = {};
        _cleanup_(lock_release) Lock lock = LOCK_NULL;
        _cleanup_close_ int identity_fd = -EBADF;
        bool changed, in_use;
        int r;

        r = lock_acquire(runtime_fd, LOCK_PROJECT, verb, LOCK_TIMEOUT_USEC, /* on_wait= */ NULL, NULL, &lock,
                         reterr);
        if (r < 0)
                return r;
        identity_fd = project_identity_lock(project, reterr);
        if (identity_fd < 0)
                return identity_fd;
        r = machine_list(project->facts.cgroup_root, &machines, reterr);
        if (r < 0)
                return r;
        in_use = machines_have(machines, project->id);
        r = runtime_dir_claim(runtime_fd, project->id, &project->checkout, in_use, reterr);
        if (r < 0)
                return r;
        r = network_read_beside(project, TAKE_PTR(machines), handled, &n, &changed, reterr);
        if (r >= 0)
                r = network_refuse_move(&n, in_use, reterr);
        if (r < 0)
                return r;
        if (!in_use) {
                free(n.started_root);
                n.started_root = xstrdup(project->root);
        }
        if (project->state.git_index && !streq_ptr(n.state->git_index, project->state.git_index)) {
                free(n.state->git_index);
                n.state->git_index = xstrdup(project->state.git_index);
                changed = true;
        }
        if (changed) {
                r = project_state_save(project->state.fd, &project->state.user, n.state, reterr);
                if (r < 0)
                        return r;
        }
        network_look_for_ipv6(project, &n);
        r = network_write_all_hosts(&n, runtime_fd, reterr);
        if (r < 0)
                return r;
        network_done(ret);
        *ret = n;
        n = (Network){};
        return 0;
}

int network_regain_ipv6(Network *n, char *const *containers, int runtime_fd, const char *verb,
                        Error *reterr) {
        _cleanup_(lock_release) Lock lock = LOCK_NULL;
        char **still = NULL;
        int r;

        STRV_FOREACH (name, n->without6)
                if (!strv_contains(containers, *name))
                        strv_push(&still, *name);
        if (strv_length(still) == strv_length(n->without6)) {
                strv_free(still);
                return 0;
        }
        strv_free(n->without6);
        n->without6 = still;
        r = lock_acquire(runtime_fd, LOCK_PROJECT, verb, LOCK_TIMEOUT_USEC, /* on_wait= */ NULL, NULL, &lock,
                         reterr);
        return r < 0 ? r : network_write_all_hosts(n, runtime_fd, reterr);
}

static int network_open_lock(int runtime_fd, Error *reterr) {
        return fs_open_beneath(runtime_fd, NETWORK_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW, 0600, reterr);
}

int network_hold(int runtime_fd, Error *reterr) {
        _cleanup_close_ int fd = network_open_lock(runtime_fd, reterr);
        int r;

        if (fd < 0)
                return fd;
        /* A process that has it alone is removing it: that takes milliseconds. */
        r = file_lock_take(fd, LOCK_SH, "the project's network", reterr);
        return r < 0 ? r : TAKE_FD(fd);
}

int network_prepare(const Network *n, const ContainerSpec *c, const Backend *backend, Error *reterr) {
        int r = 0;

        for (char *const *name = network_names(c->networks); r >= 0 && *name; name++) {
                const ProjectNetwork *network = network_find(n, *name);

                r = backend->makes_network ? router_check_name(network->bridge, reterr)
                                           : router_ensure(network->bridge, &network->subnet, reterr);
        }
        return r;
}

int network_hold_alone(const char *cgroup_root, const char *id, int runtime_fd, int *ret_fd, Error *reterr) {
        _cleanup_close_ int fd = network_open_lock(runtime_fd, reterr);
        bool in_use;
        int r;

        if (fd < 0)
                return fd;
        *ret_fd = -EBADF;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? 0 : error_set(reterr, errno, "lock the network");
        /* A unit that has yet to start, or waits to be started again, holds no lock. */
        r = network_in_use(cgroup_root, id, &in_use, reterr);
        if (r >= 0 && !in_use)
                *ret_fd = TAKE_FD(fd);
        return r;
}

/* Those beside the default one. @ret_removed: is set where it was one; NULL: not waited for. */
static int network_release_named(const char *first, bool *ret_removed, Error *reterr) {
        _cleanup_strv_ char **bridges = NULL;
        int r = router_list_siblings(first, &bridges, reterr);

        STRV_FOREACH (bridge, bridges) {
                bool removed = false;

                if (r >= 0)
                        r = ret_removed ? router_remove(*bridge, &removed, reterr)
                                        : router_release(*bridge, /* ret_removed= */ NULL, reterr);
                if (ret_removed)
                        *ret_removed = *ret_removed || removed;
        }
        return r;
}

int network_release(const char *cgroup_root, const char *id, int runtime_fd, char *const *machines,
                    bool *ret_removed, Error *reterr) {
        _cleanup_free_ char *bridge = identity_bridge_name(id);
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = network_hold_alone(cgroup_root, id, runtime_fd, &fd, reterr);
        if (r < 0)
                return r;
        if (ret_removed)
                *ret_removed = false;
        if (fd < 0)
                return r;
        STRV_FOREACH (machine, router_is_old(bridge) ? machines : NULL) {
                r = old_port_remove(*machine, reterr);
                if (r < 0)
                        return r;
        }
        r = ret_removed ? router_remove(bridge, ret_removed, reterr)
                        : router_release(bridge, /* ret_removed= */ NULL, reterr);
        if (r >= 0)
                r = network_release_named(bridge, ret_removed, reterr);
        return r < 0 ? r : network_remove_hosts(runtime_fd, reterr);
}

char *network_lock_path(const char *id) {
        return xasprintf(RUNTIME_DIR_BASE "/%s/" NETWORK_LOCK, id);
}
