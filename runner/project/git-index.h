/* SPDX-License-Identifier: MIT */
#pragma once

/* Is a path in a git index? The file is read only as far as this one answer needs: `.containers` sorts
 * before nearly everything, so that is a few hundred bytes. libgit2 would read and hash the whole file, 85
 * ms for 100,000 entries, and knows neither sparse indexes nor SHA-256. The format is gitformat-index(5),
 * versions 2 to 4. The shared part of a split index (core.splitIndex) is not looked at. */

#include "base/macro.h"

typedef enum GitIndexAnswer {
        GIT_INDEX_UNTRACKED,
        GIT_INDEX_TRACKED, /* the path itself, or something below it */
        GIT_INDEX_UNKNOWN, /* a format that we do not know, or a damaged file */
} GitIndexAnswer;

/* `index` is seekable and at its beginning; `path` is relative to the work tree, without a slash at its end.
 */
GitIndexAnswer git_index_look_up(FILE *index, const char *path);
