/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "spec/name.h"
#include "state/snapshot-manifest.h"
#include "state/state-document.h"

#define USEC_MAX  (UINT64_C(1) << 53)
#define BYTES_MAX (UINT64_C(1) << 53)

static void container_done(SnapshotContainer *c) {
        free(c->name);
        strv_free(c->definition);
}

static void manifest_volume_done(SnapshotVolume *v) {
        free(v->name);
        strv_free(v->containers);
}

SnapshotManifest *snapshot_manifest_free(SnapshotManifest *m) {
        if (!m)
                return NULL;
        for (size_t i = 0; i < m->n_containers; i++)
                container_done(&m->containers[i]);
        for (size_t i = 0; i < m->n_volumes; i++)
                manifest_volume_done(&m->volumes[i]);
        free(m->containers);
        free(m->volumes);
        free(m);
        return NULL;
}

/* ---- reading ---- */

static int manifest_parse_bool(const Json *value, const char *path, bool *target, Error *reterr) {
        int r = json_expect(value, JSON_BOOL, path, reterr);

        if (r >= 0)
                *target = json_bool(value);
        return r;
}

/* They become paths below `.containers`. */
static int parse_name(const Json *value, const char *path, const char *what, char **target, Error *reterr) {
        int r = json_expect(value, JSON_STRING, path, reterr);

        if (r < 0)
                return r;
        r = streq(what, "container") ? name_check_container(json_string(value), reterr)
                                     : name_check(json_string(value), what, reterr);
        if (r < 0)
                return error_prefix(reterr, r, "%s", path);
        free(*target);
        *target = xstrdup(json_string(value));
        return 0;
}

static int parse_container_name(const Json *value, const char *path, void *target, Error *reterr) {
        return parse_name(value, path, "container", &((SnapshotContainer *) target)->name, reterr);
}

static int parse_root(const Json *value, const char *path, void *target, Error *reterr) {
        return manifest_parse_bool(value, path, &((SnapshotContainer *) target)->root, reterr);
}

static int parse_running(const Json *value, const char *path, void *target, Error *reterr) {
        return manifest_parse_bool(value, path, &((SnapshotContainer *) target)->running, reterr);
}

static int parse_container_bytes(const Json *value, const char *path, void *target, Error *reterr) {
        return json_uint(value, path, 0, BYTES_MAX, &((SnapshotContainer *) target)->bytes, reterr);
}

static int parse_container_definition(const Json *value, const char *path, void *target, Error *reterr) {
        return state_parse_definition(value, path, &((SnapshotContainer *) target)->definition, reterr);
}

static const JsonField snapshot_container_fields[] = {
        {"name", parse_container_name, true},
        {"root", parse_root, true},
        {"running", parse_running, true},
        {"bytes", parse_container_bytes, true},
        {"definition", parse_container_definition, true},
};

static int parse_volume_name(const Json *value, const char *path, void *target, Error *reterr) {
        return parse_name(value, path, "volume", &((SnapshotVolume *) target)->name, reterr);
}

static int parse_volume_bytes(const Json *value, const char *path, void *target, Error *reterr) {
        return json_uint(value, path, 0, BYTES_MAX, &((SnapshotVolume *) target)->bytes, reterr);
}

static int parse_volume_containers(const Json *value, const char *path, void *target, Error *reterr) {
        SnapshotVolume *v = target;
        size_t i = 0;
        int r;

        r = json_expect(value, JSON_ARRAY, path, reterr);
        if (r < 0)
                return r;
        JSON_FOREACH (element, value) {
                _cleanup_free_ char *element_path = json_path_index(path, i++), *name = NULL;

                r = parse_name(element, element_path, "container", &name, reterr);
                if (r < 0)
                        return r;
                strv_push(&v->containers, name);
        }
        return 0;
}

static const JsonField snapshot_volume_fields[] = {
        {"name", parse_volume_name, true},
        {"bytes", parse_volume_bytes, true},
        {"containers", parse_volume_containers, true},
};

static int parse_saved(const Json *value, const char *path, void *target, Error *reterr) {
        return json_uint(value, path, 1, USEC_MAX, &((SnapshotManifest *) target)->saved_usec, reterr);
}

static int manifest_parse_whole(const Json *value, const char *path, void *target, Error *reterr) {
        return manifest_parse_bool(value, path, &((SnapshotManifest *) target)->whole, reterr);
}

/* A thing that is there twice would be put into the same place twice. */
static int refuse_twice(const char *path, const char *name, Error *reterr) {
        return error_raise(reterr, FC_EXIT_USAGE, "%s: '%s' is there twice", path, name);
}

static void *append_container(void *target) {
        SnapshotManifest *m = target;

        return XGROW(m->containers, m->n_containers);
}

static int check_container(void *target, const char *path, Error *reterr) {
        SnapshotManifest *m = target;
        const SnapshotContainer *last = &m->containers[m->n_containers - 1];

        return snapshot_manifest_container(m, last->name) == last ? 0
                                                                  : refuse_twice(path, last->name, reterr);
}

static int manifest_parse_containers(const Json *value, const char *path, void *target, Error *reterr) {
        return json_dispatch_all(value, path, snapshot_container_fields,
                                 ELEMENTSOF(snapshot_container_fields),
                                 &(JsonList){append_container, check_container}, target, reterr);
}

static void *append_volume(void *target) {
        SnapshotManifest *m = target;

        return XGROW(m->volumes, m->n_volumes);
}

static int check_volume(void *target, const char *path, Error *reterr) {
        SnapshotManifest *m = target;
        const SnapshotVolume *last = &m->volumes[m->n_volumes - 1];

        for (const SnapshotVolume *v = m->volumes; v != last; v++)
                if (streq(v->name, last->name))
                        return refuse_twice(path, v->name, reterr);
        return 0;
}

static int manifest_parse_volumes(const Json *value, const char *path, void *target, Error *reterr) {
        return json_dispatch_all(value, path, snapshot_volume_fields, ELEMENTSOF(snapshot_volume_fields),
                                 &(JsonList){append_volume, check_volume}, target, reterr);
}

static const JsonField manifest_fields[] = {
        {"version", state_parse_version, true},    {"savedUsec", parse_saved, true},
        {"whole", manifest_parse_whole, true},     {"containers", manifest_parse_containers, true},
        {"volumes", manifest_parse_volumes, true},
};

int snapshot_manifest_parse(const char *text, size_t size, const char *name, SnapshotManifest **ret,
                            Error *reterr) {
        _cleanup_(snapshot_manifest_freep) SnapshotManifest *m = xmalloc0(sizeof(*m));
        int r;

        r = state_parse_document(text, size, name, manifest_fields, ELEMENTSOF(manifest_fields), m, reterr);
        if (r >= 0)
                *ret = TAKE_PTR(m);
        return r;
}

/* ---- writing ---- */

char *snapshot_manifest_print(const SnapshotManifest *m) {
        _cleanup_(json_freep) Json *json = json_new_object();
        Json *containers = json_new_array(), *volumes = json_new_array();

        json_add_uint(json, "version", STATE_VERSION);
        json_add_uint(json, "savedUsec", m->saved_usec);
        json_add_bool(json, "whole", m->whole);
        for (size_t i = 0; i < m->n_containers; i++) {
                const SnapshotContainer *c = &m->containers[i];
                Json *o = json_new_object();

                json_add_string(o, "name", c->name);
                json_add_bool(o, "root", c->root);
                json_add_bool(o, "running", c->running);
                json_add_uint(o, "bytes", c->bytes);
                json_add(o, "definition", state_definition_json(c->definition));
                json_append(containers, o);
        }
        json_add(json, "containers", containers);
        for (size_t i = 0; i < m->n_volumes; i++) {
                Json *o = json_new_object();

                json_add_string(o, "name", m->volumes[i].name);
                json_add_uint(o, "bytes", m->volumes[i].bytes);
                json_add_strv(o, "containers", m->volumes[i].containers);
                json_append(volumes, o);
        }
        json_add(json, "volumes", volumes);
        return state_print_document(json);
}

/* ---- asking ---- */

const SnapshotContainer *snapshot_manifest_container(const SnapshotManifest *m, const char *name) {
        for (size_t i = 0; i < m->n_containers; i++)
                if (streq(m->containers[i].name, name))
                        return &m->containers[i];
        return NULL;
}

static bool volume_is_of(const SnapshotVolume *v, char *const *names) {
        STRV_FOREACH (name, v->containers)
                if (strv_contains(names, *name))
                        return true;
        return false;
}

SnapshotManifest *snapshot_manifest_select(const SnapshotManifest *m, char *const *names) {
        SnapshotManifest *part = xmalloc0(sizeof(*part));

        part->saved_usec = m->saved_usec;
        for (size_t i = 0; i < m->n_containers; i++) {
                const SnapshotContainer *c = &m->containers[i];

                if (strv_contains(names, c->name))
                        *XGROW(part->containers, part->n_containers) = (SnapshotContainer){
                                xstrdup(c->name), c->root, c->running, c->bytes, strv_copy(c->definition),
                        };
        }
        for (size_t i = 0; i < m->n_volumes; i++) {
                const SnapshotVolume *v = &m->volumes[i];

                if (volume_is_of(v, names))
                        *XGROW(part->volumes, part->n_volumes) =
                                (SnapshotVolume){xstrdup(v->name), v->bytes, strv_copy(v->containers)};
        }
        return part;
}

uint64_t snapshot_manifest_bytes(const SnapshotManifest *m) {
        uint64_t bytes = 0;

        for (size_t i = 0; i < m->n_containers; i++)
                bytes += m->containers[i].bytes;
        for (size_t i = 0; i < m->n_volumes; i++)
                bytes += m->volumes[i].bytes;
        return bytes;
}
