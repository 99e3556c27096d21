/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "spec/debian.h"
#include "spec/oci.h"
#include "spec/spec.h"

void port_done(Port *port) {
        free(port->address);
        *port = (Port){0};
}

void unix_socket_done(UnixSocket *socket) {
        free(socket->name);
        free(socket->path);
        *socket = (UnixSocket){};
}

void volume_done(Volume *volume) {
        free(volume->source);
        free(volume->target);
        free(volume->account);
        *volume = (Volume){0};
}

void tmpfs_done(Tmpfs *tmpfs) {
        free(tmpfs->target);
        free(tmpfs->size);
        *tmpfs = (Tmpfs){0};
}

bool network_mode_is_attached(NetworkMode mode) {
        return mode == NETWORK_BRIDGE || mode == NETWORK_MACVLAN || mode == NETWORK_INTERFACE;
}

void network_spec_done(NetworkSpec *network) {
        free(network->name);
        free(network->subnet);
        free(network->container);
        free(network->subnet6);
        free(network->container6);
        *network = (NetworkSpec){};
}

static void credential_done(Credential *credential) {
        free(credential->id);
        free(credential->path);
        free(credential->variable);
        strv_free(credential->command);
}

static void device_done(Device *device) {
        free(device->path);
        free(device->permissions);
        *device = (Device){0};
}

static void command_list_done(char ***commands, size_t n) {
        for (size_t i = 0; i < n; i++)
                strv_free(commands[i]);
        free(commands);
}

static void ready_checks_done(ReadyChecks *checks) {
        strv_free(checks->units);
        free(checks->tcp);
        for (size_t i = 0; i < checks->n_http; i++)
                free(checks->http[i].path);
        free(checks->http);
        command_list_done(checks->exec, checks->n_exec);
        strv_free(checks->sockets);
        *checks = (ReadyChecks){0};
}

static void seed_done(ContainerSpec *c) {
        for (size_t i = 0; i < c->n_seed; i++) {
                strv_free(c->seed[i].run);
                free(c->seed[i].sql);
                free(c->seed[i].database);
                free(c->seed[i].user);
        }
        free(c->seed);
}

static void container_spec_done(ContainerSpec *c) {
        free(c->name);
        free(c->rootfs);
        free(c->toplevel);
        debian_free(c->debian);
        oci_free(c->oci);
        free(c->closure);
        free(c->init);
        free(c->build);
        strv_free(c->command);
        for (size_t i = 0; i < c->n_ports; i++)
                port_done(&c->ports[i]);
        free(c->ports);
        free(c->namespace);
        free(c->network_of);
        free(c->interface);
        free(c->gateway);
        free(c->address6);
        free(c->gateway6);
        strv_free(c->networks);
        free(c->address);
        free(c->mac);
        free(c->host_access);
        for (size_t i = 0; i < c->n_sockets; i++)
                unix_socket_done(&c->sockets[i]);
        free(c->sockets);
        for (size_t i = 0; i < c->n_volumes; i++)
                volume_done(&c->volumes[i]);
        free(c->volumes);
        for (size_t i = 0; i < c->n_tmpfs; i++)
                tmpfs_done(&c->tmpfs[i]);
        free(c->tmpfs);
        strv_free(c->environment);
        strv_free(c->env_files);
        strv_free(c->exports);
        strv_free(c->profiles);
        command_list_done(c->hooks.after_ready, c->hooks.n_after_ready);
        command_list_done(c->hooks.before_down, c->hooks.n_before_down);
        strv_free(c->environment_units);
        for (size_t i = 0; i < c->n_credentials; i++)
                credential_done(&c->credentials[i]);
        free(c->credentials);
        strv_free(c->capabilities_add);
        strv_free(c->capabilities_drop);
        for (size_t i = 0; i < c->n_devices; i++)
                device_done(&c->devices[i]);
        free(c->devices);
        for (size_t i = 0; i < c->n_resources; i++)
                free(c->resources[i].value);
        free(c->resources);
        strv_free(c->nspawn_args);
        ready_checks_done(&c->ready_checks);
        seed_done(c);
        for (size_t i = 0; i < c->n_dependencies; i++)
                free(c->dependencies[i].name);
        free(c->dependencies);
}

Spec *spec_free(Spec *spec) {
        if (!spec)
                return NULL;
        free(spec->project_name);
        for (size_t i = 0; i < spec->n_networks; i++)
                network_spec_done(&spec->networks[i]);
        free(spec->networks);
        for (size_t i = 0; i < spec->n_containers; i++)
                container_spec_done(&spec->containers[i]);
        free(spec->containers);
        free(spec);
        return NULL;
}

static void container_forget_missing(const Spec *spec, ContainerSpec *c) {
        size_t kept = 0;

        for (size_t i = 0; i < c->n_dependencies; i++) {
                if (spec_find(spec, c->dependencies[i].name))
                        c->dependencies[kept++] = c->dependencies[i];
                else
                        free(c->dependencies[i].name);
        }
        c->n_dependencies = kept;
}

void spec_keep(Spec *spec, bool shared) {
        size_t kept = 0;

        for (size_t i = 0; i < spec->n_containers; i++) {
                if (spec->containers[i].shared == shared)
                        spec->containers[kept++] = spec->containers[i];
                else
                        container_spec_done(&spec->containers[i]);
        }
        spec->n_containers = kept;
        for (size_t i = 0; i < kept; i++)
                container_forget_missing(spec, &spec->containers[i]);
}

const ContainerSpec *spec_find(const Spec *spec, const char *name) {
        for (size_t i = 0; i < spec->n_containers; i++)
                if (streq(spec->containers[i].name, name))
                        return &spec->containers[i];
        return NULL;
}

bool ready_checks_has_probes(const ReadyChecks *checks) {
        return checks->n_tcp + checks->n_http + checks->n_exec > 0 || checks->sockets;
}

char *container_spec_store(const ContainerSpec *c) {
        return xstrndup(c->toplevel, (size_t) (strrchr(c->toplevel, '/') - c->toplevel));
}

const char *container_spec_closure(const ContainerSpec *c) {
        return c->store == STORE_CLOSURE ? c->closure : NULL;
}
