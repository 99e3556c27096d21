/* SPDX-License-Identifier: MIT */

#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strv.h"
#include "base/suggest.h"
#include "cli/verbs.h"
#include "completion/completion.h"
#include "completion/known-words.h"
#include "elevate/elevate.h"
#include "remote/remote.h"
#include "spec/spec.h"

static const Verb *const verbs[] = {
        &cmd_up,
        &cmd_watch,
        &cmd_down,
        &cmd_kill,
        &cmd_restart,
        &cmd_reset,
        &cmd_pause,
        &cmd_unpause,
        &cmd_history,
        &cmd_rollback,
        &cmd_rm,
        &cmd_migrate,
        &cmd_enable,
        &cmd_disable,
        &cmd_wait,
        &cmd_status,
        &cmd_stats,
        &cmd_logs,
        &cmd_events,
        &cmd_shell,
        &cmd_exec,
        &cmd_cp,
        &cmd_port,
        &cmd_hosts,
        &cmd_publish,
        &cmd_unpublish,
        &cmd_env,
        &cmd_with,
        &cmd_run,
        &cmd_config,
        &cmd_graph,
        &cmd_export,
        &cmd_snapshot_save,
        &cmd_snapshot_restore,
        &cmd_snapshot_list,
        &cmd_snapshot_rm,
        &cmd_ls,
        &cmd_gc,
        &cmd_init,
        &cmd_import,
        &cmd_doctor,
        &cmd_completion,
        &cmd_version,
};

const Verb *verb_at(size_t index) {
        return index < ELEMENTSOF(verbs) ? verbs[index] : NULL;
}

const Option globals_options[] = {
        {"directory", 'C', OPTION_STRING, offsetof(Globals, directory), "DIR",
         "Start looking for the project in DIR"},
        {"root", 0, OPTION_STRING, offsetof(Globals, root), "DIR",
         "The project's root is DIR, in git or not"},
        {"subdir", 0, OPTION_STRING, offsetof(Globals, subdir), "DIR",
         "The project's root is DIR in the git work tree [the nearest directory upwards with a flake.nix]"},
        {"of-flake", 0, OPTION_STRING, offsetof(Globals, of_flake), "FILE",
         "Start nothing in a project whose flake.nix is another one than FILE"},
        {"host", 'H', OPTION_STRING, offsetof(Globals, host), "URL",
         "On another machine: ssh://[USER@]HOST[:PORT]"},
        {"spec", 0, OPTION_STRING, offsetof(Globals, spec), "FILE",
         "Specification [ROOT/flake-containers.json, or built of ROOT/flake.nix]"},
        {"instance", 0, OPTION_STRING, offsetof(Globals, instance), "INSTANCE",
         "The containers of a fresh instance, as $FC_INSTANCE names it"},
        {"json", 0, OPTION_FLAG, offsetof(Globals, json), NULL, "Print the result as JSON"},
        {"progress", 0, OPTION_STRING, offsetof(Globals, progress), "MODE", "auto, plain, json or quiet"},
        {"dry-run", 0, OPTION_FLAG, offsetof(Globals, dry_run), NULL,
         "Say what would be done, and why; do nothing"},
        {"backend", 0, OPTION_STRING, offsetof(Globals, backend), "NAME",
         "What keeps containers that are started: auto, systemd or supervisor"},
        {"rootless", 0, OPTION_FLAG, offsetof(Globals, rootless), NULL,
         "As this user, in a user namespace, without sudo and the like"},
        {"quiet", 'q', OPTION_FLAG, offsetof(Globals, quiet), NULL, "Like --progress=quiet"},
        {"help", 'h', OPTION_FLAG, offsetof(Globals, help), NULL, "Show this help"},
        {"version", 0, OPTION_FLAG, offsetof(Globals, version), NULL, "Show the version"},
};
const size_t globals_n_options = ELEMENTSOF(globals_options);

const char *verb_in_group(const Verb *v, const char *group) {
        return completion_in_group(v->name, group);
}

/* @ret_n: how many words name it. */
static const Verb *find_verb(char *const *words, size_t *ret_n) {
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                const char *second = verb_in_group(verbs[i], words[0]);

                *ret_n = second ? 2 : 1;
                if (second ? streq_ptr(second, words[1])
                           : streq(verbs[i]->name, words[0]) || streq_ptr(verbs[i]->alias, words[0]))
                        return verbs[i];
        }
        return NULL;
}

static bool is_group(const char *word) {
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (verb_in_group(verbs[i], word))
                        return true;
        return false;
}

static int unknown_verb(const char *name, Error *reterr) {
        const char *hint = known_word_hint(name), *nearest;
        _cleanup_strv_ char **firsts = NULL;

        (void) error_raise(reterr, FC_EXIT_USAGE, "unknown command '%s'", name);
        if (hint) {
                error_add_hint(reterr, "%s", hint);
                return -EINVAL;
        }
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                strv_push_take(&firsts, xstrndup(verbs[i]->name, strcspn(verbs[i]->name, " ")));
        nearest = suggest_name(name, firsts);
        if (nearest)
                error_add_hint(reterr, "did you mean '%s'?", nearest);
        else
                error_add_hint(reterr, "list of commands: flake-containers --help");
        return -EINVAL;
}

static void print_help(void) {
        (void) printf(
                "flake-containers [OPTION..] COMMAND [OPTION..] [NAME..]\n\n"
                "Run the containers of this project: systemd-nspawn, state in .containers/.\n\nCommands:\n");
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                _cleanup_free_ char *left = xasprintf("%s %s", verbs[i]->name, verbs[i]->synopsis);

                (void) printf("  %-32s %s%s%s%s\n", left, verbs[i]->summary,
                              verbs[i]->alias ? " (also: " : "", verbs[i]->alias ? verbs[i]->alias : "",
                              verbs[i]->alias ? ")" : "");
        }
        (void) printf("\nOptions:\n");
        options_print_help(stdout, globals_options, globals_n_options);
        (void) printf("\nA command: flake-containers help COMMAND, man flake-containers-COMMAND. The "
                      "specification: "
                      "man " SPEC_MANUAL ". All else: man flake-containers.\n");
}

static void print_manual(const char *verb) {
        (void) printf("\nMore: man flake-containers-");
        for (const char *p = verb; *p; p++)
                (void) putchar(*p == ' ' ? '-' : *p);
        (void) putchar('\n');
}

static void print_verb_help(const Verb *v) {
        (void) printf("flake-containers %s [OPTION..] %s\n\n%s.\n", v->name, v->synopsis, v->summary);
        if (v->n_options > 0) {
                (void) printf("\nOptions:\n");
                options_print_help(stdout, v->options, v->n_options);
        }
        (void) printf("\nOptions of all commands:\n");
        options_print_help(stdout, globals_options, globals_n_options);
        print_manual(v->name);
}

/* "snapshot" and "snapshot --help": what its second word may be. */
static int run_group(const char *group, char *const *words, Error *reterr) {
        bool asks = words[1] && (streq(words[1], "--help") || streq(words[1], "-h"));
        _cleanup_strv_ char **second = NULL;
        _cleanup_free_ char *list = NULL;

        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (verb_in_group(verbs[i], group))
                        strv_push(&second, verb_in_group(verbs[i], group));
        if (!asks) {
                list = strv_join(second, ", ");
                if (words[1])
                        (void) error_raise(reterr, FC_EXIT_USAGE, "'%s' has no command '%s'", group,
                                           words[1]);
                else
                        (void) error_raise(reterr, FC_EXIT_USAGE, "'%s' needs a command", group);
                error_add_hint(reterr, "it must be one of: %s", list);
                return -EINVAL;
        }
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (verb_in_group(verbs[i], group))
                        (void) printf("flake-containers %s [OPTION..] %s\n  %s.\n", verbs[i]->name,
                                      verbs[i]->synopsis, verbs[i]->summary);
        (void) printf("\nOptions:\n");
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (verb_in_group(verbs[i], group))
                        options_print_help(stdout, verbs[i]->options, verbs[i]->n_options);
        (void) printf("\nOptions of all commands:\n");
        options_print_help(stdout, globals_options, globals_n_options);
        print_manual(group);
        return FC_EXIT_OK;
}

static int check_operands(const Verb *v, char *const *operands, Error *reterr) {
        size_t n = strv_length(operands);

        if (n < v->min_operands)
                return error_raise(reterr, FC_EXIT_USAGE, "usage: flake-containers %s %s", v->name,
                                   v->synopsis);
        if (n > v->max_operands)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%s' is one operand too many; usage: flake-containers %s %s",
                                   operands[v->max_operands], v->name, v->synopsis);
        return 0;
}

/* @ret_words: borrowed words, without the foreign command line; owned by the caller. */
static char *const *split_command(const Verb *v, char *const *words, char ***ret_words) {
        size_t n = strv_length(words), end = 0;

        while (end < n &&
               !(v->has_command && (streq(words[end], "--") || streq_ptr(words[end], v->command_option))))
                end++;
        *ret_words = xnew0(char *, end + 1);
        for (size_t i = 0; i < end; i++)
                (*ret_words)[i] = words[i];
        return end < n ? words + end + 1 : NULL;
}

static int elevate_if_needed(const Verb *v, const void *target, ProjectRequest *request, Error *reterr) {
        bool needs = v->needs_root || (v->needs_root_for && v->needs_root_for(target));

        if (geteuid() == 0)
                return elevate_check_root(request->globals, reterr);
        if (v->of_root)
                return elevate_to_root(request, reterr);
        if (v->of_machine)
                return elevate_without_project(request, reterr);
        if (needs && !request->globals->dry_run)
                return elevate_with_project(request, reterr);
        /* Without root a dry run, too, has to be where it sees what runs. */
        return needs || v->looks ? elevate_to_look(request, reterr) : 0;
}

static int run_verb(const Verb *v, int argc, char **argv, char *const *words, Globals *globals,
                    ProjectRequest *request, Error *reterr) {
        _cleanup_free_ void *target = xmalloc0(v->target_size);
        _cleanup_(project_found_done) ProjectFound found = {};
        _cleanup_strv_ char **operands = NULL;
        _cleanup_free_ char **own_words = NULL;
        OptionTable own = {v->options, v->n_options, target, known_option_hint};
        OptionTable tables[] = {own, {globals_options, globals_n_options, globals, NULL}};
        int r;

        if (v->defaults)
                v->defaults(target);
        request->argc = argc;
        request->argv = argv;
        request->command = split_command(v, words, &own_words);
        r = options_parse(tables, ELEMENTSOF(tables), own_words, v->stop_early, &operands, reterr);
        if (r < 0 && reterr && !reterr->hints)
                error_add_hint(reterr, "all options: flake-containers %s --help", v->name);
        if (r >= 0 && globals->help) {
                print_verb_help(v);
                options_done(&own);
                return FC_EXIT_OK;
        }
        if (r >= 0)
                r = check_operands(v, operands, reterr);
        /* Verbs that only look do the same with it as without. */
        if (r >= 0 && globals->dry_run && (v->needs_root || v->holds) && !v->has_dry_run)
                r = error_raise(reterr, FC_EXIT_USAGE, "'%s' has no option '--dry-run'", v->name);
        if (r >= 0 && globals->instance && !v->in_instance)
                r = error_raise(reterr, FC_EXIT_USAGE, "'%s' has no option '--instance'", v->name);
        request->found = &found;
        /* In the second run nothing is found by way of the directory any more, which pkexec(1) has
         * changed. */
        if (r >= 0 && globals->directory && !request->handed.root && chdir(globals->directory) < 0)
                r = errno == ENOENT
                            ? error_raise(reterr, FC_EXIT_USAGE, "directory '%s' does not exist",
                                          globals->directory)
                            : error_set(reterr, errno, "change to directory '%s'", globals->directory);
        request->instance = globals->instance;
        request->builds = v->builds && !(v->takes_last && v->takes_last(target));
        request->starts = v->builds && (v->needs_root || v->holds);
        request->keeps = request->starts && !globals->dry_run;
        request->wanted = v->builds_all ? NULL : operands;
        if (r >= 0 && globals->host && remote_takes(v->name)) {
                bool enters = v->stop_early || v->has_command;
                RemoteVerb remote = {v->name,        request->builds, (v->needs_root || v->holds) && !enters,
                                     v->has_command, tables,          2};

                r = remote_run(request, &remote, operands, reterr);
        } else if (r >= 0) {
                r = elevate_if_needed(v, target, request, reterr);
                r = r < 0 ? r : v->run(request, target, operands, reterr);
        }
        options_done(&own);
        return r;
}

/* "help VERB" is "VERB --help". */
static int help_of(char *const *words, Error *reterr) {
        char *group[] = {words[0], (char *) "--help", NULL};
        size_t n;
        const Verb *v = find_verb(words, &n);

        if (!v)
                return is_group(words[0]) ? run_group(words[0], group, reterr)
                                          : unknown_verb(words[0], reterr);
        print_verb_help(v);
        return FC_EXIT_OK;
}

int verbs_main(int argc, char **argv, Globals *globals, Error *reterr) {
        OptionTable table = {globals_options, globals_n_options, globals, known_option_hint};
        ProjectRequest request = {.globals = globals};
        _cleanup_strv_ char **words = NULL;
        const Verb *v;
        size_t n;
        int r;

        r = options_parse(&table, 1, elevate_adopt_project(&request, argv), /* stop_early= */ true, &words,
                          reterr);
        if (r < 0)
                return r;
        if (globals->version)
                return cmd_version.run(&request, NULL, NULL, reterr);
        if (!words && !globals->help) {
                (void) error_raise(reterr, FC_EXIT_USAGE, "no command given");
                error_add_hint(reterr, "list of commands: flake-containers --help");
                return -EINVAL;
        }
        if (words && words[1] && streq(words[0], "help"))
                return help_of(words + 1, reterr);
        if (!words || streq(words[0], "help")) {
                print_help();
                return FC_EXIT_OK;
        }
        v = find_verb(words, &n);
        if (!v && is_group(words[0]))
                return run_group(words[0], words, reterr);
        if (!v)
                return unknown_verb(words[0], reterr);
        r = run_verb(v, argc, argv, words + n, globals, &request, reterr);
        (void) strv_free(request.handed_words);
        return r;
}
