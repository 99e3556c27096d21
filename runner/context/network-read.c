/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/network6.h"
#include "context/network.h"
#include "context/oci-input.h"
#include "machine/machine.h"
#include "net/router.h"
#include "net/router6.h"
#include "net/rtnl.h"
#include "net/uplink.h"
#include "spec/networks.h"
#include "spec/networks6.h"
#include "state/identity.h"
#include "state/runtime-dir.h"

#define RESOLV_CONF_MAX (64 * 1024)

void network_done(Network *n) {
        for (size_t i = 0; i < n->n_networks; i++)
                free(n->networks[i].bridge);
        free(n->networks);
        free(n->started_root);
        strv_free(n->machines);
        strv_free(n->without6);
        strv_free(n->outside);
        strv_free(n->shared);
        (void) project_state_free(n->state);
        *n = (Network){};
}

bool machines_have(char *const *machines, const char *id) {
        _cleanup_free_ char *prefix = xasprintf("%s-", id);

        STRV_FOREACH (machine, machines)
                if (startswith(*machine, prefix))
                        return true;
        return false;
}

int network_in_use(const char *cgroup_root, const char *id, bool *ret, Error *reterr) {
        _cleanup_strv_ char **machines = NULL;
        int r = machine_list(cgroup_root, &machines, reterr);

        if (r >= 0)
                *ret = machines_have(machines, id);
        return r < 0 ? r : 0;
}

char *network_hosts_file(const char *container, char *const *networks) {
        return networks ? xasprintf(NETWORK_HOSTS ".%s", container) : xstrdup(NETWORK_HOSTS);
}

/* ---- the networks ---- */

static bool is_letter_taken(const Network *n, char letter) {
        for (size_t i = 1; i < n->n_networks; i++)
                if (n->networks[i].letter == letter)
                        return true;
        return false;
}

/* By the name, so that it is the same again when the state is lost; of two that would have the same, the
 * later one gets the next. */
static int network_choose_letter(const Network *n, const char *name, char *ret, Error *reterr) {
        uint64_t hash = hash_text(name);
        int r;

        for (uint64_t i = 0; i < NETWORK_LETTERS; i++) {
                char letter = (char) ('a' + (hash + i) % NETWORK_LETTERS);

                if (is_letter_taken(n, letter))
                        continue;
                *ret = letter;
                return 0;
        }
        r = error_raise(reterr, FC_EXIT_CONFLICT,
                        "network '%s': a project has at most %d networks beside the default one", name,
                        NETWORK_LETTERS);
        error_add_hint(reterr, "those that no container names any more are forgotten when nothing runs: "
                               "flake-containers down, and then up");
        return r;
}

static int network_add(Network *n, const char *id, const char *name, Error *reterr) {
        ProjectNetwork network = {.name = name};
        int r;

        r = network_choose_letter(n, name, &network.letter, reterr);
        if (r < 0)
                return r;
        network.bridge = identity_network_name(id, network.letter);
        *XGROW(n->networks, n->n_networks) = network;
        return 0;
}

ProjectNetwork *network_find(const Network *n, const char *name) {
        if (streq(name, NETWORK_DEFAULT))
                return &n->networks[0];
        for (size_t i = 1; i < n->n_networks; i++)
                if (streq(n->networks[i].name, name))
                        return &n->networks[i];
        return NULL;
}

char *const *network_names(char *const *networks) {
        static char *const only[] = {(char *) NETWORK_DEFAULT, NULL};

        return networks ? networks : only;
}

/* What the state says of it. */
static char **network_slot(const Network *n, const ProjectNetwork *network) {
        size_t i = (size_t) (network - n->networks);

        return i == 0 ? &n->state->subnet : &n->state->networks[i - 1].subnet;
}

static char **network_slot6(const Network *n, const ProjectNetwork *network) {
        size_t i = (size_t) (network - n->networks);

        return i == 0 ? &n->state->subnet6 : &n->state->networks[i - 1].subnet6;
}

/* Does the specification give the subnet? */
static bool network_is_given(const ProjectNetwork *network) {
        return network->declared && network->declared->subnet;
}

static bool is_named(const Network *n, const Spec *spec, const char *name) {
        for (size_t i = 0; i < spec->n_containers; i++)
                if (spec->containers[i].network == NETWORK_PRIVATE &&
                    strv_contains(network_names(spec->containers[i].networks), name))
                        return true;
        for (size_t i = 0; i < n->state->n_addresses; i++)
                if (strv_contains(network_names(n->state->addresses[i].networks), name))
                        return true;
        return false;
}

/* Those that were renamed would otherwise leave no letter for another. What runs may have one. */
static void network_forget_unnamed(const Project *project, Network *n, const Spec *spec, bool *changed) {
        if (machines_have(n->machines, project->id))
                return;
        for (size_t i = n->state->n_networks; i-- > 0;)
                if (!is_named(n, spec, n->state->networks[i].name)) {
                        project_state_remove_network(n->state, i);
                        *changed = true;
                }
}

static int network_add_remembered(const Project *project, Network *n, Error *reterr) {
        int r = 0;

        *XGROW(n->networks, n->n_networks) =
                (ProjectNetwork){.name = NETWORK_DEFAULT, .bridge = identity_bridge_name(project->id)};
        for (size_t i = 0; r >= 0 && i < n->state->n_networks; i++)
                r = network_add(n, project->id, n->state->networks[i].name, reterr);
        return r;
}

/* Those of the specification's containers are to have a subnet. */
static int network_want(const Project *project, Network *n, const ContainerSpec *c, Error *reterr) {
        STRV_FOREACH (name, network_names(c->networks)) {
                int r = network_find(n, *name) ? 0 : network_add(n, project->id, *name, reterr);

                if (r < 0)
                        return r;
                if (n->n_networks - 1 > n->state->n_networks) {
                        RememberedNetwork *remembered = XGROW(n->state->networks, n->state->n_networks);

                        remembered->name = xstrdup(*name);
                        n->networks[n->n_networks - 1].name = remembered->name;
                }
                network_find(n, *name)->wanted = true;
        }
        return 0;
}

/* ---- their subnets ---- */

/* Also of one that no container needs: hosts files have the addresses of those that do, and they may be
 * running. One that only a specification can give is not remembered when it does not any more: a guest may
 * have written it. */
static int network_recall_subnet(const Project *project, const Network *n, ProjectNetwork *network,
                                 Error *reterr) {
        const char *text = *network_slot(n, network);
        Subnet subnet;
        int r;

        network->declared = project->spec ? networks_find(project->spec, network->name) : NULL;
        if (!text)
                return 0;
        r = subnet_from_string(text, &subnet, reterr);
        if (r < 0)
                return error_prefix(reterr, r, "'%s/" STATE_DIR_NAME "/state.json'", project->root);
        if (network_is_given(network) || subnet_is_choosable(&subnet))
                network->subnet = subnet;
        return 0;
}

static void network_set_subnet(Network *n, ProjectNetwork *network, const Subnet *subnet, bool *changed) {
        char **slot = network_slot(n, network), *text = subnet_to_string(subnet);
        bool recalled = network->subnet.prefix > 0;

        network->subnet.network = subnet->network;
        network->subnet.prefix = subnet->prefix;
        if (streq_ptr(*slot, text)) {
                free(text);
                return;
        }
        n->moved = n->moved || (*slot && (network_is_given(network) || !recalled));
        free(*slot);
        *slot = text;
        *changed = true;
}

/* Of a specification only, for the same reason; without one it is not known what runs has. Before the other
 * subnet, by which a network is known that was never there. */
static void network_set_subnet6(const Project *project, Network *n, ProjectNetwork *network, bool *changed) {
        const char *given = network->declared ? network->declared->subnet6 : NULL;
        char **slot = network_slot6(n, network);

        network->unknown6 = !project->spec && *slot;
        if (given)
                (void) network6_read(given, &network->subnet.network6);
        if (!project->spec || streq_ptr(*slot, given))
                return;
        n->moved = n->moved || *network_slot(n, network);
        free(*slot);
        *slot = given ? xstrdup(given) : NULL;
        *changed = true;
}

int network_read_taken(const Network *n, const ProjectNetwork *except, Subnet **ret, size_t *ret_n,
                       Error *reterr) {
        int r = routes_read(except->bridge, ret, ret_n, reterr);

        for (size_t i = 0; r >= 0 && i < n->n_networks; i++)
                if (&n->networks[i] != except && n->networks[i].subnet.prefix > 0)
                        *XGROW(*ret, *ret_n) = n->networks[i].subnet;
        return r;
}

/* A remembered subnet is kept while anything may be using it, that is while the host has its address;
 * else it is given up when the host has come to route it elsewhere, as with a VPN. A guest may have
 * written the remembered subnet, and must not make a network that the host routes the project's. */
static int network_choose_subnet(const Project *project, Network *n, ProjectNetwork *network, bool *changed,
                                 Error *reterr) {
        _cleanup_free_ char *text = network->letter == '\0' ? xstrdup(project->id)
                                                            : xasprintf("%s/%s", project->id, network->name);
        const bool remembered = network->subnet.prefix > 0;
        _cleanup_free_ Subnet *taken = NULL;
        Subnet subnet;
        size_t n_taken;
        int r;

        if (remembered && router_has(network->bridge, &network->subnet))
                return 0;
        r = network_read_taken(n, network, &taken, &n_taken, reterr);
        if (r < 0 || (remembered && !subnet_find_overlap(&network->subnet, taken, n_taken)))
                return r;
        r = subnet_choose(text, taken, n_taken, &subnet, reterr);
        if (r < 0)
                return r;
        network_set_subnet(n, network, &subnet, changed);
        return 0;
}

static int network_settle_subnets(const Project *project, Network *n, bool *changed, Error *reterr) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n->n_networks; i++)
                r = network_recall_subnet(project, n, &n->networks[i], reterr);
        /* First, since the others make room for them. */
        for (size_t i = 0; r >= 0 && i < n->n_networks; i++) {
                ProjectNetwork *network = &n->networks[i];
                Subnet subnet;

                network_set_subnet6(project, n, network, changed);
                if (network_is_given(network)) {
                        r = subnet_from_string(network->declared->subnet, &subnet, reterr);
                        if (r >= 0)
                                network_set_subnet(n, network, &subnet, changed);
                }
        }
        for (size_t i = 0; r >= 0 && i < n->n_networks; i++)
                if (n->networks[i].wanted && !network_is_given(&n->networks[i]))
                        r = network_choose_subnet(project, n, &n->networks[i], changed, reterr);
        return r;
}

/* ---- the containers' addresses ---- */

bool network_runs(const Project *project, const Network *n, const char *container) {
        _cleanup_free_ char *machine = project_machine(project, container);

        return strv_contains(n->machines, machine);
}

/* The address is the container's, whichever had its number before. One that is neither running nor known any
 * more has no use for it. */
static void network_fix(const Project *project, Network *n, const ContainerSpec *c, bool *changed) {
        uint8_t before = project_state_get_address(n->state, c->name), octet = networks6_number(c);

        if (octet == 0 || before == octet)
                return;
        n->moved = n->moved || before > 0;
        for (size_t i = n->state->n_addresses; i-- > 0;) {
                const char *name = n->state->addresses[i].name;

                if (n->state->addresses[i].octet != octet)
                        continue;
                n->moved = n->moved || spec_find(project->spec, name) || network_runs(project, n, name);
                project_state_remove_address(n->state, name);
        }
        project_state_set_address(n->state, c->name, octet);
        *changed = true;
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

/* One that runs, and that the command does not handle, stays in the networks that it was started with. */
static bool network_stays(const Project *project, const Network *n, char *const *handled,
                          const char *container) {
        return (project_state_get_address(n->state, container) > 0 ||
                project_state_get_share(n->state, container)) &&
               !strv_contains(handled, container) && network_runs(project, n, container);
}

static int network_settle_addresses(const Project *project, const Spec *spec, Network *n,
                                    char *const *handled, bool *changed, Error *reterr) {
        int r = 0;

        for (size_t i = 0; i < spec->n_containers; i++)
                network_fix(project, n, &spec->containers[i], changed);
        for (size_t i = 0; r >= 0 && i < spec->n_containers; i++) {
                const ContainerSpec *c = &spec->containers[i];

                if (network_stays(project, n, handled, c->name))
                        continue;
                if (project_state_set_share(n->state, c->name, c->network_of))
                        *changed = true;
                if (c->network != NETWORK_PRIVATE) {
                        strv_push(&n->outside, c->name);
                        continue;
                }
                r = network_allot(n, c->name, changed, reterr);
                if (r >= 0 && project_state_set_networks(n->state, c->name, c->networks))
                        *changed = true;
        }
        return r;
}

int network_read(const Project *project, Network *ret, bool *ret_changed, Error *reterr) {
        _cleanup_strv_ char **machines = NULL;
        int r = project->facts.cgroup_root ? machine_list(project->facts.cgroup_root, &machines, reterr) : 0;

        return r < 0 ? r
                     : network_read_beside(project, TAKE_PTR(machines), /* handled= */ NULL, ret,
                                           ret_changed, reterr);
}

int network_read_beside(const Project *project, char **machines, char *const *handled, Network *ret,
                        bool *ret_changed, Error *reterr) {
        _cleanup_(network_done) Network n = {
                .machines = machines,
                .started_root = xstrdup(project->started_root ? project->started_root : project->root),
                .shared = strv_copy(project->apart),
                .ipv6 = router6_is_wanted()};
        static const Spec none = {};
        const Spec *spec = project->spec ? project->spec : &none;
        bool changed = false;
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
        network_forget_unnamed(project, &n, spec, &changed);
        r = network_add_remembered(project, &n, reterr);
        for (size_t i = 0; r >= 0 && i < spec->n_containers; i++)
                if (spec->containers[i].network == NETWORK_PRIVATE)
                        r = network_want(project, &n, &spec->containers[i], reterr);
        if (r >= 0)
                r = network_settle_addresses(project, spec, &n, handled, &changed, reterr);
        if (r >= 0)
                r = network_settle_subnets(project, &n, &changed, reterr);
        if (r < 0)
                return r;
        *ret = n;
        n = (Network){};
        *ret_changed = changed;
        return 0;
}

/* ---- what a container has of it ---- */

char *network_address(const Network *n, const ProjectNetwork *network, const char *container) {
        uint8_t octet = project_state_get_address(n->state, container);

        /* One that had an address before it shared a network is not `outside` where the specification lacks
         * it. */
        return octet > 0 && network->subnet.prefix > 0 && !strv_contains(n->outside, container) &&
                               !project_state_get_share(n->state, container)
                       ? address_to_string(subnet_address(&network->subnet, octet))
                       : NULL;
}

/* ---- a namespace or an interface of the host's ---- */

static int network_check_namespace(const ContainerSpec *c, Error *reterr) {
        _cleanup_free_ char *path = c->namespace ? xasprintf(HOST_NETNS_DIR "/%s", c->namespace) : NULL;
        int r;

        if (!path || access(path, F_OK) >= 0)
                return 0;
        if (errno != ENOENT)
                return error_set(reterr, errno, "look for the network namespace '%s'", path);
        r = error_raise(reterr, FC_EXIT_HOST, "the host has no network namespace '%s'", path);
        error_add_hint(reterr, "start what makes it (a VPN's service), or: ip netns add %s", c->namespace);
        return r;
}

int network_check_host(const ContainerSpec *c, Error *reterr) {
        const Uplink uplink = {.name = c->interface, .macvlan = c->network != NETWORK_BRIDGE};

        return c->interface ? uplink_find(&uplink, reterr) : network_check_namespace(c, reterr);
}

/* Of a namespace of the host's as ip-netns(8) has it for what it starts there. In the host's own network
 * systemd-nspawn sees to it, and no other program.
 * Owned by the caller, NULL: there is none */
static char *network_read_resolvers(const ContainerSpec *c, bool rootless) {
        _cleanup_free_ char *path = c->namespace ? xasprintf("/etc/netns/%s/resolv.conf", c->namespace)
                                    : c->network == NETWORK_HOST && rootless ? xstrdup("/etc/resolv.conf")
                                                                             : NULL;
        _cleanup_close_ int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -EBADF;
        char *text = NULL;
        size_t size;

        return fd >= 0 && fs_read_fd(fd, path, RESOLV_CONF_MAX, &text, &size, NULL) >= 0 ? text : NULL;
}

ContainerPlan *network_plan(const Network *n, const Project *project, const ContainerSpec *c) {
        const ContainerSpec *owner = c->network_of ? spec_find(project->spec, c->network_of) : c;
        _cleanup_free_ char *state = xasprintf("%s/" STATE_DIR_NAME,
                                               streq(project->root, "/") ? "" : project->root),
                            *kept = project_state_path(project),
                            *file = network_hosts_file(owner->name, owner->networks),
                            *hosts = xasprintf(RUNTIME_DIR_BASE "/%s/%s", project->id, file),
                            *machine = project_machine(project, c->name),
                            *resolv_conf = network_read_resolvers(c, project->facts.rootless);
        _cleanup_free_ PlanNetwork *networks = NULL;
        size_t n_networks = 0;
        PlanFacts facts = {
                .root = project->root,
                .started_root = n->started_root,
                .state = state,
                .kept = kept,
                .layered = project->layered,
                .fleeting = project->state.instance,
                .hosts = hosts,
                .resolv_conf = resolv_conf,
                .machine = machine,
                /* A host that has none starts nothing; but it can tell what would be started. */
                .nspawn = project->facts.nspawn ? project->facts.nspawn : "systemd-nspawn",
                .rootless = project->facts.rootless,
                .image_cache = project->facts.image_cache,
                .owner = c->network_of ? owner : NULL,
        };
        ContainerPlan *plan;

        for (char *const *name = network_names(owner->networks); owner->network == NETWORK_PRIVATE && *name;
             name++) {
                const ProjectNetwork *network = network_find(n, *name);

                *XGROW(networks, n_networks) =
                        (PlanNetwork){.name = (char *) network->name,
                                      .bridge = network->bridge,
                                      .address = owner == c ? network_address(n, network, c->name) : NULL,
                                      .subnet6 = network->declared ? network->declared->subnet6 : NULL};
        }
        facts.networks = networks;
        facts.n_networks = n_networks;
        oci_input_note(project, c);
        plan = plan_container(c, &facts);
        for (size_t i = 0; i < n_networks; i++)
                free(networks[i].address);
        return plan;
}
