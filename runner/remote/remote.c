/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "context/project-open.h"
#include "context/project-spec.h"
#include "host/asker.h"
#include "remote/forward.h"
#include "remote/remote.h"
#include "remote/send.h"
#include "remote/there.h"
#include "remote/travel.h"
#include "remote/with.h"
#include "spec/port.h"

/* ---- what becomes of which verb ---- */

typedef enum Place {
        PLACE_THERE,   /* it runs there, on the project */
        PLACE_MACHINE, /* it runs there, and is of no project */
        PLACE_WITH,    /* the containers are there, its command is here */
        PLACE_HERE,    /* it stays here, and gives -H to what it runs */
        PLACE_REFUSED,
} Place;

/* Verbs that are not in it run there. */
static const struct {
        const char *verb;
        Place place;
} places[] = {
        {"version", PLACE_MACHINE}, {"doctor", PLACE_MACHINE},  {"ls", PLACE_MACHINE},
        {"gc", PLACE_MACHINE},      {"with", PLACE_WITH},       {"watch", PLACE_HERE},
        {"init", PLACE_REFUSED},    {"import", PLACE_REFUSED},  {"completion", PLACE_REFUSED},
        {"export", PLACE_REFUSED},  {"migrate", PLACE_REFUSED},
};

static Place place_of_verb(const char *verb) {
        for (size_t i = 0; i < ELEMENTSOF(places); i++)
                if (streq(places[i].verb, verb))
                        return places[i].place;
        return PLACE_THERE;
}

bool remote_takes(const char *verb) {
        return place_of_verb(verb) != PLACE_HERE;
}

/* Files of this machine are none there. */
static int check_copy(char *const *operands, Error *reterr) {
        int r;

        STRV_FOREACH (operand, operands) {
                if (streq(*operand, "-") ||
                    ((*operand)[0] != '/' && (*operand)[0] != '.' && strchr(*operand, ':')))
                        continue;
                r = error_raise(reterr, FC_EXIT_USAGE, "'%s' is a path of this machine", *operand);
                error_add_hint(reterr, "with --host files come and go as a tar archive, '-', as in: tar -c "
                                       "FILE | flake-containers -H .. cp - NAME:/srv");
                return r;
        }
        return 0;
}

/* Options whose value would be a path there, and the one with which ports would come back at its end. */
static int check_options(char *const *words, Error *reterr) {
        STRV_FOREACH (word, words) {
                const char *volume = startswith(*word, "--volume="), *file = startswith(*word, "--timings=");

                if ((volume && volume[0] != '@') || (file && file[0] != '\0'))
                        return error_raise(reterr, FC_EXIT_USAGE, "'%s' names a path of this machine",
                                           *word);
                if (streq(*word, "--attach")) {
                        int r = error_raise(reterr, FC_EXIT_USAGE,
                                            "'--attach' and '--host' do not go together: ports come back "
                                            "when 'up' has ended");

                        error_add_hint(reterr,
                                       "flake-containers -H .. up, then flake-containers -H .. logs -f");
                        return r;
                }
        }
        return 0;
}

static int check_verb(const RemoteVerb *verb, char *const *operands, Error *reterr) {
        _cleanup_strv_ char **words = NULL;

        if (place_of_verb(verb->name) == PLACE_REFUSED)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%s' works on files of this machine, and has no option '--host'",
                                   verb->name);
        if (streq(verb->name, "cp"))
                return check_copy(operands, reterr);
        for (size_t i = 0; i + 1 < verb->n_options; i++)
                options_print(&verb->options[i], &words);
        return check_options(words, reterr);
}

/* ---- as whom ---- */

/* Where the user has typed sudo: keys, agent and settings of ssh are the user's. */
static int become_asker(Error *reterr) {
        _cleanup_(asker_freep) Asker *asker = NULL;
        char *const *environment;
        InvokingUser user;
        int r = user_invoking(&user, reterr);

        if (r < 0 || user.uid == geteuid())
                return r;
        asker = asker_new(/* address= */ NULL, &user);
        r = asker_environment(asker, &environment, reterr);
        if (r < 0)
                return r;
        if (!user_become(&user))
                return error_set(reterr, errno, "become uid %u", (unsigned) user.uid);
        environ = strv_copy(environment);
        return 0;
}

/* ---- what runs there ---- */

static bool has_whole_terminal(void) {
        return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && isatty(STDERR_FILENO);
}

/* Its options, without those that say where the project is here. Owned by the caller. */
static char **verb_words(const There *there, const RemoteVerb *verb) {
        OptionTable globals = verb->options[verb->n_options - 1];
        Globals kept = *(const Globals *) globals.target;
        char **words = there_program(there);

        kept.host = kept.directory = kept.root = kept.subdir = kept.of_flake = kept.spec = NULL;
        globals.target = &kept;
        options_print(&globals, &words);
        /* "snapshot save" is two. */
        strv_pushf(&words, "%.*s", (int) strcspn(verb->name, " "), verb->name);
        if (strchr(verb->name, ' '))
                strv_push(&words, strchr(verb->name, ' ') + 1);
        for (size_t i = 0; i + 1 < verb->n_options; i++)
                options_print(&verb->options[i], &words);
        return words;
}

static int run_there(const There *there, const ProjectRequest *request, const RemoteVerb *verb,
                     char *const *operands, Error *reterr) {
        _cleanup_strv_ char **words = verb_words(there, verb), **argv = NULL;
        int r;

        /* Where another one stands there, no operand begins with a dash. */
        if (!verb->has_command)
                strv_push(&words, "--");
        strv_extend(&words, operands);
        if (request->command) {
                strv_push(&words, "--");
                strv_extend(&words, request->command);
        }
        argv = there_command(there, has_whole_terminal() ? "-t" : "-T", words);
        r = master_run(argv, reterr);
        return r < 0 ? r : master_status(&there->master, r, reterr);
}

/* ---- before and after ---- */

/* @ret: as it is to be there; owned by the caller. */
static int send_project(const There *there, const ProjectRequest *request, const ProjectFound *found,
                        Spec **ret, Error *reterr) {
        _cleanup_(travel_done) Travel travel = {};
        _cleanup_close_ int lock_fd = -EBADF;
        _cleanup_(spec_freep) Spec *spec = NULL;
        Sender sender = {&there->master, found->root, there->directory, there->root,
                         request->globals->rootless};
        int r = project_spec_look(found->spec_path, &spec, reterr);

        if (r >= 0 && !spec)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%s' is not there, or is wrong: flake-containers config tells",
                                   found->spec_path);
        if (r >= 0 && spec->rootless)
                sender.rootless = true;
        if (r >= 0)
                r = travel_plan(spec, found->root, &travel, reterr);
        if (r >= 0)
                r = lock_fd = master_lock(&there->master, "sends", reterr);
        if (r >= 0)
                r = send_all(&sender, &travel, spec, reterr);
        if (r >= 0)
                *ret = TAKE_PTR(spec);
        return r;
}

static void expect_port(Spec *spec, const char *name, const char *text) {
        for (size_t i = 0; i < spec->n_containers; i++) {
                ContainerSpec *c = &spec->containers[i];
                PortRange range;

                if ((!name || streq(c->name, name)) && port_range_parse(text, &range, NULL) >= 0)
                        (void) ports_add_once(c, &range, NULL);
        }
}

/* Ports that the user has named on the command line, beside those of the specification. */
static void expect_named(Spec *spec, const RemoteVerb *verb, char *const *operands) {
        _cleanup_strv_ char **words = NULL;

        for (size_t i = 0; i + 1 < verb->n_options; i++)
                options_print(&verb->options[i], &words);
        STRV_FOREACH (word, words) {
                const char *text = startswith(*word, "--publish="), *rest = text;
                _cleanup_free_ char *name = text ? port_split_name(text, &rest) : NULL;

                if (text)
                        expect_port(spec, name, rest);
        }
        if (streq(verb->name, "publish"))
                STRV_FOREACH (text, operands + 1)
                        expect_port(spec, operands[0], *text);
}

/* @spec: NULL: none is to be read here, so no port is new */
static int bring_ports(const There *there, const Spec *spec, Progress *progress, Error *reterr) {
        _cleanup_(forward_ports_done) ForwardPorts ports = {};
        _cleanup_strv_ char **words = there_program(there);
        _cleanup_close_ int lock_fd = master_lock(&there->master, "carries", reterr);
        _cleanup_free_ char *answer = NULL;
        const char *status;
        size_t size = 0;
        int r;

        if (lock_fd < 0)
                return lock_fd;
        strv_push(&words, "--json");
        strv_push(&words, "status");
        r = there_ask(there, words, &answer, reterr);
        if (r < 0)
                return r;
        status = there_find_json(answer, &size);
        if (!status) {
                r = error_raise(reterr, FC_EXIT_HOST, "'%s' does not tell which ports there are",
                                there->master.destination->host);
                error_add_evidence(reterr, "%.*s", (int) strcspn(answer, "\n"), answer);
                return r;
        }
        r = forward_read(spec, /* fresh= */ false, status, size, &ports, reterr);
        if (r >= 0)
                r = forward_set(&there->master, &ports, reterr);
        forward_say_left(progress, &ports);
        return r;
}

static int remote_project(There *there, const ProjectRequest *request, const RemoteVerb *verb,
                          const ProjectFound *found, char *const *operands, Progress *progress,
                          Error *reterr) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(spec_freep) Spec *spec = NULL;
        int r, after;

        if (!verb->builds && !there->has_it) {
                r = error_raise(reterr, FC_EXIT_NOT_RUNNING, "this project is not on '%s' yet",
                                there->master.destination->host);
                error_add_hint(reterr, "flake-containers -H .. up brings it there");
                return r;
        }
        r = verb->builds ? send_project(there, request, found, &spec, reterr) : 0;
        if (r < 0)
                return r;
        if (place_of_verb(verb->name) == PLACE_WITH) {
                _cleanup_strv_ char **words = verb_words(there, verb);

                expect_named(spec, verb, operands);
                return with_there(there, spec, words, operands, request->command, progress, reterr);
        }
        r = run_there(there, request, verb, operands, reterr);
        if (r < 0 || !verb->changes)
                return r;
        /* Also of one that has failed, which may have been in part. */
        after = spec ? 0 : project_spec_look(found->spec_path, &spec, &error);
        if (after >= 0 && spec)
                expect_named(spec, verb, operands);
        if (after >= 0)
                after = bring_ports(there, spec, progress, &error);
        if (after < 0 && r == FC_EXIT_OK) {
                error_move(reterr, &error);
                return after;
        }
        return r;
}

int remote_run(const ProjectRequest *request, const RemoteVerb *verb, char *const *operands, Error *reterr) {
        _cleanup_(destination_done) Destination destination = {};
        _cleanup_(project_found_done) ProjectFound found = {};
        _cleanup_(there_done) There there = THERE_NULL;
        _cleanup_(progress_freep) Progress *progress = NULL;
        bool of_project = place_of_verb(verb->name) != PLACE_MACHINE;
        ProjectRequest whole = *request;
        ProgressMode mode;
        int r = check_verb(verb, operands, reterr);

        /* There it is the specification of all. */
        whole.wanted = NULL;
        whole.keeps = false;
        if (r >= 0)
                r = destination_parse(request->globals->host, &destination, reterr);
        if (r >= 0 && place_of_verb(verb->name) == PLACE_WITH && (!request->command || !request->command[0]))
                r = error_raise(reterr, FC_EXIT_USAGE,
                                "no command given; usage: flake-containers with [NAME..] "
                                "-- CMD [ARG..]");
        if (r >= 0)
                r = project_progress_mode(request->globals, &mode, reterr);
        if (r >= 0 && of_project)
                r = project_locate(&whole, &found, reterr);
        if (r >= 0)
                r = become_asker(reterr);
        if (r >= 0)
                r = there_open(&destination, found.root, &there, reterr);
        if (r < 0)
                return r;
        progress = progress_new(mode, stderr, NULL);
        return of_project ? remote_project(&there, request, verb, &found, operands, progress, reterr)
                          : run_there(&there, request, verb, operands, reterr);
}
