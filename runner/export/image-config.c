/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/json.h"
#include "base/paths.h"
#include "export/image-config.h"
#include "export/parts.h"

#define MEDIA_INDEX    "application/vnd.oci.image.index.v1+json"
#define MEDIA_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_CONFIG   "application/vnd.oci.image.config.v1+json"
#define MEDIA_LAYER    "application/vnd.oci.image.layer.v1.tar"

/* Where engines look for it by which they know that a systemd is to be booted. */
#define INIT_NAME "/sbin/init"

void image_layers_done(ImageLayers *layers) {
        for (size_t i = 0; i < layers->n; i++)
                free(layers->layers[i].digest);
        free(layers->layers);
        *layers = (ImageLayers){0};
}

const char *image_architecture(const char *machine) {
        static const struct {
                const char *machine, *word;
        } table[] = {
                {"x86_64", "amd64"},    {"aarch64", "arm64"},   {"armv7l", "arm"},  {"i686", "386"},
                {"riscv64", "riscv64"}, {"ppc64le", "ppc64le"}, {"s390x", "s390x"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (streq(machine, table[i].machine))
                        return table[i].word;
        return NULL;
}

static char *print_document(Json *json) {
        char *text = json_print(json, /* pretty= */ false);

        (void) json_free(json);
        return text;
}

static Json *descriptor(const char *type, const ImageBlob *blob) {
        Json *json = json_new_object();

        json_add_string(json, "mediaType", type);
        json_add_string(json, "digest", blob->digest);
        json_add_uint(json, "size", blob->size);
        return json;
}

/* A program that is found by PATH is found by one. systemd has to be told that it is in a container, which
 * not every engine does. */
static Json *variables_print(const ContainerSpec *c) {
        _cleanup_free_ char *path =
                c->toplevel ? xasprintf("PATH=%s/sw/bin:/run/current-system/sw/bin", c->toplevel)
                            : xstrdup("PATH=" PATH_FHS);
        Json *variables = json_new_array();
        bool has_path = false;

        STRV_FOREACH (variable, c->environment) {
                json_append_string(variables, *variable);
                has_path = has_path || startswith(*variable, "PATH=");
        }
        if (!has_path)
                json_append_string(variables, path);
        if (c->init)
                json_append_string(variables, "container=oci");
        return variables;
}

/* @key: "--user=" or "--chdir=", of systemd-nspawn's options the ones that an image has as well. */
static const char *find_argument(const ContainerSpec *c, const char *key) {
        const char *value = NULL;

        STRV_FOREACH (argument, c->nspawn_args)
                if (startswith(*argument, key))
                        value = startswith(*argument, key);
        return value;
}

static Json *runtime_print(const ContainerSpec *c) {
        _cleanup_free_ char *signal = export_stop_signal(c);
        Json *json = json_new_object(), *entry = json_new_array();

        if (c->command)
                STRV_FOREACH (word, c->command)
                        json_append_string(entry, *word);
        else
                json_append_string(entry, c->toplevel ? INIT_NAME : c->init);
        json_add(json, "Entrypoint", entry);
        json_add(json, "Env", variables_print(c));
        json_add_string(json, "User", find_argument(c, "--user="));
        json_add_string(json, "WorkingDir", find_argument(c, "--chdir="));
        json_add_string(json, "StopSignal", signal);
        return json;
}

char *image_config_print(const ContainerSpec *c, const char *architecture, const ImageLayers *layers) {
        Json *json = json_new_object(), *rootfs = json_new_object(), *ids = json_new_array();

        for (size_t i = 0; i < layers->n; i++)
                json_append_string(ids, layers->layers[i].digest);
        json_add_string(rootfs, "type", "layers");
        json_add(rootfs, "diff_ids", ids);
        json_add_string(json, "architecture", architecture);
        json_add_string(json, "os", "linux");
        json_add(json, "config", runtime_print(c));
        json_add(json, "rootfs", rootfs);
        return print_document(json);
}

char *image_manifest_print(const ImageBlob *config, const ImageLayers *layers) {
        Json *json = json_new_object(), *list = json_new_array();

        for (size_t i = 0; i < layers->n; i++)
                json_append(list, descriptor(MEDIA_LAYER, &layers->layers[i]));
        json_add_uint(json, "schemaVersion", 2);
        json_add_string(json, "mediaType", MEDIA_MANIFEST);
        json_add(json, "config", descriptor(MEDIA_CONFIG, config));
        json_add(json, "layers", list);
        return print_document(json);
}

char *image_index_print(const ImageBlob *manifests, char *const *names, size_t n) {
        Json *json = json_new_object(), *list = json_new_array();

        for (size_t i = 0; i < n; i++) {
                Json *entry = descriptor(MEDIA_MANIFEST, &manifests[i]), *annotations = json_new_object();

                json_add_string(annotations, "org.opencontainers.image.ref.name", names[i]);
                json_add(entry, "annotations", annotations);
                json_append(list, entry);
        }
        json_add_uint(json, "schemaVersion", 2);
        json_add_string(json, "mediaType", MEDIA_INDEX);
        json_add(json, "manifests", list);
        return print_document(json);
}
