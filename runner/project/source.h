/* SPDX-License-Identifier: MIT */
#pragma once

/* Opening what a specification names: sources of volumes, credentials, root file systems, stores.
 *
 * A guest writes to the directories that it is given, and root looks there again at the next start. So a
 * path is walked a component at a time, with the permissions of the user, and
 *
 *   - a relative one never leaves the project's root (one that begins with `..` counts as absolute, and goes
 *     not through the root, which may be a guest's);
 *   - from where it enters a directory that a guest can write to, or could once, it never leaves that one;
 *   - below `.containers` it goes through no symbolic link.
 *
 * Symbolic links are followed within that. The result is a descriptor, so nothing is looked up twice. */

#include "host/user.h"
#include "spec/spec.h"

typedef struct SourceId {
        dev_t device;
        ino_t inode;
} SourceId;

typedef struct Sources {
        bool opened;
        int root_fd;          /* the project's, borrowed */
        InvokingUser project; /* as whom its files are reached */
        InvokingUser asking;  /* as whom all others are */
        SourceId state;       /* .containers; inode 0: there is none */
        SourceId *guests;     /* what guests can write to */
        size_t n_guests;
} Sources;

/**
 * sources_open() - prepare to open the sources of a project
 * @root, @root_fd: the project's; the latter outlives @ret
 * @state_fd: .containers, or -EBADF
 * @project: who makes files in the project
 * @asking: who asked
 * @spec: says what guests can write to
 */
int sources_open(const char *root, int root_fd, int state_fd, const InvokingUser *project,
                 const InvokingUser *asking, const Spec *spec, Sources *ret, Error *reterr);
void sources_done(Sources *s);

/* "DEVICE:INODE", owned by the caller; "" where it cannot be looked at. As long as the file is mounted
 * anywhere no other one has the same. */
char *source_id_text(int fd);

/**
 * source_open() - open a source
 * @what: a word for messages that stands before the path; may be empty
 * @path: absolute, for messages and for one that is not relative
 * @below: a relative path as it was written, otherwise NULL
 * @reads: must the user be able to read it?
 *
 * Return: an O_PATH fd; -ENOENT with an Error of FC_EXIT_USAGE when there is none. FC_EXIT_CONFLICT when a
 * symbolic link leads to where it must not.
 */
int source_open(const Sources *s, const char *what, const char *path, const char *below, bool reads,
                Error *reterr);

/**
 * source_open_volume() - open a source that is mounted as a volume
 * @masked: `.containers` is not shown in it, where it is in it
 * @create: make it, and what leads to it, as far as it is missing: directories of the user's, mode 0755, of
 *   a path that does not leave the project. One that leads into `.containers` is -ENOENT all the same
 *
 * FC_EXIT_USAGE for what is in `.containers`, and for what has it in it and is not masked.
 */
int source_open_volume(const Sources *s, const char *path, const char *below, bool masked, bool create,
                       Error *reterr);

/**
 * source_mark() - remember that a guest is given a directory to write to
 * @fd: may be O_PATH; only directories are marked
 * @path: for messages
 *
 * An extended attribute of the directory itself remembers it, and the guest cannot change that. So it
 * holds whatever the specification says later, wherever the directory is moved to, and without
 * `.containers`.
 */
int source_mark(int fd, const char *path, Error *reterr);
