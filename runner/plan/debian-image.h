/* SPDX-License-Identifier: MIT */
#pragma once

/* What an image of `system.debian` depends on, and is made by. Pure. */

#include "spec/spec.h"

/* All that an image of this definition depends on, a line each; owned by the caller. Another way to make it
 * is another text. */
char *debian_image_text(const DebianSpec *debian);

/* Lines of sources.list(5), of those that the host's apt has ("URI RELEASE COMPONENT KEYRING" each, as
 * `apt-get indextargets` tells them), which are of this suite; NULL: mmdebstrap knows where to get it. */
char **debian_image_sources(const DebianSpec *debian, const char *indextargets);

/* Those options of the host's apt (as `apt-config dump` prints them) without which its mirrors may be out of
 * reach or out of date. */
char **debian_image_apt_options(const char *dump);

/* Arguments of mmdebstrap, its name first. */
char **debian_image_argv(const DebianSpec *debian, const char *program, const char *target,
                         char *const *apt_options, char *const *sources);
