/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "spec/device.h"
#include "spec/path.h"
#include "spec/value.h"

int device_check_path(const char *path, Error *reterr) {
        /* systemd-nspawn(1) makes these for every container; /dev/shm and the like may hold files of any
         * user. */
        static const struct {
                const char *name;
                bool also_below;
        } own[] = {
                {"null", false},    {"zero", false},  {"full", false},     {"random", false},
                {"urandom", false}, {"tty", false},   {"ptmx", false},     {"console", false},
                {"fd", true},       {"stdin", false}, {"stdout", false},   {"stderr", false},
                {"core", false},    {"log", false},   {"kmsg", false},     {"pts", true},
                {"shm", true},      {"mqueue", true}, {"hugepages", true},
        };
        const char *name;
        int r;

        r = path_check_inside(path, reterr);
        if (r < 0)
                return r;
        name = startswith(path, "/dev/");
        if (!name)
                return error_raise(reterr, FC_EXIT_USAGE, "'%.100s': a device is below /dev", path);
        for (size_t i = 0; i < ELEMENTSOF(own); i++) {
                const char *rest = startswith(name, own[i].name);

                if (rest && (*rest == '\0' || (*rest == '/' && own[i].also_below)))
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "'%.100s': every container has a /dev/%s of its own", path,
                                           own[i].name);
        }
        return 0;
}

int device_parse_permissions(const char *text, char **ret, Error *reterr) {
        static const char known[] = "rwm";
        char permissions[sizeof(known)], *out = permissions;
        size_t size = strlen(text);

        for (const char *p = known; *p; p++)
                if (strchr(text, *p))
                        *out++ = *p;
        *out = '\0';
        if (strlen(permissions) != size || !strpbrk(text, "rw"))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%.100s': must be of 'r', 'w' and 'm', each once, and not 'm' alone",
                                   text);
        *ret = xstrdup(permissions);
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

static const JsonShape device_path_shape = JSON_STRING_LIKE("^/dev(" PATH_PART_REGEX ")+$"),
                       permissions_shape = JSON_STRING_LIKE("^(?=.*[rw])(?!.*(.).*\\1)[rwm]{1,3}$");

static const JsonField device_fields[] = {
        {"path", parse_path, .mandatory = true, .shape = &device_path_shape},
        {"permissions", parse_permissions, .shape = &permissions_shape},
};

static const JsonShape device_object_shape = JSON_OBJECT_OF(device_fields),
                       device_shape = JSON_EITHER_OF(&device_path_shape, &device_object_shape),
                       devices_shape = JSON_ARRAY_OF(device_shape);

static int parse_device(const Json *value, const char *path, void *ret, Error *reterr) {
        Device *device = ret;
        int r;

        if (json_type(value) == JSON_STRING)
                r = parse_path(value, path, device, reterr);
        else
                r = value_parse_long_form(value, path, device_fields, ELEMENTSOF(device_fields), device,
                                          reterr);
        if (r >= 0 && !device->permissions)
                device->permissions = xstrdup(DEVICE_DEFAULT_PERMISSIONS);
        return r;
}

static int parse_devices(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = target;

        return VALUE_PARSE_ELEMENTS(value, path, JSON_ARRAY, parse_device, &c->devices, &c->n_devices,
                                    reterr);
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

static int compare_paths(const void *a, const void *b) {
        const Device *const *x = a, *const *y = b;
        int r = strcmp((*x)->path, (*y)->path);

        if (r != 0)
                return r;
        return *x < *y ? -1 : *x > *y;
}

static int check_devices(const ContainerSpec *c, Error *reterr) {
        _cleanup_free_ const Device **sorted = xnew0(const Device *, c->n_devices);

        for (size_t i = 0; i < c->n_devices; i++)
                sorted[i] = &c->devices[i];
        qsort(sorted, c->n_devices, sizeof(*sorted), compare_paths);
        for (size_t i = 1; i < c->n_devices; i++)
                if (streq(sorted[i - 1]->path, sorted[i]->path))
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "containers.%s.devices[%zu]: '%.100s' is named already, by "
                                           "containers.%s.devices[%zu]",
                                           c->name, (size_t) (sorted[i] - c->devices), sorted[i]->path,
                                           c->name, (size_t) (sorted[i - 1] - c->devices));
        return 0;
}

const SpecKey devices_key = {
        .name = "devices",
        .shape = &devices_shape,
        .parse = parse_devices,
        .print = print_devices,
        .check = check_devices,
};
