/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "spec/env.h"
#include "spec/export.h"
#include "spec/port.h"

#define PLACEHOLDERS "${host}, ${port}, ${port:N}, ${name}"

static int raise_placeholder(const char *p, size_t n, Error *reterr) {
        return error_raise(reterr, FC_EXIT_USAGE, "'%.*s' must be one of " PLACEHOLDERS ", or $$ for a $",
                           (int) (n < 100 ? n : 100), p);
}

static bool export_is_word(const char *p, size_t n, const char *word) {
        return strlen(word) == n && memcmp(p, word, n) == 0;
}

/* What is between the braces. */
static int read_placeholder(const char *p, size_t n, ExportPart *ret, Error *reterr) {
        static const char with_number[] = "port:";
        const size_t length = strlen(with_number);

        if (export_is_word(p, n, "host"))
                *ret = (ExportPart){.kind = EXPORT_HOST};
        else if (export_is_word(p, n, "name"))
                *ret = (ExportPart){.kind = EXPORT_NAME};
        else if (export_is_word(p, n, "port"))
                *ret = (ExportPart){.kind = EXPORT_PORT};
        else if (n > length && memcmp(p, with_number, length) == 0) {
                *ret = (ExportPart){.kind = EXPORT_PORT};
                return port_number_parse(p + length, n - length, p - 2, &ret->port, reterr);
        } else
                return raise_placeholder(p - 2, n + 3, reterr);
        return 0;
}

int export_next(const char **p, ExportPart *ret, Error *reterr) {
        const char *start = *p, *end;
        int r;

        if (start[0] == '\0')
                return 0;
        if (start[0] != '$') {
                *ret = (ExportPart){.kind = EXPORT_TEXT, .text = start, .size = strcspn(start, "$")};
                *p = start + ret->size;
                return 1;
        }
        if (start[1] == '$') {
                *ret = (ExportPart){.kind = EXPORT_TEXT, .text = start, .size = 1};
                *p = start + 2;
                return 1;
        }
        end = start[1] == '{' ? strchr(start, '}') : NULL;
        if (!end)
                return raise_placeholder(start, strlen(start), reterr);
        r = read_placeholder(start + 2, (size_t) (end - start) - 2, ret, reterr);
        if (r < 0)
                return r;
        *p = end + 1;
        return 1;
}

static int check_template(const char *template, Error *reterr) {
        ExportPart part;
        int r;

        while ((r = export_next(&template, &part, reterr)) > 0)
                continue;
        return r;
}

static const JsonShape template_shape = JSON_STRING_LIKE("^([^$\\u0000-\\u0008\\u000b-\\u001f\\u007f]|\\$\\$"
                                                         "|\\$\\{(host|name|port(:[1-9][0-9]{0,4})?)\\})*$"),
                       exports_shape = JSON_MAP_OF(variable_name_shape, template_shape);

static int parse_exports(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = target;
        size_t n = 0;
        int r;

        r = json_expect(value, JSON_OBJECT, path, reterr);
        if (r < 0 || !json_first(value))
                return r;
        c->exports = xnew0(char *, json_length(value) + 1);
        JSON_FOREACH (member, value) {
                _cleanup_free_ char *member_path = json_path_member(path, json_key(member));

                r = json_expect(member, JSON_STRING, member_path, reterr);
                if (r < 0)
                        return r;
                r = env_check_text(json_key(member), json_string(member), reterr);
                if (r >= 0)
                        r = check_template(json_string(member), reterr);
                if (r < 0)
                        return error_prefix(reterr, r, "%s", member_path);
                c->exports[n++] = xasprintf("%s=%s", json_key(member), json_string(member));
        }
        return 0;
}

static Json *print_exports(const ContainerSpec *c) {
        return env_print(c->exports);
}

static bool is_published(const ContainerSpec *c, uint16_t port) {
        for (size_t i = 0; i < c->n_ports; i++)
                if (port == 0 || c->ports[i].container == port)
                        return true;
        return false;
}

static int check_part(const ContainerSpec *c, const ExportPart *part, Error *reterr) {
        if (part->kind == EXPORT_PORT && !is_published(c, part->port))
                return part->port == 0
                               ? error_raise(reterr, FC_EXIT_USAGE, "no port is published")
                               : error_raise(reterr, FC_EXIT_USAGE, "port %u is not published", part->port);
        if (part->kind == EXPORT_HOST && c->network == NETWORK_NONE)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "with network mode 'none' the container is not reached from the host");
        if (part->kind == EXPORT_HOST && c->n_ports == 0 &&
            (c->network == NETWORK_NAMESPACE || network_mode_is_attached(c->network)))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "with this network mode the container is reached by ports only");
        if (part->kind == EXPORT_HOST && c->network == NETWORK_CONTAINER)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "the container is reached by the ports of '%s' only: give it the export",
                                   c->network_of);
        return 0;
}

static int check_exports(const ContainerSpec *c, Error *reterr) {
        STRV_FOREACH (export, c->exports) {
                const char *p = strchr(*export, '=') + 1;
                ExportPart part;
                int r = 0;

                while (r >= 0 && export_next(&p, &part, NULL) > 0)
                        r = check_part(c, &part, reterr);
                if (r < 0)
                        return error_prefix(reterr, r, "containers.%s.exports.%.*s", c->name,
                                            (int) strcspn(*export, "="), *export);
        }
        return 0;
}

const SpecKey exports_key = {
        .name = "exports",
        .shape = &exports_shape,
        .parse = parse_exports,
        .print = print_exports,
        .check = check_exports,
};

typedef struct Exported {
        const char *assignment;
        const ContainerSpec *c;
} Exported;

static int exported_compare(const void *va, const void *vb) {
        const Exported *a = va, *b = vb;
        size_t na = strcspn(a->assignment, "="), nb = strcspn(b->assignment, "=");
        int r = memcmp(a->assignment, b->assignment, na < nb ? na : nb);

        if (r == 0 && na != nb)
                return na < nb ? -1 : 1;
        return r != 0 ? r : a->c < b->c ? -1 : a->c > b->c;
}

int exports_check(const Spec *spec, Error *reterr) {
        _cleanup_free_ Exported *all = NULL;
        size_t n = 0;

        for (size_t i = 0; i < spec->n_containers; i++)
                STRV_FOREACH (export, spec->containers[i].exports)
                        n++;
        all = xnew0(Exported, n);
        n = 0;
        for (size_t i = 0; i < spec->n_containers; i++)
                STRV_FOREACH (export, spec->containers[i].exports)
                        all[n++] = (Exported){*export, &spec->containers[i]};
        if (n > 0)
                qsort(all, n, sizeof(*all), exported_compare);
        for (size_t i = 1; i < n; i++) {
                int length = (int) strcspn(all[i].assignment, "=");

                if (strncmp(all[i - 1].assignment, all[i].assignment, (size_t) length + 1) == 0)
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "containers.%s.exports.%.*s: container '%s' exports it already",
                                           all[i].c->name, length, all[i].assignment, all[i - 1].c->name);
        }
        return 0;
}
