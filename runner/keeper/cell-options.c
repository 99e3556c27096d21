/* SPDX-License-Identifier: MIT */

#include <limits.h>
#include <string.h>

#include "base/alloc.h"
#include "base/capability.h"
#include "keeper/cell-options.h"

#define HEXADECIMAL "0123456789abcdef"

/* Up to ':', which '\' escapes. Return: where the rest begins, NULL: there is none. */
static const char *split(const char *text, char **ret) {
        char *word = xmalloc0(strlen(text) + 1), *end = word;

        for (; *text && *text != ':'; text++) {
                if (*text == '\\' && text[1])
                        text++;
                *end++ = *text;
        }
        *ret = word;
        return *text ? text + 1 : NULL;
}

/* Behind those that it may lie in, and behind one of the same target. */
static void cell_add_mount(CellMounts *mounts, CellMount mount) {
        size_t i = mounts->n;

        (void) XGROW(mounts->items, mounts->n);
        for (; i > 0 && strcmp(mounts->items[i - 1].target, mount.target) > 0; i--)
                mounts->items[i] = mounts->items[i - 1];
        mounts->items[i] = mount;
}

static int parse_bind(void *field, const char *value, bool read_only, Error *reterr) {
        _cleanup_free_ char *source = NULL, *target = NULL;
        const char *rest = split(value, &source);

        if (!rest || split(rest, &target))
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not written SOURCE:TARGET", value);
        if (source[0] != '/' || target[0] != '/')
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' has a path that is not absolute", value);
        cell_add_mount(field, (CellMount){TAKE_PTR(source), TAKE_PTR(target), read_only});
        return 0;
}

static int bind_parse(void *field, const char *value, Error *reterr) {
        return parse_bind(field, value, /* read_only= */ false, reterr);
}

static int bind_ro_parse(void *field, const char *value, Error *reterr) {
        return parse_bind(field, value, /* read_only= */ true, reterr);
}

static void cell_mounts_done(void *field) {
        CellMounts *mounts = field;

        for (size_t i = 0; i < mounts->n; i++) {
                free(mounts->items[i].source);
                free(mounts->items[i].target);
        }
        free(mounts->items);
        *mounts = (CellMounts){};
}

static int credential_parse(void *field, const char *value, Error *reterr) {
        _cleanup_free_ char *id = NULL, *source = NULL;
        CellCredentials *credentials = field;
        const char *rest = split(value, &id);

        if (!rest || split(rest, &source) || source[0] != '/')
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not written ID:PATH", value);
        if (id[0] == '\0' || id[0] == '.' || strchr(id, '/') || strlen(id) > NAME_MAX)
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not a credential's name", id);
        *XGROW(credentials->items, credentials->n) = (CellCredential){TAKE_PTR(id), TAKE_PTR(source)};
        return 0;
}

static void credentials_done(void *field) {
        CellCredentials *credentials = field;

        for (size_t i = 0; i < credentials->n; i++) {
                free(credentials->items[i].id);
                free(credentials->items[i].source);
        }
        free(credentials->items);
        *credentials = (CellCredentials){};
}

static int capability_parse(void *field, const char *value, Error *reterr) {
        unsigned number;
        int r;

        r = capability_from_string(value, &number, reterr);
        if (r >= 0)
                *(uint64_t *) field |= UINT64_C(1) << number;
        return r;
}

static int yes_parse(void *field, const char *value, Error *reterr) {
        *(bool *) field = streq(value, "yes");
        return streq(value, "yes") || streq(value, "no")
                       ? 0
                       : error_raise(reterr, FC_EXIT_USAGE, "'%s' is neither yes nor no", value);
}

static OptionTable cell_options_table(CellOptions *o) {
        /* nspawn's arguments are printed by the plan, so none of these is. */
        static const OptionKind bind = {bind_parse, NULL, cell_mounts_done, NULL},
                                bind_ro = {bind_ro_parse, NULL, NULL, NULL},
                                credential = {credential_parse, NULL, credentials_done, NULL},
                                capability = {capability_parse, NULL, NULL, NULL},
                                yes = {yes_parse, NULL, NULL, NULL};
        static const Option rows[] = {
                {"directory", 0, OPTION_STRING, offsetof(CellOptions, directory), "PATH", .required = true},
                {"machine", 0, OPTION_STRING, offsetof(CellOptions, machine), "NAME", .required = true},
                {"hostname", 0, OPTION_STRING, offsetof(CellOptions, hostname), "NAME", .required = true},
                {"uuid", 0, OPTION_STRING, offsetof(CellOptions, uuid), "ID"},
                {"private-users", 0, OPTION_STRING, offsetof(CellOptions, private_users), "no",
                 .required = true},
                {"notify-ready", 0, OPTION_OTHER, offsetof(CellOptions, notify_ready), "yes|no",
                 .kind = &yes},
                {"private-network", 0, OPTION_FLAG, offsetof(CellOptions, private_network), NULL},
                {"as-pid2", 0, OPTION_FLAG, offsetof(CellOptions, as_pid2), NULL},
                {"bind", 0, OPTION_OTHER, offsetof(CellOptions, mounts), "SOURCE:TARGET", .kind = &bind},
                {"bind-ro", 0, OPTION_OTHER, offsetof(CellOptions, mounts), "SOURCE:TARGET",
                 .kind = &bind_ro},
                {"load-credential", 0, OPTION_OTHER, offsetof(CellOptions, credentials), "ID:PATH",
                 .kind = &credential},
                {"setenv", 0, OPTION_STRINGS, offsetof(CellOptions, environment), "NAME=VALUE"},
                {"capability", 0, OPTION_OTHER, offsetof(CellOptions, capabilities_add), "NAME",
                 .kind = &capability},
                {"drop-capability", 0, OPTION_OTHER, offsetof(CellOptions, capabilities_drop), "NAME",
                 .kind = &capability},
                /* What the cell does in any case, or has nothing to do with. */
                {"quiet", 0, OPTION_IGNORED, 0, NULL},
                {"keep-unit", 0, OPTION_IGNORED, 0, NULL},
                {"register", 0, OPTION_IGNORED, 0, "no"},
                {"console", 0, OPTION_IGNORED, 0, "pipe"},
                {"kill-signal", 0, OPTION_IGNORED, 0, "NAME"},
                {"timezone", 0, OPTION_IGNORED, 0, "off"},
                {"link-journal", 0, OPTION_IGNORED, 0, "no"},
                {"resolv-conf", 0, OPTION_IGNORED, 0, "off"},
        };

        return (OptionTable){rows, ELEMENTSOF(rows), o};
}

static int cell_options_check(const CellOptions *o, Error *reterr) {
        if (o->directory[0] != '/')
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not an absolute path", o->directory);
        /* Another namespace's ids would need maps that only root can make. */
        if (!streq(o->private_users, "no"))
                return error_raise(reterr, FC_EXIT_USAGE, "ids of its own need root");
        if (o->uuid && (strlen(o->uuid) != 32 || strspn(o->uuid, HEXADECIMAL) != 32))
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not a machine's id", o->uuid);
        STRV_FOREACH (assignment, o->environment)
                if ((*assignment)[0] == '=' || !strchr(*assignment, '='))
                        return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not written NAME=VALUE",
                                           *assignment);
        return o->command && o->command[0] ? 0 : error_raise(reterr, FC_EXIT_USAGE, "no command");
}

int cell_options_parse(char *const *argv, CellOptions *ret, Error *reterr) {
        CellOptions o = {};
        OptionTable table = cell_options_table(&o);
        int r;

        r = options_parse(&table, 1, argv, /* stop_early= */ true, &o.command, reterr);
        if (r >= 0)
                r = cell_options_check(&o, reterr);
        if (r < 0) {
                cell_options_done(&o);
                return r;
        }
        *ret = o;
        return 0;
}

void cell_options_done(CellOptions *o) {
        OptionTable table = cell_options_table(o);

        options_done(&table);
        o->command = strv_free(o->command);
}
