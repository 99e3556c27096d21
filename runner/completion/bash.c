/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/strv.h"
#include "completion/shell.h"

static void bash_options(FILE *f, const CompletionTable *t, const Option *rows, size_t n) {
        for (size_t i = 0; i < n; i++) {
                if (!rows[i].help)
                        continue;
                if (rows[i].letter)
                        (void) fprintf(f, " -%c", rows[i].letter);
                if (rows[i].name)
                        (void) fprintf(f, " --%s", rows[i].name);
        }
}

/* "'up':--timeout)", "*:-C|*:--directory)" and what completes the word after it. */
static void bash_values(FILE *f, const CompletionTable *t, const char *verb, const Option *rows, size_t n) {
        for (size_t i = 0; i < n; i++) {
                const Option *o = &rows[i];

                if (!o->help || !completion_takes_word(o))
                        continue;
                (void) fprintf(f, "        ");
                if (o->letter)
                        (void) fprintf(f, "%s:-%c%s", verb, o->letter, o->name ? " | " : "");
                if (o->name)
                        (void) fprintf(f, "%s:--%s", verb, o->name);
                if (completion_words_of(o))
                        (void) fprintf(f, ") COMPREPLY=($(compgen -W '%s' -- \"$cur\")) ;;\n",
                                       completion_words_of(o));
                else if (completion_takes_path(t, o, "DIR") || completion_takes_path(t, o, "FILE"))
                        (void) fprintf(
                                f, ") compopt -o filenames && COMPREPLY=($(compgen -%c -- \"$cur\")) ;;\n",
                                completion_takes_path(t, o, "DIR") ? 'd' : 'f');
                else if (completion_kind_of(o))
                        (void) fprintf(f,
                                       ") COMPREPLY=($(compgen -W \"$(\"${COMP_WORDS[0]}\" completion %s%s "
                                       "2>/dev/null)\" -- \"$cur\")) ;;\n",
                                       completion_kind_of(o),
                                       streq(completion_kind_of(o), "generations")
                                               ? " -- \"${COMP_WORDS[@]:i + 1}\""
                                               : "");
                else
                        (void) fprintf(f, ") ;;\n");
        }
}

/* Behind the container's name and "--" stands another program's command line. */
static void bash_leave_commands_alone(FILE *f, const CompletionTable *t) {
        (void) fprintf(f, "    case $verb in\n    ");
        for (size_t i = 0, n = 0; completion_at(t, i); i++)
                if (completion_takes_command(completion_at(t, i)))
                        (void) fprintf(f, "%s%s", n++ > 0 ? " | " : "", completion_at(t, i)->name);
        (void) fprintf(f, ")\n"
                          "        for ((j = i + 1; j < COMP_CWORD; j++)); do\n"
                          "            [[ ${COMP_WORDS[j]} != -- ]] || return 0\n"
                          "        done\n"
                          "        ;;\n"
                          "    esac\n\n");
}

/* Sets $verb, from the words before the one that is completed. */
static void bash_find_verb(FILE *f, const CompletionTable *t) {
        (void) fprintf(f, "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                          "        case ${COMP_WORDS[i]} in\n"
                          "        ");
        for (size_t i = 0, n = 0; i < t->n_globals; i++) {
                const Option *o = &t->globals[i];

                if (!o->help || !completion_takes_word(o))
                        continue;
                if (o->letter)
                        (void) fprintf(f, "%s-%c", n++ > 0 ? " | " : "", o->letter);
                (void) fprintf(f, "%s--%s", n++ > 0 ? " | " : "", o->name);
        }
        (void) fprintf(f, ") ((i++)) ;;\n"
                          "        -*) ;;\n"
                          "        *) verb=${COMP_WORDS[i]} && break ;;\n"
                          "        esac\n"
                          "    done\n"
                          "    case $verb in\n");
        for (size_t i = 0; completion_at(t, i); i++) {
                _cleanup_free_ char *group = NULL;

                if (completion_begins_group(t, i, &group))
                        (void) fprintf(
                                f, "    %s) ((i + 1 >= COMP_CWORD)) || verb+=\" ${COMP_WORDS[i + 1]}\" ;;\n",
                                group);
        }
        (void) fprintf(f, "    esac\n\n");
        bash_leave_commands_alone(f, t);
}

/* What may follow: $words and $options of each verb. */
static void bash_words(FILE *f, const CompletionTable *t) {
        for (size_t i = 0; completion_at(t, i); i++) {
                _cleanup_free_ char *group = NULL;

                if (completion_begins_group(t, i, &group) || !strchr(completion_at(t, i)->name, ' '))
                        (void) fprintf(f, "%s%s", i > 0 ? " " : "",
                                       group ? group : completion_at(t, i)->name);
        }
        (void) fprintf(f, "' ;;\n");
        for (size_t i = 0; completion_at(t, i); i++) {
                _cleanup_free_ char *group = NULL, *words = NULL;

                if (!completion_begins_group(t, i, &group))
                        continue;
                words = completion_group_words(t, group);
                (void) fprintf(f, "        %s) words='%s' ;;\n", group, words);
        }
        for (size_t i = 0; completion_at(t, i); i++) {
                const CompletionVerb *v = completion_at(t, i);

                (void) fprintf(f, "        '%s'%s%s) options='", v->name, v->alias ? " | " : "",
                               v->alias ? v->alias : "");
                bash_options(f, t, v->options, v->n_options);
                (void) fprintf(f, "'%s ;;\n",
                               completion_takes_port(v)
                                       ? " && if ((COMP_CWORD > i + 1)); then words=$(\"${COMP_WORDS[0]}\" "
                                         "completion ports \"${COMP_WORDS[i + 1]}\" 2>/dev/null); else "
                                         "words=$(\"${COMP_WORDS[0]}\" completion names 2>/dev/null); fi"
                               : completion_takes_labels(v)
                                       ? " words=$(\"${COMP_WORDS[0]}\" completion labels 2>/dev/null)"
                               : completion_takes_names(v)
                                       ? " words=$(\"${COMP_WORDS[0]}\" completion names 2>/dev/null)"
                               : completion_takes_files(v)
                                       ? " words=$(\"${COMP_WORDS[0]}\" completion names 2>/dev/null | "
                                         "sed 's/$/:/'; compgen -f -- \"$cur\")"
                               : streq(v->name, "completion") ? " words='bash zsh fish'"
                                                              : "");
        }
}

void completion_make_bash(FILE *f, const CompletionTable *t) {
        (void) fprintf(
                f, "# bash completion of " PROGRAM "(1), made by '" PROGRAM " completion bash'\n\n"
                   "_flake_containers() {\n"
                   "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb= i j\n\n"
                   "    COMPREPLY=()\n");
        bash_find_verb(f, t);
        (void) fprintf(f, "    case $verb:$prev in\n");
        for (size_t i = 0; completion_at(t, i); i++) {
                _cleanup_free_ char *name = xasprintf("'%s'", completion_at(t, i)->name);

                bash_values(f, t, name, completion_at(t, i)->options, completion_at(t, i)->n_options);
        }
        bash_values(f, t, "*", t->globals, t->n_globals);
        (void) fprintf(f, "        *)\n"
                          "        local options='' words=''\n\n"
                          "        case $verb in\n"
                          "        '') words='");
        bash_words(f, t);
        (void) fprintf(f, "        esac\n"
                          "        [[ $cur != -* ]] || words=\"$options");
        bash_options(f, t, t->globals, t->n_globals);
        (void) fprintf(f, "\"\n"
                          "        COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
                          "        ;;\n"
                          "    esac\n"
                          "}\n\n"
                          "complete -F _flake_containers " PROGRAM "\n");
}
