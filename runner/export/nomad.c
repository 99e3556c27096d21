/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "export/keys.h"
#include "export/nomad.h"
#include "export/parts.h"
#include "spec/resource.h"

#define NSEC_PER_SEC  UINT64_C(1000000000)
#define NSEC_PER_USEC UINT64_C(1000)
#define MEGABYTE      UINT64_C(1048576)

/* A network that a node's administrator names: there is no other word for "localhost alone". */
#define LOCALHOST_NETWORK "localhost"

/* Where podman's driver mounts a task's secrets, and Nomad's name for that. */
#define SECRETS     "/secrets/credentials"
#define SECRETS_DIR "${NOMAD_SECRETS_DIR}/credentials"

/* A volume of a node's begins empty, ours as what it covers. What is renamed to .full is complete, and is
 * moved in, also after this was killed. */
#define VOLUME_FILL_SCRIPT                                                                                  \
        "set -e; cd " EXPORT_FILL_PLACE "; new=.flake-containers\n"                                         \
        "if test ! -e $new.full; then\n"                                                                    \
        "  test -z \"$(ls -A -I $new -I lost+found)\" || exit 0\n"                                          \
        "  rm -rf $new\n"                                                                                   \
        "  if test -d \"$1\"; then cp -a \"$1\" $new; else mkdir -m 755 $new; fi\n"                         \
        "  mv $new $new.full\n"                                                                             \
        "fi\n"                                                                                              \
        "chown --reference=$new.full . && chmod --reference=$new.full .\n"                                  \
        "ls -A $new.full | while IFS= read -r name; do mv \"$new.full/$name\" .; done\n"                    \
        "rmdir $new.full"

typedef struct Task {
        const ExportRequest *request;
        const ContainerSpec *spec;
        char *job, *image;
        Json *volumes, *mounts, *binds, *fills; /* until they are added */
} Task;

/* ---- volumes ---- */

static Json *mount_print(const char *volume, const char *target, bool read_only) {
        Json *mount = json_new_object();

        json_add_string(mount, "Volume", volume);
        json_add_string(mount, "Destination", target);
        json_add_bool(mount, "ReadOnly", read_only);
        return mount;
}

static Json *fill_print(const Task *t, const char *volume, const char *target) {
        Json *task = json_new_object(), *config = json_new_object(), *lifecycle = json_new_object(),
             *mounts = json_new_array();
        _cleanup_free_ char *name = xasprintf("fill-%s", volume);

        json_add_string(task, "Name", name);
        json_add_string(task, "Driver", "podman");
        /* The image's user may be another one, and gives no files to others. */
        json_add_string(task, "User", "0");
        json_add_string(lifecycle, "Hook", "prestart");
        json_add_bool(lifecycle, "Sidecar", false);
        json_add(task, "Lifecycle", lifecycle);
        json_add_string(config, "image", t->image);
        json_add_string(config, "network_mode", "none");
        json_add(config, "entrypoint", export_shell_command(t->spec, VOLUME_FILL_SCRIPT, target));
        json_add(task, "Config", config);
        json_append(mounts, mount_print(volume, EXPORT_FILL_PLACE, /* read_only= */ false));
        json_add(task, "VolumeMounts", mounts);
        return task;
}

/* @source: "@NAME" */
static void task_add_named(Task *t, const Volume *volume, size_t i) {
        _cleanup_free_ char *source = xasprintf("%s-%s", t->request->project, volume->source + 1),
                            *name = xasprintf("volume-%zu", i);
        Json *request = json_new_object();

        json_add_string(request, "Name", name);
        json_add_string(request, "Type", "host");
        json_add_string(request, "Source", source);
        json_add(t->volumes, name, request);
        json_append(t->fills, fill_print(t, name, volume->target));
        json_append(t->mounts, mount_print(name, volume->target, volume->read_only));
}

static void task_add_volumes(Task *t) {
        for (size_t i = 0; i < t->spec->n_volumes; i++) {
                const Volume *v = &t->spec->volumes[i];
                _cleanup_free_ char *path = NULL, *bind = NULL;

                if (keys_refuse_volume(t->request, v))
                        continue;
                if (v->source[0] == '@') {
                        task_add_named(t, v, i);
                        continue;
                }
                path = export_host_path(t->request, v->source);
                bind = xasprintf("%s:%s%s", path, v->target, v->read_only ? ":ro" : "");
                json_append_string(t->binds, bind);
        }
}

/* ---- the network ----
 *
 * The group has the node's, and podman makes the container's own: Nomad's would be root's, which a user's
 * podman cannot join. */

static bool are_one_mapping(const Port *a, const Port *b) {
        return a->host == b->host && a->container == b->container && streq_ptr(a->address, b->address);
}

/* Nomad forwards both protocols of each. */
static bool port_is_said(const ContainerSpec *c, size_t i) {
        for (size_t j = 0; j < i; j++)
                if (c->ports[i].host > 0 && are_one_mapping(&c->ports[j], &c->ports[i]))
                        return true;
        return false;
}

static Json *port_print(const Port *p, const char *label) {
        Json *port = json_new_object();

        json_add_string(port, "Label", label);
        if (p->host > 0)
                json_add_uint(port, "Value", p->host);
        if (p->container > 0)
                json_add_uint(port, "To", p->container);
        if (!p->address || !keys_address_is_any(p->address))
                json_add_string(port, "HostNetwork", LOCALHOST_NETWORK);
        return port;
}

static bool port_is_printed(const ContainerSpec *c, size_t i) {
        return !keys_refuse_port(EXPORT_FORMAT_NOMAD, &c->ports[i]) && !port_is_said(c, i);
}

static char *port_label(size_t i) {
        return xasprintf("port-%zu", i);
}

/* The port that a check asks. Where the network is the host's, the job claims it for the check alone.
 * Owned by the caller; NULL: it is not published. */
static char *check_label(const ContainerSpec *c, uint16_t number) {
        if (c->network == NETWORK_HOST)
                return xasprintf("ready-%u", number);
        for (size_t i = 0; i < c->n_ports; i++)
                if (c->ports[i].container == number && port_is_printed(c, i))
                        return port_label(i);
        return NULL;
}

/* @reserved: those of all checks, each once */
static void network_add_checked(Json *reserved, const Json *checks) {
        JSON_FOREACH (check, checks) {
                const char *label = json_string(json_get(check, "PortLabel"));
                const Port port = {.host = (uint16_t) strtoul(strrchr(label, '-') + 1, NULL, 10)};
                bool there = false;

                JSON_FOREACH (other, reserved)
                        there = there || streq(json_string(json_get(other, "Label")), label);
                if (!there)
                        json_append(reserved, port_print(&port, label));
        }
}

/* @labels: of its ports, for the driver */
static Json *network_print(const ContainerSpec *c, const Json *checks, Json *labels) {
        Json *network = json_new_object(), *reserved = json_new_array(), *dynamic = json_new_array();

        json_add_string(network, "Mode", "host");
        for (size_t i = 0; i < c->n_ports; i++) {
                _cleanup_free_ char *label = port_label(i);

                if (!port_is_printed(c, i))
                        continue;
                json_append(c->ports[i].host > 0 ? reserved : dynamic, port_print(&c->ports[i], label));
                json_append_string(labels, label);
        }
        if (c->network == NETWORK_HOST)
                network_add_checked(reserved, checks);
        json_add_unless_empty(network, "ReservedPorts", reserved);
        json_add_unless_empty(network, "DynamicPorts", dynamic);
        return network;
}

/* ---- readiness ---- */

/* NULL: there is no way to ask. */
static Json *check_print(const ContainerSpec *c, const char *type, uint16_t number) {
        _cleanup_free_ char *port = check_label(c, number), *name = xasprintf("%s-%u", type, number);
        Json *check;

        if (!port)
                return NULL;
        check = json_new_object();
        json_add_string(check, "Name", name);
        json_add_string(check, "Type", type);
        json_add_string(check, "PortLabel", port);
        json_add_string(check, "AddressMode", "host");
        json_add_uint(check, "Interval", NSEC_PER_SEC);
        json_add_uint(check, "Timeout", 5 * NSEC_PER_SEC);
        return check;
}

static Json *checks_print(const ContainerSpec *c) {
        const ReadyChecks *checks = &c->ready_checks;
        Json *array = json_new_array();

        for (size_t i = 0; i < checks->n_tcp && c->network == NETWORK_HOST; i++)
                json_append(array, check_print(c, "tcp", checks->tcp[i]));
        for (size_t i = 0; i < checks->n_http; i++) {
                Json *check = keys_http_is_plain(&checks->http[i])
                                      ? check_print(c, "http", checks->http[i].port)
                                      : NULL;

                if (!check)
                        continue;
                json_add_string(check, "Path", checks->http[i].path);
                json_append(array, check);
        }
        return array;
}

/* @checks: taken. Without one it says nothing. */
static void group_add_service(Json *group, const Task *t, Json *checks) {
        Json *service = json_new_object(), *services = json_new_array();

        json_add_string(service, "Name", t->job);
        json_add_string(service, "Provider", "nomad");
        json_add_string(service, "AddressMode", "host");
        json_add_unless_empty(service, "Checks", checks);
        if (json_get(service, "Checks"))
                json_append(services, service);
        else
                (void) json_free(service);
        json_add_unless_empty(group, "Services", services);
}

/* ---- the task ---- */

/* Its name may be one that a template has no other way for. */
static Json *template_print(const Task *t, const Credential *credential) {
        _cleanup_free_ char *text = xasprintf(
                                    "{{ with nomadVar \"nomad/jobs/%s\" }}{{ index . \"%s\" }}{{ end }}",
                                    t->job, credential->id),
                            *path = xasprintf(SECRETS_DIR "/%s", credential->id);
        Json *template = json_new_object();

        json_add_string(template, "EmbeddedTmpl", text);
        json_add_string(template, "DestPath", path);
        json_add_string(template, "Perms", "0400");
        json_add_string(template, "ChangeMode", "noop");
        json_add_bool(template, "ErrMissingKey", true);
        return template;
}

static void task_add_credentials(const Task *t, Json *task) {
        Json *templates = json_new_array(), *environment;

        for (size_t i = 0; i < t->spec->n_credentials; i++)
                if (!keys_refuse_credential(&t->spec->credentials[i]))
                        json_append(templates, template_print(t, &t->spec->credentials[i]));
        json_add_unless_empty(task, "Templates", templates);
        if (t->spec->n_credentials == 0)
                return;
        environment = json_new_object();
        json_add_string(environment, "CREDENTIALS_DIRECTORY", SECRETS);
        json_add(task, "Env", environment);
}

static void task_add_resources(const Task *t, Json *task, Json *config) {
        Json *resources = json_new_object();

        for (size_t i = 0; i < t->spec->n_resources; i++) {
                const Resource *resource = &t->spec->resources[i];
                uint64_t number = strtoull(resource->value, NULL, 10);

                if (keys_refuse_resource(EXPORT_FORMAT_NOMAD, resource) ||
                    streq(resource->value, "infinity"))
                        continue;
                if (resource->kind == RESOURCE_TASKS_MAX)
                        json_add_uint(config, "pids_limit", number);
                else
                        json_add_uint(resources, "MemoryMB", (number + MEGABYTE - 1) / MEGABYTE);
        }
        json_add_unless_empty(task, "Resources", resources);
}

static Json *tmpfs_print(const ContainerSpec *c) {
        Json *array = json_new_array();

        for (size_t i = 0; i < c->n_tmpfs; i++) {
                _cleanup_free_ char *text = export_tmpfs(&c->tmpfs[i]);

                if (!keys_refuse_tmpfs(EXPORT_FORMAT_NOMAD, &c->tmpfs[i]))
                        json_append_string(array, text);
        }
        return array;
}

static Json *devices_print(const ContainerSpec *c) {
        Json *array = json_new_array();

        for (size_t i = 0; i < c->n_devices; i++) {
                _cleanup_free_ char *text = xasprintf("%s:%s:%s", c->devices[i].path, c->devices[i].path,
                                                      c->devices[i].permissions);

                if (!keys_refuse_device(EXPORT_FORMAT_NOMAD, &c->devices[i]))
                        json_append_string(array, text);
        }
        return array;
}

/* @labels: taken */
static Json *task_print(Task *t, Json *labels) {
        const ContainerSpec *c = t->spec;
        Json *task = json_new_object(), *config = json_new_object();

        task_add_volumes(t);
        json_add_string(task, "Name", c->name);
        json_add_string(task, "Driver", "podman");
        json_add_string(config, "image", t->image);
        /* A command is not PID 1, which a signal that it does not handle would not end. An init has to be,
         * or podman does not see a systemd in it. */
        json_add_bool(config, "init", c->command != NULL);
        /* Without a word podman makes a private one, in the way that fits whose podman it is. */
        if (c->network == NETWORK_HOST || c->network == NETWORK_NONE)
                json_add_string(config, "network_mode", c->network == NETWORK_HOST ? "host" : "none");
        if (c->network != NETWORK_HOST)
                json_add_string(config, "hostname", c->name);
        json_add_unless_empty(config, "ports", labels);
        json_add_unless_empty(config, "volumes", TAKE_PTR(t->binds));
        json_add_unless_empty(config, "tmpfs", tmpfs_print(c));
        json_add_unless_empty(config, "devices", devices_print(c));
        if (c->capabilities_add)
                json_add_strv(config, "cap_add", c->capabilities_add);
        if (c->capabilities_drop)
                json_add_strv(config, "cap_drop", c->capabilities_drop);
        task_add_resources(t, task, config);
        json_add(task, "Config", config);
        json_add_unless_empty(task, "VolumeMounts", TAKE_PTR(t->mounts));
        task_add_credentials(t, task);
        /* The signal is the image's: Nomad knows no SIGRTMIN+3. */
        json_add_uint(task, "KillTimeout", c->stop_timeout_usec * NSEC_PER_USEC);
        return task;
}

/* ---- the job ---- */

/* As ours: five times in five minutes, and not on another node. */
static void group_add_restart(Json *group, const ContainerSpec *c) {
        Json *restart = json_new_object(), *reschedule = json_new_object();

        json_add_uint(restart, "Attempts", c->restart == RESTART_ON_FAILURE ? 5 : 0);
        json_add_uint(restart, "Interval", 300 * NSEC_PER_SEC);
        json_add_uint(restart, "Delay", NSEC_PER_SEC);
        json_add_string(restart, "Mode", "fail");
        json_add(group, "RestartPolicy", restart);
        json_add_uint(reschedule, "Attempts", 0);
        json_add_bool(reschedule, "Unlimited", false);
        json_add(group, "ReschedulePolicy", reschedule);
}

static Json *group_print(Task *t) {
        Json *group = json_new_object(), *networks = json_new_array(), *labels = json_new_array(),
             *checks = checks_print(t->spec), *tasks;

        json_add_string(group, "Name", t->spec->name);
        json_add_uint(group, "Count", 1);
        group_add_restart(group, t->spec);
        json_append(networks, network_print(t->spec, checks, labels));
        json_add(group, "Networks", networks);
        group_add_service(group, t, checks);
        tasks = task_print(t, labels);
        json_append(t->fills, tasks);
        json_add_unless_empty(group, "Volumes", TAKE_PTR(t->volumes));
        json_add(group, "Tasks", TAKE_PTR(t->fills));
        return group;
}

static char *job_name(const ExportRequest *r, const ContainerSpec *c) {
        return xasprintf("%s-%s", r->project, c->name);
}

static char *job_print(const ExportRequest *r, const ContainerSpec *c) {
        _cleanup_free_ char *name = job_name(r, c), *image = export_image_name(r, c), *text = NULL;
        Task t = {.request = r,
                  .spec = c,
                  .job = name,
                  .image = image,
                  .volumes = json_new_object(),
                  .mounts = json_new_array(),
                  .binds = json_new_array(),
                  .fills = json_new_array()};
        _cleanup_(json_freep) Json *document = json_new_object();
        Json *job = json_new_object(), *groups = json_new_array();

        json_add_string(job, "ID", name);
        json_add_string(job, "Name", name);
        json_add_string(job, "Type", c->one_shot ? "batch" : "service");
        json_append(groups, group_print(&t));
        json_add(job, "TaskGroups", groups);
        json_add(document, "Job", job);
        text = json_print(document, /* pretty= */ true);
        return xasprintf("%s\n", text);
}

static void nomad_add_secrets(const ExportRequest *r, ExportFiles *files) {
        _cleanup_strv_ char **lines = NULL;

        STRV_FOREACH (name, r->names) {
                const ContainerSpec *c = spec_find(r->spec, *name);
                _cleanup_free_ char *job = job_name(r, c);

                if (c->n_credentials == 0)
                        continue;
                export_add_credential_files(r, c, &lines);
                strv_pushf(&lines, "nomad var put -force -out none nomad/jobs/%s", job);
                for (size_t i = 0; i < c->n_credentials; i++)
                        if (!keys_refuse_credential(&c->credentials[i]))
                                strv_pushf(&lines, " %s=@\"$place/%s\"", c->credentials[i].id,
                                           c->credentials[i].id);
                strv_push(&lines, "\n");
        }
        export_add_script(r, "# Makes the variables that the jobs read.\n", lines, files);
}

void nomad_print(const ExportRequest *r, ExportFiles *files) {
        STRV_FOREACH (name, r->names) {
                const ContainerSpec *c = spec_find(r->spec, *name);

                export_files_add(files, xasprintf("%s-%s.nomad.json", r->project, c->name), job_print(r, c));
        }
        nomad_add_secrets(r, files);
}
