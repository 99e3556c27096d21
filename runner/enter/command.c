/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/in-root.h"
#include "base/paths.h"
#include "base/strv.h"
#include "enter/carry.h"
#include "enter/command.h"
#include "enter/environment.h"
#include "enter/program.h"

#define NIXOS_PROFILE  "/run/current-system/sw/bin"
#define FALLBACK_SHELL "/bin/sh"

enum { ARGUMENT_MAX = 128 * 1024, ARGUMENTS_MAX = 1024 * 1024, ENVIRONMENT_FILE_MAX = 1024 * 1024 };

/* A guest could write any number of them. */
enum { OUTWEIGHED_MAX = 8192 };

void command_done(Command *c) {
        account_done(&c->account);
        free(c->path);
        strv_free(c->argv);
        strv_free(c->environment);
        free(c->directory);
        *c = (Command){0};
}

static bool is_directory(int root_fd, const char *path, bool *ret_certain) {
        _cleanup_close_ int fd = root_open(root_fd, path, O_PATH | O_DIRECTORY);
        struct stat st;

        if (fd < 0)
                return false;
        *ret_certain = fstat(fd, &st) >= 0 && (st.st_mode & 0001);
        return true;
}

static int resolve_directory(const ExecRequest *request, int root_fd, Command *c, Error *reterr) {
        if (!request->directory) {
                c->directory = xstrdup(request->login_shell ? c->account.home : "/");
                c->directory_optional = true;
                c->certain_directory = true;
                return 0;
        }
        if (request->directory[0] != '/')
                return error_raise(reterr, FC_EXIT_USAGE, "working directory '%s' is not absolute",
                                   request->directory);
        if (!is_directory(root_fd, request->directory, &c->certain_directory))
                return error_raise(reterr, FC_EXIT_EXEC_OWN,
                                   "working directory '%s': no such directory in container '%s'",
                                   request->directory, request->container);
        c->directory = xstrdup(request->directory);
        c->certain_directory = c->certain_directory || c->account.uid == 0;
        return 0;
}

static int command_refuse(const Program *p, const char *name, const char *container, Error *reterr) {
        switch (p->state) {
        case PROGRAM_NOT_EXECUTABLE:
                return error_raise(reterr, FC_EXIT_NOT_EXECUTABLE,
                                   "'%s' in container '%s' is not executable", p->path, container);
        case PROGRAM_NO_INTERPRETER:
                return error_raise(reterr, FC_EXIT_NOT_EXECUTABLE,
                                   "'%s' in container '%s' needs '%s', which does not exist there", p->path,
                                   container, p->interpreter);
        default:
                return error_raise(reterr, FC_EXIT_NOT_FOUND, "'%s': not found in container '%s'", name,
                                   container);
        }
}

static void take_program(Command *c, Program *p) {
        c->path = TAKE_PTR(p->path);
        /* Every user but root needs permission, too. */
        c->certain_path = p->certain;
}

static int resolve_shell(const ExecRequest *request, int root_fd, Command *c, Error *reterr) {
        const char *shells[] = {c->account.shell, FALLBACK_SHELL};
        const char *base;

        for (size_t i = 0; i < ELEMENTSOF(shells); i++) {
                _cleanup_(program_done) Program p = {0};

                program_find(root_fd, shells[i], "", "/", &p);
                if (p.state != PROGRAM_FOUND) {
                        if (i + 1 == ELEMENTSOF(shells))
                                return command_refuse(&p, shells[i], request->container, reterr);
                        continue;
                }
                take_program(c, &p);
                break;
        }
        base = strrchr(c->path, '/') + 1;
        strv_pushf(&c->argv, "-%s", base);
        return 0;
}

static bool fits_kernel(char *const *v) {
        size_t total = 0;

        STRV_FOREACH (s, v) {
                size_t n = strlen(*s) + 1;

                if (n > ARGUMENT_MAX)
                        return false;
                total += n + sizeof(char *);
        }
        return total <= ARGUMENTS_MAX;
}

static int resolve_program(const ExecRequest *request, int root_fd, Command *c, Error *reterr) {
        _cleanup_(program_done) Program p = {0};
        const char *path = environment_get(c->environment, "PATH");

        if (strv_length(request->argv) == 0)
                return error_raise(reterr, FC_EXIT_USAGE, "no command is given");
        program_find(root_fd, request->argv[0], path, c->directory, &p);
        if (p.state != PROGRAM_FOUND)
                return command_refuse(&p, request->argv[0], request->container, reterr);
        take_program(c, &p);
        c->argv = strv_copy(request->argv);
        /* The other reason not to be executed: more than the kernel takes (MAX_ARG_STRLEN, a quarter of the
         * stack). */
        c->certain_path = c->certain_path && fits_kernel(c->argv) && fits_kernel(c->environment);
        return 0;
}

/* A command is the first child of nspawn's own small init, whose environment is that of nspawn. */
static int read_first_environment(const EnterTarget *target, char **ret, size_t *ret_size) {
        _cleanup_free_ char *comm = NULL, *path = NULL;
        pid_t pid;

        if (enter_target_read(target, "comm", &comm, NULL, NULL) < 0 || !streq(comm, "(sd-stubinit)\n"))
                return enter_target_read(target, "environ", ret, ret_size, NULL);
        pid = enter_target_first_child(target);
        if (pid <= 0)
                return -ESRCH;
        path = xasprintf("../%d/environ", (int) pid);
        return enter_target_read(target, path, ret, ret_size, NULL);
}

/* What the container was started with (spec: environment). */
static char **leader_environment(const EnterTarget *target) {
        static const char *const not_inherited[] = {"NOTIFY_SOCKET",  "LISTEN_FDS", "LISTEN_PID",
                                                    "LISTEN_FDNAMES", "HOME",       "USER",
                                                    "LOGNAME",        "SHELL",      "TERM"};
        _cleanup_free_ char *text = NULL;
        char **environment = NULL;
        size_t size = 0;

        if (read_first_environment(target, &text, &size) < 0)
                return NULL;
        for (const char *s = text; s < text + size; s += strlen(s) + 1) {
                bool keep = strchr(s, '=') != NULL;

                for (size_t i = 0; i < ELEMENTSOF(not_inherited) && keep; i++)
                        keep = !startswith(s, not_inherited[i]) || s[strlen(not_inherited[i])] != '=';
                if (keep)
                        environment_set(&environment, s);
        }
        return environment;
}

int command_resolve(const ExecRequest *request, const EnterTarget *target, bool terminal, bool manager,
                    Command *ret, Error *reterr) {
        _cleanup_strv_ char **inherited = manager ? NULL : leader_environment(target);
        _cleanup_(command_done) Command c = {0};
        bool nixos, ignored;
        int r;

        r = environment_check(request->environment, reterr);
        if (r < 0)
                return r;
        account_find_in_root(target->root_fd, request->user, &c.account);
        nixos = is_directory(target->root_fd, NIXOS_PROFILE, &ignored);
        c.environment =
                environment_for(inherited, &c.account, nixos, terminal, environ, request->environment);

        r = resolve_directory(request, target->root_fd, &c, reterr);
        if (r >= 0)
                r = request->login_shell ? resolve_shell(request, target->root_fd, &c, reterr)
                                         : resolve_program(request, target->root_fd, &c, reterr);
        if (r < 0)
                return r;
        *ret = c;
        c = (Command){0};
        return 0;
}

/* The variables that every unit of ours gets by EnvironmentFile=, which counts more than what we tell the
 * guest's systemd: the file begins with their names. A guest can change it, for itself. */
static char **read_outweighed(const EnterTarget *target) {
        _cleanup_free_ char *text =
                root_read(target->root_fd, &ENVIRONMENT_CREDENTIAL_PATH[1], ENVIRONMENT_FILE_MAX);
        char **names = NULL, *name, *end;
        size_t n = 0;

        if (!text || text[0] != '#')
                return NULL;
        end = text + strcspn(text, "\n");
        explicit_bzero(end, strlen(end));
        for (name = strtok(text + 1, " "); name && n < OUTWEIGHED_MAX; name = strtok(NULL, " "), n++)
                strv_push(&names, name);
        return names;
}

int command_make_carriable(Command *c, const EnterTarget *target, const char *container, Error *reterr) {
        _cleanup_strv_ char **outweighed = read_outweighed(target);
        _cleanup_(program_done) Program shell = {0};
        bool plain = carry_argument_is_plain(c->path);
        char **wrapped;

        STRV_FOREACH (s, c->argv)
                plain = plain && carry_argument_is_plain(*s);
        STRV_FOREACH (s, c->environment)
                plain = plain && carry_assignment_holds(*s, outweighed);
        if (plain)
                return 0;

        program_find(target->root_fd, FALLBACK_SHELL, "", "/", &shell);
        if (shell.state != PROGRAM_FOUND)
                return error_raise(
                        reterr, FC_EXIT_EXEC_OWN,
                        "an argument or variable has bytes that only a shell could pass on, and container "
                        "'%s' has no %s",
                        container, FALLBACK_SHELL);

        wrapped = carry_wrap(c->path, c->argv, &c->environment, outweighed);
        strv_free(c->argv);
        c->argv = wrapped;
        free(c->path);
        c->path = TAKE_PTR(shell.path);
        c->certain_path = true; /* what is executed now is the shell, which says itself what goes wrong */
        return 0;
}
