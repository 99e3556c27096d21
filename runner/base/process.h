/* SPDX-License-Identifier: MIT */
#pragma once

/* Starting programs with an argument vector (never a shell) and waiting for processes by pidfd. */

#include <signal.h>
#include <sys/types.h>

#include "base/error.h"

/* Directories that only root can write to: NixOS's profiles, /usr, and what the package was built with
 * (FC_PROGRAMS). The programs that root executes come from there, whatever $PATH says: a user's sudo, su or
 * environment may have set it. */
const char *process_trusted_path(void);

/* Looks `program` up in `path` (NULL: process_trusted_path()). Return: the absolute path, owned by the
 * caller, or NULL. */
char *process_find_program(const char *program, const char *path);

/* The same for a set-user-id program, which makes a user root; one without that bit cannot. */
char *process_find_setuid(const char *program, const char *path);

/* The absolute path of one of our own helper programs, found from where this program itself lies: the build
 * tree or PREFIX/libexec/flake-containers beside PREFIX/bin. Never from the environment: root runs it.
 * Return 0; *ret is owned by the caller. */
int process_find_helper(const char *program, char **ret, Error *reterr);

/* The same of a file that is not a program, in share/flake-containers. Owned by the caller; NULL: it is not
 * there. */
char *process_find_shared(const char *name);

/* pidfd_open(2). Return: an O_CLOEXEC fd, or -ESRCH and no Error when the process has ended already. */
int process_open(pid_t pid);

/* Whether it has been killed or is ending. That takes some milliseconds, in which its pidfd does not tell
 * yet. True also for a process that has ended; false for one that cannot be looked at. */
bool process_is_ending(pid_t pid);

/* For how long it has been there, also before it executed its program. UINT64_MAX: it cannot be looked
 * at. */
uint64_t process_age_usec(pid_t pid);

/* pidfd_send_signal(2). Return: 0, or a negative errno (-ESRCH: it has ended). */
int process_signal(int pidfd, int signal);

/* The number of a pidfd's process in the PID namespace that @proc_fd is a proc(5) of. Return: 0, or a
 * negative errno (-ESRCH: it has ended). */
int process_number(int proc_fd, int pidfd, pid_t *ret);

/* Waits until the process ends. @timeout_usec: relative, UINT64_MAX: for ever.
 * Return: 1 ended, 0 the time passed, negative errno. */
int process_wait(int pidfd, uint64_t timeout_usec);

/* waitpid(2) for the end of a child, also with signals in between. Return: how it ended, as waitpid() tells
 * it, or a negative errno: it was not ours. */
int process_reap(pid_t pid);

/* In a child: it gets @signal when the process that has forked it ends (PR_SET_PDEATHSIG of prctl(2)), or is
 * told that it has ended already. After a change of credentials, which resets that. @parent: its getpid(),
 * from before the fork. Async-signal-safe. Return: 0, -ESRCH: it has ended, or another negative errno. */
int process_end_with_parent(pid_t parent, int signal);

/* What a shell calls such an end: the exit status, or 128+n for a signal. */
int process_exit_status(int status);

/* Unblocks all signals: for a child that is about to execute another program, which would inherit what we
 * block for an event loop. Async-signal-safe. */
void process_unblock_signals(void);

/* The same, and each has its default effect again: for a child that is to begin as if nothing had been
 * before it. */
void process_reset_signals(void);

/* Blocks SIGINT, SIGTERM and SIGHUP, for a command that ends in order when one comes: an event loop sees
 * them, and what takes long looks for one that is pending. @ret_old: what was blocked before; may be
 * NULL. */
void process_block_interrupts(sigset_t *ret_old);

/* Return: a signalfd(2) of these three, or a negative errno. It tells of those that are blocked. */
int process_open_interrupts(void);

/* While another program works for a command of ours, these three are blocked, and seen. */
typedef struct HeldInterrupts {
        int fd; /* of process_open_interrupts(); -EBADF: they are not held */
        sigset_t old;
} HeldInterrupts;

#define HELD_INTERRUPTS_NULL ((HeldInterrupts){.fd = -EBADF})

int process_hold_interrupts(HeldInterrupts *ret, Error *reterr);
void process_release_interrupts(HeldInterrupts *held);

/* Has SIGINT, SIGTERM or SIGHUP come while they were blocked? For what takes long and has no event loop. */
bool process_is_interrupted(void);

/* Runs `argv` to its end with /dev/null as input; stdout and stderr are collected into `ret_output` (may be
 * NULL: then they go to our stderr). Return: the exit status, 128+n for a signal, or a negative errno. */
int process_run(char *const *argv, char **ret_output, Error *reterr);

/* CLOCK_MONOTONIC in microseconds. */
uint64_t now_usec(void);

/* CLOCK_REALTIME in microseconds since the epoch. */
uint64_t realtime_usec(void);
