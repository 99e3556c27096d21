/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/strv.h"
#include "completion/shell.h"

static void zsh_option(FILE *f, const CompletionTable *t, const Option *o, const char *dashes,
                       const char *name) {
        (void) fprintf(f, " \\\n            '*%s%s%s[", dashes, name,
                       !o->argument                 ? ""
                       : o->type == OPTION_OPTIONAL ? (dashes[1] ? "=-" : "-")
                       : dashes[1]                  ? "="
                                                    : "+");
        completion_quote(f, o->help, "[]:");
        (void) fputc(']', f);
        if (o->argument) {
                (void) fprintf(f, "%s:%s:", o->type == OPTION_OPTIONAL ? ":" : "", o->argument);
                if (completion_words_of(o))
                        (void) fprintf(f, "(%s)", completion_words_of(o));
                else if (completion_takes_path(t, o, "DIR"))
                        (void) fprintf(f, "_directories");
                else if (completion_takes_path(t, o, "FILE"))
                        (void) fprintf(f, "_files");
                else if (completion_kind_of(o))
                        (void) fprintf(f, "_flake_containers_%s", completion_kind_of(o));
                else
                        (void) fputc(' ', f);
        }
        (void) fputc('\'', f);
}

static void zsh_options(FILE *f, const CompletionTable *t, const Option *rows, size_t n) {
        for (size_t i = 0; i < n; i++) {
                char letter[2] = {rows[i].letter, '\0'};

                if (!rows[i].help)
                        continue;
                if (rows[i].letter)
                        zsh_option(f, t, &rows[i], "-", letter);
                if (rows[i].name)
                        zsh_option(f, t, &rows[i], "--", rows[i].name);
        }
}

/* Once for all of its verbs. */
static void zsh_group(FILE *f, const CompletionTable *t, size_t index) {
        _cleanup_free_ char *group = NULL, *words = NULL;

        if (!completion_begins_group(t, index, &group))
                return;
        words = completion_group_words(t, group);
        (void) fprintf(f, "        %s)\n            _arguments -s -S", group);
        for (size_t i = index; completion_at(t, i) && completion_in_group(completion_at(t, i)->name, group);
             i++)
                zsh_options(f, t, completion_at(t, i)->options, completion_at(t, i)->n_options);
        zsh_options(f, t, t->globals, t->n_globals);
        (void) fprintf(f, " \\\n            '1:command:(%s)' '*:operand:{ case $line[1] in (-", words);
        for (size_t i = index; completion_at(t, i); i++) {
                const CompletionVerb *v = completion_at(t, i);
                const char *second = completion_in_group(v->name, group);

                if (second && completion_takes_labels(v))
                        (void) fprintf(f, "|%s", second);
        }
        (void) fprintf(f, ") _flake_containers_labels ;; (*) _flake_containers_names ;; esac }' && ret=0\n"
                          "            ;;\n");
}

static void zsh_helpers(FILE *f, const CompletionTable *t) {
        (void) fprintf(
                f,
                "#compdef " PROGRAM "\n"
                "# zsh completion of " PROGRAM "(1), made by '" PROGRAM " completion zsh'\n\n"
                "_flake_containers_names() {\n"
                "    local -a names=(${(f)\"$(_call_program names $service completion names "
                "2>/dev/null)\"})\n"
                "    _describe container names\n"
                "}\n\n"
                "_flake_containers_labels() {\n"
                "    local -a labels=(${(f)\"$(_call_program labels $service completion labels "
                "2>/dev/null)\"})\n"
                "    _describe label labels\n"
                "}\n\n"
                "_flake_containers_units() {\n"
                "    local -a units=(${(f)\"$(_call_program units $service completion units "
                "2>/dev/null)\"})\n"
                "    compadd -a units\n"
                "}\n\n"
                "_flake_containers_profiles() {\n"
                "    local -a profiles=(${(f)\"$(_call_program profiles $service completion profiles "
                "2>/dev/null)\"})\n"
                "    compadd -a profiles\n"
                "}\n\n"
                "_flake_containers_generations() {\n"
                "    local -a numbers=(${(f)\"$(_call_program generations $service completion generations "
                "-- ${(q)words} 2>/dev/null)\"})\n"
                "    compadd -a numbers\n"
                "}\n\n"
                "_flake_containers_ports() {\n"
                "    local -a ports=(${(f)\"$(_call_program ports $service completion ports $line[1] "
                "2>/dev/null)\"})\n"
                "    compadd -a ports\n"
                "}\n\n"
                "_flake_containers_places() {\n"
                "    local -a names=(${(f)\"$(_call_program names $service completion names "
                "2>/dev/null)\"})\n"
                "    compadd -S : -a names\n"
                "    _files\n"
                "}\n\n");
}

static void zsh_verb(FILE *f, const CompletionTable *t, const CompletionVerb *v) {
        (void) fprintf(f, "        %s%s%s)\n            _arguments -s -S", v->name, v->alias ? "|" : "",
                       v->alias ? v->alias : "");
        zsh_options(f, t, v->options, v->n_options);
        zsh_options(f, t, t->globals, t->n_globals);
        if (completion_takes_port(v))
                (void) fprintf(f, " \\\n            '1:container:_flake_containers_names' "
                                  "'2:port:_flake_containers_ports'");
        else if (completion_takes_command(v))
                (void) fprintf(f, " \\\n            '1:container:_flake_containers_names' "
                                  "'*: : '");
        else if (completion_takes_names(v))
                (void) fprintf(f, " \\\n            '*:container:_flake_containers_names'");
        else if (completion_takes_files(v))
                (void) fprintf(f, " \\\n            '*:path:_flake_containers_places'");
        else if (streq(v->name, "completion"))
                (void) fprintf(f, " \\\n            '1:shell:(bash zsh fish)'");
        (void) fprintf(f, " && ret=0\n            ;;\n");
}

void completion_make_zsh(FILE *f, const CompletionTable *t) {
        zsh_helpers(f, t);
        (void) fprintf(f, "_flake_containers() {\n"
                          "    local curcontext=$curcontext state line ret=1\n"
                          "    typeset -A opt_args\n\n"
                          "    _arguments -C -s");
        zsh_options(f, t, t->globals, t->n_globals);
        (void) fprintf(f, " \\\n            '1:command:->verb' '*:: :->rest' && ret=0\n"
                          "    case $state in\n"
                          "    verb)\n"
                          "        local -a verbs=(\n");
        for (size_t i = 0; completion_at(t, i); i++) {
                _cleanup_free_ char *group = NULL;

                if (strchr(completion_at(t, i)->name, ' ') && !completion_begins_group(t, i, &group))
                        continue;
                (void) fprintf(f, "            '%s:", group ? group : completion_at(t, i)->name);
                completion_quote(f, completion_at(t, i)->summary, "");
                (void) fprintf(f, "'\n");
        }
        (void) fprintf(f, "        )\n"
                          "        _describe command verbs && ret=0\n"
                          "        ;;\n"
                          "    rest)\n"
                          "        case $line[1] in\n");
        for (size_t i = 0; completion_at(t, i); i++) {
                if (strchr(completion_at(t, i)->name, ' '))
                        zsh_group(f, t, i);
                else
                        zsh_verb(f, t, completion_at(t, i));
        }
        (void) fprintf(f, "        esac\n"
                          "        ;;\n"
                          "    esac\n"
                          "    return ret\n"
                          "}\n\n"
                          "_flake_containers \"$@\"\n");
}
