/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "spec/device.h"
#include "spec/element-parse.h"
#include "spec/path.h"
#include "spec/port.h"
#include "spec/value-parse.h"
#include "spec/volume.h"

static int raise_type(const Json *value, const char *path, Error *reterr) {
        return error_raise(reterr, FC_EXIT_USAGE, "%s: must be a string or an object, is %s", path,
                           json_type_to_string(json_type(value)));
}

static int parse_address(const Json *value, const char *path, void *target, Error *reterr) {
        int r;

        r = json_expect(value, JSON_STRING, path, reterr);
        if (r < 0)
                return r;
        r = port_parse_address(json_string(value), &((Port *) target)->address, reterr);
        return r < 0 ? error_prefix(reterr, r, "%s", path) : 0;
}

static int parse_number(const Json *value, const char *path, uint16_t *ret, Error *reterr) {
        uint64_t number;
        int r;

        r = json_uint(value, path, 1, UINT16_MAX, &number, reterr);
        if (r < 0)
                return r;
        *ret = (uint16_t) number;
        return 0;
}

static int parse_host(const Json *value, const char *path, void *target, Error *reterr) {
        if (json_type(value) != JSON_STRING)
                return parse_number(value, path, &((Port *) target)->host, reterr);
        if (!streq(json_string(value), "auto"))
                return error_raise(reterr, FC_EXIT_USAGE, "%s: must be a number or 'auto', is '%.100s'",
                                   path, json_string(value));
        ((Port *) target)->host = 0;
        return 0;
}

static int parse_container(const Json *value, const char *path, void *target, Error *reterr) {
        return parse_number(value, path, &((Port *) target)->container, reterr);
}

static int parse_protocol(const Json *value, const char *path, void *target, Error *reterr) {
        int r;

        r = json_expect(value, JSON_STRING, path, reterr);
        if (r < 0)
                return r;
        r = port_check_protocol(json_string(value), reterr);
        return r < 0 ? error_prefix(reterr, r, "%s", path) : 0;
}

int port_parse_json(const Json *value, const char *path, Port *ret, Error *reterr) {
        static const JsonField fields[] = {
                {"address", parse_address},
                {"host", parse_host, .mandatory = true},
                {"container", parse_container, .mandatory = true},
                {"protocol", parse_protocol},
        };
        _cleanup_(port_done) Port port = {0};
        int r;

        if (json_type(value) == JSON_STRING) {
                r = port_parse(json_string(value), ret, reterr);
                return r < 0 ? error_prefix(reterr, r, "%s", path) : 0;
        }
        if (json_type(value) != JSON_OBJECT)
                return raise_type(value, path, reterr);
        r = json_dispatch(value, path, fields, ELEMENTSOF(fields), &port, reterr);
        if (r < 0)
                return r;
        *ret = port;
        port = (Port){0};
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

static int parse_owner(const Json *value, const char *path, void *target, Error *reterr) {
        VolumeTarget *t = target;
        const char *words[_VOLUME_OWNER_MAX];
        size_t i;
        int r;

        for (i = 0; i < ELEMENTSOF(words); i++)
                words[i] = volume_owner_to_string((VolumeOwner) i);
        r = value_parse_word(value, path, words, ELEMENTSOF(words), &i, reterr);
        if (r < 0)
                return r;
        t->volume.owner = (VolumeOwner) i;
        t->has_owner = true;
        return 0;
}

static void volume_target_done(VolumeTarget *t) {
        volume_done(&t->volume);
}

int volume_parse_json(const Json *value, const char *path, Volume *ret, Error *reterr) {
        static const JsonField fields[] = {
                {"source", parse_source, .mandatory = true},
                {"target", parse_target, .mandatory = true},
                {"readOnly", parse_read_only},
                {"owner", parse_owner},
        };
        _cleanup_(volume_target_done) VolumeTarget t = {0};
        int r;

        if (json_type(value) == JSON_STRING) {
                r = volume_parse(json_string(value), ret, reterr);
                return r < 0 ? error_prefix(reterr, r, "%s", path) : 0;
        }
        if (json_type(value) != JSON_OBJECT)
                return raise_type(value, path, reterr);
        r = json_dispatch(value, path, fields, ELEMENTSOF(fields), &t, reterr);
        if (r < 0)
                return r;
        if (!t.has_owner)
                t.volume.owner = volume_default_owner(t.volume.source);
        *ret = t.volume;
        t.volume = (Volume){0};
        return 0;
}

static int parse_path(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, device_check_path, &((Device *) target)->path, reterr);
}

static int parse_permissions(const Json *value, const char *path, void *target, Error *reterr) {
        int r;

        r = json_expect(value, JSON_STRING, path, reterr);
        if (r < 0)
                return r;
        r = device_parse_permissions(json_string(value), &((Device *) target)->permissions, reterr);
        return r < 0 ? error_prefix(reterr, r, "%s", path) : 0;
}

int device_parse_json(const Json *value, const char *path, Device *ret, Error *reterr) {
        static const JsonField fields[] = {
                {"path", parse_path, .mandatory = true},
                {"permissions", parse_permissions},
        };
        _cleanup_(device_done) Device device = {0};
        int r;

        if (json_type(value) == JSON_STRING)
                r = parse_path(value, path, &device, reterr);
        else if (json_type(value) == JSON_OBJECT)
                r = json_dispatch(value, path, fields, ELEMENTSOF(fields), &device, reterr);
        else
                r = raise_type(value, path, reterr);
        if (r < 0)
                return r;
        if (!device.permissions)
                device.permissions = xstrdup(DEVICE_DEFAULT_PERMISSIONS);
        *ret = device;
        device = (Device){0};
        return 0;
}
