/* SPDX-License-Identifier: MIT */
#pragma once

/* What NixOS's switch-to-configuration says on its way, in Perl and in Rust alike. Pure. */

#include "base/macro.h"

typedef enum SwitchSays {
        SWITCH_SAYS_OTHER, /* nothing of the kind */
        SWITCH_SAYS_STEP,  /* what it does now, and to which units */
        SWITCH_SAYS_KEPT,  /* which units have changed, and go on as they are until a restart */
} SwitchSays;

/* @ret: "restarting web.service", or the units that are kept; owned by the caller, not safe for a
 * terminal. */
SwitchSays switch_output_parse(const char *line, char **ret);
