/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "spec/argument.h"
#include "spec/name.h"
#include "spec/path.h"
#include "spec/ready.h"
#include "spec/value.h"

enum { STATUS_MIN = 100, STATUS_MAX = 599, OK_MIN = 200, OK_MAX = 399 };

#define HTTP_PATH_MAX 4096

static const JsonShape status_shape = JSON_NUMBER_FROM(STATUS_MIN, STATUS_MAX),
                       status_range_shape =
                               {
                                       .kind = JSON_SHAPE_ARRAY,
                                       .min = 2,
                                       .max = 2,
                                       .element = &status_shape,
},
                       http_path_shape =
                               {
                                       .kind = JSON_SHAPE_STRING,
                                       .max = HTTP_PATH_MAX,
                                       .pattern = "^/[!-~]*$",
},
                       units_shape = JSON_ARRAY_OF(unit_name_shape),
                       port_numbers_shape = JSON_ARRAY_OF(port_number_shape),
                       inside_paths_shape = JSON_ARRAY_OF(inside_path_shape);

static ReadyChecks *checks_of(void *target) {
        return &((ContainerSpec *) target)->ready_checks;
}

static int ready_parse_timeout(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_timeout(value, path, &((ContainerSpec *) target)->ready_timeout_usec, reterr);
}

static int parse_notify(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = target;

        c->ready_notify_given = true;
        return value_parse_bool(value, path, &c->ready_notify, reterr);
}

static int parse_units(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_strv(value, path, unit_name_check, &checks_of(target)->units, reterr);
}

static int parse_tcp_port(const Json *value, const char *path, void *ret, Error *reterr) {
        return value_parse_port(value, path, ret, reterr);
}

static int parse_tcp(const Json *value, const char *path, void *target, Error *reterr) {
        ReadyChecks *checks = checks_of(target);

        return VALUE_PARSE_ELEMENTS(value, path, JSON_ARRAY, parse_tcp_port, &checks->tcp, &checks->n_tcp,
                                    reterr);
}

/* It becomes part of a request's first line. */
static int check_http_path(const char *path, Error *reterr) {
        if (path[0] != '/')
                return error_raise(reterr, FC_EXIT_USAGE, "'%.100s': a path begins with '/'", path);
        if (strlen(path) > HTTP_PATH_MAX)
                return error_raise(reterr, FC_EXIT_USAGE, "'%.100s...': the path is too long", path);
        for (const char *s = path; *s; s++)
                if (*s <= ' ' || *s > '~')
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "'%.100s': only printable ASCII without spaces can stand in a "
                                           "path, all else as %%XX",
                                           path);
        return 0;
}

static int parse_http_port(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_port(value, path, &((HttpCheck *) target)->port, reterr);
}

static int parse_http_path(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, check_http_path, &((HttpCheck *) target)->path, reterr);
}

static int parse_http_status(const Json *value, const char *path, void *target, Error *reterr) {
        HttpCheck *check = target;
        uint64_t range[2] = {0};
        size_t n = 0;
        int r;

        r = json_expect(value, JSON_ARRAY, path, reterr);
        if (r < 0)
                return r;
        if (json_length(value) != ELEMENTSOF(range))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "%s: must be two numbers, the first and the last status", path);
        JSON_FOREACH (element, value) {
                _cleanup_free_ char *element_path = json_path_index(path, n);

                r = json_uint(element, element_path, STATUS_MIN, STATUS_MAX, &range[n++], reterr);
                if (r < 0)
                        return r;
        }
        if (range[0] > range[1])
                return error_raise(reterr, FC_EXIT_USAGE, "%s: the range from %u to %u is empty", path,
                                   (unsigned) range[0], (unsigned) range[1]);
        check->status_min = (uint16_t) range[0];
        check->status_max = (uint16_t) range[1];
        return 0;
}

static const JsonField http_fields[] = {
        {"port", parse_http_port, .mandatory = true, .shape = &port_number_shape},
        {"path", parse_http_path, .shape = &http_path_shape},
        {"status", parse_http_status, .shape = &status_range_shape},
};

static const JsonShape http_check_shape = JSON_OBJECT_OF(http_fields),
                       http_checks_shape = JSON_ARRAY_OF(http_check_shape);

static int parse_http_check(const Json *value, const char *path, void *ret, Error *reterr) {
        HttpCheck *check = ret;
        int r;

        *check = (HttpCheck){.status_min = OK_MIN, .status_max = OK_MAX};
        r = json_expect(value, JSON_OBJECT, path, reterr);
        if (r >= 0)
                r = json_dispatch(value, path, http_fields, ELEMENTSOF(http_fields), check, reterr);
        if (r >= 0 && !check->path)
                check->path = xstrdup("/");
        return r;
}

static int parse_http(const Json *value, const char *path, void *target, Error *reterr) {
        ReadyChecks *checks = checks_of(target);

        return VALUE_PARSE_ELEMENTS(value, path, JSON_ARRAY, parse_http_check, &checks->http,
                                    &checks->n_http, reterr);
}

static int parse_exec_check(const Json *value, const char *path, void *ret, Error *reterr) {
        return argument_parse_command(value, path, ret, reterr);
}

static int parse_exec(const Json *value, const char *path, void *target, Error *reterr) {
        ReadyChecks *checks = checks_of(target);

        return VALUE_PARSE_ELEMENTS(value, path, JSON_ARRAY, parse_exec_check, &checks->exec,
                                    &checks->n_exec, reterr);
}

static int parse_unix(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_strv(value, path, path_check_inside, &checks_of(target)->sockets, reterr);
}

static const JsonField ready_fields[] = {
        {"timeout", ready_parse_timeout, .shape = &timeout_shape},
        {"notify", parse_notify, .shape = &bool_shape},
        {"units", parse_units, .shape = &units_shape},
        {"tcp", parse_tcp, .shape = &port_numbers_shape},
        {"http", parse_http, .shape = &http_checks_shape},
        {"exec", parse_exec, .shape = &commands_shape},
        {"unix", parse_unix, .shape = &inside_paths_shape},
};

static const JsonShape ready_shape = JSON_OBJECT_OF(ready_fields);

static int parse_ready(const Json *value, const char *path, void *target, Error *reterr) {
        return json_dispatch(value, path, ready_fields, ELEMENTSOF(ready_fields), target, reterr);
}

static Json *print_tcp(const ReadyChecks *checks) {
        Json *json = json_new_array();

        for (size_t i = 0; i < checks->n_tcp; i++)
                json_append_uint(json, checks->tcp[i]);
        return json;
}

static Json *print_http(const ReadyChecks *checks) {
        Json *json = json_new_array();

        for (size_t i = 0; i < checks->n_http; i++) {
                const HttpCheck *check = &checks->http[i];
                Json *object = json_new_object(), *status = json_new_array();

                json_add_uint(object, "port", check->port);
                json_add_string(object, "path", check->path);
                json_append_uint(status, check->status_min);
                json_append_uint(status, check->status_max);
                json_add(object, "status", status);
                json_append(json, object);
        }
        return json;
}

static Json *print_ready(const ContainerSpec *c) {
        const ReadyChecks *checks = &c->ready_checks;
        Json *json = json_new_object();

        json_add_uint(json, "timeout", c->ready_timeout_usec / USEC_PER_SEC);
        json_add_bool(json, "notify", c->ready_notify);
        json_add_strv(json, "units", checks->units);
        json_add(json, "tcp", print_tcp(checks));
        json_add(json, "http", print_http(checks));
        json_add(json, "exec", argument_print_commands(checks->exec, checks->n_exec));
        json_add_strv(json, "unix", checks->sockets);
        return json;
}

static int check_units(const ContainerSpec *c, Error *reterr) {
        if (!c->ready_checks.units)
                return 0;
        if (c->command)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.ready.units: a container with 'command' has no units",
                                   c->name);
        if (!c->ready_notify)
                return error_raise(reterr, FC_EXIT_USAGE, "containers.%s.ready.units: needs 'ready.notify'",
                                   c->name);
        return 0;
}

const SpecKey ready_key = {
        .name = "ready",
        .shape = &ready_shape,
        .parse = parse_ready,
        .print = print_ready,
        .check = check_units,
};
