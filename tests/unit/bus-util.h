/* SPDX-License-Identifier: MIT */
#pragma once

/* A message bus of the test's own, and on it processes that play the host's systemd and machined: what a
 * real one does not do on demand. */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "bus/systemd-bus.h"
#include "test.h"

#define MOCK_UNIT "flake-containers-shop-3f2a-db.service"
#define MOCK_PATH "/org/freedesktop/systemd1/unit/flake_2dcontainers_2dshop_2d3f2a_2ddb_2eservice"
#define MOCK_JOB  "/org/freedesktop/systemd1/job/7"

#define MOCK_MACHINE "/org/freedesktop/machine1/machine/shop"

static pid_t bus_daemon_pid;

/* The daemon prints its address when it listens. Return: false when there is no dbus-daemon. */
static bool bus_start(void) {
        char address[256];
        int pipes[2];
        ssize_t n;

        ASSERT_TRUE(pipe2(pipes, O_CLOEXEC) >= 0);
        bus_daemon_pid = fork();
        ASSERT_TRUE(bus_daemon_pid >= 0);
        if (bus_daemon_pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (dup2(pipes[1], STDOUT_FILENO) < 0)
                        _exit(1);
                /* No file that would stay behind when it is killed. */
                (void) snprintf(address, sizeof(address), "--address=unix:abstract=fc-test-%d", getpid());
                (void) execlp("dbus-daemon", "dbus-daemon", "--session", "--nofork", "--nopidfile", address,
                              "--print-address=1", NULL);
                _exit(127);
        }
        (void) close(pipes[1]);
        n = read(pipes[0], address, sizeof(address) - 1);
        (void) close(pipes[0]);
        if (n <= 0)
                return false;
        address[n] = '\0';
        address[strcspn(address, "\n")] = '\0';
        ASSERT_TRUE(setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1) >= 0);
        return true;
}

static void bus_stop(void) {
        (void) kill(bus_daemon_pid, SIGKILL);
        (void) waitpid(bus_daemon_pid, NULL, 0);
}

/* What one call of a mock makes it do. The steps of a script are separated by spaces:
 *
 *     reply unit machine nothing job nojob
 *                                       answer the call
 *     exists denied ask readonly noreply nounit nomachine
 *                                       answer it with an error
 *     done failed canceled              JobRemoved of the unit's job
 *     stopped                           the same of another job of the unit, which is done
 *     other                             the same of another unit's
 *     removed                           UnitRemoved
 *     status=TEXT                       PropertiesChanged with that StatusText
 *     sub=STATE                         likewise, with that SubState
 *     stuck                             keep the call without an answer
 *     exit                              leave the bus
 *     nobus                             end the bus
 *
 * A script has a line for each call of its method. */
typedef struct MockScript {
        const char *start, *stop, *get, *machine, *forget, *limit;
        const char *job;      /* of questions for the unit's */
        const char *job_type; /* NULL: it is gone */
        const char *state;    /* of the unit [active] */
        const char *system_state, *job_state;
        const char *denied; /* the property of these, or Job, that is not told */
        /* Calls so far: each has a line of the script. */
        unsigned n_start, n_stop, n_get, n_machine, n_forget, n_limit, n_job;
        bool exit;
} MockScript;

static const char *mock_line(const char *script, unsigned *n, char *buffer, size_t size) {
        const char *line = script;

        for (unsigned i = 0; i < *n && strchr(line, '\n'); i++)
                line = strchr(line, '\n') + 1;
        (*n)++;
        (void) snprintf(buffer, size, "%.*s", (int) strcspn(line, "\n"), line);
        return buffer;
}

static void mock_job_removed(sd_bus *bus, const char *job, const char *unit, const char *result) {
        ASSERT_OK(sd_bus_emit_signal(bus, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                                     "JobRemoved", "uoss", 7, job, unit, result));
}

static void mock_status(sd_bus *bus, const char *text) {
        ASSERT_OK(sd_bus_emit_signal(bus, MOCK_PATH, "org.freedesktop.DBus.Properties", "PropertiesChanged",
                                     "sa{sv}as", "org.freedesktop.systemd1.Service", 2, "MainPID", "u", 42,
                                     "StatusText", "s", text, 0));
}

static void mock_sub_state(sd_bus *bus, const char *text) {
        ASSERT_OK(sd_bus_emit_signal(bus, MOCK_PATH, "org.freedesktop.DBus.Properties", "PropertiesChanged",
                                     "sa{sv}as", "org.freedesktop.systemd1.Unit", 2, "ActiveState", "s",
                                     "activating", "SubState", "s", text, 0));
}

static const struct {
        const char *step, *name, *text;
} mock_errors[] = {
        {"exists", "org.freedesktop.systemd1.UnitExists", "It was already loaded."},
        {"denied", SD_BUS_ERROR_ACCESS_DENIED, "Permission denied"},
        {"ask", SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, "Interactive authentication required."},
        {"readonly", SD_BUS_ERROR_PROPERTY_READ_ONLY, "Cannot set property OOMPolicy, or unknown property."},
        {"noreply", SD_BUS_ERROR_NO_REPLY, "Did not receive a reply."},
        {"nounit", "org.freedesktop.systemd1.NoSuchUnit", "It is not loaded."},
        {"nomachine", "org.freedesktop.machine1.NoSuchMachine", "No machine of that name known."},
};

static int mock_step(MockScript *script, sd_bus_message *m, const char *step) {
        sd_bus *bus = sd_bus_message_get_bus(m);

        if (streq(step, "reply"))
                return sd_bus_reply_method_return(m, "o", MOCK_JOB);
        if (streq(step, "unit"))
                return sd_bus_reply_method_return(m, "o", MOCK_PATH);
        if (streq(step, "machine"))
                return sd_bus_reply_method_return(m, "o", MOCK_MACHINE);
        if (streq(step, "job"))
                return sd_bus_reply_method_return(m, "v", "(uo)", 7, MOCK_JOB);
        if (streq(step, "nojob"))
                return sd_bus_reply_method_return(m, "v", "(uo)", 0, "/");
        if (streq(step, "nothing"))
                return sd_bus_reply_method_return(m, NULL);
        for (size_t i = 0; i < ELEMENTSOF(mock_errors); i++)
                if (streq(step, mock_errors[i].step))
                        return sd_bus_reply_method_errorf(m, mock_errors[i].name, "%s", mock_errors[i].text);
        if (streq(step, "removed"))
                return sd_bus_emit_signal(bus, "/org/freedesktop/systemd1",
                                          "org.freedesktop.systemd1.Manager", "UnitRemoved", "so", MOCK_UNIT,
                                          MOCK_PATH);
        if (streq(step, "other"))
                mock_job_removed(bus, MOCK_JOB, "other.service", "failed");
        else if (streq(step, "stopped"))
                mock_job_removed(bus, MOCK_JOB "7", MOCK_UNIT, "done");
        else if (strncmp(step, "status=", 7) == 0)
                mock_status(bus, step + 7);
        else if (strncmp(step, "sub=", 4) == 0)
                mock_sub_state(bus, step + 4);
        else if (streq(step, "exit"))
                script->exit = true;
        else if (streq(step, "nobus"))
                (void) kill(bus_daemon_pid, SIGKILL);
        else if (!streq(step, "stuck"))
                mock_job_removed(bus, MOCK_JOB, MOCK_UNIT, step);
        return 0;
}

static int mock_play(MockScript *script, sd_bus_message *m, const char *lines, unsigned *n) {
        char buffer[256], *save = NULL;

        (void) mock_line(lines ? lines : "reply", n, buffer, sizeof(buffer));
        for (char *step = strtok_r(buffer, " ", &save); step; step = strtok_r(NULL, " ", &save)) {
                int r = mock_step(script, m, step);

                if (r < 0)
                        return r;
        }
        return 1;
}

/* What host_unit_stop_is_held() asks for. Return: 0: it is another property. */
static int mock_held(const MockScript *script, sd_bus_message *m) {
        const char *interface, *property;

        if (!script->system_state || !streq_ptr(sd_bus_message_get_member(m), "Get"))
                return 0;
        ASSERT_OK(sd_bus_message_read(m, "ss", &interface, &property));
        if (streq_ptr(script->denied, property))
                return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_ACCESS_DENIED, "Permission denied");
        if (streq(property, "SystemState"))
                return sd_bus_reply_method_return(m, "v", "s", script->system_state);
        if (streq(property, "Job"))
                return sd_bus_reply_method_return(m, "v", "(uo)", script->job_type ? 7 : 0, MOCK_JOB);
        if (streq(property, "JobType"))
                return sd_bus_reply_method_return(m, "v", "s", script->job_type);
        if (streq(property, "State"))
                return sd_bus_reply_method_return(m, "v", "s", script->job_state);
        return 0;
}

/* As test-host-unit asks for. */
static void mock_check_limits(sd_bus_message *m) {
        const char *unit, *first, *second;
        uint64_t a, b;
        int runtime;

        ASSERT_OK(sd_bus_message_read(m, "sba(sv)", &unit, &runtime, 2, &first, "t", &a, &second, "t", &b));
        ASSERT_STREQ(unit, MOCK_UNIT);
        ASSERT_TRUE(runtime);
        ASSERT_STREQ(first, "MemoryMax");
        ASSERT_EQ(a, UINT64_MAX);
        ASSERT_STREQ(second, "TasksMax");
        ASSERT_EQ(b, 7);
}

static int mock_manager(sd_bus_message *m, void *userdata, sd_bus_error *e) {
        const char *member = sd_bus_message_get_member(m);
        MockScript *script = userdata;

        if (!member || !sd_bus_message_is_method_call(m, NULL, NULL))
                return 0;
        if (mock_held(script, m) > 0)
                return 1;
        if (streq(member, "Subscribe"))
                return sd_bus_reply_method_return(m, NULL);
        if (streq(member, "StartTransientUnit"))
                return mock_play(script, m, script->start, &script->n_start);
        if (streq(member, "StopUnit"))
                return mock_play(script, m, script->stop, &script->n_stop);
        if (streq(member, "SetUnitProperties")) {
                mock_check_limits(m);
                return mock_play(script, m, script->limit, &script->n_limit);
        }
        if (streq(member, "GetUnit"))
                return mock_play(script, m, script->get, &script->n_get);
        if (streq(member, "GetMachine"))
                return mock_play(script, m, script->machine, &script->n_machine);
        if (streq(member, "UnregisterMachine"))
                return mock_play(script, m, script->forget, &script->n_forget);
        if (script->job && streq(member, "Get") && streq_ptr(sd_bus_message_get_path(m), MOCK_PATH))
                return mock_play(script, m, script->job, &script->n_job);
        if (script->job_type && streq(member, "Get") && streq_ptr(sd_bus_message_get_path(m), MOCK_JOB))
                return sd_bus_reply_method_return(m, "v", "s", script->job_type);
        if (streq(member, "Get") && streq_ptr(sd_bus_message_get_path(m), MOCK_PATH))
                return sd_bus_reply_method_return(m, "v", "s", script->state ? script->state : "active");
        /* The unit of the machine. */
        if (streq(member, "Get") && streq_ptr(sd_bus_message_get_path(m), MOCK_MACHINE))
                return sd_bus_reply_method_return(m, "v", "s", "other.service");
        return 0;
}

/* A process that has the name of systemd (and of machined, if there is a script for it), or gets it when the
 * one that has it goes. Return: its pid. */
static pid_t mock_start(MockScript script) {
        int pipes[2];
        char byte;
        pid_t pid;

        ASSERT_TRUE(pipe2(pipes, O_CLOEXEC) >= 0);
        pid = fork();
        ASSERT_TRUE(pid >= 0);
        if (pid == 0) {
                sd_bus *bus = NULL;

                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                ASSERT_OK(sd_bus_open_system(&bus));
                ASSERT_OK(sd_bus_add_filter(bus, NULL, mock_manager, &script));
                ASSERT_OK(sd_bus_request_name(bus, "org.freedesktop.systemd1", SD_BUS_NAME_QUEUE));
                if (script.machine || script.forget)
                        ASSERT_OK(sd_bus_request_name(bus, "org.freedesktop.machine1", 0));
                ASSERT_TRUE(write(pipes[1], "", 1) == 1);
                while (!script.exit) {
                        int r = sd_bus_process(bus, NULL);

                        if (r == 0)
                                r = sd_bus_wait(bus, UINT64_MAX);
                        if (r < 0)
                                break;
                }
                sd_bus_flush_close_unref(bus);
                _exit(0);
        }
        (void) close(pipes[1]);
        ASSERT_TRUE(read(pipes[0], &byte, 1) == 1);
        (void) close(pipes[0]);
        return pid;
}

static void mock_stop(pid_t pid) {
        (void) kill(pid, SIGKILL);
        (void) waitpid(pid, NULL, 0);
}
