/* SPDX-License-Identifier: MIT */
#pragma once

/* What nearly every verb begins with: which project, which specification, what the host offers. */

#include "backend/backend.h"
#include "cli/globals.h"
#include "project/facts.h"
#include "project/state-dir.h"
#include "project/state.h"
#include "project/user.h"
#include "report/progress.h"
#include "spec/spec.h"

#define SESSION_SPEC_NAME "flake-containers.json"

typedef struct Session {
        const Globals *globals;
        ProgressMode progress;
        InvokingUser user;
        char *root; /* of the project, real path */
        char *id;
        char *spec_path;
        Spec *spec; /* NULL until session_load_spec() */
        StateDir state;
        HostFacts facts;
        const Backend *backend; /* for what is started */
} Session;

#define SESSION_NULL ((Session){.state = STATE_DIR_NULL})

/* Finds the project and its state. Changes nothing. @ret is emptied by session_done(), also after a failure.
 */
int session_open(const Globals *globals, Session *ret, Error *reterr);
void session_done(Session *s);

int session_load_spec(Session *s, Error *reterr);

/* The containers that a verb is to work on: those named, each of which must exist, or all. @ret_names is
 * owned by the caller, without duplicates, in the order given or in that of the specification. */
int session_select(const Session *s, char *const *names, char ***ret_names, Error *reterr);

/* session_open(), session_load_spec() and session_select(): what the verbs begin with that need the
 * specification. */
int session_open_selected(const Globals *globals, char *const *operands, Session *ret, char ***ret_names,
                          Error *reterr);

/* Like session_select(), for verbs that also reach containers that the specification no longer has: those
 * with a state.
 */
int session_select_known(const Session *s, char *const *names, char ***ret_names, Error *reterr);

/* What the verbs begin with that show what was written down: session_open(), session_load_spec() and
 * session_select_known(). @follow: then there is a `.containers`, so that what does not exist yet can be
 * waited for. Without it there may be none, which is nothing to show. */
int session_open_records(const Globals *globals, char *const *operands, bool follow, Session *ret,
                         char ***ret_names, Error *reterr);

/* Fails when @name is neither in the specification nor has a state. */
int session_require_container(const Session *s, const char *name, Error *reterr);

/* What is remembered of a container: `*ret` NULL when there is nothing, else owned by the caller. */
int session_load_state(const Session *s, const char *container, ContainerState **ret, Error *reterr);

/* What the supervisor left when its container ended: "exited 1", "killed 9"; NULL when it could not, and
 * when a command has put it away. Owned by the caller. */
char *session_read_end(const Session *s, const char *container);

/* Raises FC_EXIT_NOT_RUNNING with the command that starts the container. */
int session_not_running(const Session *s, const char *container, Error *reterr);

/* Machine name of a container; owned by the caller. */
char *session_machine(const Session *s, const char *container);

/* How a person runs @verb on this project, with the options that it took to get here; owned by the caller.
 */
char *session_command(const Session *s, const char *verb, const char *operand);

/* Re-executes this program as root with the project and the specification already found, since libgit2 takes
 * root's word only with SUDO_UID, and relative paths must not be read twice. Returns only on failure. */
int session_elevate(const Globals *globals, int argc, char **argv, Error *reterr);

/* In that second run: takes what the first one found. Return: the words that the user typed. */
char **session_adopt(Globals *globals, char **argv);
