/* SPDX-License-Identifier: MIT */

/* Stopping a unit whose stop job waits. At shutdown systemd queues the stops of all units at once, those of
 * machines behind that of the unit which started them at boot and which now runs `down`. A further call of
 * StopUnit would be merged with the job that waits, and `down` would wait for its own end. */

#include <signal.h>
#include <sys/types.h>

#include "base/alloc.h"
#include "base/detach.h"
#include "base/process.h"
#include "base/strv.h"
#include "bus/host-bus-internal.h"
#include "bus/host-unit-internal.h"

/* Return: 1, 0, or a negative errno. */
static int property_is(HostUnit *unit, const char *path, const char *interface, const char *property,
                       const char *value, Error *reterr) {
        _cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *text = NULL;
        int r = sd_bus_get_property_string(unit->bus->bus, SYSTEMD_NAME, path, interface, property, &e,
                                           &text);

        /* The job is over. */
        if (r < 0 && sd_bus_error_has_name(&e, SD_BUS_ERROR_UNKNOWN_OBJECT))
                return 0;
        return r < 0 ? bus_error(&bus_host, reterr, r, &e, "ask what becomes of unit '%s'", unit->name)
                     : streq(text, value);
}

int host_unit_stop_is_held(HostUnit *unit, Error *reterr) {
        _cleanup_free_ char *job = NULL;
        /* At other times a job waits for a moment only, until systemd comes to it. */
        int r = property_is(unit, SYSTEMD_PATH, SYSTEMD_MANAGER, "SystemState", "stopping", reterr);

        if (r <= 0)
                return r;
        r = host_unit_ask_job(unit->bus, unit->name, unit->path, &job, reterr);
        if (r < 0 || !job)
                return r;
        r = property_is(unit, job, SYSTEMD_JOB, "JobType", "stop", reterr);
        return r <= 0 ? r : property_is(unit, job, SYSTEMD_JOB, "State", "waiting", reterr);
}

/* "$$" is what systemd takes for one "$", see bus/transient-message.c. */
static void undouble_dollars(char *text) {
        char *out = text;

        for (const char *p = text; *p; p++) {
                if (p[0] == '$' && p[1] == '$')
                        p++;
                *out++ = *p;
        }
        *out = '\0';
}

/* The first of its commands; NULL: it has none. Owned by the caller. */
static int read_stop_command(HostUnit *unit, char ***ret, Error *reterr) {
        _cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_strv_ char **argv = NULL;
        const char *path;
        int r;

        r = sd_bus_get_property(unit->bus->bus, SYSTEMD_NAME, unit->path, SYSTEMD_SERVICE, "ExecStop", &e,
                                &reply, "a(sasbttttuii)");
        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'a', "(sasbttttuii)");
        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'r', "sasbttttuii");
        if (r > 0)
                r = sd_bus_message_read(reply, "s", &path);
        if (r > 0)
                r = sd_bus_message_read_strv(reply, &argv);
        if (r < 0)
                return bus_error(&bus_host, reterr, r, &e, "ask for the stop of unit '%s'", unit->name);
        STRV_FOREACH (word, argv)
                undouble_dollars(*word);
        *ret = TAKE_PTR(argv);
        return 0;
}

typedef struct StopCommand {
        char **argv;
        pid_t main;
} StopCommand;

static void run_stop_command(void *userdata) {
        const StopCommand *c = userdata;
        char text[32];

        (void) snprintf(text, sizeof(text), "%d", (int) c->main);
        (void) setenv("MAINPID", text, /* overwrite= */ 1);
        (void) execv(c->argv[0], c->argv);
}

static int read_main_pid(HostUnit *unit, uint32_t *ret, Error *reterr) {
        _cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
        int r = sd_bus_get_property_trivial(unit->bus->bus, SYSTEMD_NAME, unit->path, SYSTEMD_SERVICE,
                                            "MainPID", &e, 'u', ret);

        return r < 0 ? bus_error(&bus_host, reterr, r, &e, "ask for the process of unit '%s'", unit->name)
                     : r;
}

/* Asked for again once it is held: another process could have its number by now. */
static int end_main_pid(HostUnit *unit, uint32_t main, Error *reterr) {
        _cleanup_close_ int fd = process_open((pid_t) main);
        uint32_t again;
        int r;

        if (fd == -ESRCH)
                return 0;
        if (fd < 0)
                return error_set(reterr, fd, "open the process of unit '%s'", unit->name);
        r = read_main_pid(unit, &again, reterr);
        if (r < 0 || again != main)
                return r < 0 ? r : 0;
        r = process_signal(fd, SIGTERM);
        return r < 0 && r != -ESRCH ? error_set(reterr, r, "end the process of unit '%s'", unit->name) : 0;
}

int host_unit_end(HostUnit *unit, Error *reterr) {
        _cleanup_strv_ char **argv = NULL;
        uint32_t main = 0;
        int r = read_main_pid(unit, &main, reterr);

        /* It has ended, or waits to be started again, which systemd does not do any more. */
        if (r < 0 || main == 0)
                return r;
        r = read_stop_command(unit, &argv, reterr);
        if (r < 0)
                return r;
        if (!argv)
                return end_main_pid(unit, main, reterr);
        r = detach_run(run_stop_command, &(StopCommand){argv, (pid_t) main}, NULL, 0, "fc-stop");
        return r < 0 ? error_set(reterr, r, "run '%s'", argv[0]) : 0;
}
