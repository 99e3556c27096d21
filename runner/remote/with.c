/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/process.h"
#include "ops/outer-command.h"
#include "remote/forward.h"
#include "remote/with.h"
#include "running/connection.h"

#define TOLD_MAX (1024 * 1024)

typedef struct Session {
        const Spec *spec;
        pid_t pid;
        int life_fd, told_fd;
        char text[TOLD_MAX + 1];
        char **variables;
        bool fresh;
        ForwardPorts ports;
} Session;

/* What `with` runs there: it tells, and then waits for the end of its input. */
static const char waits[] = "root=$1; shift\n"
                            "fc() { flake-containers --root=\"$root\" "
                            "${FC_INSTANCE:+\"--instance=$FC_INSTANCE\"} --json \"$@\"; }\n"
                            "fc status && fc env \"$@\" && exec cat >/dev/null\n";

static char **session_argv(const There *there, char *const *words, char *const *names) {
        _cleanup_strv_ char **all = strv_copy(words);

        strv_extend(&all, names);
        strv_push(&all, "--");
        strv_push(&all, "sh");
        strv_push(&all, "-c");
        strv_push(&all, waits);
        strv_push(&all, "sh");
        strv_push(&all, there->directory);
        strv_extend(&all, names);
        return there_command(there, "-T", all);
}

/* Ctrl-C is for the command: what it leaves running is ended by the pipe. */
static _Noreturn void session_child(char *const *argv, int life_fd, int told_fd, pid_t parent) {
        process_unblock_signals();
        (void) signal(SIGINT, SIG_IGN);
        (void) signal(SIGQUIT, SIG_IGN);
        if (dup2(life_fd, STDIN_FILENO) >= 0 && dup2(told_fd, STDOUT_FILENO) >= 0 &&
            process_end_with_parent(parent, SIGTERM) >= 0)
                (void) execvp(argv[0], argv);
        _exit(127);
}

static int session_start(Session *s, char *const *argv, Error *reterr) {
        int life[2], told[2];
        pid_t parent = getpid();

        if (pipe2(life, O_CLOEXEC) < 0)
                return error_set(reterr, errno, "make a pipe");
        s->life_fd = life[1];
        if (pipe2(told, O_CLOEXEC) < 0) {
                (void) close(life[0]);
                return error_set(reterr, errno, "make a pipe");
        }
        s->told_fd = told[0];
        s->pid = fork();
        if (s->pid == 0)
                session_child(argv, life[0], told[1], parent);
        (void) close(life[0]);
        (void) close(told[1]);
        return s->pid < 0 ? error_set(reterr, errno, "start ssh") : 0;
}

int with_read_variables(const Spec *spec, const char *text, size_t size, char ***ret, Error *reterr) {
        _cleanup_(json_freep) Json *document = NULL;
        int r = json_parse(text, size, "variables of the other machine", &document, reterr);

        if (r < 0)
                return r;
        JSON_FOREACH (variable, document)
                if (json_type(variable) == JSON_STRING && json_key(variable) &&
                    connection_knows(spec, json_key(variable)))
                        strv_pushf(ret, "%s=%s", json_key(variable), json_string(variable));
        return 0;
}

/* Return: 1 it has told all, 0 it has ended before; or a negative errno. */
static int session_hear(Session *s, Error *reterr) {
        size_t used = 0;

        while (used < TOLD_MAX) {
                ssize_t n = read(s->told_fd, s->text + used, TOLD_MAX - used);
                const char *status, *environment;
                size_t status_size = 0, size = 0;

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return error_set(reterr, errno, "hear whether the containers are ready");
                if (n == 0)
                        return 0;
                used += (size_t) n;
                s->text[used] = '\0';
                status = there_find_json(s->text, &status_size);
                environment = status ? there_find_json(status + status_size + 1, &size) : NULL;
                if (environment) {
                        int r = forward_read(s->spec, s->fresh, status, status_size, &s->ports, reterr);

                        if (r >= 0)
                                r = with_read_variables(s->spec, environment, size, &s->variables, reterr);
                        return r < 0 ? r : 1;
                }
        }
        return error_raise(reterr, FC_EXIT_INTERNAL, "the other machine tells of too much");
}

/* Return: its exit status, or a negative errno. */
static int session_end(Session *s, Error *reterr) {
        int status;

        s->life_fd = safe_close(s->life_fd);
        s->told_fd = safe_close(s->told_fd);
        if (s->pid <= 0)
                return 0;
        status = process_reap(s->pid);
        s->pid = 0;
        return status < 0 ? error_set(reterr, status, "wait for ssh") : process_exit_status(status);
}

static int with_ready(Session *s, const There *there, char *const *command, Progress *progress,
                      Error *reterr) {
        _cleanup_strv_ char **added = NULL;
        int r = forward_add(&there->master, &s->ports, &added, reterr);

        forward_say_left(progress, &s->ports);
        if (r >= 0)
                r = outer_command_run(command, s->variables, reterr);
        forward_drop(&there->master, added);
        return r;
}

int with_there(const There *there, const Spec *spec, char *const *words, char *const *names,
               char *const *command, Progress *progress, Error *reterr) {
        _cleanup_strv_ char **argv = session_argv(there, words, names);
        _cleanup_free_ Session *s = xmalloc0(sizeof(*s));
        bool told;
        int r, end;

        s->spec = spec;
        s->fresh = strv_contains(words, "--fresh");
        s->life_fd = s->told_fd = -EBADF;
        r = session_start(s, argv, reterr);
        if (r >= 0)
                r = session_hear(s, reterr);
        told = r > 0;
        if (told)
                r = with_ready(s, there, command, progress, reterr);
        end = session_end(s, r >= 0 ? reterr : NULL);
        if (end > 0 && r == FC_EXIT_OK)
                end = master_status(&there->master, end, reterr);
        if (end == FC_EXIT_OK && r == FC_EXIT_OK && !told)
                end = error_raise(reterr, FC_EXIT_INTERNAL, "the containers have not become ready there");
        strv_free(s->variables);
        forward_ports_done(&s->ports);
        return r == FC_EXIT_OK ? end : r;
}
