/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "spec/dependency.h"
#include "spec/ready-parse.h"
#include "spec/spec-parse.h"

static Json *print_system(const ContainerSpec *c) {
        Json *json = json_new_object();

        json_add_string(json, "rootfs", c->rootfs);
        json_add_string(json, "toplevel", c->toplevel);
        json_add_string(json, "init", c->init);
        json_add_string(json, "build", c->build);
        json_add_string(json, "closure", c->closure);
        return json;
}

static Json *print_port(const Port *port) {
        Json *json = json_new_object();

        json_add_string(json, "address", port->address);
        if (port->host > 0)
                json_add_uint(json, "host", port->host);
        else
                json_add_string(json, "host", "auto");
        json_add_uint(json, "container", port->container);
        json_add_string(json, "protocol", "tcp");
        return json;
}

static Json *print_ports(const ContainerSpec *c) {
        Json *json = json_new_array();

        for (size_t i = 0; i < c->n_ports; i++)
                json_append(json, print_port(&c->ports[i]));
        return json;
}

static Json *print_volume(const Volume *volume) {
        Json *json = json_new_object();

        json_add_string(json, "source", volume->source);
        json_add_string(json, "target", volume->target);
        json_add_bool(json, "readOnly", volume->read_only);
        json_add_string(json, "owner", volume_owner_to_string(volume->owner));
        return json;
}

static Json *print_volumes(const ContainerSpec *c) {
        Json *json = json_new_array();

        for (size_t i = 0; i < c->n_volumes; i++)
                json_append(json, print_volume(&c->volumes[i]));
        return json;
}

static Json *print_environment(const ContainerSpec *c) {
        Json *json = json_new_object();

        STRV_FOREACH (variable, c->environment) {
                _cleanup_free_ char *name = xstrndup(*variable, strcspn(*variable, "="));

                json_add_string(json, name, *variable + strlen(name) + 1);
        }
        return json;
}

static Json *print_credentials(const ContainerSpec *c) {
        Json *json = json_new_object();

        for (size_t i = 0; i < c->n_credentials; i++)
                json_add_string(json, c->credentials[i].id, c->credentials[i].path);
        return json;
}

static Json *print_network(const ContainerSpec *c) {
        Json *json = json_new_object();

        json_add_string(json, "mode", network_mode_to_string(c->network));
        return json;
}

static Json *print_capabilities(const ContainerSpec *c) {
        Json *json = json_new_object();

        json_add_strv(json, "add", c->capabilities_add);
        json_add_strv(json, "drop", c->capabilities_drop);
        return json;
}

static Json *print_devices(const ContainerSpec *c) {
        Json *json = json_new_array();

        for (size_t i = 0; i < c->n_devices; i++) {
                Json *device = json_new_object();

                json_add_string(device, "path", c->devices[i].path);
                json_add_string(device, "permissions", c->devices[i].permissions);
                json_append(json, device);
        }
        return json;
}

static Json *print_resources(const ContainerSpec *c) {
        Json *json = json_new_object();

        for (size_t i = 0; i < c->n_resources; i++)
                json_add_string(json, resource_kind_to_string(c->resources[i].kind), c->resources[i].value);
        return json;
}

static Json *print_stop(const ContainerSpec *c) {
        Json *json = json_new_object();

        json_add_uint(json, "timeout", c->stop_timeout_usec / USEC_PER_SEC);
        return json;
}

Json *container_print(const ContainerSpec *c) {
        Json *json = json_new_object();

        json_add(json, "system", print_system(c));
        if (c->toplevel)
                json_add_string(json, "store", store_mode_to_string(c->store));
        if (c->command)
                json_add_strv(json, "command", c->command);
        json_add_string(json, "users", users_mode_to_string(c->users));
        json_add(json, "network", print_network(c));
        json_add(json, "ports", print_ports(c));
        json_add(json, "volumes", print_volumes(c));
        json_add_strv(json, "tmpfs", c->tmpfs);
        json_add(json, "environment", print_environment(c));
        json_add(json, "credentials", print_credentials(c));
        json_add(json, "capabilities", print_capabilities(c));
        json_add(json, "devices", print_devices(c));
        json_add(json, "resources", print_resources(c));
        json_add_bool(json, "ephemeral", c->ephemeral);
        json_add_string(json, "restart", restart_mode_to_string(c->restart));
        json_add_strv(json, "nspawnArgs", c->nspawn_args);
        json_add(json, "ready", ready_print(c));
        json_add(json, "stop", print_stop(c));
        json_add(json, "dependsOn", dependencies_print(c));
        json_add_bool(json, "oneShot", c->one_shot);
        return json;
}

char *container_spec_print(const ContainerSpec *c) {
        _cleanup_(json_freep) Json *json = container_print(c);

        return json_print(json, /* pretty= */ false);
}

char *spec_print(const Spec *spec) {
        _cleanup_(json_freep) Json *json = json_new_object();
        Json *containers = json_new_object();

        json_add_uint(json, "version", SPEC_VERSION);
        if (spec->project_name) {
                Json *project = json_new_object();

                json_add_string(project, "name", spec->project_name);
                json_add(json, "project", project);
        }
        for (size_t i = 0; i < spec->n_containers; i++)
                json_add(containers, spec->containers[i].name, container_print(&spec->containers[i]));
        json_add(json, "containers", containers);
        return json_print(json, /* pretty= */ true);
}
