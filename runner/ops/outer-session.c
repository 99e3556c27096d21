/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/strv.h"
#include "context/project-open.h"
#include "ops/outer-command.h"
#include "ops/outer-session.h"

#define SESSION_VARIABLE  "FC_SHELL"
#define PROJECT_VARIABLE  "FC_PROJECT"
#define PROGRAM_VARIABLE  "FC_PROGRAM"
#define INSTANCE_VARIABLE "FC_INSTANCE"

/* An alias would count more than a function. BASH_ENV is how one that reads no terminal comes here, and not
 * for what it runs. */
const char outer_session_script[] =
        "unset BASH_ENV\n"
        "case $- in *i*)\n"
        "        [ ! -r ~/.bashrc ] || . ~/.bashrc\n"
        "        unalias c h 2>/dev/null ;;\n"
        "esac\n"
        "c() {\n"
        "        local verb=shell\n"
        "        [ $# -eq 0 ] || { verb=exec; set -- -- \"$@\"; }\n"
        "        \"$FC_PROGRAM\" --root \"$FC_PROJECT\" ${FC_INSTANCE:+--instance \"$FC_INSTANCE\"} "
        "\"$verb\" \"$FC_SHELL\" "
        "\"$@\"\n"
        "}\n"
        "h() {\n"
        "        [ -z \"$ip\" ] || echo \"Its address: $ip (\\$ip)\"\n"
        "        echo \"A command inside: c COMMAND [ARG..]\"\n"
        "        echo \"A shell inside: c\"\n"
        "        echo \"All other commands: flake-containers --root '$FC_PROJECT'${FC_INSTANCE:+ --instance "
        "$FC_INSTANCE} COMMAND $FC_SHELL\"\n"
        "        echo \"What the flake has become meanwhile is applied by the command that has opened this "
        "shell.\"\n"
        "}\n"
        "export -f c h\n"
        "case $- in *i*) echo \"A shell beside '$FC_SHELL'; h tells what it has.\" ;; esac\n";

bool outer_session_is_around(const char *root, const char *container, char **ret) {
        const char *instance = getenv(INSTANCE_VARIABLE);

        if (!streq_ptr(getenv(SESSION_VARIABLE), container) || !streq_ptr(getenv(PROJECT_VARIABLE), root))
                return false;
        *ret = xstrdup(instance && instance[0] != '\0' ? instance : NULL);
        return true;
}

/* ---- running ---- */

static int outer_session_find_variables(const ProjectRequest *request, const OuterSession *session,
                                        char ***ret, Error *reterr) {
        ProjectRequest inside = {
                .globals = request->globals,
                .handed = request->handed,
                .instance = session->instance,
        };
        _cleanup_(container_state_freep) ContainerState *state = NULL;
        _cleanup_free_ char *program = realpath("/proc/self/exe", NULL);
        _cleanup_(project_done) Project project = PROJECT_NULL;
        int r = project_open(&inside, &project, reterr);

        if (r >= 0)
                r = project_load_state(&project, session->container, &state, reterr);
        if (r < 0)
                return r;
        *ret = strv_copy(session->variables);
        strv_pushf(ret, SESSION_VARIABLE "=%s", session->container);
        strv_pushf(ret, PROJECT_VARIABLE "=%s", project.root);
        strv_pushf(ret, PROGRAM_VARIABLE "=%s", program ? program : "flake-containers");
        strv_pushf(ret, INSTANCE_VARIABLE "=%s", session->instance ? session->instance : "");
        strv_pushf(ret, "name=%s", session->container);
        strv_pushf(ret, "ip=%s", state && state->address ? state->address : "");
        return 0;
}

/* Return: an fd that a program that is executed has as well. */
static int outer_session_open_script(Error *reterr) {
        _cleanup_close_ int fd = memfd_create("session", 0);
        int r = fd < 0 ? error_set(reterr, errno, "make a file in memory")
                       : fs_write_all(fd, outer_session_script, strlen(outer_session_script));

        if (r < 0)
                return fd < 0 ? r : error_set(reterr, r, "write to a file in memory");
        return TAKE_FD(fd);
}

int outer_session_run(const ProjectRequest *request, const OuterSession *session, Error *reterr) {
        _cleanup_strv_ char **variables = NULL, **argv = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r = session->inside ? 0 : outer_session_find_variables(request, session, &variables, reterr);

        if (r < 0)
                return r;
        strv_push(&argv, "bash");
        if (session->command) {
                strv_push(&argv, "-c");
                strv_pushf(&argv, "%s\"$@\"", outer_session_script);
                strv_push(&argv, "bash");
                strv_extend(&argv, session->command);
                return outer_command_run(argv, variables, reterr);
        }
        fd = outer_session_open_script(reterr);
        if (fd < 0)
                return fd;
        if (isatty(STDIN_FILENO)) {
                strv_push(&argv, "--rcfile");
                strv_pushf(&argv, "/dev/fd/%d", fd);
        } else
                strv_pushf(&variables, "BASH_ENV=/dev/fd/%d", fd);
        return outer_command_run(argv, variables, reterr);
}
