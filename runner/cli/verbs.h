/* SPDX-License-Identifier: MIT */
#pragma once

/* The table of verbs: dispatch, `--help` and the completion are read from it. Each verb is a file
 * cmd-<verb>.c that exports one row. */

#include "base/options.h"
#include "context/project-open.h"

typedef struct Verb {
        const char *name;     /* one word, or a group's and its own: "snapshot save" */
        const char *alias;    /* a name that people know from elsewhere, or NULL */
        const char *synopsis; /* operands */
        const char *summary;
        const Option *options;
        size_t n_options;
        size_t target_size;             /* of the struct that the options fill, zeroed before */
        void (*defaults)(void *target); /* for values that are not zero; may be NULL */
        size_t min_operands;
        size_t max_operands;        /* SIZE_MAX: any number */
        bool stop_early;            /* operands begin a foreign command line */
        bool has_command;           /* a foreign command line stands behind "--", ProjectRequest has it */
        const char *command_option; /* of that kind: or behind this; may be NULL */
        bool has_dry_run;
        bool builds;      /* a flake's specification is built for it, instead of taking the last one */
        bool builds_all;  /* also when it is given names: of all containers */
        bool needs_root;  /* re-executed through sudo, run0, doas or pkexec (not with --dry-run) */
        bool of_root;     /* of the host's root, in whatever way, with --dry-run as well */
        bool holds;       /* it stays the user's, and starts a process that is root's (elevate/held.h) */
        bool in_instance; /* it works on what runs of a fresh instance, too: --instance */
        bool looks;       /* it needs no root, but to be where the user's containers are (elevate.h) */
        bool of_machine;  /* needs no project, and root also to look */
        bool (*needs_root_for)(const void *options); /* likewise with these; may be NULL */
        bool (*takes_last)(const void *options);     /* with these it does not build; may be NULL */

        /* Return: the exit status, or a negative errno with @reterr set. */
        int (*run)(const ProjectRequest *request, const void *options, char *const *operands, Error *reterr);
} Verb;

extern const Verb cmd_up, cmd_down, cmd_restart, cmd_reset, cmd_rm, cmd_status, cmd_stats, cmd_logs,
        cmd_events, cmd_shell, cmd_exec, cmd_cp, cmd_port, cmd_env, cmd_config, cmd_graph, cmd_wait,
        cmd_kill, cmd_pause, cmd_unpause, cmd_snapshot_save, cmd_snapshot_restore, cmd_snapshot_list,
        cmd_snapshot_rm, cmd_ls, cmd_gc, cmd_doctor, cmd_completion, cmd_version, cmd_publish, cmd_unpublish,
        cmd_with, cmd_run, cmd_history, cmd_rollback, cmd_watch, cmd_hosts, cmd_init, cmd_enable,
        cmd_disable, cmd_export, cmd_migrate, cmd_import;

/* The options of all verbs. */
extern const Option globals_options[];
extern const size_t globals_n_options;

/* All verbs, in the order of --help; NULL behind the last. */
const Verb *verb_at(size_t index);

/* The second word of a verb's name, when the first one is @group; otherwise NULL. */
const char *verb_in_group(const Verb *verb, const char *group);

/**
 * verbs_main() - the whole command line
 * @globals: zeroed; filled as far as parsing went, also on failure; the caller frees it with options_done()
 *
 * Return: the exit status, or a negative errno with @reterr set.
 */
int verbs_main(int argc, char **argv, Globals *globals, Error *reterr);
