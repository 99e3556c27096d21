/* SPDX-License-Identifier: MIT */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "export/keys.h"
#include "export/kubernetes.h"
#include "export/parts.h"
#include "export/probe.h"
#include "export/yaml.h"
#include "spec/volume.h"

#define LABEL_NAME    "app.kubernetes.io/name"
#define LABEL_PROJECT "app.kubernetes.io/part-of"

/* What is asked for a volume, which ours has no number for. */
#define CLAIM_SIZE "10Gi"

/* In the claim of a named volume: complete or not there, as in resources/resource-sources.h. */
#define FILL_NAME "data"
#define CLAIM_FILL_SCRIPT                                                                                   \
        "test ! -e " EXPORT_FILL_PLACE "/" FILL_NAME " || exit 0; rm -rf " EXPORT_FILL_PLACE "/.new; "      \
        "if test -d \"$1\"; then cp -a \"$1\" " EXPORT_FILL_PLACE                                           \
        "/.new; else mkdir -m 755 " EXPORT_FILL_PLACE "/.new; fi && mv " EXPORT_FILL_PLACE                  \
        "/.new " EXPORT_FILL_PLACE "/" FILL_NAME

/* A pod that has one is found by its name when it is ready. */
#define WAIT_SCRIPT "until getent hosts \"$1\"; do sleep 1; done"

typedef struct Pod {
        const ExportRequest *request;
        const ContainerSpec *spec;
        char *image;
        Json *init_containers, *mounts, *volumes; /* until they are added */
} Pod;

/* ---- small parts ---- */

static Json *labels_print(const ExportRequest *r, const char *name) {
        Json *labels = json_new_object();

        json_add_string(labels, LABEL_NAME, name);
        json_add_string(labels, LABEL_PROJECT, r->project);
        return labels;
}

static Json *object_new(const ExportRequest *r, const char *version, const char *kind, const char *name,
                        const char *container) {
        Json *object = json_new_object(), *metadata = json_new_object();

        json_add_string(object, "apiVersion", version);
        json_add_string(object, "kind", kind);
        json_add_string(metadata, "name", name);
        json_add(metadata, "labels", labels_print(r, container));
        json_add(object, "metadata", metadata);
        return object;
}

static Json *array_of(Json *element) {
        Json *array = json_new_array();

        json_append(array, element);
        return array;
}

static Json *object_with(const char *key, Json *value) {
        Json *object = json_new_object();

        json_add(object, key, value);
        return object;
}

static char *claim_name(const ExportRequest *r, const Volume *volume) {
        return xasprintf("%s-%s", r->project, volume->source + 1);
}

static char *secret_name(const ExportRequest *r, const ContainerSpec *c) {
        return xasprintf("%s-%s", r->project, c->name);
}

/* ---- volumes ---- */

/* @ret: in the pod, for a mount to name; owned by the caller */
static char *pod_add_volume(Pod *p, const char *kind, size_t i, const char *type, Json *value) {
        char *name = xasprintf("%s-%zu", kind, i);
        Json *volume = json_new_object();

        json_add_string(volume, "name", name);
        json_add(volume, type, value);
        json_append(p->volumes, volume);
        return name;
}

static Json *pod_mount(const char *name, const char *path) {
        Json *mount = json_new_object();

        json_add_string(mount, "name", name);
        json_add_string(mount, "mountPath", path);
        return mount;
}

static Json *pod_init_container(const Pod *p, const char *name, const char *script, const char *operand) {
        Json *container = json_new_object();

        json_add_string(container, "name", name);
        json_add_string(container, "image", p->image);
        json_add_string(container, "imagePullPolicy", "IfNotPresent");
        json_add(container, "command", export_shell_command(p->spec, script, operand));
        return container;
}

/* What a claim begins as, an engine leaves to those who use it. */
static void pod_fill(Pod *p, const char *name, const char *target) {
        _cleanup_free_ char *title = xasprintf("fill-%s", name);
        Json *container = pod_init_container(p, title, CLAIM_FILL_SCRIPT, target),
             *security = json_new_object();

        /* The image's user may be another one, and gives no files to others. */
        json_add_uint(security, "runAsUser", 0);
        json_add(container, "securityContext", security);
        json_add(container, "volumeMounts", array_of(pod_mount(name, EXPORT_FILL_PLACE)));
        json_append(p->init_containers, container);
}

static void pod_add_named_volume(Pod *p, size_t i) {
        const Volume *volume = &p->spec->volumes[i];
        _cleanup_free_ char *claim = claim_name(p->request, volume), *name = NULL;
        Json *source = json_new_object(), *mount;

        json_add_string(source, "claimName", claim);
        name = pod_add_volume(p, "volume", i, "persistentVolumeClaim", source);
        mount = pod_mount(name, volume->target);
        pod_fill(p, name, volume->target);
        json_add_string(mount, "subPath", FILL_NAME);
        if (volume->read_only)
                json_add_bool(mount, "readOnly", true);
        json_append(p->mounts, mount);
}

static void pod_add_host_path(Pod *p, size_t i) {
        const Volume *volume = &p->spec->volumes[i];
        _cleanup_free_ char *path = export_host_path(p->request, volume->source), *name = NULL;
        Json *source = json_new_object(), *mount;

        json_add_string(source, "path", path);
        name = pod_add_volume(p, "volume", i, "hostPath", source);
        mount = pod_mount(name, volume->target);
        if (volume->read_only)
                json_add_bool(mount, "readOnly", true);
        json_append(p->mounts, mount);
}

static void pod_add_volumes(Pod *p) {
        for (size_t i = 0; i < p->spec->n_volumes; i++)
                if (keys_refuse_volume(p->request, &p->spec->volumes[i]))
                        continue;
                else if (p->spec->volumes[i].source[0] == '@')
                        pod_add_named_volume(p, i);
                else
                        pod_add_host_path(p, i);
}

static void pod_add_tmpfs(Pod *p) {
        for (size_t i = 0; i < p->spec->n_tmpfs; i++) {
                const Tmpfs *tmpfs = &p->spec->tmpfs[i];
                _cleanup_free_ char *name = NULL;
                Json *source;

                if (keys_refuse_path(tmpfs->target))
                        continue;
                source = json_new_object();
                json_add_string(source, "medium", "Memory");
                if (!keys_refuse_tmpfs(p->request->format, tmpfs))
                        json_add_string(source, "sizeLimit", tmpfs->size);
                name = pod_add_volume(p, "tmpfs", i, "emptyDir", source);
                json_append(p->mounts, pod_mount(name, tmpfs->target));
        }
}

static void pod_add_credentials(Pod *p, Json *container) {
        _cleanup_free_ char *secret = secret_name(p->request, p->spec), *name = NULL;
        Json *source, *mount, *variable;

        if (p->spec->n_credentials == 0)
                return;
        source = json_new_object();
        json_add_string(source, "secretName", secret);
        json_add_uint(source, "defaultMode", 0400);
        name = pod_add_volume(p, "credentials", 0, "secret", source);
        mount = pod_mount(name, EXPORT_CREDENTIALS);
        json_add_bool(mount, "readOnly", true);
        json_append(p->mounts, mount);
        variable = json_new_object();
        json_add_string(variable, "name", "CREDENTIALS_DIRECTORY");
        json_add_string(variable, "value", EXPORT_CREDENTIALS);
        json_add(container, "env", array_of(variable));
}

/* ---- the container ---- */

static Json *pod_ports(const ExportRequest *r, const ContainerSpec *c) {
        Json *ports = json_new_array();

        for (size_t i = 0; i < c->n_ports; i++) {
                const Port *p = &c->ports[i];
                Json *port;

                if (keys_refuse_port(r->format, p))
                        continue;
                port = json_new_object();
                json_add_uint(port, "containerPort", p->container);
                json_add_uint(port, "hostPort", p->host);
                json_add_string(port, "hostIP", p->address ? p->address : "127.0.0.1");
                json_add_string(port, "protocol", p->udp ? "UDP" : "TCP");
                json_append(ports, port);
        }
        return ports;
}

static void add_limits(Json *container, const ContainerSpec *c) {
        Json *limits = json_new_object();

        for (size_t i = 0; i < c->n_resources; i++) {
                const Resource *resource = &c->resources[i];
                _cleanup_free_ char *milli = NULL;

                if (keys_refuse_resource(EXPORT_FORMAT_KUBERNETES, resource) ||
                    streq(resource->value, "infinity"))
                        continue;
                milli = xasprintf("%" PRIu64 "m", (uint64_t) strtoull(resource->value, NULL, 10) * 10);
                if (resource->kind == RESOURCE_MEMORY_MAX)
                        json_add_string(limits, "memory", resource->value);
                else
                        json_add_string(limits, "cpu", milli);
        }
        if (json_first(limits))
                json_add(container, "resources", object_with("limits", limits));
        else
                (void) json_free(limits);
}

static Json *capability_names(char *const *names) {
        Json *array = json_new_array();

        STRV_FOREACH (name, names)
                json_append_string(array, startswith(*name, "CAP_") ? *name + strlen("CAP_") : *name);
        return array;
}

static Json *security_print(const ContainerSpec *c) {
        Json *capabilities = json_new_object();

        if (c->capabilities_add)
                json_add(capabilities, "add", capability_names(c->capabilities_add));
        if (c->capabilities_drop)
                json_add(capabilities, "drop", capability_names(c->capabilities_drop));
        return object_with("capabilities", capabilities);
}

/* Once it has succeeded the container counts as ready, as it does for `up`. */
static Json *probe_print(const ContainerSpec *c) {
        _cleanup_free_ char *script = c->one_shot ? NULL : probe_script(c);
        Json *probe;

        if (!script)
                return NULL;
        probe = json_new_object();
        json_add(probe, "exec", object_with("command", export_shell_command(c, script, NULL)));
        json_add_uint(probe, "periodSeconds", 1);
        json_add_uint(probe, "timeoutSeconds", 5);
        json_add_uint(probe, "failureThreshold", c->ready_timeout_usec / USEC_PER_SEC);
        return probe;
}

static Json *container_document(Pod *p) {
        const ContainerSpec *c = p->spec;
        Json *container = json_new_object();

        json_add_string(container, "name", c->name);
        json_add_string(container, "image", p->image);
        json_add_string(container, "imagePullPolicy", "IfNotPresent");
        json_add_unless_empty(container, "ports", pod_ports(p->request, c));
        add_limits(container, c);
        if (c->capabilities_add || c->capabilities_drop)
                json_add(container, "securityContext", security_print(c));
        json_add_unless_empty(container, "startupProbe", probe_print(c));
        pod_add_volumes(p);
        pod_add_tmpfs(p);
        pod_add_credentials(p, container);
        json_add_unless_empty(container, "volumeMounts", TAKE_PTR(p->mounts));
        return container;
}

static void pod_wait(Pod *p) {
        for (size_t i = 0; i < p->spec->n_dependencies; i++) {
                const Dependency *d = &p->spec->dependencies[i];
                _cleanup_free_ char *name = xasprintf("wait-%zu", i);

                if (!keys_refuse_dependency(p->request, d))
                        json_append(p->init_containers, pod_init_container(p, name, WAIT_SCRIPT, d->name));
        }
}

static const char *restart_policy(const ContainerSpec *c) {
        return c->restart == RESTART_ON_FAILURE ? "OnFailure" : "Never";
}

static char *pod_print(const ExportRequest *r, const ContainerSpec *c) {
        Pod p = {.request = r,
                 .spec = c,
                 .image = export_image_name(r, c),
                 .init_containers = json_new_array(),
                 .mounts = json_new_array(),
                 .volumes = json_new_array()};
        _cleanup_(json_freep) Json *object = object_new(r, "v1", "Pod", c->name, c->name);
        Json *spec = json_new_object(), *container;

        pod_wait(&p);
        container = container_document(&p);
        if (c->users == USERS_PRIVATE)
                json_add_bool(spec, "hostUsers", false);
        if (c->network == NETWORK_HOST)
                json_add_bool(spec, "hostNetwork", true);
        /* Its command is not PID 1, which a signal that it does not handle would not end. */
        if (c->command)
                json_add_bool(spec, "shareProcessNamespace", true);
        json_add_bool(spec, "automountServiceAccountToken", false);
        json_add_bool(spec, "enableServiceLinks", false);
        json_add_string(spec, "restartPolicy", restart_policy(c));
        json_add_uint(spec, "terminationGracePeriodSeconds", c->stop_timeout_usec / USEC_PER_SEC);
        json_add_unless_empty(spec, "initContainers", p.init_containers);
        json_add(spec, "containers", array_of(container));
        json_add_unless_empty(spec, "volumes", p.volumes);
        json_add(object, "spec", spec);
        free(p.image);
        return yaml_print(object);
}

/* ---- beside the pod ---- */

static Json *selector_of(const ExportRequest *r, const char *name) {
        return object_with("matchLabels", labels_print(r, name));
}

/* Others reach all of its ports, those that are not published, too. */
static char *service_print(const ExportRequest *r, const ContainerSpec *c) {
        _cleanup_(json_freep) Json *object = object_new(r, "v1", "Service", c->name, c->name);
        Json *spec = json_new_object();

        json_add_string(spec, "clusterIP", "None");
        json_add(spec, "selector", labels_print(r, c->name));
        json_add(object, "spec", spec);
        return yaml_print(object);
}

static Json *dns_port(const char *protocol) {
        Json *port = json_new_object();

        json_add_string(port, "protocol", protocol);
        json_add_uint(port, "port", 53);
        return port;
}

/* It reaches the project, and who knows the project's names. */
static char *policy_print(const ExportRequest *r, const ContainerSpec *c) {
        _cleanup_(json_freep) Json *object =
                object_new(r, "networking.k8s.io/v1", "NetworkPolicy", c->name, c->name);
        Json *spec = json_new_object(), *types = json_new_array(), *egress = json_new_array(),
             *ports = json_new_array(), *project = json_new_object();

        json_add_string(project, LABEL_PROJECT, r->project);
        json_append(egress, object_with("to", array_of(object_with("podSelector",
                                                                   object_with("matchLabels", project)))));
        json_append(ports, dns_port("UDP"));
        json_append(ports, dns_port("TCP"));
        json_append(egress, object_with("ports", ports));
        json_append_string(types, "Egress");
        json_add(spec, "podSelector", selector_of(r, c->name));
        json_add(spec, "policyTypes", types);
        json_add(spec, "egress", egress);
        json_add(object, "spec", spec);
        return yaml_print(object);
}

static bool uses_volume(const ContainerSpec *c, const char *source) {
        for (size_t i = 0; i < c->n_volumes; i++)
                if (streq(c->volumes[i].source, source))
                        return true;
        return false;
}

static char *claim_print(const ExportRequest *r, const Volume *volume) {
        _cleanup_free_ char *name = claim_name(r, volume);
        _cleanup_(json_freep) Json *object =
                object_new(r, "v1", "PersistentVolumeClaim", name, volume->source + 1);
        Json *spec = json_new_object(), *modes = json_new_array(), *requests = json_new_object();
        size_t n = 0;

        STRV_FOREACH (container, r->names)
                n += uses_volume(spec_find(r->spec, *container), volume->source);
        json_append_string(modes, n > 1 ? "ReadWriteMany" : "ReadWriteOnce");
        json_add_string(requests, "storage", CLAIM_SIZE);
        json_add(spec, "accessModes", modes);
        json_add(spec, "resources", object_with("requests", requests));
        json_add(object, "spec", spec);
        return yaml_print(object);
}

static void add_claims(const ExportRequest *r, const ContainerSpec *c, char ***seen, char ***parts) {
        for (size_t i = 0; i < c->n_volumes; i++) {
                const Volume *volume = &c->volumes[i];

                if (volume->source[0] != '@' || keys_refuse_volume(r, volume) ||
                    strv_contains(*seen, volume->source))
                        continue;
                strv_push(seen, volume->source);
                strv_push_take(parts, claim_print(r, volume));
        }
}

/* ---- secrets ---- */

static void kubernetes_add_secrets(const ExportRequest *r, ExportFiles *files) {
        _cleanup_strv_ char **lines = NULL;

        STRV_FOREACH (name, r->names) {
                const ContainerSpec *c = spec_find(r->spec, *name);
                _cleanup_free_ char *secret = NULL;

                if (c->n_credentials == 0)
                        continue;
                if (lines)
                        strv_push(&lines, "echo ---\n");
                secret = secret_name(r, c);
                export_add_credential_files(r, c, &lines);
                strv_pushf(&lines, "kubectl create secret generic %s --from-file=\"$place\" \"$@\"\n",
                           secret);
        }
        export_add_script(r,
                          "# Makes the secrets that the pods name. For podman-kube-play(1):\n"
                          "# bash make-secrets --dry-run=client -o yaml | podman kube play -\n",
                          lines, files);
}

void kubernetes_print(const ExportRequest *r, ExportFiles *files) {
        _cleanup_strv_ char **seen = NULL, **parts = NULL;

        STRV_FOREACH (name, r->names) {
                const ContainerSpec *c = spec_find(r->spec, *name);

                add_claims(r, c, &seen, &parts);
                /* Also of the host's network: what waits for it finds it by that. */
                strv_push_take(&parts, service_print(r, c));
                if (c->network != NETWORK_HOST && !c->internet)
                        strv_push_take(&parts, policy_print(r, c));
                strv_push_take(&parts, pod_print(r, c));
        }
        export_files_add(files, xasprintf("%s.yaml", r->project), strv_join(parts, ""));
        kubernetes_add_secrets(r, files);
}
