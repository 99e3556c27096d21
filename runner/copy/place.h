/* SPDX-License-Identifier: MIT */
#pragma once

/* An end of a copy: a path of the host, one in a container, or a stream. A process of its own enters it, and
 * has from then on the rights of the user, or of the container's root, and no others. */

#include "enter/namespaces.h"
#include "host/user.h"

typedef enum CopyPlaceKind {
        COPY_HOST,
        COPY_RUNNING, /* inside, where its volumes are */
        COPY_STOPPED, /* its root only */
        COPY_STREAM,  /* tar */
} CopyPlaceKind;

typedef struct CopyPlace {
        CopyPlaceKind kind;
        const char *text; /* as the user wrote it */
        const char *path; /* inside of a container; what is relative begins at its root */
        int fd;           /* of the host: what is copied, or the directory of the target, O_PATH; of a
                             stopped container its root; of a stream itself. Borrowed */
        const char *name; /* of the host's target, in that directory; NULL: it is the directory */
        const EnterTarget *target; /* of one that runs */
        InvokingUser user;         /* of the host's */
} CopyPlace;

/* For a freshly forked child. Return: 0 or a negative errno. */
int copy_place_enter(const CopyPlace *place);

/* After that: what is copied, for reading. Return: an fd. */
int copy_place_open_source(const CopyPlace *place, Error *reterr);

/**
 * copy_place_open_target() - where to put what is copied
 * @source: the name of what is copied; NULL: what is in it
 * @ret_name: in the directory that is returned; NULL: the content is put there. Owned by the caller
 *
 * After copy_place_enter(). A directory that exists gets @source; what does not exist gets that name, in a
 * directory that does. Return: an fd.
 */
int copy_place_open_target(const CopyPlace *place, const char *source, char **ret_name, Error *reterr);

/**
 * copy_path_split() - the directory and the last part of a path
 * @ret_directory: owned by the caller, as @ret_name
 *
 * Return: false when the last part is not a name: "", ".", "..", or "/" at the end.
 */
bool copy_path_split(const char *path, char **ret_directory, char **ret_name);

/* The name of what a path leads to; NULL: it asks for the content of a directory. Owned by the caller. */
char *copy_path_name(const char *path);
