/* SPDX-License-Identifier: MIT */

#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "cli/completion.h"
#include "cli/verbs.h"

#define PROGRAM "flake-containers"

/* Words that an option takes; for others its placeholder says whether it is a file, a directory or
 * neither. */
static const char *words_of(const Option *o) {
        static const struct {
                const char *argument, *words;
        } table[] = {{"MODE", "auto plain json quiet"},
                     {"FORMAT", "short json cat"},
                     {"VIEW", "wide json"},
                     {"SYNTAX", "sh fish json dotenv"},
                     {"DRAWING", "text mermaid dot json"}};

        for (size_t i = 0; o->argument && i < ELEMENTSOF(table); i++)
                if (streq(o->argument, table[i].argument))
                        return table[i].words;
        return NULL;
}

static bool takes_labels(const Verb *v) {
        return strstr(v->synopsis, "LABEL") && !streq(v->name, "snapshot save");
}

static bool takes_names(const Verb *v) {
        return startswith(v->synopsis, "NAME") ||
               (startswith(v->synopsis, "[NAME") && !strchr(v->synopsis, ':'));
}

/* "[NAME:]PATH": files of this host, and names of containers before a colon. */
static bool takes_files(const Verb *v) {
        return strstr(v->synopsis, "PATH") != NULL;
}

/* A path of this host's; those of a verb are a container's. */
static bool takes_path(const Option *o, const char *kind) {
        return o->argument && streq(o->argument, kind) && o >= globals_options &&
               o < globals_options + globals_n_options;
}

static bool takes_label(const Option *o) {
        return o->argument && streq(o->argument, "LABEL");
}

static bool takes_unit(const Option *o) {
        return o->argument && streq(o->argument, "UNIT");
}

/* "NAME [PORT..": a container, and then one of its ports. */
static bool takes_port(const Verb *v) {
        return startswith(v->synopsis, "NAME [PORT");
}

/* "NAME -- CMD..": what follows the name is another program's. */
static bool takes_command(const Verb *v) {
        return v->stop_early && takes_names(v);
}

/* Takes what no other word gives: the next one, that is. */
static bool takes_word(const Option *o) {
        return o->argument && o->type != OPTION_OPTIONAL;
}

/* "save restore list rm" of "snapshot"; owned by the caller. */
static char *group_words(const char *group) {
        _cleanup_strv_ char **words = NULL;

        for (size_t i = 0; verb_at(i); i++)
                if (verb_in_group(verb_at(i), group))
                        strv_push(&words, verb_in_group(verb_at(i), group));
        return strv_join(words, " ");
}

/* ---- bash ---- */

static void bash_options(FILE *f, const Option *rows, size_t n) {
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
static void bash_values(FILE *f, const char *verb, const Option *rows, size_t n) {
        for (size_t i = 0; i < n; i++) {
                const Option *o = &rows[i];

                if (!o->help || !takes_word(o))
                        continue;
                (void) fprintf(f, "        ");
                if (o->letter)
                        (void) fprintf(f, "%s:-%c%s", verb, o->letter, o->name ? " | " : "");
                if (o->name)
                        (void) fprintf(f, "%s:--%s", verb, o->name);
                if (words_of(o))
                        (void) fprintf(f, ") COMPREPLY=($(compgen -W '%s' -- \"$cur\")) ;;\n", words_of(o));
                else if (takes_path(o, "DIR") || takes_path(o, "FILE"))
                        (void) fprintf(
                                f, ") compopt -o filenames && COMPREPLY=($(compgen -%c -- \"$cur\")) ;;\n",
                                takes_path(o, "DIR") ? 'd' : 'f');
                else if (takes_label(o) || takes_unit(o))
                        (void) fprintf(f,
                                       ") COMPREPLY=($(compgen -W \"$(\"${COMP_WORDS[0]}\" completion %s "
                                       "2>/dev/null)\" -- \"$cur\")) ;;\n",
                                       takes_label(o) ? "labels" : "units");
                else
                        (void) fprintf(f, ") ;;\n");
        }
}

/* Behind the container's name and "--" stands another program's command line. */
static void bash_leave_commands_alone(FILE *f) {
        (void) fprintf(f, "    case $verb in\n    ");
        for (size_t i = 0, n = 0; verb_at(i); i++)
                if (takes_command(verb_at(i)))
                        (void) fprintf(f, "%s%s", n++ > 0 ? " | " : "", verb_at(i)->name);
        (void) fprintf(f, ")\n"
                          "        for ((j = i + 1; j < COMP_CWORD; j++)); do\n"
                          "            [[ ${COMP_WORDS[j]} != -- ]] || return 0\n"
                          "        done\n"
                          "        ;;\n"
                          "    esac\n\n");
}

/* Sets $verb, from the words before the one that is completed. */
static void bash_find_verb(FILE *f) {
        (void) fprintf(f, "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                          "        case ${COMP_WORDS[i]} in\n"
                          "        ");
        for (size_t i = 0, n = 0; i < globals_n_options; i++) {
                const Option *o = &globals_options[i];

                if (!o->help || !takes_word(o))
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
        for (size_t i = 0; verb_at(i); i++) {
                _cleanup_free_ char *group = NULL;

                if (verb_begins_group(i, &group))
                        (void) fprintf(
                                f, "    %s) ((i + 1 >= COMP_CWORD)) || verb+=\" ${COMP_WORDS[i + 1]}\" ;;\n",
                                group);
        }
        (void) fprintf(f, "    esac\n\n");
        bash_leave_commands_alone(f);
}

/* What may follow: $words and $options of each verb. */
static void bash_words(FILE *f) {
        for (size_t i = 0; verb_at(i); i++) {
                _cleanup_free_ char *group = NULL;

                if (verb_begins_group(i, &group) || !strchr(verb_at(i)->name, ' '))
                        (void) fprintf(f, "%s%s", i > 0 ? " " : "", group ? group : verb_at(i)->name);
        }
        (void) fprintf(f, "' ;;\n");
        for (size_t i = 0; verb_at(i); i++) {
                _cleanup_free_ char *group = NULL, *words = NULL;

                if (!verb_begins_group(i, &group))
                        continue;
                words = group_words(group);
                (void) fprintf(f, "        %s) words='%s' ;;\n", group, words);
        }
        for (size_t i = 0; verb_at(i); i++) {
                const Verb *v = verb_at(i);

                (void) fprintf(f, "        '%s'%s%s) options='", v->name, v->alias ? " | " : "",
                               v->alias ? v->alias : "");
                bash_options(f, v->options, v->n_options);
                (void) fprintf(
                        f, "'%s ;;\n",
                        takes_port(v) ? " && if ((COMP_CWORD > i + 1)); then words=$(\"${COMP_WORDS[0]}\" "
                                        "completion ports \"${COMP_WORDS[i + 1]}\" 2>/dev/null); else "
                                        "words=$(\"${COMP_WORDS[0]}\" completion names 2>/dev/null); fi"
                        : takes_labels(v) ? " words=$(\"${COMP_WORDS[0]}\" completion labels 2>/dev/null)"
                        : takes_names(v)  ? " words=$(\"${COMP_WORDS[0]}\" completion names 2>/dev/null)"
                        : takes_files(v)  ? " words=$(\"${COMP_WORDS[0]}\" completion names 2>/dev/null | "
                                            "sed 's/$/:/'; compgen -f -- \"$cur\")"
                        : streq(v->name, "completion") ? " words='bash zsh fish'"
                                                       : "");
        }
}

static void make_bash(FILE *f) {
        (void) fprintf(
                f, "# bash completion of " PROGRAM "(1), made by '" PROGRAM " completion bash'\n\n"
                   "_flake_containers() {\n"
                   "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb= i j\n\n"
                   "    COMPREPLY=()\n");
        bash_find_verb(f);
        (void) fprintf(f, "    case $verb:$prev in\n");
        for (size_t i = 0; verb_at(i); i++) {
                _cleanup_free_ char *name = xasprintf("'%s'", verb_at(i)->name);

                bash_values(f, name, verb_at(i)->options, verb_at(i)->n_options);
        }
        bash_values(f, "*", globals_options, globals_n_options);
        (void) fprintf(f, "        *)\n"
                          "        local options='' words=''\n\n"
                          "        case $verb in\n"
                          "        '') words='");
        bash_words(f);
        (void) fprintf(f, "        esac\n"
                          "        [[ $cur != -* ]] || words=\"$options");
        bash_options(f, globals_options, globals_n_options);
        (void) fprintf(f, "\"\n"
                          "        COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
                          "        ;;\n"
                          "    esac\n"
                          "}\n\n"
                          "complete -F _flake_containers " PROGRAM "\n");
}

/* ---- zsh and fish ---- */

/* As in single quotes; @escape: characters that get a backslash. */
static void quoted(FILE *f, const char *text, const char *escape) {
        for (const char *p = text; *p; p++) {
                if (strchr(escape, *p))
                        (void) fputc('\\', f);
                if (*p == '\'')
                        (void) fputs("'\\''", f);
                else
                        (void) fputc(*p, f);
        }
}

static void zsh_option(FILE *f, const Option *o, const char *dashes, const char *name) {
        (void) fprintf(f, " \\\n            '*%s%s%s[", dashes, name,
                       !o->argument                 ? ""
                       : o->type == OPTION_OPTIONAL ? (dashes[1] ? "=-" : "-")
                       : dashes[1]                  ? "="
                                                    : "+");
        quoted(f, o->help, "[]:");
        (void) fputc(']', f);
        if (o->argument) {
                (void) fprintf(f, "%s:%s:", o->type == OPTION_OPTIONAL ? ":" : "", o->argument);
                if (words_of(o))
                        (void) fprintf(f, "(%s)", words_of(o));
                else if (takes_path(o, "DIR"))
                        (void) fprintf(f, "_directories");
                else if (takes_path(o, "FILE"))
                        (void) fprintf(f, "_files");
                else if (takes_label(o))
                        (void) fprintf(f, "_flake_containers_labels");
                else if (takes_unit(o))
                        (void) fprintf(f, "_flake_containers_units");
                else
                        (void) fputc(' ', f);
        }
        (void) fputc('\'', f);
}

static void zsh_options(FILE *f, const Option *rows, size_t n) {
        for (size_t i = 0; i < n; i++) {
                char letter[2] = {rows[i].letter, '\0'};

                if (!rows[i].help)
                        continue;
                if (rows[i].letter)
                        zsh_option(f, &rows[i], "-", letter);
                if (rows[i].name)
                        zsh_option(f, &rows[i], "--", rows[i].name);
        }
}

/* Once for all of its verbs. */
static void zsh_group(FILE *f, size_t index) {
        _cleanup_free_ char *group = NULL, *words = NULL;

        if (!verb_begins_group(index, &group))
                return;
        words = group_words(group);
        (void) fprintf(f, "        %s)\n            _arguments -s", group);
        for (size_t i = index; verb_at(i) && verb_in_group(verb_at(i), group); i++)
                zsh_options(f, verb_at(i)->options, verb_at(i)->n_options);
        zsh_options(f, globals_options, globals_n_options);
        (void) fprintf(f,
                       " \\\n            '1:command:(%s)' '*:container:_flake_containers_names' && ret=0\n"
                       "            ;;\n",
                       words);
}

static void zsh_helpers(FILE *f) {
        (void) fprintf(f,
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

static void zsh_verb(FILE *f, const Verb *v) {
        (void) fprintf(f, "        %s%s%s)\n            _arguments -s", v->name, v->alias ? "|" : "",
                       v->alias ? v->alias : "");
        zsh_options(f, v->options, v->n_options);
        zsh_options(f, globals_options, globals_n_options);
        if (takes_port(v))
                (void) fprintf(f, " \\\n            '1:container:_flake_containers_names' "
                                  "'2:port:_flake_containers_ports'");
        else if (takes_command(v))
                (void) fprintf(f, " \\\n            '1:container:_flake_containers_names' "
                                  "'*:: :_normal'");
        else if (takes_names(v))
                (void) fprintf(f, " \\\n            '*:container:_flake_containers_names'");
        else if (takes_files(v))
                (void) fprintf(f, " \\\n            '*:path:_flake_containers_places'");
        else if (streq(v->name, "completion"))
                (void) fprintf(f, " \\\n            '1:shell:(bash zsh fish)'");
        (void) fprintf(f, " && ret=0\n            ;;\n");
}

static void make_zsh(FILE *f) {
        zsh_helpers(f);
        (void) fprintf(f, "_flake_containers() {\n"
                          "    local curcontext=$curcontext state line ret=1\n"
                          "    typeset -A opt_args\n\n"
                          "    _arguments -C -s");
        zsh_options(f, globals_options, globals_n_options);
        (void) fprintf(f, " \\\n            '1:command:->verb' '*::: :->rest' && ret=0\n"
                          "    case $state in\n"
                          "    verb)\n"
                          "        local -a verbs=(\n");
        for (size_t i = 0; verb_at(i); i++) {
                _cleanup_free_ char *group = NULL;

                if (strchr(verb_at(i)->name, ' ') && !verb_begins_group(i, &group))
                        continue;
                (void) fprintf(f, "            '%s:", group ? group : verb_at(i)->name);
                quoted(f, verb_at(i)->summary, "");
                (void) fprintf(f, "'\n");
        }
        (void) fprintf(f, "        )\n"
                          "        _describe command verbs && ret=0\n"
                          "        ;;\n"
                          "    rest)\n"
                          "        case $line[1] in\n");
        for (size_t i = 0; verb_at(i); i++) {
                if (strchr(verb_at(i)->name, ' '))
                        zsh_group(f, i);
                else
                        zsh_verb(f, verb_at(i));
        }
        (void) fprintf(f, "        esac\n"
                          "        ;;\n"
                          "    esac\n"
                          "    return ret\n"
                          "}\n\n"
                          "_flake_containers \"$@\"\n");
}

/* Nothing of ours behind the "--" of a command of another program. */
#define FISH_OURS "not __flake_containers_in_command"

static void fish_options(FILE *f, const char *condition, const Option *rows, size_t n) {
        for (size_t i = 0; i < n; i++) {
                const Option *o = &rows[i];

                if (!o->help)
                        continue;
                (void) fprintf(f, "complete -c " PROGRAM "%s", condition);
                if (o->letter)
                        (void) fprintf(f, " -s %c", o->letter);
                if (o->name)
                        (void) fprintf(f, " -l %s", o->name);
                if (words_of(o))
                        (void) fprintf(f, " -x -a '%s'", words_of(o));
                else if (takes_path(o, "DIR"))
                        (void) fprintf(f, " -x -a '(__fish_complete_directories)'");
                else if (takes_path(o, "FILE"))
                        (void) fprintf(f, " -r -F");
                else if (takes_label(o) || takes_unit(o))
                        (void) fprintf(f, " -x -a '(" PROGRAM " completion %s 2>/dev/null)'",
                                       takes_label(o) ? "labels" : "units");
                else if (takes_word(o))
                        (void) fprintf(f, " -x");
                (void) fprintf(f, " -d '");
                for (const char *p = o->help; *p; p++)
                        (void) fprintf(f, *p == '\'' || *p == '\\' ? "\\%c" : "%c", *p);
                (void) fprintf(f, "'\n");
        }
}

static char *fish_condition(const Verb *v) {
        const char *space = strchr(v->name, ' ');

        return space ? xasprintf(
                               " -n '__fish_seen_subcommand_from %.*s; and __fish_seen_subcommand_from %s'",
                               (int) (space - v->name), v->name, space + 1)
                     : xasprintf(" -n '" FISH_OURS "; and __fish_seen_subcommand_from %s%s%s'", v->name,
                                 v->alias ? " " : "", v->alias ? v->alias : "");
}

static void fish_functions(FILE *f) {
        (void) fprintf(f, "function __flake_containers_in_command\n"
                          "    contains -- -- (commandline -pxc 2>/dev/null; or commandline -poc)\n"
                          "end\n\n"
                          "function __flake_containers_operand\n"
                          "    set -l words (commandline -pxc 2>/dev/null; or commandline -poc)\n"
                          "    set -l at (contains -i -- $argv[1] $words); or return 1\n"
                          "    test (count $words) -gt $at; and echo $words[(math $at + 1)]\n"
                          "end\n\n");
}

static void fish_group(FILE *f, const char *group) {
        _cleanup_free_ char *words = group_words(group);

        (void) fprintf(f,
                       "complete -c " PROGRAM " -n '__fish_seen_subcommand_from %s; and not "
                       "__fish_seen_subcommand_from %s' -a '%s'\n",
                       group, words, words);
}

static void make_fish(FILE *f) {
        (void) fprintf(f, "# fish completion of " PROGRAM "(1), made by '" PROGRAM " completion fish'\n\n"
                          "complete -c " PROGRAM " -f\n");
        fish_functions(f);
        fish_options(f, " -n '" FISH_OURS "'", globals_options, globals_n_options);
        for (size_t i = 0; verb_at(i); i++) {
                const Verb *v = verb_at(i);
                _cleanup_free_ char *condition = fish_condition(v), *group = NULL;

                if (verb_begins_group(i, &group))
                        fish_group(f, group);
                if (group || !strchr(v->name, ' ')) {
                        (void) fprintf(f, "complete -c " PROGRAM " -n __fish_use_subcommand -a %s -d '",
                                       group ? group : v->name);
                        quoted(f, v->summary, "");
                        (void) fprintf(f, "'\n");
                }
                fish_options(f, condition, v->options, v->n_options);
                if (takes_port(v))
                        (void) fprintf(f,
                                       "complete -c " PROGRAM "%s -a '(set -l name "
                                       "(__flake_containers_operand %s); and " PROGRAM
                                       " completion ports $name 2>/dev/null; or " PROGRAM
                                       " completion names 2>/dev/null)'\n",
                                       condition, v->name);
                else if (takes_names(v) || takes_labels(v))
                        (void) fprintf(f,
                                       "complete -c " PROGRAM "%s -a '(" PROGRAM
                                       " completion %s 2>/dev/null)'\n",
                                       condition, takes_labels(v) ? "labels" : "names");
                else if (takes_files(v))
                        (void) fprintf(f,
                                       "complete -c " PROGRAM "%s -F -a '(for name in (" PROGRAM
                                       " completion names 2>/dev/null); echo $name:; end)'\n",
                                       condition);
                else if (streq(v->name, "completion"))
                        (void) fprintf(f, "complete -c " PROGRAM "%s -a 'bash zsh fish'\n", condition);
        }
}

int completion_make(const char *shell, char **ret_script, Error *reterr) {
        static const struct {
                const char *shell;
                void (*make)(FILE *f);
        } shells[] = {{"bash", make_bash}, {"zsh", make_zsh}, {"fish", make_fish}};

        for (size_t i = 0; i < ELEMENTSOF(shells); i++)
                if (streq(shell, shells[i].shell)) {
                        char *text = NULL;
                        size_t size;
                        FILE *f = open_memstream(&text, &size);

                        if (!f)
                                return error_set(reterr, errno, "make a completion script");
                        shells[i].make(f);
                        (void) fclose(f);
                        *ret_script = text;
                        return 0;
                }
        return error_raise(reterr, FC_EXIT_USAGE, "'%s': must be one of bash, zsh, fish", shell);
}
