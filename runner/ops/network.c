/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/file.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "machine/machine.h"
#include "net/hosts.h"
#include "net/old-bridge.h"
#include "net/router.h"
#include "net/rtnl.h"
#include "ops/identify.h"
#include "ops/network.h"
#include "state/identity.h"
#include "state/lock.h"
#include "state/runtime-dir.h"

#define NETWORK_LOCK "@network.lock"

/* Choosing addresses takes a few milliseconds. */
#define LOCK_TIMEOUT_USEC (30 * USEC_PER_SEC)

void network_done(Network *n) {
        free(n->bridge);
        free(n->started_root);
        (void) project_state_free(n->state);
        *n = (Network){};
}

/* Also for a container that needs none: the hosts file has the addresses of those that do, and they may be
 * running. */
static int network_recall_subnet(const Project *project, Network *n, Error *reterr) {
        int r;

        if (!n->state->subnet)
                return 0;
        r = subnet_from_string(n->state->subnet, &n->subnet, reterr);
        if (r < 0)
                return error_prefix(reterr, r, "'%s/" STATE_DIR_NAME "/state.json'", project->root);
        if (subnet_is_choosable(&n->subnet))
                return 0;
        r = error_raise(reterr, FC_EXIT_CONFLICT,
                        "'%s/" STATE_DIR_NAME "/state.json': %s is not a network that a project gets",
                        project->root, n->state->subnet);
        error_add_hint(reterr,
                       "when nothing of the project runs, remove the file: a network is chosen anew");
        return r;
}

/* A remembered subnet is kept while anything may be using it, that is while the host has its address;
 * else it is given up when the host has come to route it elsewhere, as with a VPN. A guest may have
 * written the remembered subnet, and must not make a network that the host routes the project's. */
static int network_choose_subnet(const Project *project, Network *n, bool *changed, Error *reterr) {
        _cleanup_free_ Subnet *taken = NULL;
        size_t n_taken;
        int r;

        if (n->state->subnet && router_has(n->bridge, &n->subnet))
                return 0;
        r = routes_read(n->bridge, &taken, &n_taken, reterr);
        if (r < 0)
                return r;
        if (n->state->subnet && !subnet_find_overlap(&n->subnet, taken, n_taken))
                return 0;
        r = subnet_choose(project->id, taken, n_taken, &n->subnet, reterr);
        if (r < 0)
                return r;
        free(n->state->subnet);
        n->state->subnet = subnet_to_string(&n->subnet);
        *changed = true;
        return 0;
}

static int network_allot(Network *n, const char *container, bool *changed, Error *reterr) {
        _cleanup_free_ AllottedAddress *remembered = NULL;
        uint8_t octet;
        int r;

        if (project_state_get_address(n->state, container) > 0)
                return 0;
        remembered = xnew0(AllottedAddress, n->state->n_addresses);
        for (size_t i = 0; i < n->state->n_addresses; i++)
                remembered[i] = (AllottedAddress){n->state->addresses[i].name, n->state->addresses[i].octet};
        r = address_allot(container, remembered, n->state->n_addresses, &octet, reterr);
        if (r < 0)
                return r;
        project_state_set_address(n->state, container, octet);
        *changed = true;
        return 0;
}

int network_read(const Project *project, Network *ret, bool *ret_changed, Error *reterr) {
        _cleanup_(network_done) Network n = {
                .bridge = identity_bridge_name(project->id),
                .started_root = xstrdup(project->started_root ? project->started_root : project->root)};
        bool changed = false, wanted = false;
        int r = 0;

        if (project->state.fd >= 0)
                r = project_state_load(project->state.fd, &project->state.user, &n.state, reterr);
        if (r < 0)
                return r;
        if (!n.state)
                n.state = project_state_new();
        if (!streq_ptr(n.state->id, project->id)) {
                free(n.state->id);
                n.state->id = xstrdup(project->id);
                changed = true;
        }
        for (size_t i = 0; i < project->spec->n_containers; i++)
                if (project->spec->containers[i].network == NETWORK_PRIVATE) {
                        wanted = true;
                        r = network_allot(&n, project->spec->containers[i].name, &changed, reterr);
                        if (r < 0)
                                return r;
                }
        r = network_recall_subnet(project, &n, reterr);
        if (r >= 0 && wanted)
                r = network_choose_subnet(project, &n, &changed, reterr);
        if (r < 0)
                return r;
        *ret = n;
        n = (Network){};
        *ret_changed = changed;
        return 0;
}

/* The address of a container, "10.x.y.z"; owned by the caller, NULL when it has none. */
static char *network_address(const Network *n, const char *container) {
        uint8_t octet = project_state_get_address(n->state, container);

        return octet > 0 ? address_to_string(subnet_address(&n->subnet, octet)) : NULL;
}

ContainerPlan *network_plan(const Network *n, const Project *project, const ContainerSpec *c) {
        _cleanup_free_ char *state = xasprintf("%s/" STATE_DIR_NAME,
                                               streq(project->root, "/") ? "" : project->root),
                            *kept = project_state_path(project),
                            *hosts = xasprintf(RUNTIME_DIR_BASE "/%s/" NETWORK_HOSTS, project->id),
                            *machine = project_machine(project, c->name),
                            *address = network_address(n, c->name);
        PlanFacts facts = {
                .root = project->root,
                .started_root = n->started_root,
                .state = state,
                .kept = kept,
                .layered = project->layered,
                .fleeting = project->state.instance,
                .hosts = hosts,
                .machine = machine,
                /* A host that has none starts nothing; but it can tell what would be started. */
                .nspawn = project->facts.nspawn ? project->facts.nspawn : "systemd-nspawn",
                .bridge = n->bridge,
                .address = address,
        };

        return plan_container(c, &facts);
}

static int network_write_hosts(const Network *n, int runtime_fd, Error *reterr) {
        _cleanup_free_ HostsEntry *entries = xnew0(HostsEntry, n->state->n_addresses);
        _cleanup_strv_ char **addresses = NULL;
        _cleanup_free_ char *text = NULL;

        for (size_t i = 0; i < n->state->n_addresses; i++) {
                char *address = network_address(n, n->state->addresses[i].name);

                strv_push_take(&addresses, address);
                entries[i] = (HostsEntry){n->state->addresses[i].name, address};
        }
        text = hosts_print(entries, n->state->n_addresses);
        return hosts_write(runtime_fd, NETWORK_HOSTS, text, reterr);
}

int network_in_use(const char *cgroup_root, const char *id, bool *ret, Error *reterr) {
        _cleanup_strv_ char **machines = NULL;
        _cleanup_free_ char *prefix = xasprintf("%s-", id);
        int r = machine_list(cgroup_root, &machines, reterr);

        if (r < 0)
                return r;
        *ret = false;
        STRV_FOREACH (machine, machines)
                if (startswith(*machine, prefix))
                        *ret = true;
        return 0;
}

int network_settle(const Project *project, int runtime_fd, const char *verb, Network *ret, Error *reterr) {
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
        r = network_in_use(project->facts.cgroup_root, project->id, &in_use, reterr);
        if (r < 0)
                return r;
        r = runtime_dir_claim(runtime_fd, project->id, &project->checkout, in_use, reterr);
        if (r < 0)
                return r;
        r = network_read(project, &n, &changed, reterr);
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
        r = network_write_hosts(&n, runtime_fd, reterr);
        if (r < 0)
                return r;
        *ret = n;
        n = (Network){};
        return 0;
}

static int network_open_lock(int runtime_fd, Error *reterr) {
        return fs_open_beneath(runtime_fd, NETWORK_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW, 0600, reterr);
}

int network_hold(int runtime_fd, Error *reterr) {
        _cleanup_close_ int fd = network_open_lock(runtime_fd, reterr);

        if (fd < 0)
                return fd;
        /* A process that has it alone is removing it: that takes milliseconds. */
        while (flock(fd, LOCK_SH) < 0)
                if (errno != EINTR)
                        return error_set(reterr, errno, "lock the network");
        return TAKE_FD(fd);
}

int network_prepare(const Network *n, const Backend *backend, Error *reterr) {
        return backend->makes_network ? router_check_name(n->bridge, reterr)
                                      : router_ensure(n->bridge, &n->subnet, reterr);
}

int network_mend(const Network *n, const char *machine, bool *ret_mended, Error *reterr) {
        return router_mend(n->bridge, &n->subnet, machine, ret_mended, reterr);
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
        if (r >= 0 && unlinkat(runtime_fd, NETWORK_HOSTS, 0) < 0 && errno != ENOENT)
                r = error_set(reterr, errno, "clear the runtime directory");
        return r;
}

char *network_lock_path(const char *id) {
        return xasprintf(RUNTIME_DIR_BASE "/%s/" NETWORK_LOCK, id);
}
