/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "base/host-socket.h"
#include "base/process.h"
#include "base/strv.h"
#include "base/systemd.h"
#include "context/project-open.h"
#include "context/project-way.h"
#include "elevate/elevate.h"
#include "rootless/enter.h"

#define FOUND_ROOT     "--root="
#define FOUND_SPEC     "--spec="
#define FOUND_CWD      "--cwd="
#define FOUND_PROFILES "--profiles="
#define ASKER          "--asker="

static int find_ourselves(char **ret, Error *reterr) {
        char path[PATH_MAX];
        ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

        if (n < 0)
                return error_set(reterr, errno, "find our own program");
        path[n] = '\0';
        /* The kernel then appends " (deleted)", and something else may lie there by now. */
        if (access(path, X_OK) < 0)
                return error_set(reterr, errno, "run '%s' again as root", path);
        *ret = xstrdup(path);
        return 0;
}

/* By the user's $PATH, since it runs as the user. On NixOS /run/wrappers/bin has the only sudo that
 * works; a sudo in a profile, or a script of that name, is passed over. run0 and the program of
 * FC_ELEVATE need not be set-user-id. */
static char *elevate_find(const char *tool) {
        const char *env = getenv("PATH");
        _cleanup_free_ char *path =
                xasprintf("/run/wrappers/bin:%s:%s", env ? env : "", process_trusted_path());
        bool setuid = streq(tool, "sudo") || streq(tool, "doas") || streq(tool, "pkexec");

        return setuid ? process_find_setuid(tool, path) : process_find_program(tool, path);
}

int elevate_find_tool(char **ret, Error *reterr) {
        static const char *const tools[] = {"sudo", "run0", "doas", "pkexec"};
        const char *chosen = getenv("FC_ELEVATE");
        int r;

        if (chosen && streq(chosen, WAY_VARIABLE))
                chosen = NULL;
        if (chosen && chosen[0] != '\0') {
                *ret = chosen[0] != '/'            ? elevate_find(chosen)
                       : access(chosen, X_OK) >= 0 ? xstrdup(chosen)
                                                   : NULL;
                return *ret ? 0
                            : error_raise(reterr, FC_EXIT_HOST,
                                          "FC_ELEVATE names '%s', which is not a program", chosen);
        }

        for (size_t i = 0; i < ELEMENTSOF(tools); i++) {
                /* It asks PID 1 to run the program. */
                if (streq(tools[i], "run0") && !systemd_booted())
                        continue;
                *ret = elevate_find(tools[i]);
                if (*ret)
                        return 0;
        }
        r = error_raise(reterr, FC_EXIT_HOST, "this needs root, and there is no sudo, run0, doas or pkexec");
        error_add_hint(reterr, "run it as root");
        return r;
}

/* ---- which way ---- */

static bool has_tool(void) {
        _cleanup_free_ char *tool = NULL;

        return elevate_find_tool(&tool, NULL) >= 0;
}

/* @found: empty: of no project. @tool: whether it is the same as where there is a way to root */
static int find_way_in(const ProjectRequest *request, ProjectFound *found, bool tool, Way *ret,
                       Error *reterr) {
        WayFacts facts = {.option = request->globals->rootless, .variable = getenv("FC_ELEVATE")};
        int r = project_way_look(found, &facts, reterr);

        if (r < 0)
                return r;
        facts.tool = tool || way_is_told(&facts) || has_tool();
        *ret = way_choose(&facts);
        return 0;
}

/* Nothing is built for it. Without a project the verb tells why there is none. */
static int find_way(const ProjectRequest *request, ProjectFound *found, bool tool, Way *ret, Error *reterr) {
        ProjectRequest looks = *request;

        looks.builds = looks.keeps = false;
        looks.found = NULL;
        if (project_locate(&looks, found, NULL) < 0)
                project_found_done(found);
        return find_way_in(request, found, tool, ret, reterr);
}

int elevate_find_way(const ProjectRequest *request, Way *ret, Error *reterr) {
        return find_way(request, request->found, /* tool= */ false, ret, reterr);
}

int elevate_check_root(const Globals *globals, Error *reterr) {
        int r;

        if (!globals->rootless || host_socket_is_brokered())
                return 0;
        r = error_raise(reterr, FC_EXIT_USAGE, "'--rootless' is for a user, and this is root");
        error_add_hint(reterr, "without sudo, as the user whose containers they are to be");
        return r;
}

/* ---- going it ---- */

static int elevate_check_first(int argc, char **argv, char **ret_program, Error *reterr) {
        if (argc > 1 && streq(argv[1], ELEVATE_MARK))
                return error_raise(reterr, FC_EXIT_HOST,
                                   "still not root (uid %u) after being run again as root",
                                   (unsigned) geteuid());
        return find_ourselves(ret_program, reterr);
}

static bool has_terminal(void) {
        _cleanup_close_ int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

        return fd >= 0;
}

/* Where sudo could only ask for a password in vain it would exit with 1, as a command of ours does for
 * reasons of its own. It is asked by what needs nothing: what it lists may need another permission than what
 * it runs. */
static int check_without_terminal(const char *program, const char *tool, Error *reterr) {
        char *argv[] = {(char *) tool,         (char *) "-n",      (char *) program,
                        (char *) ELEVATE_MARK, (char *) "version", NULL};
        const char *askpass = getenv("SUDO_ASKPASS"), *name = strrchr(tool, '/');
        _cleanup_free_ char *output = NULL;
        char *rest, *line;
        int r;

        if (!streq_ptr(name, "/sudo") || (askpass && askpass[0] != '\0') || has_terminal())
                return 0;
        r = process_run(argv, &output, reterr);
        if (r <= 0)
                return r;
        r = error_raise(
                reterr, FC_EXIT_HOST,
                "this needs root, and sudo does not give it without a terminal to ask for a password");
        for (rest = output; (line = strsep(&rest, "\n"));)
                if (line[0] != '\0')
                        error_add_evidence(reterr, "%s", line);
        error_add_hint(reterr,
                       "run it in a terminal, as root, or with a rule in sudoers(5) that has NOPASSWD");
        return r;
}

int elevate(int argc, char **argv, char *const *extra_args, Error *reterr) {
        _cleanup_free_ char *program = NULL, *tool = NULL;
        _cleanup_strv_ char **command = NULL;
        int r = elevate_check_first(argc, argv, &program, reterr);

        if (r >= 0)
                r = elevate_find_tool(&tool, reterr);
        if (r >= 0)
                r = check_without_terminal(program, tool, reterr);
        if (r < 0)
                return r;
        /* All four take the first word without a dash for the program and leave everything after it alone.
         * So no "--", which pkexec does not know; and the program's path begins with a slash, so that sudo
         * does not take it for a variable. */
        strv_push(&command, tool);
        strv_push(&command, program);
        strv_push(&command, ELEVATE_MARK);
        strv_extend(&command, extra_args);
        strv_extend(&command, argc > 1 ? argv + 1 : NULL);

        /* What is blocked stays blocked across exec, and the tool must be able to get SIGINT and SIGCHLD. */
        process_unblock_signals();
        (void) execv(tool, command);
        r = error_set(reterr, errno, "run '%s'", tool);
        if (reterr)
                reterr->exit = FC_EXIT_HOST;
        return r;
}

/* What the environment or the current directory would tell the second run, neither of which all of the tools
 * keep. */
static char **project_words(const ProjectFound *found) {
        _cleanup_free_ char *cwd = getcwd(NULL, 0);
        const char *profiles = getenv(PROFILES_VARIABLE);
        char **words = NULL;

        strv_pushf(&words, FOUND_ROOT "%s", found->root);
        strv_pushf(&words, FOUND_SPEC "%s", found->spec_path);
        /* Without one, all that is named relative to it is not found below. */
        strv_pushf(&words, FOUND_CWD "%s", cwd ? cwd : "/nonexistent");
        strv_pushf(&words, FOUND_PROFILES "%s", profiles ? profiles : "");
        return words;
}

/* @words: behind ELEVATE_MARK. Return: how many of them are project_words(). */
static size_t project_adopt_words(ProjectRequest *request, char *const *words) {
        const char *root = words[0] ? startswith(words[0], FOUND_ROOT) : NULL,
                   *spec = root && words[1] ? startswith(words[1], FOUND_SPEC) : NULL,
                   *cwd = spec && words[2] ? startswith(words[2], FOUND_CWD) : NULL,
                   *profiles = cwd && words[3] ? startswith(words[3], FOUND_PROFILES) : NULL;

        if (!profiles)
                return 0;
        request->handed = (ProjectHanded){.root = root, .spec = spec, .cwd = cwd, .profiles = profiles};
        return 4;
}

/* By no other program: this one goes on in a user namespace, where it is root. What it has opened before
 * shows other mounts, so it keeps words alone, as another run would get them, and what it has read.
 * @words: taken; NULL: of no project. */
static int elevate_in_namespace(ProjectRequest *request, char **words, Error *reterr) {
        int broker_fd, r;

        request->handed_words = words;
        r = rootless_enter(&broker_fd, reterr);
        if (r < 0) {
                if (!has_tool())
                        error_add_hint(reterr, "or run it as root: there is no sudo, run0, doas or pkexec");
                return r;
        }
        host_socket_adopt(broker_fd);
        if (words)
                (void) project_adopt_words(request, words);
        return 0;
}

int elevate_without_project(ProjectRequest *request, Error *reterr) {
        ProjectFound none = {};
        Way way;
        int r = find_way_in(request, &none, /* tool= */ false, &way, reterr);

        if (r < 0)
                return r;
        return way == WAY_NAMESPACE ? elevate_in_namespace(request, /* words= */ NULL, reterr)
                                    : elevate(request->argc, request->argv, /* extra_args= */ NULL, reterr);
}

static int elevate_project_by(ProjectRequest *request, Way way, const ProjectFound *found, Error *reterr) {
        _cleanup_strv_ char **extra = project_words(found);
        _cleanup_free_ char *asker = NULL;
        int r;

        if (way == WAY_NAMESPACE)
                return elevate_in_namespace(request, TAKE_PTR(extra), reterr);
        /* Only what starts containers can ask for the environment. Last: the process ends with this one, but
         * a moment after it. */
        if (request->keeps) {
                r = asker_serve(&asker, reterr);
                if (r < 0)
                        return r;
                strv_pushf(&extra, ASKER "%s", asker);
        }
        return elevate(request->argc, request->argv, extra, reterr);
}

int elevate_with_project(ProjectRequest *request, Error *reterr) {
        _cleanup_(project_found_done) ProjectFound found = {};
        Way way;
        int r;

        r = project_locate(request, &found, reterr);
        if (r >= 0)
                r = find_way_in(request, &found, /* tool= */ false, &way, reterr);
        if (r >= 0)
                r = elevate_project_by(request, way, &found, reterr);
        if (r < 0)
                return r;
        project_found_done(request->found);
        *request->found = found;
        found = (ProjectFound){};
        return r;
}

int elevate_to_root(ProjectRequest *request, Error *reterr) {
        _cleanup_(project_found_done) ProjectFound found = {};
        int r = project_locate(request, &found, reterr);

        return r < 0 ? r : elevate_project_by(request, WAY_ROOT, &found, reterr);
}

int elevate_to_look(ProjectRequest *request, Error *reterr) {
        Way way;
        int r = find_way(request, request->found, /* tool= */ true, &way, reterr);

        if (r < 0 || way == WAY_ROOT)
                return r;
        /* Of a project that is not found, or is yet to be built, that tells, or does it. */
        return request->builds || !request->found->root
                       ? elevate_with_project(request, reterr)
                       : elevate_project_by(request, way, request->found, reterr);
}

char **elevate_adopt_project(ProjectRequest *request, char **argv) {
        char **rest;

        if (!argv[0] || !argv[1] || !streq(argv[1], ELEVATE_MARK))
                return argv[0] ? argv + 1 : argv;
        rest = argv + 2;
        rest += project_adopt_words(request, rest);
        request->asker = request->handed.root && rest[0] ? startswith(rest[0], ASKER) : NULL;
        return request->asker ? rest + 1 : rest;
}
