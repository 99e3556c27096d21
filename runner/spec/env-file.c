/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "spec/env-file.h"
#include "spec/env.h"
#include "spec/name.h"
#include "spec/path.h"
#include "spec/value.h"

#define BLANK       " \t"
#define DROP_IN_END ".d"

/* Each is a mount. */
enum { UNITS_MAX = 256 };

enum { VARIABLES_MAX = 4096 };

/* A text ends with a NUL, and has no other. */
typedef struct Cursor {
        const char *p;
        size_t line;
        bool services;
} Cursor;

static bool at_line_end(const char *p) {
        return *p == '\0' || *p == '\n' || (p[0] == '\r' && p[1] == '\n');
}

static void env_file_skip_blanks(Cursor *c) {
        c->p += strspn(c->p, BLANK);
}

static void skip_line(Cursor *c) {
        c->p += strcspn(c->p, "\n");
        if (*c->p == '\n')
                c->p++;
        c->line++;
}

static _printf_(3, 4) int refuse(const Cursor *c, Error *reterr, const char *format, ...) {
        _cleanup_free_ char *what = NULL;
        va_list ap;

        va_start(ap, format);
        what = xvasprintf(format, ap);
        va_end(ap);
        return error_raise(reterr, FC_EXIT_USAGE, "line %zu: %s", c->line, what);
}

/* What is no name may be a part of a value that goes over several lines. */
static int read_name(Cursor *c, char **ret, Error *reterr) {
        size_t n = strcspn(c->p, "=\n");
        _cleanup_free_ char *name = xstrndup(c->p, n);
        int r;

        if (startswith(name, "export ") || startswith(name, "export\t"))
                return refuse(c, reterr,
                              "begins with 'export', which systemd does not know: write NAME=VALUE");
        if (c->p[n] != '=')
                return refuse(c, reterr, "is not NAME=VALUE");
        if (env_check_name(name, NULL) < 0)
                return refuse(c, reterr,
                              "what stands before '=' cannot name a variable: allowed are letters, digits "
                              "and '_', not a digit first");
        r = env_check_own_name(name, reterr);
        if (r >= 0 && c->services)
                r = env_check_name_of_services(name, reterr);
        if (r < 0)
                return error_prefix(reterr, r, "line %zu", c->line);
        c->p += n + 1;
        *ret = TAKE_PTR(name);
        return 0;
}

/* Nothing in it means anything but itself. */
static int read_plain(Cursor *c, const char *name, char *q, Error *reterr) {
        const char *start = q;

        for (; !at_line_end(c->p); c->p++) {
                if (strchr("'\"\\$`", *c->p))
                        return refuse(c, reterr,
                                      "in the value of '%s' is a %c, which needs single quotes around the "
                                      "value",
                                      name, *c->p);
                if (*c->p == '#' && (q == start || strchr(BLANK, c->p[-1])))
                        return refuse(c, reterr,
                                      "after '%s' is a '#': put a comment into a line of its own, or the "
                                      "value into quotes",
                                      name);
                *q++ = *c->p;
        }
        while (q > start && strchr(BLANK, q[-1]))
                q--;
        *q = '\0';
        return 0;
}

static int refuse_open_quote(const Cursor *c, const char *name, char quote, Error *reterr) {
        return refuse(c, reterr, "the value of '%s' has no %c at its end", name, quote);
}

static int read_single(Cursor *c, const char *name, char *q, Error *reterr) {
        const size_t n = strcspn(c->p, "'");

        if (c->p[n] == '\0')
                return refuse_open_quote(c, name, '\'', reterr);
        if (n > 0 && c->p[n - 1] == '\\')
                return refuse(c, reterr,
                              "in the value of '%s' is a \\', which means nothing in single quotes", name);
        *(char *) mempcpy(q, c->p, n) = '\0';
        c->p += n + 1;
        return 0;
}

static int read_double(Cursor *c, const char *name, char *q, Error *reterr) {
        for (; *c->p != '"'; c->p++) {
                if (*c->p == '\0')
                        return refuse_open_quote(c, name, '"', reterr);
                if (*c->p == '$')
                        return refuse(c, reterr,
                                      "in the value of '%s' is a $: write \\$, or use single quotes", name);
                if (*c->p == '\\' && strspn(++c->p, "\"\\$") == 0)
                        return refuse(c, reterr,
                                      "in the value of '%s' is a \\ that stands before none of \" \\ $: use "
                                      "single quotes",
                                      name);
                *q++ = *c->p;
        }
        *q = '\0';
        c->p++;
        return 0;
}

static int read_quoted(Cursor *c, const char *name, char *value, Error *reterr) {
        Cursor inside = {.p = c->p + 1, .line = c->line};
        int r = *c->p == '\'' ? read_single(&inside, name, value, reterr)
                              : read_double(&inside, name, value, reterr);

        if (r < 0)
                return r;
        for (; c->p < inside.p; c->p++)
                c->line += *c->p == '\n';
        env_file_skip_blanks(c);
        if (!at_line_end(c->p))
                return refuse(c, reterr, "the value of '%s' goes on after its quotes", name);
        return 0;
}

/* @value: has room for the rest of the text. */
static int read_value(Cursor *c, const char *name, char *value, Error *reterr) {
        const size_t line = c->line;
        int r;

        if (strspn(c->p, BLANK) > 0)
                return refuse(c, reterr, "after '%s=' is a space: a value begins there", name);
        r = *c->p == '\'' || *c->p == '"' ? read_quoted(c, name, value, reterr)
                                          : read_plain(c, name, value, reterr);
        if (r >= 0 && env_check(name, value, NULL) < 0)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "line %zu: the value of '%s' is longer than Linux passes, has control "
                                   "characters other than tab and newline, or is not UTF-8",
                                   line, name);
        return r;
}

/* Where each variable was given first, in order of names; the vector itself is in that of the file. */
typedef struct Given {
        char *name;
        size_t line;
} Given;

typedef struct Variables {
        char **v;
        size_t n;
        Given *given;
        size_t n_given;
} Variables;

static void variables_done(Variables *variables) {
        strv_free_secret(variables->v);
        for (size_t i = 0; i < variables->n_given; i++)
                free(variables->given[i].name);
        free(variables->given);
}

static int given_compare(const void *va, const void *vb) {
        const Given *a = va, *b = vb;
        int r = strcmp(a->name, b->name);

        return r != 0 ? r : a->line < b->line ? -1 : a->line > b->line;
}

static int check_twice(Variables *variables, Error *reterr) {
        const Given *given = variables->given;

        if (variables->n_given > 0)
                qsort(variables->given, variables->n_given, sizeof(*given), given_compare);
        for (size_t i = 1; i < variables->n_given; i++)
                if (streq(given[i - 1].name, given[i].name))
                        return error_raise(reterr, FC_EXIT_USAGE, "line %zu: '%s' is in line %zu already",
                                           given[i].line, given[i].name, given[i - 1].line);
        return 0;
}

static int read_variable(Cursor *c, char *value, Variables *variables, Error *reterr) {
        _cleanup_free_ char *name = NULL;
        const size_t line = c->line;
        int r;

        if (variables->n == VARIABLES_MAX)
                return refuse(c, reterr, "there are more than %d variables", VARIABLES_MAX);
        r = read_name(c, &name, reterr);
        if (r >= 0)
                r = read_value(c, name, value, reterr);
        if (r < 0)
                return r;
        variables->v[variables->n++] = xasprintf("%s=%s", name, value);
        *XGROW(variables->given, variables->n_given) = (Given){TAKE_PTR(name), line};
        return 0;
}

static int read_variables(Cursor *c, char *value, Variables *variables, Error *reterr) {
        while (*c->p) {
                int r = 0;

                env_file_skip_blanks(c);
                if (!at_line_end(c->p) && *c->p != '#')
                        r = read_variable(c, value, variables, reterr);
                if (r < 0)
                        return r;
                skip_line(c);
        }
        return check_twice(variables, reterr);
}

int env_file_parse(const char *text, size_t size, bool services, char ***ret, Error *reterr) {
        _cleanup_(variables_done) Variables variables = {};
        _cleanup_free_ char *copy = NULL, *value = NULL;
        Cursor c = {.line = 1, .services = services};
        int r;

        if (memchr(text, '\0', size))
                return error_raise(reterr, FC_EXIT_USAGE, "there is a NUL in it");
        if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
                return refuse(&c, reterr, "begins with a byte order mark");
        variables.v = xnew0(char *, VARIABLES_MAX + 1);
        c.p = copy = xstrndup(text, size);
        value = xmalloc0(size + 1);
        r = read_variables(&c, value, &variables, reterr);
        explicit_bzero(copy, size);
        explicit_bzero(value, size);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(variables.v);
        return 0;
}

static const JsonShape env_files_shape = JSON_ARRAY_OF(host_path_shape),
                       env_file_shape = JSON_EITHER_OF(&host_path_shape, &env_files_shape);

static int parse_env_file(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = target;
        char *single = NULL;
        int r;

        if (json_type(value) != JSON_STRING)
                return value_parse_strv(value, path, path_check_host, &c->env_files, reterr);
        r = value_parse_string(value, path, path_check_host, &single, reterr);
        if (r >= 0)
                strv_push_take(&c->env_files, single);
        return r;
}

static Json *print_env_file(const ContainerSpec *c) {
        Json *json = json_new_array();

        STRV_FOREACH (file, c->env_files)
                json_append_string(json, *file);
        return json;
}

const SpecKey env_file_key = {
        .name = "envFile",
        .shape = &env_file_shape,
        .parse = parse_env_file,
        .print = print_env_file,
};

static const JsonShape service_name_shape = JSON_STRING_LIKE("^(?!@)[A-Za-z0-9:_.\\\\@-]+\\.service$"),
                       environment_units_shape = {
                               .kind = JSON_SHAPE_ARRAY,
                               .max = UNITS_MAX,
                               .element = &service_name_shape,
};

/* It gets a directory of its name for a drop-in. */
static int check_service_name(const char *name, Error *reterr) {
        const char *type = strrchr(name, '.');
        int r = unit_name_check(name, reterr);

        if (r < 0)
                return r;
        if (!streq(type, ".service"))
                return error_raise(reterr, FC_EXIT_USAGE, "'%.100s' is not a service", name);
        if (strlen(name) + strlen(DROP_IN_END) > 255)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%.100s' is too long for a directory '%.10s...%s'", name, name,
                                   DROP_IN_END);
        return 0;
}

static int parse_environment_units(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_strv(value, path, check_service_name,
                                &((ContainerSpec *) target)->environment_units, reterr);
}

static Json *print_environment_units(const ContainerSpec *c) {
        Json *json = json_new_array();

        STRV_FOREACH (unit, c->environment_units)
                json_append_string(json, *unit);
        return json;
}

static int check_environment_units(const ContainerSpec *c, Error *reterr) {
        if (!c->environment_units)
                return 0;
        if (c->command)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.environmentUnits: a container with 'command' has no units",
                                   c->name);
        if (!c->environment && !c->env_files)
                return error_raise(
                        reterr, FC_EXIT_USAGE,
                        "containers.%s.environmentUnits: there is neither 'environment' nor 'envFile'",
                        c->name);
        if (strv_length(c->environment_units) > UNITS_MAX)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.environmentUnits: there are more than %d units", c->name,
                                   UNITS_MAX);
        for (char *const *a = c->environment_units; *a; a++)
                for (char *const *b = a + 1; *b; b++)
                        if (streq(*a, *b))
                                return error_raise(reterr, FC_EXIT_USAGE,
                                                   "containers.%s.environmentUnits: '%s' is named twice",
                                                   c->name, *a);
        return 0;
}

const SpecKey environment_units_key = {
        .name = "environmentUnits",
        .shape = &environment_units_shape,
        .parse = parse_environment_units,
        .print = print_environment_units,
        .check = check_environment_units,
};
