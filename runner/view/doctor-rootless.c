/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/strv.h"
#include "host/inotify.h"
#include "host/linger.h"
#include "net/low-port.h"
#include "rootless/ids.h"
#include "rootless/restrictions.h"
#include "rootless/user-cgroup.h"
#include "rootless/user-mounts.h"
#include "view/doctor-rootless.h"

static void doctor_add_result(Findings *f, const char *subject, int r, Error *e, const char *found) {
        if (r < 0)
                findings_add_error(f, subject, e);
        else
                findings_add(f, subject, VERDICT_OK, xstrdup(found));
}

/* Limits hold by these; what a container has no limit for may be missing. */
static void doctor_check_controllers(Findings *f, const char *where, char *const *have) {
        static const char *const wanted[] = {"cpu", "memory", "pids"};
        _cleanup_strv_ char **lacks = NULL;
        _cleanup_free_ char *list = NULL;

        for (size_t i = 0; i < ELEMENTSOF(wanted); i++)
                if (!strv_contains(have, wanted[i]))
                        strv_push(&lacks, wanted[i]);
        list = strv_join(lacks ? lacks : have, ", ");
        if (!lacks) {
                findings_add(f, "control group", VERDICT_OK, xasprintf("%s: %s", where, list));
                return;
        }
        findings_add(f, "control group", VERDICT_UNKNOWN,
                     xasprintf("%s, without %s: such limits do not hold", where, list));
        findings_add_hint(f,
                          "with systemd: Delegate=cpu cpuset io memory pids in a drop-in of user@.service; "
                          "without cgroup version 1");
}

static void doctor_check_cgroup(Findings *f, bool *ret_systemd) {
        _cleanup_strv_ char **have = NULL;
        _cleanup_free_ char *where = NULL;
        Error e = ERROR_NULL;
        int r = user_cgroup_survey(ret_systemd, &where, &have, &e);

        if (r < 0)
                findings_add_error(f, "control group", &e);
        else
                doctor_check_controllers(f, where, have);
}

static void doctor_check_linger(Findings *f) {
        if (linger_is_enabled(geteuid())) {
                findings_add(f, "logout", VERDICT_OK,
                             xstrdup("containers outlive it: lingering is enabled"));
                return;
        }
        findings_add(f, "logout", VERDICT_UNKNOWN,
                     xstrdup("ends containers, and none is started at boot: lingering is not enabled"));
        findings_add_hint(f, "to keep them, and for what 'enable' makes: loginctl enable-linger");
}

/* Those of a desktop count, too, and containers that run cannot be looked into from here. */
static void doctor_check_user_inotify(Findings *f) {
        Error e = ERROR_NULL;
        InotifyUse use;

        if (inotify_count(&use, &e) < 0) {
                findings_add_error(f, "inotify", &e);
                return;
        }
        findings_add(f, "inotify", inotify_is_short(&use) ? VERDICT_BAD : VERDICT_OK,
                     xasprintf("%u of this user's %u instances are in use, and those of containers that "
                               "run; a small "
                               "guest takes %d",
                               use.used, use.max, INOTIFY_OF_A_GUEST));
        if (inotify_is_short(&use))
                findings_add_hint(f, INOTIFY_HINT);
}

static void doctor_check_low_ports(Findings *f, const Spec *spec) {
        uint16_t end = low_port_end(), lowest = end;
        _cleanup_strv_ char **low = NULL;
        _cleanup_free_ char *list = NULL, *hint = NULL;

        for (size_t i = 0; spec && i < spec->n_containers; i++)
                for (size_t k = 0; k < spec->containers[i].n_ports; k++) {
                        const Port *port = &spec->containers[i].ports[k];

                        if (port->host == 0 || port->host >= end)
                                continue;
                        strv_pushf(&low, "%s: %u", spec->containers[i].name, port->host);
                        lowest = port->host < lowest ? port->host : lowest;
                }
        if (!low)
                return;
        list = strv_join(low, ", ");
        findings_add(f, "ports", VERDICT_BAD, xasprintf("%s: below %u, which are root's", list, end));
        hint = low_port_hint(lowest);
        findings_add_hint(f, hint);
}

void doctor_check_rootless(Findings *f, const Spec *spec) {
        bool systemd = false;
        Error e = ERROR_NULL;
        int r;

        findings_add(f, "privilege", VERDICT_OK, xstrdup("none is needed: a user namespace"));
        r = restrictions_try(&e);
        doctor_add_result(f, "user namespaces", r, &e, "can be made");
        r = subids_check(&e);
        doctor_add_result(f, "subordinate ids", r, &e,
                          "newuidmap, and ids in '/etc/subuid' and '/etc/subgid'");
        r = user_runtime_check(&e);
        doctor_add_result(f, "runtime dir", r, &e, "XDG_RUNTIME_DIR");
        doctor_check_cgroup(f, &systemd);
        if (systemd)
                doctor_check_linger(f);
        doctor_check_user_inotify(f);
        doctor_check_low_ports(f, spec);
}
