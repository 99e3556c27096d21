/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/hash.h"
#include "base/process.h"
#include "base/systemd.h"
#include "keeper/netns-options.h"
#include "machine/keeper-command.h"

/* For whatever of these comes first. */
static int keeper_command_find_proxy(KeeperCommand *c, Error *reterr) {
        int r = c->proxy ? 0 : process_find_helper("proxy", &c->proxy, reterr);

        c->options.proxy = c->proxy;
        return r;
}

/* The same at each start, or what gives out addresses would take it for another machine; and on one wire of
 * several hosts, which may have machines of one name, another on each. */
static int choose_own_mac(const char *machine, char **ret, Error *reterr) {
        _cleanup_free_ char *both = NULL;
        sd_id128_t id;
        uint64_t hash;
        int r = sd_id128_get_machine(&id);

        if (r < 0)
                return error_set(reterr, r, "read '/etc/machine-id'");
        both = xasprintf("%s " SD_ID128_FORMAT_STR, machine, SD_ID128_FORMAT_VAL(id));
        hash = hash_text(both);
        *ret = xasprintf("02:%02x:%02x:%02x:%02x:%02x", (unsigned) (hash & 0xff),
                         (unsigned) (hash >> 8 & 0xff), (unsigned) (hash >> 16 & 0xff),
                         (unsigned) (hash >> 24 & 0xff), (unsigned) (hash >> 32 & 0xff));
        return 0;
}

/* It is in a network of the host's, and none of the project's. */
static int keeper_command_attach(KeeperCommand *c, const ContainerPlan *plan, Error *reterr) {
        int r = plan->spec->mac ? 0 : choose_own_mac(plan->machine, &c->mac, reterr);

        if (r < 0)
                return r;
        c->options.attach = plan->spec->interface;
        c->options.macvlan = plan->spec->network != NETWORK_BRIDGE;
        c->options.alone = plan->spec->network == NETWORK_INTERFACE;
        c->options.mac = c->mac ? c->mac : plan->spec->mac;
        c->options.address = plan->spec->address;
        c->options.gateway = plan->spec->gateway;
        c->options.address6 = plan->spec->address6;
        c->options.gateway6 = plan->spec->gateway6;
        return 0;
}

/* Nothing is set in it, but what it belongs to is put away by the last one that has it. */
static int keeper_command_share(KeeperCommand *c, const ContainerPlan *plan,
                                const StartResources *resources) {
        c->options.shares = true;
        c->options.netns = c->netns;
        if (!plan->bridge)
                return 0;
        c->options.bridge = plan->bridge;
        c->options.bridge_lock = (char *) resources->bridge_lock;
        return 0;
}

/* "10.3.7.9/24", and behind a comma the subnet of IPv6 that is given; owned by the caller. */
static char *place_in_network(const char *address, const char *subnet6) {
        return xasprintf("%s/24%s%s", address, subnet6 ? "," : "", subnet6 ? subnet6 : "");
}

static int keeper_command_set_network(KeeperCommand *c, const ContainerPlan *plan,
                                      const StartResources *resources, Error *reterr) {
        int r;

        if (plan->spec->network_of)
                return keeper_command_share(c, plan, resources);
        if (!plan_sets_network(plan))
                return 0;
        r = process_find_helper("netns", &c->netns, reterr);
        if (r < 0)
                return r;
        c->options.netns = c->netns;
        if (network_mode_is_attached(plan->spec->network))
                return keeper_command_attach(c, plan, reterr);
        if (!plan->bridge)
                return 0;
        /* Ports may be published later. */
        r = keeper_command_find_proxy(c, reterr);
        if (r < 0)
                return r;
        c->options.address = c->address = place_in_network(plan->address, plan->subnet6);
        c->options.mac = plan->spec->mac;
        c->options.bridge = plan->bridge;
        for (size_t i = 0; i < plan->n_more; i++) {
                const PlanNetwork *more = &plan->more[i];
                _cleanup_free_ char *place = place_in_network(more->address, more->subnet6);

                strv_pushf(&c->options.networks, "%s=%s", more->bridge, place);
        }
        c->options.bridge_lock = (char *) resources->bridge_lock;
        if (plan->spec->internet)
                c->options.pasta = c->pasta = process_find_program("pasta", NULL);
        return plan->spec->internet && !c->pasta
                       ? error_raise(reterr, FC_EXIT_HOST, "pasta is not installed any more")
                       : 0;
}

static void keeper_command_set_host_access(KeeperCommand *c, const ContainerPlan *plan) {
        for (size_t i = 0; i < plan->spec->n_host_access; i++)
                strv_pushf(&c->options.host_access, "%u", plan->spec->host_access[i]);
}

static int keeper_command_set_ports(KeeperCommand *c, const ContainerPlan *plan,
                                    const StartResources *resources, Error *reterr) {
        KeeperPorts *ports = &c->options.ports;
        int r;

        if (plan->spec->n_ports == 0 && plan->spec->n_sockets == 0)
                return 0;
        r = keeper_command_find_proxy(c, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < plan->spec->n_ports; i++)
                *XGROW(ports->ports, ports->n) = (KeeperPort){
                        .container = xasprintf("%u%s", plan->spec->ports[i].container,
                                               plan->spec->ports[i].udp              ? KEEPER_PORT_UDP
                                               : plan->spec->ports[i].proxy_protocol ? KEEPER_PORT_PROXY
                                                                                     : ""),
                        .fds = {resources->ports[i].fds[0], resources->ports[i].fds[1]},
                };
        for (size_t i = 0; i < plan->spec->n_sockets; i++)
                *XGROW(ports->ports, ports->n) = (KeeperPort){
                        .container = xstrdup(plan->spec->sockets[i].path),
                        .fds = {resources->socket_fds[i], -EBADF},
                };
        return 0;
}

/* nspawn is executed by way of what joins the namespace. */
static int keeper_command_join(KeeperCommand *c, const ContainerPlan *plan, Error *reterr) {
        const NetnsOptions options = {.namespace = plan->spec->namespace};
        int r;

        if (!plan->spec->namespace && !plan->spec->network_of)
                return 0;
        r = process_find_helper("netns", &c->netns, reterr);
        if (r < 0)
                return r;
        c->options.nspawn = netns_options_print(c->netns, "join", &options);
        strv_push(&c->options.nspawn, "--");
        return 0;
}

int keeper_command_make(const ContainerPlan *plan, const StartResources *resources, const char *registers,
                        KeeperCommand *ret, Error *reterr) {
        char ***nspawn = &ret->options.nspawn;
        int r;

        ret->options = (KeeperOptions){
                .machine = plan->machine,
                .container = plan->spec->name,
                .gate = plan_has_gate(plan),
                .command = plan->spec->command,
                .notify = plan_hears_command(plan),
                .restart = plan->spec->restart == RESTART_ON_FAILURE,
                .stop_signal = plan->spec->stop_signal,
        };
        r = keeper_command_join(ret, plan, reterr);
        if (r < 0)
                return r;
        strv_push(nspawn, plan->argv[0]);
        strv_pushf(nspawn, "--register=%s", registers);
        strv_extend(nspawn, plan->argv + 1);
        r = keeper_command_set_network(ret, plan, resources, reterr);
        keeper_command_set_host_access(ret, plan);
        return r < 0 ? r : keeper_command_set_ports(ret, plan, resources, reterr);
}

void keeper_command_done(KeeperCommand *c) {
        /* The sockets are the resources'. */
        keeper_held_ports_kind.done(&c->options.ports);
        strv_free(c->options.nspawn);
        strv_free(c->options.host_access);
        strv_free(c->options.networks);
        free(c->netns);
        free(c->address);
        free(c->mac);
        free(c->pasta);
        free(c->proxy);
}

size_t keeper_command_mounts(const ContainerPlan *plan, const StartResources *resources, MachineMount *ret) {
        size_t n = 0;

        for (size_t i = 0; i < plan->n_mounts; i++)
                if (resources->mount_fds[i] >= 0)
                        ret[n++] = (MachineMount){resources->mount_fds[i], plan->mounts[i].name,
                                                  resources->on_fds[i]};
        return n;
}
