/* SPDX-License-Identifier: MIT */

#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "export/keys.h"
#include "spec/networks.h"
#include "spec/resource.h"

void key_refusals_done(KeyRefusals *refusals) {
        strv_free(refusals->lines);
        strv_free(refusals->keys);
        *refusals = (KeyRefusals){0};
}

/* @place: what stands behind "containers.NAME."; its first word is the key. */
_printf_(4, 5) static void refuse(KeyRefusals *out, const ContainerSpec *c, const char *place,
                                  const char *format, ...) {
        _cleanup_free_ char *key = xstrndup(place, strcspn(place, ".[")), *text = NULL;
        va_list ap;

        if (strv_contains(out->request->without, key))
                return;
        va_start(ap, format);
        text = xvasprintf(format, ap);
        va_end(ap);
        strv_pushf(&out->lines, "containers.%s.%s: %s", c->name, place, text);
        if (!strv_contains(out->keys, key))
                strv_push(&out->keys, key);
}

static void refuse_at(KeyRefusals *out, const ContainerSpec *c, const char *key, size_t i, const char *why) {
        _cleanup_free_ char *place = xasprintf("%s[%zu]", key, i);

        if (why)
                refuse(out, c, place, "%s", why);
}

static ExportFormat format_of(const KeyRefusals *out) {
        return out->request->format;
}

/* An image is only that: what is of a container is said by those who run it. */
static bool is_image(const KeyRefusals *out) {
        return format_of(out) == EXPORT_FORMAT_OCI;
}

/* ---- parts of keys ---- */

/* What separates, and the backslash that would join a line to the next one. */
const char *keys_refuse_path(const char *path) {
        return strpbrk(path, ":,\\") ? "it takes no path with ':', ',' or '\\'" : NULL;
}

/* Nomad puts its own variables in the place of these, and ends at those that it does not know. */
static bool has_variable(ExportFormat format, const char *text) {
        return format == EXPORT_FORMAT_NOMAD && (strstr(text, "${") || strstr(text, "%{"));
}

static const char *refuse_path_of(ExportFormat format, const char *path) {
        return has_variable(format, path) ? "'${' and '%{' begin a variable of Nomad's"
                                          : keys_refuse_path(path);
}

/* The engines that are of several machines, of which none has what another has. */
static bool has_nodes(ExportFormat format) {
        return format == EXPORT_FORMAT_KUBERNETES || format == EXPORT_FORMAT_NOMAD;
}

/* What a node runs as one. */
static const char *unit_word(ExportFormat format) {
        return format == EXPORT_FORMAT_NOMAD ? "a group" : "a pod";
}

const char *keys_refuse_volume(const ExportRequest *r, const Volume *volume) {
        _cleanup_free_ char *path = volume->source[0] == '@' ? NULL : export_host_path(r, volume->source);

        if (volume->overlay)
                return "a layer over a directory of the host is not among what it has";
        if (refuse_path_of(r->format, volume->target))
                return refuse_path_of(r->format, volume->target);
        if (path && refuse_path_of(r->format, path))
                return refuse_path_of(r->format, path);
        if (volume->owner == VOLUME_OWNER_ACCOUNT)
                return "it cannot give files to an account inside";
        if (volume->source[0] == '@')
                return NULL;
        if (volume->create)
                return "it does not make a directory of the developer's";
        if (has_nodes(r->format) && !r->host_paths)
                return "it is a directory of this machine, which a node does not have; with --host-paths "
                       "the node's own of that path is taken";
        if (volume->owner == VOLUME_OWNER_USER || volume->read_only)
                return NULL;
        return "it cannot map the owners of a directory of the host's";
}

bool keys_address_is_any(const char *address) {
        return streq(address, "0.0.0.0") || streq(address, "::");
}

bool keys_http_is_plain(const HttpCheck *check) {
        return check->status_min == 200 && check->status_max == 399;
}

const char *keys_refuse_port(ExportFormat format, const Port *port) {
        if (port->proxy_protocol)
                return "it does not tell a service the client's address by the PROXY protocol";
        if (format == EXPORT_FORMAT_NOMAD && port->address && !keys_address_is_any(port->address) &&
            !streq(port->address, "127.0.0.1"))
                return "an address is a node's own, and a job has none of them";
        return format == EXPORT_FORMAT_KUBERNETES && port->host == 0
                       ? "a node does not choose a port of one address by itself: give a number"
                       : NULL;
}

static const char *nomad_refuse_resource(const Resource *resource) {
        if (resource->kind == RESOURCE_CPU_QUOTA || resource->kind == RESOURCE_CPU_WEIGHT)
                return "a share of processors is reckoned there in MHz of the node";
        if (resource->kind != RESOURCE_MEMORY_MAX && resource->kind != RESOURCE_TASKS_MAX)
                return "podman's driver has limits of memory and processes only";
        return strchr(resource->value, '%') ? "a part of the machine's depends on the node: give a number"
                                            : NULL;
}

const char *keys_refuse_resource(ExportFormat format, const Resource *resource) {
        if (format == EXPORT_FORMAT_QUADLET || streq(resource->value, "infinity"))
                return NULL;
        if (format == EXPORT_FORMAT_NOMAD)
                return nomad_refuse_resource(resource);
        if (resource->kind != RESOURCE_MEMORY_MAX && resource->kind != RESOURCE_CPU_QUOTA)
                return "a pod has limits of memory and processors only";
        return resource->kind == RESOURCE_MEMORY_MAX && strchr(resource->value, '%')
                       ? "a part of the machine's memory depends on the node: give bytes"
                       : NULL;
}

const char *keys_refuse_tmpfs(ExportFormat format, const Tmpfs *tmpfs) {
        if (refuse_path_of(format, tmpfs->target))
                return refuse_path_of(format, tmpfs->target);
        if (format != EXPORT_FORMAT_KUBERNETES)
                return NULL;
        if (tmpfs->mode_given && tmpfs->mode != 0777)
                return "an 'emptyDir' has mode 0777";
        return tmpfs->size && strchr(tmpfs->size, '%')
                       ? "a part of the machine's memory depends on the node: give bytes"
                       : NULL;
}

const char *keys_refuse_device(ExportFormat format, const Device *device) {
        return refuse_path_of(format, device->path);
}

const char *keys_refuse_credential(const Credential *credential) {
        return credential->id[strspn(credential->id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                     "0123456789._-")] != '\0'
                       ? "the name of a secret has only letters, digits, '.', '_' and '-'"
                       : NULL;
}

const char *keys_refuse_dependency(const ExportRequest *r, const Dependency *dependency) {
        if (r->format == EXPORT_FORMAT_NOMAD)
                return "a group waits for no other one, and knows none by its name";
        if (r->format != EXPORT_FORMAT_KUBERNETES)
                return NULL;
        if (dependency->need == NEED_COMPLETED)
                return "a pod cannot wait for the end of another one";
        /* One that has ended has no name any more. */
        return spec_find(r->spec, dependency->name)->one_shot ? "a pod cannot wait for one that ends" : NULL;
}

/* ---- keys ---- */

static void refuse_system(const ContainerSpec *c, KeyRefusals *out) {
        if (is_image(out) && c->toplevel && !c->closure)
                refuse(out, c, "system.closure",
                       "without it there is no telling what of the store is needed");
}

static void refuse_users(const ContainerSpec *c, KeyRefusals *out) {
        if ((format_of(out) == EXPORT_FORMAT_QUADLET || format_of(out) == EXPORT_FORMAT_NOMAD) &&
            c->users == USERS_HOST)
                refuse(out, c, "users", "a user's podman has no ids of the host but the user's");
}

static void refuse_network_mode(const ContainerSpec *c, KeyRefusals *out) {
        bool kubernetes = format_of(out) == EXPORT_FORMAT_KUBERNETES;

        if (c->network == NETWORK_NAMESPACE || network_mode_is_attached(c->network))
                refuse(out, c, "network.mode", "what it names is this host's");
        if (c->network == NETWORK_CONTAINER)
                refuse(out, c, "network.mode", "each has a network of its own");
        if (c->network == NETWORK_NONE && kubernetes)
                refuse(out, c, "network.mode", "a pod has a network");
}

/* Others that are exported with it, and are to find it by its name. */
static bool has_neighbours(const KeyRefusals *out, const ContainerSpec *c) {
        STRV_FOREACH (name, out->request->names) {
                const ContainerSpec *other = spec_find(out->request->spec, *name);

                if (other != c && other->network == NETWORK_PRIVATE)
                        return true;
        }
        return false;
}

static void refuse_network(const ContainerSpec *c, KeyRefusals *out) {
        const char *unit = unit_word(format_of(out));

        if (is_image(out))
                return;
        refuse_network_mode(c, out);
        if (c->n_host_access > 0)
                refuse(out, c, "network.hostAccess", "it cannot let in some of the host's ports only");
        if (format_of(out) == EXPORT_FORMAT_QUADLET && c->network == NETWORK_PRIVATE && !c->internet &&
            c->n_ports > 0)
                refuse(out, c, "network.internet",
                       "a port is published of a network that leads out: say true, or publish none");
        if (format_of(out) == EXPORT_FORMAT_NOMAD && c->network == NETWORK_PRIVATE && !c->internet)
                refuse(out, c, "network.internet", "what podman makes leads out: say true");
        if (format_of(out) == EXPORT_FORMAT_NOMAD && c->network == NETWORK_PRIVATE && has_neighbours(out, c))
                refuse(out, c, "network.mode", "a group knows no others by their names: export one alone");
        if (!has_nodes(format_of(out)))
                return;
        if (c->networks && !(streq(c->networks[0], NETWORK_DEFAULT) && !c->networks[1]))
                refuse(out, c, "network.networks", "%s has one network", unit);
        if (c->network != NETWORK_PRIVATE)
                return;
        if (c->address)
                refuse(out, c, "network.address", "the cluster chooses the address of %s", unit);
        if (c->address6)
                refuse(out, c, "network.address6", "the cluster chooses the address of %s", unit);
        if (c->mac)
                refuse(out, c, "network.mac", "the cluster chooses the address of %s", unit);
}

static void refuse_ports(const ContainerSpec *c, KeyRefusals *out) {
        for (size_t i = 0; i < c->n_ports && !is_image(out); i++)
                refuse_at(out, c, "ports", c->ports[i].element,
                          keys_refuse_port(format_of(out), &c->ports[i]));
}

static void refuse_sockets(const ContainerSpec *c, KeyRefusals *out) {
        if (c->n_sockets > 0 && !is_image(out))
                refuse(out, c, "sockets", "it publishes no Unix sockets");
}

static void refuse_volumes(const ContainerSpec *c, KeyRefusals *out) {
        for (size_t i = 0; i < c->n_volumes && !is_image(out); i++)
                refuse_at(out, c, "volumes", i, keys_refuse_volume(out->request, &c->volumes[i]));
}

static void refuse_tmpfs(const ContainerSpec *c, KeyRefusals *out) {
        for (size_t i = 0; i < c->n_tmpfs && !is_image(out); i++)
                refuse_at(out, c, "tmpfs", i, keys_refuse_tmpfs(format_of(out), &c->tmpfs[i]));
}

static void refuse_env_file(const ContainerSpec *c, KeyRefusals *out) {
        if (c->env_files && !is_image(out))
                refuse(out, c, "envFile",
                       "each engine reads such a file in another way; a credential is "
                       "carried over");
}

static void refuse_environment_units(const ContainerSpec *c, KeyRefusals *out) {
        if (c->environment_units)
                refuse(out, c, "environmentUnits", "an image gives 'environment' to all services");
}

static void refuse_credentials(const ContainerSpec *c, KeyRefusals *out) {
        for (size_t i = 0; i < c->n_credentials && !is_image(out); i++) {
                _cleanup_free_ char *place = xasprintf("credentials.%s", c->credentials[i].id);
                const char *why = keys_refuse_credential(&c->credentials[i]);

                if (why)
                        refuse(out, c, place, "%s", why);
        }
}

static void refuse_devices(const ContainerSpec *c, KeyRefusals *out) {
        if (is_image(out))
                return;
        if (c->n_devices > 0 && format_of(out) == EXPORT_FORMAT_KUBERNETES) {
                refuse(out, c, "devices", "what a node has its plugins of devices tell");
                return;
        }
        for (size_t i = 0; i < c->n_devices; i++)
                refuse_at(out, c, "devices", i, keys_refuse_device(format_of(out), &c->devices[i]));
}

static void refuse_resources(const ContainerSpec *c, KeyRefusals *out) {
        bool limited = false;

        for (size_t i = 0; i < c->n_resources && !is_image(out); i++) {
                _cleanup_free_ char *place =
                        xasprintf("resources.%s", resource_kind_to_string(c->resources[i].kind));
                const char *why = keys_refuse_resource(format_of(out), &c->resources[i]);

                limited = limited || (c->resources[i].kind == RESOURCE_MEMORY_MAX &&
                                      !streq(c->resources[i].value, "infinity"));
                if (why)
                        refuse(out, c, place, "%s", why);
        }
        if (!limited && format_of(out) == EXPORT_FORMAT_NOMAD)
                refuse(out, c, "resources.MemoryMax",
                       "without one Nomad ends a task that takes more than 300 MB: give bytes");
}

/* The gravest of all: that would be data. */
static void refuse_ephemeral(const ContainerSpec *c, KeyRefusals *out) {
        if (!c->ephemeral && !c->one_shot && !is_image(out))
                refuse(out, c, "ephemeral",
                       "there a root is new at each start: what is not in a volume would be lost");
}

static void refuse_nspawn_args(const ContainerSpec *c, KeyRefusals *out) {
        STRV_FOREACH (argument, c->nspawn_args)
                if (!startswith(*argument, "--user=") && !startswith(*argument, "--chdir="))
                        refuse_at(out, c, "nspawnArgs", (size_t) (argument - c->nspawn_args),
                                  "it is an option of systemd-nspawn");
}

bool keys_port_is_published(ExportFormat format, const ContainerSpec *c, uint16_t number) {
        for (size_t i = 0; i < c->n_ports; i++)
                if (c->ports[i].container == number && !c->ports[i].udp &&
                    !keys_refuse_port(format, &c->ports[i]))
                        return true;
        return false;
}

/* Nomad asks from outside. What a systemd says is by default only, so it is not a wish of the user's, and
 * ops/export.c tells of it. */
static void nomad_refuse_ready(const ContainerSpec *c, KeyRefusals *out) {
        const ReadyChecks *checks = &c->ready_checks;

        if (c->ready_notify && c->ready_notify_given)
                refuse(out, c, "ready.notify", "a task cannot say by itself that it is ready");
        if (checks->units)
                refuse(out, c, "ready.units", "Nomad asks for nothing inside without Consul");
        if (checks->n_exec > 0)
                refuse(out, c, "ready.exec", "Nomad asks for nothing inside without Consul");
        for (size_t i = 0; i < checks->n_http; i++)
                if (!keys_http_is_plain(&checks->http[i]))
                        refuse(out, c, "ready.http",
                               "Nomad takes what is below 400, and nothing else can be said");
                else if (c->network != NETWORK_HOST &&
                         !keys_port_is_published(EXPORT_FORMAT_NOMAD, c, checks->http[i].port))
                        refuse(out, c, "ready.http", "Nomad asks at published ports, and %u is not one",
                               checks->http[i].port);
        if (checks->n_tcp > 0 && c->network != NETWORK_HOST)
                refuse(out, c, "ready.tcp",
                       "Nomad asks podman, which takes each connection, whether it is ready or not");
}

static void refuse_ready(const ContainerSpec *c, KeyRefusals *out) {
        if (is_image(out))
                return;
        if (format_of(out) == EXPORT_FORMAT_NOMAD)
                nomad_refuse_ready(c, out);
        if (c->command && c->ready_notify && format_of(out) == EXPORT_FORMAT_KUBERNETES)
                refuse(out, c, "ready.notify", "a pod cannot say by itself that it is ready");
        if (c->ready_checks.sockets)
                refuse(out, c, "ready.unix", "a shell cannot connect to a Unix socket");
}

static void refuse_seed(const ContainerSpec *c, KeyRefusals *out) {
        if (c->n_seed > 0 && !is_image(out))
                refuse(out, c, "seed", "it has no step that runs once, when a container is ready");
}

static void refuse_depends_on(const ContainerSpec *c, KeyRefusals *out) {
        for (size_t i = 0; i < c->n_dependencies && !is_image(out); i++) {
                _cleanup_free_ char *place = xasprintf("dependsOn.%s", c->dependencies[i].name);
                const char *why = keys_refuse_dependency(out->request, &c->dependencies[i]);

                if (why)
                        refuse(out, c, place, "%s", why);
        }
}

static void refuse_exports(const ContainerSpec *c, KeyRefusals *out) {
        if (c->exports && !is_image(out))
                refuse(out, c, "exports", "the variables are for programs of this machine");
}

static void refuse_hooks(const ContainerSpec *c, KeyRefusals *out) {
        if ((c->hooks.n_after_ready > 0 || c->hooks.n_before_down > 0) && !is_image(out))
                refuse(out, c, "hooks", "they run on this host, in the project");
}

static void refuse_work_trees(const ContainerSpec *c, KeyRefusals *out) {
        if (c->shared && !is_image(out))
                refuse(out, c, "shared", "there are no work trees there");
}

#define NOT_OF_IMAGE "not of an image"
#define OF_IMAGE     "in the image"
#define REFUSED      "refused"

static const ExportKey export_keys[] = {
        /* clang-format off */
        {"system",           {"layers",                                   "`image`",                                                "`Image=`", "`image`"},                         refuse_system},
        {"store",            {"the paths of `system.closure`",            OF_IMAGE,                                                 OF_IMAGE, OF_IMAGE},                           NULL},
        {"command",          {"`Entrypoint`",                             OF_IMAGE,                                                 OF_IMAGE, OF_IMAGE},                           NULL},
        {"users",            {NOT_OF_IMAGE,                               "`hostUsers`",                                            "the user's namespace; `host` refused", "the user's namespace; `host` refused"}, refuse_users},
        {"network",          {NOT_OF_IMAGE,                               "the pod's, `hostNetwork`, a `NetworkPolicy` without `internet`; else refused", "`Network=`, networks of its own, `Internal=` without `internet`, which with `ports` is refused, as what is the host's", "podman's, `host`, `none`; a private one needs `internet`; else refused"}, refuse_network},
        {"ports",            {NOT_OF_IMAGE,                               "`hostPort`; `auto` and `proxyProtocol` refused", "`PublishPort=`; `proxyProtocol` refused", "`ReservedPorts`, `DynamicPorts`; `proxyProtocol`, and addresses but localhost's and all, refused"}, refuse_ports},
        {"sockets",          {NOT_OF_IMAGE,                               REFUSED,                                                  REFUSED, REFUSED},                            refuse_sockets},
        {"volumes",          {NOT_OF_IMAGE,                               "a `PersistentVolumeClaim`; `hostPath` with `--host-paths`; overlays and accounts refused", "a volume or a directory of the host; overlays and accounts refused", "a host volume; a directory with `--host-paths`; overlays and accounts refused"}, refuse_volumes},
        {"tmpfs",            {NOT_OF_IMAGE,                               "`emptyDir` in memory; `mode` refused",                   "`Tmpfs=`", "`tmpfs`"},                         refuse_tmpfs},
        {"environment",      {"`Env`, and of an init a file of systemd's", OF_IMAGE,                                                OF_IMAGE, OF_IMAGE},                           NULL},
        {"envFile",          {NOT_OF_IMAGE,                               REFUSED,                                                  REFUSED, REFUSED},                            refuse_env_file},
        {"environmentUnits", {REFUSED,                                    REFUSED,                                                  REFUSED, REFUSED},                            refuse_environment_units},
        {"credentials",      {NOT_OF_IMAGE,                               "a `Secret`, without its content",                        "`Secret=`, without its content", "a template of a variable, without its content"},   refuse_credentials},
        {"capabilities",     {NOT_OF_IMAGE,                               "`securityContext`",                                      "`AddCapability=`, `DropCapability=`", "`cap_add`, `cap_drop`"}, NULL},
        {"devices",          {NOT_OF_IMAGE,                               REFUSED,                                                  "`AddDevice=`", "`devices`"},                     refuse_devices},
        {"resources",        {NOT_OF_IMAGE,                               "`limits`; of memory and processors only",                "settings of the unit", "`MemoryMB`, which must be given, `pids_limit`; others refused"},             refuse_resources},
        {"ephemeral",        {NOT_OF_IMAGE,                               "`false` refused",                                        "`false` refused", "`false` refused"},                  refuse_ephemeral},
        {"restart",          {NOT_OF_IMAGE,                               "`restartPolicy`",                                        "`Restart=`", "`RestartPolicy`"},                       NULL},
        {"nspawnArgs",       {"`--user=`, `--chdir=`; else refused",      OF_IMAGE,                                                 OF_IMAGE, OF_IMAGE},                           refuse_nspawn_args},
        {"ready",            {NOT_OF_IMAGE,                               "a `startupProbe`; `unix`, and of a command `notify`, refused", "`Notify=`, `ExecStartPost=`; `unix` refused", "`http` of published ports as a check of a service; of the host's network also `tcp`; others refused"}, refuse_ready},
        {"seed",             {NOT_OF_IMAGE,                               REFUSED,                                                  REFUSED, REFUSED},                            refuse_seed},
        {"stop",             {"`StopSignal`",                             "`terminationGracePeriodSeconds`",                        "`--stop-timeout`", "`KillTimeout`"},                 NULL},
        {"dependsOn",        {NOT_OF_IMAGE,                               "an init container that waits; `completed`, and what is `oneShot`, refused",      "`Requires=`, `After=`", REFUSED},            refuse_depends_on},
        {"oneShot",          {NOT_OF_IMAGE,                               "`restartPolicy: Never`",                                 "`Type=oneshot`", "a job of type `batch`"},                   NULL},
        {"exports",          {NOT_OF_IMAGE,                               REFUSED,                                                  REFUSED, REFUSED},                            refuse_exports},
        {"hooks",            {NOT_OF_IMAGE,                               REFUSED,                                                  REFUSED, REFUSED},                            refuse_hooks},
        {"shared",           {NOT_OF_IMAGE,                               REFUSED,                                                  REFUSED, REFUSED},                            refuse_work_trees},
        {"profiles",         {NOT_OF_IMAGE,                               "nothing: what is exported was chosen",                   "nothing: what is exported was chosen", "nothing: what is exported was chosen"}, NULL},
        /* clang-format on */
};

const ExportKey *export_key_at(size_t index) {
        return index < ELEMENTSOF(export_keys) ? &export_keys[index] : NULL;
}

static int check_without(const ExportRequest *r, Error *reterr) {
        STRV_FOREACH (word, r->without) {
                size_t i = 0;

                while (i < ELEMENTSOF(export_keys) && !streq(export_keys[i].name, *word))
                        i++;
                if (i == ELEMENTSOF(export_keys))
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "option '--without': '%s' is not a key of a container", *word);
        }
        return 0;
}

int keys_check(const ExportRequest *r, KeyRefusals *ret, Error *reterr) {
        int k = check_without(r, reterr);

        *ret = (KeyRefusals){.request = r};
        if (k < 0)
                return k;
        STRV_FOREACH (name, r->names) {
                const ContainerSpec *c = spec_find(r->spec, *name);

                for (size_t i = 0; i < ELEMENTSOF(export_keys); i++)
                        if (export_keys[i].check)
                                export_keys[i].check(c, ret);
        }
        return 0;
}
