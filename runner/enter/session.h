/* SPDX-License-Identifier: MIT */
#pragma once

/* Our side of a program that runs in a container: its standard streams or its terminal, copied to and from
 * ours; signals that we get; the end. How the program is started, signalled and stopped is the runner's
 * business (exec-manager.c, exec-direct.c). */

#include "base/systemd.h"
#include "enter/command.h"

typedef struct Session Session;

typedef struct SessionRunner {
        void (*signal)(void *userdata, int signal); /* to all processes of the program */
        void (*stop)(void *userdata);               /* end them, with force after a moment */
        void *userdata;
        bool input_later; /* nothing is read from our standard input before session_start_input() */
} SessionRunner;

/**
 * session_new() - make the program's standard streams
 * @terminal: one terminal of the container, else pipes
 * @owner: the user that the program runs as, who must be able to open /dev/stdout
 *
 * From here on the signals that a session handles are blocked and SIGPIPE is ignored, until it is freed.
 */
int session_new(const EnterTarget *target, bool terminal, const Account *owner, Session **ret,
                Error *reterr);
Session *session_free(Session *session);
DEFINE_FREEP(Session, session_free);

sd_event *session_event(Session *session);

/* The program's ends of its standard streams, three fds, borrowed. */
const int *session_program_stdio(Session *session);
bool session_has_terminal(const Session *session);

/**
 * session_run() - copy until the program has ended
 *
 * To be called when the program is on its way; the fds of session_program_stdio() are closed here. Returns
 * after session_ended() when all output is written, or when the leader has ended, or when the program does
 * not end although it was told to: see session_gave_up().
 */
int session_run(Session *session, const SessionRunner *runner, Error *reterr);

/* The program takes input now. From the runner's callbacks; more than once does no harm. */
void session_start_input(Session *session);

/* The program has ended: what it wrote is still copied. From the runner's callbacks. */
void session_ended(Session *session);

/* Whether the program was told to end, did not, and was left alone. */
bool session_gave_up(const Session *session);

/* Output that could not be written (a full disk): FC_EXIT_EXEC_OWN. */
int session_check_output(const Session *session, Error *reterr);
