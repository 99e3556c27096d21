/* SPDX-License-Identifier: MIT */
#pragma once

/* Lexical rules for the paths in a specification. Nothing here looks at a file system. All mistakes are
 * FC_EXIT_USAGE. */

#include "base/json-shape.h"

extern const JsonShape host_path_shape, inside_path_shape, mount_point_shape, store_path_shape;

/* A character of a path, and a part of one inside that is not '.' or '..', as regular expressions. */
#define PATH_CHARACTER_REGEX "[^\\u0000-\\u001f\\u007f]"
#define PATH_PART_REGEX      "/(?!\\.{1,2}(/|$))[^/\\u0000-\\u001f\\u007f]+"

/* A path of the host: absolute or relative to the project root, where `..` may lead out of it. It is not
 * empty, has no control characters (it is printed on screens) and is not meant for a shell (`~`). */
int path_check_host(const char *path, Error *reterr);

/* A path inside the container: absolute, without empty, `.` and `..` parts, not "/", no control
 * characters. */
int path_check_inside(const char *path, Error *reterr);

/* A path of the same name on the host and inside, STORE/NAME: the store is a directory of its own that may
 * be mounted inside. */
int path_check_store_path(const char *path, Error *reterr);

/* Is @part what a relative path begins with, beside '.'? */
bool path_begins_in(const char *path, const char *part);

/**
 * path_join() - a relative path as an absolute one
 * @dir: where it begins, absolute and without symbolic links
 * @ret_out: whether it begins with ".."; may be NULL
 *
 * Those "." and ".." that it begins with are taken from @dir; others are left as they are, since a symbolic
 * link may be before them. Owned by the caller.
 */
char *path_join(const char *dir, const char *path, bool *ret_out);

/* Has it a part "..", wherever that leads? */
bool path_has_dotdot(const char *path);

/* An absolute path without '.', '..' and empty parts, as the text alone says: what a symbolic link before a
 * '..' leads to is not looked at. The string is the caller's. */
char *path_normalise(const char *path);

/* Is @path @directory, or below it? Both are normalised. */
bool path_is_within(const char *path, const char *directory);

/* A path inside at which something may be mounted: as path_check_inside(), and not where systemd-nspawn or
 * flake-containers mount what the container needs. */
int path_check_mount_point(const char *path, Error *reterr);
