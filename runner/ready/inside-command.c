/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/strv.h"
#include "enter/exec.h"
#include "ready/inside-command.h"

#define TAIL_SIZE 4096
#define LINE_SIZE 1024

struct InsideCommand {
        void (*line)(const char *line, void *userdata);
        void (*done)(const InsideEnd *end, void *userdata);
        void *userdata;
        sd_event_source *io, *child;
        int fd;         /* its output */
        int stopped_fd; /* an eventfd, by which the child says that the container is ending */
        pid_t pid;
        int pidfd;
        char tail[TAIL_SIZE]; /* the end of its output */
        size_t tail_size;
        char last[LINE_SIZE]; /* the line that it is writing */
        size_t last_size;
};

static _Noreturn void inside_run(const InsideRequest *request, int output_fd, int stopped_fd, pid_t parent) {
        ExecRequest exec = EXEC_REQUEST_DEFAULT;
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC), r = 0;
        int input_fd = request->input_fd >= 0 ? request->input_fd : null;
        Error error = ERROR_NULL;
        bool stopped = false;

        /* Of a session of its own: a Ctrl-C is for our parent to act on, which ends us. */
        (void) setsid();
        if (process_end_with_parent(parent, SIGKILL) < 0 || input_fd < 0 ||
            dup2(input_fd, STDIN_FILENO) < 0 || dup2(output_fd, STDOUT_FILENO) < 0 ||
            dup2(output_fd, STDERR_FILENO) < 0)
                _exit(FC_EXIT_EXEC_OWN);
        exec.container = request->container;
        exec.leader = request->leader;
        exec.cgroup_fd = request->payload_cgroup_fd;
        exec.tty = TTY_NEVER;
        for (size_t i = 0; i < request->n_programs; i++) {
                error_done(&error);
                exec.argv = request->programs[i].argv;
                exec.user = request->programs[i].user;
                exec.environment = request->programs[i].environment;
                r = container_exec(&exec, &stopped, &error);
                if (stopped)
                        (void) eventfd_write(stopped_fd, 1);
                if (r >= 0)
                        _exit(r);
                if (error.exit != FC_EXIT_NOT_FOUND)
                        break;
        }
        (void) dprintf(STDERR_FILENO, "%s\n", error.message);
        _exit((int) error.exit);
}

InsideCommand *inside_command_free(InsideCommand *c) {
        if (!c)
                return NULL;
        sd_event_source_disable_unref(c->io);
        sd_event_source_disable_unref(c->child);
        (void) safe_close(c->fd);
        (void) safe_close(c->stopped_fd);
        if (c->pidfd >= 0)
                (void) process_signal(c->pidfd, SIGKILL);
        else if (c->pid > 0)
                (void) kill(c->pid, SIGKILL);
        if (c->pid > 0)
                (void) process_reap(c->pid);
        (void) safe_close(c->pidfd);
        free(c);
        return NULL;
}

bool inside_command_stop(InsideCommand *c) {
        return c->pidfd >= 0 && process_signal(c->pidfd, SIGTERM) >= 0;
}

static void keep_end(InsideCommand *c, const char *data, size_t size) {
        size_t keep = size < TAIL_SIZE ? TAIL_SIZE - size : 0;

        if (size > TAIL_SIZE) {
                data += size - TAIL_SIZE;
                size = TAIL_SIZE;
        }
        if (c->tail_size > keep) {
                memmove(c->tail, c->tail + c->tail_size - keep, keep);
                c->tail_size = keep;
        }
        memcpy(c->tail + c->tail_size, data, size);
        c->tail_size += size;
}

static void tell_line(InsideCommand *c) {
        c->last[c->last_size] = '\0';
        if (c->last_size > 0)
                c->line(c->last, c->userdata);
        c->last_size = 0;
}

static void tell_lines(InsideCommand *c, const char *data, size_t size) {
        for (size_t i = 0; c->line && i < size; i++)
                if (data[i] == '\n')
                        tell_line(c);
                else if (data[i] != '\0' && c->last_size < LINE_SIZE - 1)
                        c->last[c->last_size++] = data[i];
}

/* Return: how much that was. */
static size_t read_output(InsideCommand *c) {
        char buffer[TAIL_SIZE];
        ssize_t n = read(c->fd, buffer, sizeof(buffer));

        if (n > 0) {
                keep_end(c, buffer, (size_t) n);
                tell_lines(c, buffer, (size_t) n);
        }
        if (n == 0)
                c->io = sd_event_source_disable_unref(c->io);
        return n > 0 ? (size_t) n : 0;
}

/* Once an event, of which there is another while there is more: a command that writes without a pause must
 * not keep the loop from timeouts and signals. */
static int on_output(sd_event_source *s, int fd, uint32_t events, void *userdata) {
        (void) read_output(userdata);
        return 0;
}

/* What was written before the end, and no more: what the command has left behind may go on writing. */
static void read_rest(InsideCommand *c) {
        int there = 0;
        size_t n = 1;

        if (ioctl(c->fd, FIONREAD, &there) < 0)
                return;
        for (size_t left = (size_t) there; left > 0 && n > 0; left -= n < left ? n : left)
                n = read_output(c);
}

char **inside_command_lines(const InsideCommand *c, size_t max) {
        _cleanup_free_ char *text = xstrndup(c->tail, strnlen(c->tail, c->tail_size));
        _cleanup_strv_ char **lines = NULL;
        char **last = NULL, *save = NULL;
        size_t n;

        for (char *line = strtok_r(text, "\r\n", &save); line; line = strtok_r(NULL, "\r\n", &save))
                if (line[strspn(line, " \t")])
                        strv_push(&lines, line);
        n = strv_length(lines);
        for (size_t i = n > max ? n - max : 0; i < n; i++)
                strv_push(&last, lines[i]);
        return last;
}

static int on_end(sd_event_source *s, int fd, uint32_t events, void *userdata) {
        siginfo_t info = {0};
        InsideCommand *c = userdata;
        eventfd_t said = 0;
        InsideEnd end;

        if (waitid(P_PIDFD, (id_t) c->pidfd, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
                return 0;
        /* The source before its descriptor: children of other commands have a copy of that, which keeps it
         * in the epoll. */
        c->child = sd_event_source_disable_unref(c->child);
        c->pidfd = safe_close(c->pidfd);
        c->pid = 0;
        read_rest(c);
        (void) eventfd_read(c->stopped_fd, &said);
        end = (InsideEnd){.code = info.si_code, .status = info.si_status, .stopped = said > 0};
        c->done(&end, c->userdata);
        return 0;
}

static int inside_spawn(InsideCommand *c, const InsideRequest *request) {
        pid_t parent = getpid();
        int pipe_fd[2];

        c->stopped_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (c->stopped_fd < 0)
                return -errno;
        if (pipe2(pipe_fd, O_CLOEXEC) < 0)
                return -errno;
        c->fd = pipe_fd[0];
        c->pid = fork();
        if (c->pid == 0)
                inside_run(request, pipe_fd[1], c->stopped_fd, parent);
        (void) close(pipe_fd[1]);
        if (c->pid < 0)
                return -errno;
        c->pidfd = process_open(c->pid);
        if (c->pidfd < 0)
                return c->pidfd;
        return fcntl(c->fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

int inside_command_new(const InsideRequest *request, InsideCommand **ret) {
        _cleanup_(inside_command_freep) InsideCommand *c = xmalloc0(sizeof(*c));
        int r;

        *c = (InsideCommand){.line = request->line,
                             .done = request->done,
                             .userdata = request->userdata,
                             .fd = -EBADF,
                             .stopped_fd = -EBADF,
                             .pidfd = -EBADF};
        r = inside_spawn(c, request);
        if (r >= 0)
                r = sd_event_add_io(request->event, &c->io, c->fd, EPOLLIN, on_output, c);
        if (r >= 0)
                r = sd_event_add_io(request->event, &c->child, c->pidfd, EPOLLIN, on_end, c);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(c);
        return 0;
}
