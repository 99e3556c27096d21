/* SPDX-License-Identifier: MIT */

#include "ready/switch-output.h"
#include "test.h"

/* The lines are those of nixpkgs: switch-to-configuration.pl and switch-to-configuration-ng. */
TEST(lines) {
        static const struct {
                const char *line;
                SwitchSays says;
                const char *text;
        } table[] = {
                {"stopping the following units: a.service, b.socket", SWITCH_SAYS_STEP,
                 "stopping a.service, b.socket"},
                {"activating the configuration...", SWITCH_SAYS_STEP, "activating"},
                {"restarting systemd...", SWITCH_SAYS_STEP, "executing systemd anew"},
                {"setting up tmpfiles", SWITCH_SAYS_STEP, "setting up tmpfiles"},
                {"reloading the following units: dbus.service", SWITCH_SAYS_STEP, "reloading dbus.service"},
                {"restarting the following units: a.service", SWITCH_SAYS_STEP, "restarting a.service"},
                {"starting the following units: a.service", SWITCH_SAYS_STEP, "starting a.service"},
                {"the following new units were started: c.service", SWITCH_SAYS_STEP, "started c.service"},
                {"restarting the following user units: d.service", SWITCH_SAYS_STEP, "restarting d.service"},
                {"NOT restarting the following changed units: e.service", SWITCH_SAYS_KEPT, "e.service"},
                {"warning: the following units failed: a.service", SWITCH_SAYS_OTHER, NULL},
                {"restarting sysinit-reactivation.target", SWITCH_SAYS_OTHER, NULL},
                {" stopping the following units: a.service", SWITCH_SAYS_OTHER, NULL},
                {"stopping", SWITCH_SAYS_OTHER, NULL},
                {"", SWITCH_SAYS_OTHER, NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *text = NULL;

                test_set_row("%s", table[i].line);
                ASSERT_EQ(switch_output_parse(table[i].line, &text), table[i].says);
                ASSERT_STREQ(text, table[i].text);
        }
}
