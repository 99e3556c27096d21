/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "ready/switch-output.h"

/* After each of these words stands which units, after a colon. */
static const struct {
        const char *says, *word;
} lists[] = {
        {"stopping the following units: ", "stopping"},
        {"reloading the following units: ", "reloading"},
        {"restarting the following units: ", "restarting"},
        {"starting the following units: ", "starting"},
        {"stopping the following user units: ", "stopping"},
        {"reloading the following user units: ", "reloading"},
        {"restarting the following user units: ", "restarting"},
        {"starting the following user units: ", "starting"},
        {"the following new units were started: ", "started"},
};

/* These say it all. */
static const struct {
        const char *says, *word;
} steps[] = {
        {"activating the configuration...", "activating"},
        {"restarting systemd...", "executing systemd anew"},
        {"setting up tmpfiles", "setting up tmpfiles"},
};

#define KEPT "NOT restarting the following changed units: "

SwitchSays switch_output_parse(const char *line, char **ret) {
        const char *units = startswith(line, KEPT);

        if (units) {
                *ret = xstrdup(units);
                return SWITCH_SAYS_KEPT;
        }
        for (size_t i = 0; i < ELEMENTSOF(lists); i++) {
                units = startswith(line, lists[i].says);
                if (!units)
                        continue;
                *ret = xasprintf("%s %s", lists[i].word, units);
                return SWITCH_SAYS_STEP;
        }
        for (size_t i = 0; i < ELEMENTSOF(steps); i++)
                if (streq(line, steps[i].says)) {
                        *ret = xstrdup(steps[i].word);
                        return SWITCH_SAYS_STEP;
                }
        return SWITCH_SAYS_OTHER;
}
