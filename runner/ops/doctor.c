/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "bus/host-bus.h"
#include "ops/doctor.h"
#include "host/elevate.h"
#include "host/inotify.h"

#define BRIDGE_CALLS "/proc/sys/net/bridge/bridge-nf-call-iptables"
#define NSSWITCH     "/etc/nsswitch.conf"

void findings_done(Findings *f) {
        for (size_t i = 0; i < f->n; i++) {
                free(f->entries[i].text);
                free(f->entries[i].hint);
        }
        free(f->entries);
}

void findings_add(Findings *f, const char *subject, Verdict verdict, char *text) {
        *XGROW(f->entries, f->n) = (Finding){.subject = subject, .verdict = verdict, .text = text};
}

void findings_add_hint(Findings *f, const char *hint) {
        f->entries[f->n - 1].hint = xstrdup(hint);
}

void findings_add_error(Findings *f, const char *subject, Error *e) {
        findings_add(f, subject, VERDICT_BAD, xstrdup(e->message));
        if (e->hints)
                findings_add_hint(f, e->hints[0]);
        error_done(e);
}

/* Whether sudo lets one run this program, as far as it tells without a password. */
static void ask_sudo(Findings *f, const char *sudo) {
        _cleanup_free_ char *self = realpath("/proc/self/exe", NULL),
                            *env = process_find_program("env", NULL), *output = NULL;
        char *argv[] = {env, (char *) "LC_ALL=C", (char *) sudo, (char *) "-n", (char *) "-l", self, NULL};
        int r = self && env ? process_run(argv, &output, NULL) : -ENOENT;

        if (r < 0)
                findings_add(f, "privilege", VERDICT_UNKNOWN, xasprintf("%s could not be asked", sudo));
        else if (r == 0)
                findings_add(f, "privilege", VERDICT_OK, xasprintf("through %s", sudo));
        else if (strstr(output, "password is required"))
                findings_add(f, "privilege", VERDICT_OK,
                             xasprintf("through %s, which asks for a password", sudo));
        else {
                findings_add(f, "privilege", VERDICT_BAD,
                             xasprintf("%s does not let you run '%s'", sudo, self));
                findings_add_hint(
                        f, "have your account allowed to, or put into the group that is: often 'sudo' "
                           "or 'wheel'");
        }
}

void doctor_check_privilege(Findings *f) {
        Error e = ERROR_NULL;
        _cleanup_free_ char *tool = NULL;
        const char *slash;

        if (geteuid() == 0) {
                findings_add(f, "privilege", VERDICT_OK, xstrdup("root"));
                return;
        }
        if (elevate_find_tool(&tool, &e) < 0) {
                findings_add_error(f, "privilege", &e);
                return;
        }
        slash = strrchr(tool, '/');
        if (slash && streq(slash, "/sudo"))
                ask_sudo(f, tool);
        else
                findings_add(f, "privilege", VERDICT_OK, xasprintf("through %s", tool));
}

/* Whether a line "hosts:" of nsswitch.conf(5) has the module. */
static bool resolves_machines(void) {
        _cleanup_close_ int fd = open(NSSWITCH, O_RDONLY | O_CLOEXEC);
        _cleanup_free_ char *text = NULL;
        char *line, *rest;

        if (fd < 0 || fs_read_fd(fd, NSSWITCH, 64 * 1024, &text, NULL, NULL) < 0)
                return false;
        for (rest = text; (line = strsep(&rest, "\n"));) {
                line[strcspn(line, "#")] = '\0';
                if (startswith(line, "hosts:") && strstr(line, "mymachines"))
                        return true;
        }
        return false;
}

void doctor_check_systemd(Findings *f, const HostFacts *facts) {
        _cleanup_(host_bus_freep) HostBus *bus = NULL;
        _cleanup_free_ char *unit = NULL;
        Error e = ERROR_NULL;

        if (!facts->sd_booted)
                return;
        if (host_bus_open(/* event= */ NULL, &bus, &e) < 0) {
                findings_add_error(f, "message bus", &e);
                return;
        }
        findings_add(f, "message bus", VERDICT_OK, xstrdup("answers"));
        /* machined has no machine of that name, but it answers, so it runs or can be started. */
        if (host_bus_find_machine(bus, "flake-containers", &unit, &e) < 0)
                findings_add_error(f, "machined", &e);
        else
                findings_add(f, "machined", VERDICT_OK, xstrdup("answers"));
        if (resolves_machines())
                findings_add(f, "machine names", VERDICT_OK, xstrdup("resolve by nss-mymachines"));
        else {
                findings_add(
                        f, "machine names", VERDICT_UNKNOWN,
                        xstrdup("'hosts:' in '" NSSWITCH "' has no mymachines, so this host resolves none"));
                findings_add_hint(f, "on Debian and Ubuntu: apt-get install libnss-mymachines");
        }
}

void doctor_check_inotify(Findings *f) {
        Error e = ERROR_NULL;
        InotifyUse use;

        if (geteuid() != 0) {
                findings_add(f, "inotify", VERDICT_UNKNOWN, xstrdup("only root can count what is in use"));
                return;
        }
        if (inotify_count(&use, &e) < 0) {
                findings_add_error(f, "inotify", &e);
                return;
        }
        findings_add(f, "inotify", inotify_is_short(&use) ? VERDICT_BAD : VERDICT_OK,
                     xasprintf("%u of %u instances are in use; a small guest takes %d", use.used, use.max,
                               INOTIFY_OF_A_GUEST));
        if (inotify_is_short(&use))
                findings_add_hint(f, INOTIFY_HINT);
}

/* Only a frame that is sent could show whether the firewall drops any. */
void doctor_check_firewall(Findings *f) {
        _cleanup_close_ int fd = open(BRIDGE_CALLS, O_RDONLY | O_CLOEXEC);
        char on = '0';

        if (fd < 0 || read(fd, &on, 1) != 1 || on != '1') {
                findings_add(f, "firewall", VERDICT_OK,
                             xstrdup("does not see what containers send each other"));
                return;
        }
        findings_add(f, "firewall", VERDICT_UNKNOWN,
                     xstrdup("sees what containers send each other (bridge-nf-call-iptables is 1, often for "
                             "Docker), and drops it where its chain FORWARD drops"));
        findings_add_hint(f, "if containers do not reach each other: "
                             "iptables -I FORWARD -m physdev --physdev-is-bridged -j ACCEPT");
}
