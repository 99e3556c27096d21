/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/options.h"
#include "base/suggest.h"

#define SECONDS_MAX 86400

static int parse_seconds(const char *shown, const char *value, uint64_t *ret, Error *reterr) {
        char *end;
        double seconds;

        errno = 0;
        seconds = strtod(value, &end);
        if (errno != 0 || end == value || (*end != '\0' && !streq(end, "s")) || !isfinite(seconds) ||
            seconds < 0 || seconds > SECONDS_MAX || strspn(value, "0123456789.s") != strlen(value))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "option '%s': '%s' is not a number of seconds from 0 to %d", shown, value,
                                   SECONDS_MAX);
        *ret = (uint64_t) (seconds * 1e6);
        return 0;
}

/* Strict: kill(2) takes 0 and negative numbers for whole groups of processes. */
static int parse_pid(const char *shown, const char *value, pid_t *ret, Error *reterr) {
        unsigned long pid;
        char *end;

        errno = 0;
        pid = strtoul(value, &end, 10);
        if (errno != 0 || value[0] < '1' || value[0] > '9' || *end != '\0' || pid > INT32_MAX)
                return error_raise(reterr, FC_EXIT_USAGE, "option '%s': '%s' is not a process id", shown,
                                   value);
        *ret = (pid_t) pid;
        return 0;
}

int option_parse_fd(const char *text, const char **ret_end) {
        unsigned long fd;
        char *end;

        errno = 0;
        fd = strtoul(text, &end, 10);
        if (errno != 0 || text[0] < '0' || text[0] > '9' || fd <= STDERR_FILENO || fd > INT32_MAX ||
            fcntl((int) fd, F_SETFD, FD_CLOEXEC) < 0)
                return -EBADF;
        *ret_end = end;
        return (int) fd;
}

static int parse_fd(const char *shown, const char *value, int *ret, Error *reterr) {
        const char *end = value;
        int fd = option_parse_fd(value, &end);

        if (fd < 0 || *end != '\0')
                return error_raise(reterr, FC_EXIT_USAGE, "option '%s': '%s' is not an open file descriptor",
                                   shown, value);
        *ret = fd;
        return 0;
}

static int store(const Option *o, void *target, const char *shown, const char *value, Error *reterr) {
        char *field = (char *) target + o->offset;

        switch (o->type) {
        case OPTION_FLAG:
                *(bool *) field = true;
                return 0;
        case OPTION_STRING:
        case OPTION_OPTIONAL:
                free(*(char **) field);
                *(char **) field = xstrdup(value ? value : "");
                return 0;
        case OPTION_STRINGS:
                strv_push((char ***) field, value);
                return 0;
        case OPTION_SECONDS:
                return parse_seconds(shown, value, (uint64_t *) field, reterr);
        case OPTION_IGNORED:
                return 0;
        case OPTION_PID:
                return parse_pid(shown, value, (pid_t *) field, reterr);
        case OPTION_FD:
                return parse_fd(shown, value, (int *) field, reterr);
        case OPTION_OTHER:
                return error_prefix(reterr, o->kind->parse(field, value, reterr), "option '%s'", shown);
        }
        return 0;
}

/* Only of types that tell whether they were given. */
static bool is_given(const Option *o, const void *target) {
        const char *field = (const char *) target + o->offset;

        switch (o->type) {
        case OPTION_STRING:
        case OPTION_OPTIONAL:
                return *(char *const *) field;
        case OPTION_STRINGS:
                return *(char **const *) field;
        case OPTION_PID:
                return *(const pid_t *) field > 0;
        case OPTION_FD:
                return *(const int *) field >= 0;
        case OPTION_SECONDS:
                return *(const uint64_t *) field != UINT64_MAX;
        default:
                return true;
        }
}

static int check_required(const OptionTable *table, Error *reterr) {
        for (size_t i = 0; i < table->n_rows; i++)
                if (table->rows[i].required && !is_given(&table->rows[i], table->target))
                        return error_raise(reterr, FC_EXIT_USAGE, "option '--%s' is missing",
                                           table->rows[i].name);
        return 0;
}

/* getopt_long(3) in its own terms: options by their row number. */
typedef struct Getopt {
        const Option **rows;
        void **targets;
        size_t n;
        char *letters;
        struct option *names;
        const char *(*explain)(const char *option);
} Getopt;

static void getopt_done(Getopt *g) {
        free(g->rows);
        free(g->targets);
        free(g->letters);
        free(g->names);
}

/* Values of long options start beyond all letters. */
#define FIRST_NAME 256

/* As getopt_long(3) counts: none, mandatory, optional; also the number of colons that getopt(3) wants. */
static int has_argument(const Option *o) {
        return !o->argument                 ? no_argument
               : o->type == OPTION_OPTIONAL ? optional_argument
                                            : required_argument;
}

static void getopt_build(Getopt *g, const OptionTable *tables, size_t n_tables, bool stop_early) {
        size_t n_names = 0, n_letters;

        for (size_t t = 0; t < n_tables; t++) {
                g->n += tables[t].n_rows;
                g->explain = tables[t].explain ? tables[t].explain : g->explain;
        }
        g->rows = xnew0(const Option *, g->n);
        g->targets = xnew0(void *, g->n);
        g->names = xnew0(struct option, g->n + 1);
        g->letters = xmalloc0(3 * g->n + 3);
        /* '+': stop at the first operand; ':': tell a missing value from an unknown option. */
        n_letters = (size_t) sprintf(g->letters, "%s:", stop_early ? "+" : "");

        for (size_t t = 0, i = 0; t < n_tables; t++)
                for (size_t row = 0; row < tables[t].n_rows; row++, i++) {
                        const Option *o = &tables[t].rows[row];

                        g->rows[i] = o;
                        g->targets[i] = tables[t].target;
                        if (o->name)
                                g->names[n_names++] = (struct option){
                                        .name = o->name,
                                        .has_arg = has_argument(o),
                                        .val = FIRST_NAME + (int) i,
                                };
                        if (o->letter)
                                n_letters += (size_t) sprintf(g->letters + n_letters, "%c%.*s", o->letter,
                                                              has_argument(o), "::");
                }
}

static size_t row_of(const Getopt *g, int value) {
        if (value >= FIRST_NAME)
                return (size_t) (value - FIRST_NAME);
        for (size_t i = 0; i < g->n; i++)
                if (g->rows[i]->letter == value)
                        return i;
        return g->n;
}

/* For a long one also what it may have been meant to be. */
static void explain_unknown(const Getopt *g, const char *option, Error *reterr) {
        _cleanup_strv_ char **names = NULL;
        const char *hint = g->explain ? g->explain(option) : NULL, *nearest = NULL;

        for (size_t i = 0; i < g->n; i++)
                if (g->rows[i]->name && g->rows[i]->help)
                        strv_push(&names, g->rows[i]->name);
        if (startswith(option, "--"))
                nearest = suggest_name(option + strlen("--"), names);
        if (hint)
                error_add_hint(reterr, "%s", hint);
        else if (nearest)
                error_add_hint(reterr, "did you mean '--%s'?", nearest);
}

static int refuse_unknown(const Getopt *g, int letter, const char *word, Error *reterr) {
        _cleanup_free_ char *option =
                letter > 0 ? xasprintf("-%c", letter) : xstrndup(word, strcspn(word, "="));
        int r = error_raise(reterr, FC_EXIT_USAGE, "unknown option '%s'", letter > 0 ? option : word);

        explain_unknown(g, option, reterr);
        return r;
}

static int options_refuse(const Getopt *g, int c, char *const *argv, Error *reterr) {
        size_t i = row_of(g, optopt);

        if (c == ':' && i < g->n)
                return error_raise(reterr, FC_EXIT_USAGE, "option '%s' needs a value: %s", argv[optind - 1],
                                   g->rows[i]->argument);
        if (optopt >= FIRST_NAME)
                return error_raise(reterr, FC_EXIT_USAGE, "option '%s' takes no value", argv[optind - 1]);
        return refuse_unknown(g, optopt, argv[optind - 1], reterr);
}

/* "-b -1", as journalctl(1) takes it: a number with a sign is not an option, and no other operand looks
 * so. */
static const char *take_number(char *const *words, int argc) {
        const char *word = optind < argc ? words[optind] : "";
        size_t n = strlen(word);

        if (n < 2 || (word[0] != '-' && word[0] != '+') || strspn(word + 1, "0123456789") != n - 1)
                return NULL;
        optind++;
        return word;
}

int options_parse(const OptionTable *tables, size_t n_tables, char *const *argv, bool stop_early,
                  char ***ret_operands, Error *reterr) {
        _cleanup_(getopt_done) Getopt g = {};
        /* getopt permutes what it is given, and takes the first element for the program's name. */
        _cleanup_free_ char **words = xnew0(char *, strv_length(argv) + 2);
        int argc = 1, c, r;

        words[0] = (char *) "";
        STRV_FOREACH (word, argv)
                words[argc++] = *word;
        getopt_build(&g, tables, n_tables, stop_early);

        optind = 0; /* GNU: start anew */
        opterr = 0;
        while ((c = getopt_long(argc, words, g.letters, g.names, NULL)) >= 0) {
                _cleanup_free_ char *shown = NULL;
                size_t i;

                if (c == '?' || c == ':')
                        return options_refuse(&g, c, words, reterr);
                i = row_of(&g, c);
                if (g.rows[i]->type == OPTION_OPTIONAL && !optarg)
                        optarg = (char *) take_number(words, argc);
                shown = c >= FIRST_NAME ? xasprintf("--%s", g.rows[i]->name) : xasprintf("-%c", c);
                r = store(g.rows[i], g.targets[i], shown, optarg, reterr);
                if (r < 0)
                        return r;
        }
        for (size_t t = 0; t < n_tables; t++) {
                r = check_required(&tables[t], reterr);
                if (r < 0)
                        return r;
        }
        *ret_operands = strv_copy(words + optind);
        return 0;
}

void options_init(const OptionTable *table) {
        for (size_t i = 0; i < table->n_rows; i++)
                if (table->rows[i].type == OPTION_FD)
                        *(int *) ((char *) table->target + table->rows[i].offset) = -EBADF;
}

void options_done(const OptionTable *table) {
        for (size_t i = 0; i < table->n_rows; i++) {
                const Option *o = &table->rows[i];
                char *field = (char *) table->target + o->offset;

                if (o->type == OPTION_STRING || o->type == OPTION_OPTIONAL) {
                        free(*(char **) field);
                        *(char **) field = NULL;
                } else if (o->type == OPTION_STRINGS)
                        *(char ***) field = strv_free(*(char ***) field);
                else if (o->type == OPTION_FD)
                        *(int *) field = safe_close(*(int *) field);
                else if (o->type == OPTION_OTHER && o->kind->done)
                        o->kind->done(field);
        }
}

static void print_option(const Option *o, const void *field, char ***argv) {
        switch (o->type) {
        case OPTION_FLAG:
                if (*(const bool *) field)
                        strv_pushf(argv, "--%s", o->name);
                break;
        case OPTION_STRING:
        case OPTION_OPTIONAL:
                strv_pushf(argv, "--%s=%s", o->name, *(char *const *) field);
                break;
        case OPTION_STRINGS:
                STRV_FOREACH (s, *(char **const *) field)
                        strv_pushf(argv, "--%s=%s", o->name, *s);
                break;
        case OPTION_SECONDS:
                strv_pushf(argv, "--%s=%.6f", o->name, (double) *(const uint64_t *) field / 1e6);
                break;
        case OPTION_PID:
                strv_pushf(argv, "--%s=%d", o->name, (int) *(const pid_t *) field);
                break;
        case OPTION_FD:
                strv_pushf(argv, "--%s=%d", o->name, *(const int *) field);
                break;
        case OPTION_OTHER:
                o->kind->print(field, o->name, argv);
                break;
        case OPTION_IGNORED:
                break;
        }
}

void options_print(const OptionTable *table, char ***argv) {
        for (size_t i = 0; i < table->n_rows; i++)
                if (is_given(&table->rows[i], table->target))
                        print_option(&table->rows[i], (const char *) table->target + table->rows[i].offset,
                                     argv);
}

void options_inherit(const OptionTable *table) {
        for (size_t i = 0; i < table->n_rows; i++) {
                const Option *o = &table->rows[i];
                const char *field = (const char *) table->target + o->offset;

                if (o->type == OPTION_FD && *(const int *) field >= 0)
                        (void) fcntl(*(const int *) field, F_SETFD, 0);
                else if (o->type == OPTION_OTHER && o->kind->inherit)
                        o->kind->inherit(field);
        }
}

void options_print_help(FILE *f, const Option *rows, size_t n_rows) {
        for (size_t i = 0; i < n_rows; i++) {
                const Option *o = &rows[i];

                if (!o->help)
                        continue;
                _cleanup_free_ char *name = o->name ? xasprintf("--%s", o->name) : xstrdup("");
                _cleanup_free_ char *letter =
                        o->letter ? xasprintf("-%c%s", o->letter, o->name ? ", " : "") : xstrdup("    ");
                bool optional = o->type == OPTION_OPTIONAL;
                _cleanup_free_ char *left = xasprintf("%s%s%s%s%s", letter, name,
                                                      !o->argument ? ""
                                                      : optional   ? "[="
                                                                   : " ",
                                                      o->argument ? o->argument : "", optional ? "]" : "");

                (void) fprintf(f, "  %-26s %s\n", left, o->help);
        }
}
