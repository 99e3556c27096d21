/* SPDX-License-Identifier: MIT */
#pragma once

/* The project that a verb works on (opened by project-open.h): what is known of it, and where its things
 * are. */

#include "context/globals.h"
#include "host/asker.h"
#include "host/facts.h"
#include "host/user.h"
#include "machine/machine.h"
#include "project/source.h"
#include "project/state-dir.h"
#include "project/way.h"
#include "record/exit-record.h"
#include "screen/progress.h"
#include "spec/spec.h"
#include "state/checkout.h"
#include "state/state.h"

/* In `.containers/NAME`: to the specification that the container was started from, if that is in a store. */
#define PROJECT_STARTED_LINK "spec"

/* Which shared containers a verb works on beside those of the project (context/shared.h). */
typedef enum ProjectPart {
        PART_NOTHING, /* on one or the other, as asked for */
        PART_NAMED,   /* those that are asked for */
        PART_NEEDED,  /* and those that others need */
} ProjectPart;

/* What has been looked at before the project is opened; empty: nothing. */
typedef struct ProjectFound {
        char *root, *spec_path;
        Spec *spec; /* NULL: not read, or missing or wrong, of which the verb is to tell */
} ProjectFound;

/* In the environment: the profiles of commands without --profile, with commas between, as compose's
 * COMPOSE_PROFILES. */
#define PROFILES_VARIABLE "FC_PROFILES"

/* What a command that has become root found before; all NULL: it is yet to be found. */
typedef struct ProjectHanded {
        const char *root, *spec;
        const char *cwd;      /* the directory that relative paths of the command line begin at */
        const char *profiles; /* what PROFILES_VARIABLE was, "": nothing */
} ProjectHanded;

/* What a verb asks for when it opens the project. */
typedef struct ProjectRequest {
        const Globals *globals;
        ProjectHanded handed;
        char **handed_words; /* what they are parts of, if not of the command line; owned */
        /* What this run has found, for the project that is opened first, which takes it; NULL: nothing. */
        ProjectFound *found;
        const char *asker;    /* for asker_new(); NULL also where nothing will be started */
        const char *instance; /* a fresh instance that is there, in place of the project; NULL: none */
        const char *worktree; /* the shared containers alone, for this work tree; NULL: all */
        ProjectPart part;     /* of the shared ones */
        bool fresh;           /* nothing is shared */
        bool either_way;      /* whichever has made what is kept */
        bool builds;          /* a flake's specification as it is now, not as it was built last ... */
        bool keeps;           /* ... which is then left in .containers */
        /* Without names it is about what `up` starts without names: of the containers with profiles, those
         * of which one is selected. Otherwise about all. */
        bool starts;
        char *const *profiles; /* which are selected; NULL: as PROFILES_VARIABLE has it */
        char *const *wanted;   /* the containers that it is built for; NULL: all */
        char *const *command;  /* what stands behind "--"; NULL: there is none, or the verb takes none */
        int argc;              /* the whole command line, for another run of this program */
        char **argv;
} ProjectRequest;

typedef struct Project {
        const Globals *globals;
        ProgressMode progress;
        InvokingUser user;
        Asker *asker;      /* knows the user's environment */
        char *root;        /* of the project, real path */
        Checkout checkout; /* what is there */
        char *id;
        char *started_root; /* where it was when what runs of it was started; NULL: not known, or here */
        char *spec_path;
        Spec *spec;        /* NULL until project_load_spec(), and where there is none */
        Spec *spec_found;  /* which that takes, if it was read before */
        Error spec_error;  /* why project_load_if_possible() found none ... */
        bool spec_missing; /* ... because there is none, or none is built */
        Spec **started;    /* what containers were started from, see project_container_spec() */
        size_t n_started;
        StateDir state;
        char *home;             /* of a linked work tree with shared containers: the project that has them */
        char **elsewhere;       /* those of them that a verb is to work on, by shared_open(), ... */
        char **elsewhere_named; /* ... of which the user has typed these, ... */
        char **apart;           /* ... and all that the specification had */
        char *worktree;         /* as which this project is worked on; NULL: itself */
        StateDir whole;  /* of a fresh instance: the state of the project itself, see context/instance.h */
        int snapshot_fd; /* likewise: what it begins as; -EBADF: as nothing */
        char **layered;  /* volumes of the snapshot that it has a layer of its own over */
        Sources sources; /* from project_open_sources() on */
        HostFacts facts;
        const Backend *backend; /* for what is started */
} Project;

#define PROJECT_NULL ((Project){.state = STATE_DIR_NULL, .whole = STATE_DIR_NULL, .snapshot_fd = -EBADF})

/* How the command shows what it does, by its options. */
int project_progress_mode(const Globals *globals, ProgressMode *ret, Error *reterr);

void project_found_done(ProjectFound *found);

/* Also of one that was opened in part. */
void project_done(Project *project);

int project_load_spec(Project *project, Error *reterr);

/* For the verbs that work on what runs: they go on with a specification that is missing, not built, or
 * broken; then `spec` is NULL. */
void project_load_if_possible(Project *project);

/* Warns that a broken one is ignored, unless that is the error by now. */
void project_say_ignored(const Project *project);

/* Before anything that the specification names is opened; with `.containers` made. */
int project_open_sources(Project *project, Error *reterr);

/* All that the specification has; owned by the caller, NULL: none. */
char **project_spec_names(const Project *project);

/* A path of the command line, made absolute where it was typed, without resolving links: the name that the
 * user knows is the one in messages. Below a directory that is gone nothing is found. */
char *project_typed_path(const ProjectRequest *request, const char *path);

/* Which are selected, by options or else by the environment; likewise. */
char **project_profiles(const ProjectRequest *request);

/* Those that a command without names is about, by the request's `starts` and project_profiles();
 * likewise. */
char **project_start_names(const ProjectRequest *request, const Spec *spec);

/* All that the specification has, if there is one, then those that have a state, and what runs without one.
 * Owned by the caller. */
int project_known_names(const Project *project, char ***ret, Error *reterr);

/* How a container is specified: in the specification, or else in that which it was started from, which Nix
 * keeps for as long. NULL: neither says. */
const ContainerSpec *project_container_spec(Project *project, const char *name);

/* Whether it was started after the flake's specification was last built as a whole: then a difference to
 * that one is not a change that waits for a start. */
bool project_is_newer(const Project *project, const char *name);

/* What is remembered of a container: `*ret` NULL when there is nothing, else owned by the caller. */
int project_load_state(const Project *project, const char *container, ContainerState **ret, Error *reterr);

/* What the project's id belongs to: its directory, or a fresh instance's. An absolute path, owned by the
 * caller. */
char *project_place(const Project *project);

/* Where what its containers keep is: `.containers`, or a fresh instance's directory. An absolute path, owned
 * by the caller. */
char *project_state_path(const Project *project);

/* A container's directory in it, owned by the caller. */
char *project_container_path(const Project *project, const char *container);

/* Machine name of a container; owned by the caller. */
char *project_machine(const Project *project, const char *container);

/* How the user runs @verb on this project, with the options that it took to get here; owned by the
 * caller. */
char *project_command(const Project *project, const char *verb, const char *operand);
