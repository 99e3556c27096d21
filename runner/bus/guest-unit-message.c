/* SPDX-License-Identifier: MIT */

#include <signal.h>

#include "base/alloc.h"
#include "bus/guest-unit-message.h"
#include "bus/transient-message.h"

/* Every status and signal counts as success: a session that ends with 7 is not a failure of the guest, must
 * not show as one in its journal, and must not make it "degraded" until it is collected. */
static int append_success(sd_bus_message *m) {
        int32_t statuses[255], signals[_NSIG];
        size_t n_signals = 0;
        int r;

        for (int i = 0; i < 255; i++)
                statuses[i] = i + 1;
        /* 32 and 33 are glibc's own and have no name, without which the manager refuses the list. */
        for (int i = 1; i <= SIGRTMAX; i++)
                if (i < 32 || i >= SIGRTMIN)
                        signals[n_signals++] = i;

        r = transient_open(m, "SuccessExitStatus", "(aiai)");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'r', "aiai");
        if (r >= 0)
                r = sd_bus_message_append_array(m, 'i', statuses, sizeof(statuses));
        if (r >= 0)
                r = sd_bus_message_append_array(m, 'i', signals, n_signals * sizeof(signals[0]));
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : transient_close(m);
}

static int append_lifetime(sd_bus_message *m, const GuestService *s) {
        int r;

        /* A session must start in any state of the guest, also in one that hangs while booting, so the
         * default dependencies (After=basic.target and Requires=sysinit.target) are out. Of these only the
         * part that ends it with the guest is wanted, and early, beside the services: without Conflicts= it
         * would be left to systemd-shutdown, which waits 90 s for a stubborn process. */
        r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)", "DefaultDependencies", "b", false, "Conflicts",
                                  "as", 1, "shutdown.target", "Before", "as", 1, "shutdown.target",
                                  "IgnoreOnIsolate", "b", true);
        if (r < 0)
                return r;

        /* With Type=exec the job is done when the program runs: before that, the manager throws away what
         * was typed into the terminal. Without a terminal that does not matter, and "simple" writes less to
         * the guest's journal. CollectMode: a unit that failed after all (a stop that timed out) goes, too.
         * SIGHUP ends interactive shells, which ignore SIGTERM. */
        r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)", "Type", "s", s->terminal ? "exec" : "simple",
                                  "CollectMode", "s", "inactive-or-failed", "TimeoutStopUSec", "t",
                                  GUEST_UNIT_STOP_USEC, "SendSIGHUP", "b", s->terminal);
        return r < 0 ? r : append_success(m);
}

static int append_execution(sd_bus_message *m, const GuestService *s) {
        _cleanup_free_ char *directory = xasprintf("%s%s", s->directory_optional ? "-" : "", s->directory);
        int r;

        r = transient_append_command(m, "ExecStart", s->path, s->argv);
        if (r >= 0)
                r = transient_append_strv(m, "Environment", s->environment);
        if (r >= 0)
                r = sd_bus_message_append(m, "(sv)", "WorkingDirectory", "s", directory);
        /* Not for root: the manager would look it up, which costs time and fails in a guest without
         * passwd. */
        if (r >= 0 && s->user)
                r = sd_bus_message_append(m, "(sv)", "User", "s", s->user);
        if (r >= 0 && s->group)
                r = sd_bus_message_append(m, "(sv)", "Group", "s", s->group);
        if (r >= 0)
                r = sd_bus_message_append(m, "(sv)(sv)(sv)", "StandardInputFileDescriptor", "h", s->stdio[0],
                                          "StandardOutputFileDescriptor", "h", s->stdio[1],
                                          "StandardErrorFileDescriptor", "h", s->stdio[2]);
        /* Services ignore SIGPIPE by default; then "yes" complains where it should end. */
        if (r >= 0)
                r = sd_bus_message_append(m, "(sv)", "IgnoreSIGPIPE", "b", false);
        return r;
}

int guest_unit_message_new(sd_bus *bus, const GuestService *s, sd_bus_message **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = transient_message_new(bus, /* destination= */ NULL, s->name, &m);
        if (r >= 0)
                r = transient_append(m, "Description", "s", s->description);
        if (r >= 0)
                r = append_lifetime(m, s);
        if (r >= 0)
                r = append_execution(m, s);
        if (r >= 0)
                r = transient_properties_end(m);
        if (r >= 0)
                r = transient_message_end(m);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}
