/* SPDX-License-Identifier: MIT */
#pragma once

/* What an image is called that is made of what a specification says, `system.debian` or `system.oci`, and
 * not by the user. Pure. */

#include "spec/spec.h"

/* All that the image of a container depends on; owned by the caller. Another way to make it is another
 * text. */
char *made_image_text(const ContainerSpec *c);

/* The name of its directory in the cache of such images, a hash of that text; owned by the caller. Two texts
 * may have one name: the directory has the text. */
char *made_image_key(const char *text);

/* The path of its root file system. @cache: the directory of all of them. Owned by the caller. */
char *made_image_path(const ContainerSpec *c, const char *cache);

/* The directory that such a path is of; owned by the caller, NULL: it is not such a path. */
char *made_image_cache(const char *path);

/* The key of `system` that says how it is made, for messages; NULL: it is not made by us. */
const char *made_image_word(const ContainerSpec *c);
