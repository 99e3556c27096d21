/* SPDX-License-Identifier: MIT */
#pragma once

/* What nearly every verb begins with: which project, which specification, what the host offers. */

#include "machine/machine.h"
#include "ops/globals.h"
#include "host/facts.h"
#include "project/source.h"
#include "project/state-dir.h"
#include "state/state.h"
#include "host/user.h"
#include "screen/progress.h"
#include "spec/spec.h"

/* In `.containers/NAME`: to the specification that the container was started from, if that is in a store. */
#define SESSION_STARTED_LINK "spec"

typedef struct Session {
        const Globals *globals;
        ProgressMode progress;
        InvokingUser user;
        char *root; /* of the project, real path */
        char *id;
        char *spec_path;
        Spec *spec;        /* NULL until session_load_spec(), and where there is none */
        Error spec_error;  /* why session_load_if_possible() found none ... */
        bool spec_missing; /* ... because there is none, or none is built */
        Spec **started;    /* what containers were started from, see session_container_spec() */
        size_t n_started;
        StateDir state;
        Sources sources; /* from session_open_sources() on */
        HostFacts facts;
        const Backend *backend; /* for what is started */
} Session;

#define SESSION_NULL ((Session){.state = STATE_DIR_NULL})

/* Finds the project and its state. Changes nothing. @ret is emptied by session_done(), also after a failure.
 */
int session_open(const Globals *globals, Session *ret, Error *reterr);
void session_done(Session *s);

int session_load_spec(Session *s, Error *reterr);

/* For the verbs that work on what runs: they go on with a specification that is missing, not built, or
 * broken; then `spec` is NULL. A warning says that a broken one is ignored. */
void session_load_if_possible(Session *s);

/* Before anything that the specification names is opened; with `.containers` made. */
int session_open_sources(Session *s, Error *reterr);

/* The containers that a verb is to work on: those named, each of which must exist, or all. @ret_names is
 * owned by the caller, without duplicates, in the order given or in that of the specification. */
int session_select(const Session *s, char *const *names, char ***ret_names, Error *reterr);

/* session_open(), session_load_spec() and session_select(): what the verbs begin with that need the
 * specification. */
int session_open_selected(const Globals *globals, char *const *operands, Session *ret, char ***ret_names,
                          Error *reterr);

/* All that the specification has, if there is one, and then those that have a state. Owned by the caller. */
int session_known_names(const Session *s, char ***ret, Error *reterr);

/* Like session_select(), for verbs that also reach containers that the specification no longer has: those
 * with a state. Where it is missing, any valid name of a container is taken. */
int session_select_known(Session *s, char *const *names, char ***ret_names, Error *reterr);

/* The beginning of the verbs that work on what runs: session_open(), session_load_if_possible() and
 * session_select_known(). */
int session_open_known(const Globals *globals, char *const *operands, Session *ret, char ***ret_names,
                       Error *reterr);

/* The same for a verb that stops: having nothing to stop is a success, also where the specification is
 * broken. Where it is missing, the directory may be the wrong one, which is an error as for the others. */
int session_open_stoppable(const Globals *globals, char *const *operands, Session *ret, char ***ret_names,
                           Error *reterr);

/* The same for verbs that show what was written down. @follow: makes `.containers`, so that the verb can
 * wait for files in it. Otherwise it may be missing, and there is nothing to show. */
int session_open_records(const Globals *globals, char *const *operands, bool follow, Session *ret,
                         char ***ret_names, Error *reterr);

/* How a container is specified: in the specification, or else in that which it was started from, which Nix
 * keeps for as long. NULL: neither says. */
const ContainerSpec *session_container_spec(Session *s, const char *name);

/* Whether it was started after the flake's specification was last built as a whole: then a difference to
 * that one is not a change that waits for a start. */
bool session_is_newer(const Session *s, const char *name);

/* What is remembered of a container: `*ret` NULL when there is nothing, else owned by the caller. */
int session_load_state(const Session *s, const char *container, ContainerState **ret, Error *reterr);

/* The container's directory in /run; -EBADF: it does not exist or cannot be seen. */
int session_open_runtime(const Session *s, const char *container);

/* Has its end been asked for? @runs: whether it still does, see record/stop-record.h. */
bool session_is_stopping(const Session *s, const char *container, bool runs);

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
