/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>

#include "base/alloc.h"
#include "base/process.h"
#include "enter/program-stdio.h"
#include "enter/session.h"
#include "enter/stream.h"
#include "enter/terminal.h"

/* After SIGTERM or SIGHUP the program has this long to end by itself before it is stopped, and after that
 * this long until we stop waiting. Stopping takes GUEST_UNIT_STOP_USEC at most in a guest that works. */
#define SESSION_GRACE_USEC   (2 * USEC_PER_SEC)
#define SESSION_GIVE_UP_USEC (5 * USEC_PER_SEC)

/* Ctrl-D: how a terminal is told that there is no more input. */
#define TERMINAL_EOF "\004"

static const int handled_signals[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGWINCH, SIGCONT};

struct Session {
        const EnterTarget *target;
        sd_event *event;
        bool has_terminal;
        ProgramStdio stdio; /* our ends move to the streams */
        Stream *streams[3]; /* to, from, from */
        Terminal terminal;
        Escape escape;
        const SessionRunner *runner;
        sd_event_source *timer;
        bool ended;    /* the program has */
        bool stopping; /* the runner was told to stop it */
        bool gave_up;
        Error error; /* of what happened in the loop */
        sigset_t old_mask;
        struct sigaction old_pipe;
};

static void give_signals_back(const Session *s) {
        (void) sigaction(SIGPIPE, &s->old_pipe, NULL);
        (void) sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
}

Session *session_free(Session *s) {
        if (!s)
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(s->streams); i++)
                (void) stream_free(s->streams[i]);
        terminal_restore(&s->terminal);
        program_stdio_done(&s->stdio);
        s->timer = sd_event_source_disable_unref(s->timer);
        s->event = sd_event_unref(s->event);
        error_done(&s->error);
        give_signals_back(s);
        free(s);
        return NULL;
}

sd_event *session_event(Session *s) {
        return s->event;
}

const int *session_program_stdio(Session *s) {
        return s->stdio.program;
}

bool session_has_terminal(const Session *s) {
        return s->has_terminal;
}

bool session_gave_up(const Session *s) {
        return s->gave_up;
}

static void take_signals(Session *s) {
        struct sigaction ignore = {.sa_handler = SIG_IGN};
        sigset_t mask;

        (void) sigemptyset(&mask);
        for (size_t i = 0; i < ELEMENTSOF(handled_signals); i++)
                (void) sigaddset(&mask, handled_signals[i]);
        (void) sigprocmask(SIG_BLOCK, &mask, &s->old_mask);
        (void) sigaction(SIGPIPE, &ignore, &s->old_pipe);
}

int session_new(const EnterTarget *target, bool terminal, const Account *owner, Session **ret,
                Error *reterr) {
        _cleanup_(session_freep) Session *s = xmalloc0(sizeof(Session));
        int r;

        *s = (Session){
                .target = target,
                .has_terminal = terminal,
                .terminal = TERMINAL_NULL,
                .stdio = PROGRAM_STDIO_NULL,
        };
        take_signals(s);

        r = sd_event_new(&s->event);
        if (r < 0)
                return error_set(reterr, r, "make an event loop");
        r = terminal ? program_stdio_make_terminal(target, owner, &s->stdio, reterr)
                     : program_stdio_make_pipes(target, owner, &s->stdio, reterr);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s);
        return 0;
}

static void session_set_timer(Session *s, uint64_t usec);

static void session_stop(Session *s) {
        if (s->stopping || s->ended)
                return;
        s->stopping = true;
        session_set_timer(s, SESSION_GIVE_UP_USEC);
        s->runner->stop(s->runner->userdata);
}

static int session_on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        Session *s = userdata;

        if (s->stopping) {
                s->gave_up = true;
                (void) sd_event_exit(s->event, 0);
        } else
                session_stop(s);
        return 0;
}

static void session_set_timer(Session *s, uint64_t usec) {
        s->timer = sd_event_source_disable_unref(s->timer);
        (void) sd_event_add_time_relative(s->event, &s->timer, CLOCK_MONOTONIC, usec, 0, session_on_timer,
                                          s);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        Session *s = userdata;
        int signal = (int) info->ssi_signo;

        if (signal == SIGWINCH || signal == SIGCONT) {
                if (signal == SIGCONT)
                        terminal_renew_raw(&s->terminal);
                if (s->has_terminal)
                        program_stdio_copy_size(&s->stdio);
                return 0;
        }
        /* We only wait for output that has not been written yet. */
        if (s->ended)
                return sd_event_exit(s->event, 0);
        if (signal == SIGINT || signal == SIGQUIT) {
                s->runner->signal(s->runner->userdata, signal);
                return 0;
        }
        /* The program's terminal ends with us: the stop says so, by SIGHUP. */
        if (s->has_terminal || s->timer) {
                session_stop(s);
                return 0;
        }
        s->runner->signal(s->runner->userdata, signal);
        session_set_timer(s, SESSION_GRACE_USEC);
        return 0;
}

/* At idle priority: what the guest's manager said before that is read first. */
static int on_leader_ended(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
        session_ended(userdata);
        return 0;
}

static bool observe_typing(const char *data, size_t n, void *userdata) {
        Session *s = userdata;

        if (!s->terminal.raw || !escape_feed(&s->escape, data, n, now_usec()))
                return true;
        session_stop(s);
        return false;
}

static void on_stream_done(Stream *stream, StreamEnd end, void *userdata) {
        Session *s = userdata;

        if (stream == s->streams[STDIN_FILENO]) {
                /* Our terminal hung up, and the program's with it. */
                if (s->terminal.raw && end == STREAM_END_OF_INPUT)
                        session_stop(s);
                return;
        }
        if (s->ended) {
                session_ended(s);
                return;
        }
        /* The reader of our output is gone. Through a pipe the program learns that when it writes; a
         * terminal can only hang up. */
        if (s->has_terminal && end == STREAM_OUTPUT_GONE)
                session_stop(s);
}

void session_ended(Session *s) {
        bool done = true;

        s->ended = true;
        program_stdio_close_program(&s->stdio);
        for (size_t i = STDOUT_FILENO; i < ELEMENTSOF(s->streams); i++)
                if (s->streams[i]) {
                        stream_drain(s->streams[i]);
                        done = done && stream_is_done(s->streams[i]);
                }
        if (done)
                (void) sd_event_exit(s->event, 0);
}

static int add_stream(Session *s, size_t i, Error *reterr) {
        static const char *const names[] = {"standard input", "standard output", "standard error"};
        bool input = i == STDIN_FILENO;
        StreamConfig config = {
                .name = names[i],
                .done = on_stream_done,
                .userdata = s,
        };
        int own;

        if (s->stdio.ours[i] < 0)
                return 0;
        own = stream_open_own((int) i, input ? O_RDONLY : O_WRONLY, reterr);
        if (own < 0)
                return own;
        config.from = input ? own : s->stdio.ours[i];
        config.to = input ? s->stdio.ours[i] : own;
        s->stdio.ours[i] = -EBADF;
        if (input && s->has_terminal) {
                config.observe = observe_typing;
                config.at_end = TERMINAL_EOF;
        }
        return stream_new(s->event, &config, &s->streams[i], reterr);
}

void session_start_input(Session *s) {
        Error error = ERROR_NULL;

        /* Its descriptor was taken by the stream that it has already. */
        if (s->ended || s->stdio.ours[STDIN_FILENO] < 0)
                return;
        if (add_stream(s, STDIN_FILENO, &error) < 0) {
                error_move(&s->error, &error);
                session_stop(s);
        }
}

static int add_watches(Session *s, Error *reterr) {
        sd_event_source *leader;
        int r;

        for (size_t i = 0; i < ELEMENTSOF(handled_signals); i++) {
                r = sd_event_add_signal(s->event, NULL, handled_signals[i], on_signal, s);
                if (r < 0)
                        return error_set(reterr, r, "watch for signals");
        }
        r = sd_event_add_io(s->event, &leader, s->target->pidfd, EPOLLIN, on_leader_ended, s);
        if (r >= 0)
                r = sd_event_source_set_priority(leader, SD_EVENT_PRIORITY_IDLE);
        if (r >= 0)
                r = sd_event_source_set_floating(leader, true);
        if (r < 0)
                return error_set(reterr, r, "watch the container's process");
        (void) sd_event_source_unref(leader);
        return 0;
}

int session_run(Session *s, const SessionRunner *runner, Error *reterr) {
        int r;

        s->runner = runner;
        /* The slave of a terminal stays open until the program has ended: between the moment when the
         * manager has the message and the one when the program runs, the terminal would otherwise hang
         * up. */
        if (!s->has_terminal)
                program_stdio_close_program(&s->stdio);

        r = add_watches(s, reterr);
        for (size_t i = STDOUT_FILENO; i < ELEMENTSOF(s->streams) && r >= 0; i++)
                r = add_stream(s, i, reterr);
        if (r >= 0 && !runner->input_later)
                r = add_stream(s, STDIN_FILENO, reterr);
        if (r >= 0 && s->has_terminal && isatty(STDIN_FILENO))
                r = terminal_make_raw(&s->terminal, STDIN_FILENO, reterr);
        if (r < 0)
                return r;

        r = sd_event_loop(s->event);
        terminal_restore(&s->terminal);
        if (r < 0)
                return error_set(reterr, r, "run the event loop of the session");
        if (error_is_set(&s->error)) {
                error_move(reterr, &s->error);
                return -EIO;
        }
        return 0;
}

int session_check_output(const Session *s, Error *reterr) {
        for (size_t i = STDOUT_FILENO; i < ELEMENTSOF(s->streams); i++)
                if (s->streams[i] && stream_write_error(s->streams[i]) != 0) {
                        (void) error_set(reterr, stream_write_error(s->streams[i]), "write to standard %s",
                                         i == STDOUT_FILENO ? "output" : "error");
                        return -EIO;
                }
        return 0;
}
