/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/strv.h"
#include "completion/shell.h"

const CompletionVerb *completion_at(const CompletionTable *t, size_t index) {
        return index < t->n_verbs ? &t->verbs[index] : NULL;
}

const char *completion_in_group(const char *verb, const char *group) {
        const char *rest = startswith(verb, group);

        return rest && rest[0] == ' ' ? rest + 1 : NULL;
}

bool completion_begins_group(const CompletionTable *t, size_t index, char **ret_group) {
        const char *space = strchr(t->verbs[index].name, ' ');
        _cleanup_free_ char *group =
                space ? xstrndup(t->verbs[index].name, (size_t) (space - t->verbs[index].name)) : NULL;

        if (!group || (index > 0 && completion_in_group(t->verbs[index - 1].name, group)))
                return false;
        *ret_group = TAKE_PTR(group);
        return true;
}

const char *completion_words_of(const Option *o) {
        static const struct {
                const char *argument, *words;
        } table[] = {{"MODE", "auto plain json quiet"},
                     {"NAME", "auto systemd supervisor"},
                     {"STATE", "ready stopped completed"},
                     {"LEVEL", "emerg alert crit err warning notice info debug"},
                     {"SIGNAL", "HUP INT QUIT KILL USR1 USR2 TERM CONT"},
                     {"FORMAT", "short json cat"},
                     {"VIEW", "wide json"},
                     {"ENGINE", "oci kubernetes quadlet nomad"},
                     {"LANGUAGE", "flake json"},
                     {"SYNTAX", "sh fish json dotenv"},
                     {"DRAWING", "text mermaid dot json"},
                     {"TEMPLATE", "default without-flake-parts debian"}};

        for (size_t i = 0; o->argument && i < ELEMENTSOF(table); i++)
                if (streq(o->argument, table[i].argument))
                        return table[i].words;
        return NULL;
}

bool completion_takes_labels(const CompletionVerb *v) {
        return strstr(v->synopsis, "LABEL") && !streq(v->name, "snapshot save");
}

bool completion_takes_names(const CompletionVerb *v) {
        return startswith(v->synopsis, "NAME") ||
               (startswith(v->synopsis, "[NAME") && !strchr(v->synopsis, ':'));
}

bool completion_takes_files(const CompletionVerb *v) {
        return strstr(v->synopsis, "PATH") != NULL;
}

bool completion_takes_path(const CompletionTable *t, const Option *o, const char *kind) {
        return o->argument && streq(o->argument, kind) && o >= t->globals && o < t->globals + t->n_globals;
}

const char *completion_kind_of(const Option *o) {
        static const struct {
                const char *argument, *kind;
        } table[] = {
                {"LABEL", "labels"}, {"UNIT", "units"}, {"NUMBER", "generations"}, {"PROFILE", "profiles"}};

        for (size_t i = 0; o->argument && i < ELEMENTSOF(table); i++)
                if (streq(o->argument, table[i].argument))
                        return table[i].kind;
        return NULL;
}

bool completion_takes_port(const CompletionVerb *v) {
        return startswith(v->synopsis, "NAME [PORT");
}

bool completion_takes_command(const CompletionVerb *v) {
        return v->stop_early && completion_takes_names(v);
}

bool completion_takes_word(const Option *o) {
        return o->argument && o->type != OPTION_OPTIONAL;
}

char *completion_group_words(const CompletionTable *t, const char *group) {
        _cleanup_strv_ char **words = NULL;

        for (size_t i = 0; completion_at(t, i); i++)
                if (completion_in_group(completion_at(t, i)->name, group))
                        strv_push(&words, completion_in_group(completion_at(t, i)->name, group));
        return strv_join(words, " ");
}

void completion_quote(FILE *f, const char *text, const char *escape) {
        for (const char *p = text; *p; p++) {
                if (strchr(escape, *p))
                        (void) fputc('\\', f);
                if (*p == '\'')
                        (void) fputs("'\\''", f);
                else
                        (void) fputc(*p, f);
        }
}

int completion_make(const CompletionTable *t, const char *shell, char **ret_script, Error *reterr) {
        static const struct {
                const char *shell;
                void (*make)(FILE *f, const CompletionTable *t);
        } shells[] = {{"bash", completion_make_bash},
                      {"zsh", completion_make_zsh},
                      {"fish", completion_make_fish}};

        for (size_t i = 0; i < ELEMENTSOF(shells); i++)
                if (streq(shell, shells[i].shell)) {
                        char *text = NULL;
                        size_t size;
                        FILE *f = open_memstream(&text, &size);

                        if (!f)
                                return error_set(reterr, errno, "make a completion script");
                        shells[i].make(f, t);
                        (void) fclose(f);
                        *ret_script = text;
                        return 0;
                }
        return error_raise(reterr, FC_EXIT_USAGE, "'%s': must be one of bash, zsh, fish", shell);
}
