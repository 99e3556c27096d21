/* SPDX-License-Identifier: MIT */
#pragma once

/* Which image a root is a copy of, as that was then: an attribute of the root's directory that says what
 * changes in an image when it is made anew or a package is installed in it. */

#include "base/error.h"

/* Of an image as it is now; owned by the caller, NULL: it cannot be looked at. @image_fd: may be O_PATH */
char *image_mark_make(int image_fd);

/* Best effort: on a file system without such attributes it is not known. */
void image_mark_write(int root_fd, const char *mark);

/* Owned by the caller; NULL: it is not known, or may not be seen. */
char *image_mark_read(int root_fd);
