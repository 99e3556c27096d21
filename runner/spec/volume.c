/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/paths.h"
#include "spec/name.h"
#include "spec/path.h"
#include "spec/short-form.h"
#include "spec/value.h"
#include "spec/volume-owner.h"
#include "spec/volume.h"

#define VOLUME_FORM       "SOURCE:TARGET[:ro|:rw|:overlay]"
#define VOLUME_FIELDS_MAX 3

/* Names of what overlays keep begin so. */
#define OVERLAY "overlay-"

/* How much of a container and a target is in such a name, for people. */
#define OVERLAY_SHOWN_MAX 40

static const JsonShape source_shape = JSON_STRING_LIKE(
                               "^(@[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?|(?![@~])" PATH_CHARACTER_REGEX
                               "+|~(?!/)" PATH_CHARACTER_REGEX "+)$"),
                       volume_text_shape = JSON_STRING_LIKE(
                               "^" SHORT_FORM_HOST_REGEX ":" SHORT_FORM_INSIDE_REGEX "(:(ro|rw|overlay))?$");

/* A path of the host, or "@NAME" for a volume that is kept in .containers/volumes/NAME. */
static int volume_check_source(const char *source, Error *reterr) {
        int r;

        if (source[0] == '@') {
                r = name_check(source + 1, "volume", reterr);
                if (r >= 0 && startswith(source + 1, OVERLAY))
                        r = error_raise(reterr, FC_EXIT_USAGE,
                                        "'%s': what overlays keep is called so, and is not a volume",
                                        source);
                if (r < 0)
                        error_add_hint(reterr, "a directory of that name is written './%.100s'", source);
                return r;
        }
        r = path_check_host(source, reterr);
        if (r >= 0 && path_begins_in(source, STATE_DIR_NAME)) {
                r = error_raise(reterr, FC_EXIT_USAGE,
                                "'%.100s': nothing in '" STATE_DIR_NAME "' is a volume", source);
                error_add_hint(reterr, "'@NAME' is a directory of that name that is kept there");
        }
        return r;
}

/* Who owns what is in it when the specification does not say. */
static VolumeOwner volume_default_owner(const char *source) {
        return source[0] == '@' ? VOLUME_OWNER_CONTAINER : VOLUME_OWNER_USER;
}

int volume_parse(const char *text, Volume *ret, Error *reterr) {
        _cleanup_free_ char *source = NULL, *target = NULL, *mode = NULL;
        char *fields[VOLUME_FIELDS_MAX] = {NULL};
        int r;

        r = short_form_split(text, VOLUME_FORM, VOLUME_FIELDS_MAX, fields, reterr);
        if (r < 0)
                return r;
        source = fields[0];
        target = fields[1];
        mode = fields[2];
        if (!target)
                return error_raise(reterr, FC_EXIT_USAGE, "'%.100s': expected " VOLUME_FORM, text);
        if (mode && !streq(mode, "ro") && !streq(mode, "rw") && !streq(mode, "overlay"))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%.100s': expected 'ro', 'rw' or 'overlay' after the target, not "
                                   "'%.100s'",
                                   text, mode);

        r = volume_check_source(source, reterr);
        if (r < 0)
                return error_prefix(reterr, r, "source");
        r = path_check_mount_point(target, reterr);
        if (r < 0)
                return error_prefix(reterr, r, "target");
        *ret = (Volume){
                .source = TAKE_PTR(source),
                .target = TAKE_PTR(target),
                .read_only = mode && streq(mode, "ro"),
                .overlay = mode && streq(mode, "overlay"),
        };
        ret->owner = volume_default_owner(ret->source);
        return 0;
}

/* What json_dispatch() hands to the functions below. */
typedef struct VolumeTarget {
        Volume volume;
        bool has_owner;
} VolumeTarget;

static int parse_source(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, volume_check_source,
                                  &((VolumeTarget *) target)->volume.source, reterr);
}

static int parse_target(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, path_check_mount_point,
                                  &((VolumeTarget *) target)->volume.target, reterr);
}

static int parse_read_only(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_bool(value, path, &((VolumeTarget *) target)->volume.read_only, reterr);
}

static int parse_create(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_bool(value, path, &((VolumeTarget *) target)->volume.create, reterr);
}

static int parse_overlay(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_bool(value, path, &((VolumeTarget *) target)->volume.overlay, reterr);
}

static int parse_owner(const Json *value, const char *path, void *target, Error *reterr) {
        VolumeTarget *t = target;

        t->has_owner = true;
        return volume_owner_parse(value, path, &t->volume, reterr);
}

static const JsonField volume_fields[] = {
        {"source", parse_source, .mandatory = true, .shape = &source_shape},
        {"target", parse_target, .mandatory = true, .shape = &mount_point_shape},
        {"readOnly", parse_read_only, .shape = &bool_shape},
        {"create", parse_create, .shape = &bool_shape},
        {"overlay", parse_overlay, .shape = &bool_shape},
        {"owner", parse_owner, .shape = &volume_owner_shape},
};

static const JsonShape volume_object_shape = JSON_OBJECT_OF(volume_fields),
                       volume_shape = JSON_EITHER_OF(&volume_text_shape, &volume_object_shape),
                       volumes_shape = JSON_ARRAY_OF(volume_shape);

static int parse_volume(const Json *value, const char *path, void *ret, Error *reterr) {
        VolumeTarget t = {};
        int r;

        if (json_type(value) == JSON_STRING) {
                r = volume_parse(json_string(value), ret, reterr);
                return r < 0 ? error_prefix(reterr, r, "%s", path) : 0;
        }
        r = value_parse_long_form(value, path, volume_fields, ELEMENTSOF(volume_fields), &t, reterr);
        if (r >= 0 && !t.has_owner)
                t.volume.owner = volume_default_owner(t.volume.source);
        *(Volume *) ret = t.volume;
        return r;
}

static int parse_volumes(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = target;

        return VALUE_PARSE_ELEMENTS(value, path, JSON_ARRAY, parse_volume, &c->volumes, &c->n_volumes,
                                    reterr);
}

static Json *print_volume(const Volume *volume) {
        Json *json = json_new_object();

        json_add_string(json, "source", volume->source);
        json_add_string(json, "target", volume->target);
        json_add_bool(json, "readOnly", volume->read_only);
        json_add_bool(json, "create", volume->create);
        json_add_bool(json, "overlay", volume->overlay);
        volume_owner_print(json, volume);
        return json;
}

static Json *print_volumes(const ContainerSpec *c) {
        Json *json = json_new_array();

        for (size_t i = 0; i < c->n_volumes; i++)
                json_append(json, print_volume(&c->volumes[i]));
        return json;
}

/* ---- where they are mounted ---- */

/* Something that is mounted in the container. */
typedef struct Mount {
        const char *target;
        const char *key;
        size_t index;
        size_t order;
} Mount;

static int compare_mounts(const void *va, const void *vb) {
        const Mount *a = va, *b = vb;
        int r = strcmp(a->target, b->target);

        if (r != 0)
                return r;
        return a->order < b->order ? -1 : 1;
}

/* The store is read-only, so a mount point in it can neither be made nor is it meant. */
static int check_outside_store(const ContainerSpec *c, const Mount *m, Error *reterr) {
        _cleanup_free_ char *store = c->toplevel ? container_spec_store(c) : NULL;

        if (!store || !path_is_within(m->target, store))
                return 0;
        return error_raise(reterr, FC_EXIT_USAGE,
                           "containers.%s.%s[%zu]: target '%.100s' is in the store '%.100s'", c->name,
                           m->key, m->index, m->target, store);
}

static int check_targets(const ContainerSpec *c, Error *reterr) {
        _cleanup_free_ Mount *mounts = NULL;
        size_t n = c->n_volumes + c->n_tmpfs;

        mounts = xnew0(Mount, n);
        for (size_t i = 0; i < c->n_volumes; i++)
                mounts[i] = (Mount){c->volumes[i].target, "volumes", i, i};
        for (size_t i = 0; i < c->n_tmpfs; i++)
                mounts[c->n_volumes + i] = (Mount){c->tmpfs[i].target, "tmpfs", i, c->n_volumes + i};
        for (size_t i = 0; i < n; i++) {
                int r = check_outside_store(c, &mounts[i], reterr);

                if (r < 0)
                        return r;
        }
        qsort(mounts, n, sizeof(*mounts), compare_mounts);
        for (size_t i = 1; i < n; i++)
                if (streq(mounts[i - 1].target, mounts[i].target))
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "containers.%s.%s[%zu]: target '%.100s' is taken already, by "
                                           "containers.%s.%s[%zu]",
                                           c->name, mounts[i].key, mounts[i].index, mounts[i].target,
                                           c->name, mounts[i - 1].key, mounts[i - 1].index);
        return 0;
}

/* What is made belongs to the developer, so it is made where nothing else does. */
static int check_create(const Volume *volume, const char *path, Error *reterr) {
        int r;

        if (!volume->create)
                return 0;
        if (volume->source[0] == '@')
                return error_raise(reterr, FC_EXIT_USAGE, "%s.create: '%s' is made in any case", path,
                                   volume->source);
        if (volume->source[0] != '/' && !path_has_dotdot(volume->source))
                return 0;
        r = error_raise(reterr, FC_EXIT_USAGE,
                        "%s.create: '%.100s' is not made: only a path in the project, without '..', is",
                        path, volume->source);
        error_add_hint(reterr, "make it by hand");
        return r;
}

static int check_overlay(const Volume *volume, const char *path, Error *reterr) {
        if (volume->overlay && volume->source[0] == '@')
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "%s.overlay: '%s' is the container's own, an overlay is for what is not",
                                   path, volume->source);
        if (volume->overlay && volume->read_only)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "%s.overlay: what is read-only needs none, leave one of the two", path);
        return 0;
}

/* Targets of volumes and of tmpfs; owners. */
static int check_volumes(const ContainerSpec *c, Error *reterr) {
        for (size_t i = 0; i < c->n_volumes; i++) {
                _cleanup_free_ char *path = xasprintf("containers.%s.volumes[%zu]", c->name, i);
                int r = volume_owner_check(c, &c->volumes[i], path, reterr);

                if (r >= 0)
                        r = check_create(&c->volumes[i], path, reterr);
                if (r >= 0)
                        r = check_overlay(&c->volumes[i], path, reterr);
                if (r < 0)
                        return r;
        }
        return check_targets(c, reterr);
}

char *volume_overlay_name(const char *container, const char *target) {
        _cleanup_free_ char *both = xasprintf("%s%s", container, target);
        char *name = xasprintf(OVERLAY "%.*s-%08x", OVERLAY_SHOWN_MAX, both,
                               (unsigned) (hash_text(both) & UINT32_MAX));

        for (char *c = name; *c; c++)
                if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789", *c))
                        *c = '-';
        return name;
}

char *volume_kept_name(const char *container, const Volume *volume) {
        if (volume->source[0] == '@')
                return xstrdup(volume->source + 1);
        return volume->overlay ? volume_overlay_name(container, volume->target) : NULL;
}

int volume_add_once(ContainerSpec *c, Volume *volume, Error *reterr) {
        Volume *added = XGROW(c->volumes, c->n_volumes);

        *added = *volume;
        *volume = (Volume){};
        added->once = true;
        return check_volumes(c, reterr);
}

const SpecKey volumes_key = {
        .name = "volumes",
        .shape = &volumes_shape,
        .parse = parse_volumes,
        .print = print_volumes,
        .check = check_volumes,
};
