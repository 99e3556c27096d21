/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/strv.h"
#include "completion/shell.h"

/* Nothing of ours behind the "--" of a command of another program. */
#define FISH_OURS "not __flake_containers_in_command"

static void fish_options(FILE *f, const CompletionTable *t, const char *condition, const Option *rows,
                         size_t n) {
        for (size_t i = 0; i < n; i++) {
                const Option *o = &rows[i];

                if (!o->help)
                        continue;
                (void) fprintf(f, "complete -c " PROGRAM "%s", condition);
                if (o->letter)
                        (void) fprintf(f, " -s %c", o->letter);
                if (o->name)
                        (void) fprintf(f, " -l %s", o->name);
                if (completion_words_of(o))
                        (void) fprintf(f, " -x -a '%s'", completion_words_of(o));
                else if (completion_takes_path(t, o, "DIR"))
                        (void) fprintf(f, " -x -a '(__fish_complete_directories)'");
                else if (completion_takes_path(t, o, "FILE"))
                        (void) fprintf(f, " -r -F");
                else if (completion_kind_of(o))
                        (void) fprintf(f, " -x -a '(" PROGRAM " completion %s%s 2>/dev/null)'",
                                       completion_kind_of(o),
                                       streq(completion_kind_of(o), "generations")
                                               ? " -- (__flake_containers_words)"
                                               : "");
                else if (completion_takes_word(o))
                        (void) fprintf(f, " -x");
                (void) fprintf(f, " -d '");
                for (const char *p = o->help; *p; p++)
                        (void) fprintf(f, *p == '\'' || *p == '\\' ? "\\%c" : "%c", *p);
                (void) fprintf(f, "'\n");
        }
}

static char *fish_condition(const CompletionVerb *v) {
        const char *space = strchr(v->name, ' ');

        return space ? xasprintf(
                               " -n '__fish_seen_subcommand_from %.*s; and __fish_seen_subcommand_from %s'",
                               (int) (space - v->name), v->name, space + 1)
                     : xasprintf(" -n '" FISH_OURS "; and __fish_seen_subcommand_from %s%s%s'", v->name,
                                 v->alias ? " " : "", v->alias ? v->alias : "");
}

static void fish_functions(FILE *f, const CompletionTable *t) {
        (void) fprintf(f, "function __flake_containers_words\n"
                          "    commandline -pxc 2>/dev/null; or commandline -poc\n"
                          "end\n\n"
                          "function __flake_containers_in_command\n"
                          "    contains -- -- (__flake_containers_words)\n"
                          "end\n\n"
                          "function __flake_containers_operand\n"
                          "    set -l words (__flake_containers_words)\n"
                          "    set -l at (contains -i -- $argv[1] $words); or return 1\n"
                          "    test (count $words) -gt $at; and echo $words[(math $at + 1)]\n"
                          "end\n\n");
}

static void fish_group(FILE *f, const CompletionTable *t, const char *group) {
        _cleanup_free_ char *words = completion_group_words(t, group);

        (void) fprintf(f,
                       "complete -c " PROGRAM " -n '__fish_seen_subcommand_from %s; and not "
                       "__fish_seen_subcommand_from %s' -a '%s'\n",
                       group, words, words);
}

void completion_make_fish(FILE *f, const CompletionTable *t) {
        (void) fprintf(f, "# fish completion of " PROGRAM "(1), made by '" PROGRAM " completion fish'\n\n"
                          "complete -c " PROGRAM " -f\n");
        fish_functions(f, t);
        fish_options(f, t, " -n '" FISH_OURS "'", t->globals, t->n_globals);
        for (size_t i = 0; completion_at(t, i); i++) {
                const CompletionVerb *v = completion_at(t, i);
                _cleanup_free_ char *condition = fish_condition(v), *group = NULL;

                if (completion_begins_group(t, i, &group))
                        fish_group(f, t, group);
                if (group || !strchr(v->name, ' ')) {
                        (void) fprintf(f, "complete -c " PROGRAM " -n __fish_use_subcommand -a %s -d '",
                                       group ? group : v->name);
                        completion_quote(f, v->summary, "");
                        (void) fprintf(f, "'\n");
                }
                fish_options(f, t, condition, v->options, v->n_options);
                if (completion_takes_port(v))
                        (void) fprintf(f,
                                       "complete -c " PROGRAM "%s -a '(set -l name "
                                       "(__flake_containers_operand %s); and " PROGRAM
                                       " completion ports $name 2>/dev/null; or " PROGRAM
                                       " completion names 2>/dev/null)'\n",
                                       condition, v->name);
                else if (completion_takes_names(v) || completion_takes_labels(v))
                        (void) fprintf(f,
                                       "complete -c " PROGRAM "%s -a '(" PROGRAM
                                       " completion %s 2>/dev/null)'\n",
                                       condition, completion_takes_labels(v) ? "labels" : "names");
                else if (completion_takes_files(v))
                        (void) fprintf(f,
                                       "complete -c " PROGRAM "%s -F -a '(for name in (" PROGRAM
                                       " completion names 2>/dev/null); echo $name:; end)'\n",
                                       condition);
                else if (streq(v->name, "completion"))
                        (void) fprintf(f, "complete -c " PROGRAM "%s -a 'bash zsh fish'\n", condition);
        }
}
