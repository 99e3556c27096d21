/* SPDX-License-Identifier: MIT */
#pragma once

/* The one connection between a project here and its copy on another machine: an ssh(1) that is the master
 * of all others (ControlMaster in ssh_config(5)) and carries the ports.
 *
 *     HASH         its socket, by which the next command finds it, and nothing else does
 *     HASH.ports   what it carries when no command works (remote/forward.h); empty: it ends with them
 *     HASH.lock    held while it is looked for, started or ended
 *     HASH.use     held shared by each command that works with it
 *     HASH.sends   held while the project is sent
 *     HASH.carries held while the ports there are asked for and these here changed
 *
 * in the directory of remote/socket-dir.h; HASH is that of this machine, as a home can be on several, the
 * project's root and the other machine. It goes into the background when the user has been let in, so a
 * password is asked for once, at the terminal. Whatever ends a command, a process of ours that waits for
 * that ends the connection when nothing needs it any more. */

#include "base/strv.h"
#include "remote/destination.h"

typedef struct Master {
        const Destination *destination; /* borrowed */
        char *name;                     /* HASH */
        char *program;                  /* ssh */
        char *socket;
        int dir_fd, use_fd;
} Master;

#define MASTER_NULL ((Master){.dir_fd = -EBADF, .use_fd = -EBADF})

/**
 * master_open() - find the connection, or make it
 * @root: the project here; "" for what is of no project
 *
 * @ret is emptied by master_done(), also after a failure. FC_EXIT_HOST when there is no connection; ssh has
 * said why.
 */
int master_open(const Destination *destination, const char *root, Master *ret, Error *reterr);

/* Lets go of the connection, which ends with this process unless it carries ports or another command works
 * with it. */
void master_done(Master *master);

/* The lock HASH.@name; it may be held for as long as something is sent, or a password asked for. Return: an
 * fd, which holds it, or a negative errno. */
int master_lock(const Master *master, const char *name, Error *reterr);

/* The command line of an ssh that goes through it and never makes a connection of its own, up to the place
 * where a command may follow. @option: one more for ssh, or NULL. Owned by the caller. */
char **master_command(const Master *master, const char *option);

/* outer_command_run() of an ssh, or of what makes use of it, which is not the last thing that this command
 * does: an interrupt counts again after it. */
int master_run(char *const *argv, Error *reterr);

/* Has it an end that was not asked for? Return: 1, 0 or a negative errno. */
int master_is_lost(const Master *master, Error *reterr);

/* What the exit status of an ssh that went through it says. Return: @status, or a negative errno:
 * FC_EXIT_HOST: the connection was lost. */
int master_status(const Master *master, int status, Error *reterr);

/* Lets it carry a port, or no more. @spec: as for `ssh -L`. @cancel: no more.
 * Return: whether; *ret_why says what is in the way, owned by the caller; may be NULL. */
bool master_forward(const Master *master, const char *spec, bool cancel, char **ret_why);

/* The beginning of a hash, of this machine: base/hash.h. */
uint64_t master_hash_machine(void);

/* HASH with @suffix; owned by the caller. */
char *master_file(const Master *master, const char *suffix);
