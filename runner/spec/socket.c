/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "spec/name.h"
#include "spec/path.h"
#include "spec/socket.h"
#include "spec/value.h"

static const JsonShape socket_path_shape = {
        .kind = JSON_SHAPE_STRING,
        .max = SOCKET_PATH_MAX,
        .pattern = "^(" PATH_PART_REGEX ")+$",
};
static const JsonShape socket_text_shape =
        JSON_STRING_LIKE("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?:(" PATH_PART_REGEX ")+$");

static int check_name(const char *name, Error *reterr) {
        return name_check(name, "socket", reterr);
}

static int check_path(const char *path, Error *reterr) {
        int r = path_check_inside(path, reterr);

        if (r >= 0 && strlen(path) > SOCKET_PATH_MAX)
                r = error_raise(reterr, FC_EXIT_USAGE, "'%.120s': the path of a socket has at most %d bytes",
                                path, SOCKET_PATH_MAX);
        return r;
}

int unix_socket_parse(const char *text, UnixSocket *ret, Error *reterr) {
        const char *colon = strchr(text, ':');
        _cleanup_free_ char *name = NULL;
        int r;

        if (!colon)
                return error_raise(reterr, FC_EXIT_USAGE, "'%.100s': expected NAME:PATH", text);
        name = xstrndup(text, (size_t) (colon - text));
        r = check_name(name, reterr);
        if (r >= 0)
                r = check_path(colon + 1, reterr);
        if (r < 0)
                return r;
        *ret = (UnixSocket){TAKE_PTR(name), xstrdup(colon + 1)};
        return 0;
}

const char *unix_socket_basename(const UnixSocket *socket) {
        return strrchr(socket->path, '/') + 1;
}

static int parse_json_name(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, check_name, &((UnixSocket *) target)->name, reterr);
}

static int parse_json_path(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, check_path, &((UnixSocket *) target)->path, reterr);
}

static const JsonField socket_fields[] = {
        {"name", parse_json_name, .mandatory = true, .shape = &name_shape},
        {"path", parse_json_path, .mandatory = true, .shape = &socket_path_shape},
};

static const JsonShape socket_object_shape = JSON_OBJECT_OF(socket_fields),
                       socket_shape = JSON_EITHER_OF(&socket_text_shape, &socket_object_shape),
                       sockets_shape = {
                               .kind = JSON_SHAPE_ARRAY,
                               .max = SOCKETS_MAX,
                               .element = &socket_shape,
};

static int parse_socket(const Json *value, const char *path, void *ret, Error *reterr) {
        int r;

        if (json_type(value) != JSON_STRING)
                return value_parse_long_form(value, path, socket_fields, ELEMENTSOF(socket_fields), ret,
                                             reterr);
        r = unix_socket_parse(json_string(value), ret, reterr);
        return r < 0 ? error_prefix(reterr, r, "%s", path) : 0;
}

static int parse_sockets(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = target;
        int r;

        r = VALUE_PARSE_ELEMENTS(value, path, JSON_ARRAY, parse_socket, &c->sockets, &c->n_sockets, reterr);
        if (r >= 0 && c->n_sockets > SOCKETS_MAX)
                r = error_raise(reterr, FC_EXIT_USAGE,
                                "%s: a container publishes at most %d sockets, not %zu", path, SOCKETS_MAX,
                                c->n_sockets);
        return r;
}

static Json *print_sockets(const ContainerSpec *c) {
        Json *json = json_new_array();

        for (size_t i = 0; i < c->n_sockets; i++) {
                Json *o = json_new_object();

                json_add_string(o, "name", c->sockets[i].name);
                json_add_string(o, "path", c->sockets[i].path);
                json_append(json, o);
        }
        return json;
}

static int check_sockets(const ContainerSpec *c, Error *reterr) {
        for (size_t i = 1; i < c->n_sockets; i++)
                for (size_t k = 0; k < i; k++)
                        if (streq(c->sockets[i].name, c->sockets[k].name))
                                return error_raise(
                                        reterr, FC_EXIT_USAGE,
                                        "containers.%s.sockets[%zu]: the name '%s' is used already", c->name,
                                        i, c->sockets[i].name);
        return 0;
}

const SpecKey sockets_key = {
        .name = "sockets",
        .shape = &sockets_shape,
        .parse = parse_sockets,
        .print = print_sockets,
        .check = check_sockets,
};
