/* SPDX-License-Identifier: MIT */
#pragma once

/* What an image is called that is made of what a specification says, `system.debian` or `system.oci`, and
 * not by the user. Pure. */

#include "spec/spec.h"

/* Root's alone: what lies there is booted as root, or by a container's root. */
#define MADE_IMAGE_CACHE "/var/cache/flake-containers"

/* All that the image of a container depends on; owned by the caller. Another way to make it is another
 * text. */
char *made_image_text(const ContainerSpec *c);

/* The name of its directory in MADE_IMAGE_CACHE, a hash of that text; owned by the caller. Two texts may
 * have one name: the directory has the text. */
char *made_image_key(const char *text);

/* The path of its root file system; owned by the caller. */
char *made_image_path(const ContainerSpec *c);

/* The key of `system` that says how it is made, for messages; NULL: it is not made by us. */
const char *made_image_word(const ContainerSpec *c);
