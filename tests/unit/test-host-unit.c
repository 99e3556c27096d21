/* SPDX-License-Identifier: MIT */

/* A unit of the host's systemd that is started, stopped and watched, with a systemd that does what it is
 * told here: every way in which a job can go. */

#include "base/strv.h"
#include "bus-util.h"
#include "bus/host-unit.h"

#define TIMEOUT_USEC (5 * USEC_PER_SEC)

static char *events; /* what the handlers were told, in one line */

static void note(const char *word, const char *text) {
        char *more = xasprintf("%s%s%s%s%s", events ? events : "", events ? " " : "", word, text ? "=" : "",
                               text ? text : "");

        free(events);
        events = more;
}

static void on_started(const char *result, void *userdata) {
        note("started", result);
}

static void on_status(const char *text, void *userdata) {
        note("status", text);
}

static void on_again(void *userdata) {
        note("again", NULL);
}

static void on_gone(void *userdata) {
        note("gone", NULL);
}

static void on_lost(void *userdata) {
        note("lost", NULL);
}

static const HostUnitHandlers handlers = {on_started, on_status, on_again, on_gone, on_lost};

typedef struct Fixture {
        sd_event *event;
        HostBus *bus;
        HostUnit *unit;
        pid_t mock;
} Fixture;

static Fixture fixture_open(MockScript script) {
        Fixture f = {};
        Error error = ERROR_NULL;

        free(events);
        events = NULL;
        f.mock = mock_start(script);
        ASSERT_OK(sd_event_new(&f.event));
        ASSERT_OK(host_bus_open(f.event, &f.bus, &error), &error);
        ASSERT_OK(host_unit_new(f.bus, MOCK_UNIT, &handlers, NULL, &f.unit, &error), &error);
        return f;
}

static void fixture_close(Fixture *f) {
        (void) host_unit_free(f->unit);
        (void) host_bus_free(f->bus);
        (void) sd_event_unref(f->event);
        mock_stop(f->mock);
}

/* Runs the loop until the handlers were told what is wanted, or something else. */
static void expect_events(const Fixture *f, const char *wanted) {
        while (!streq_ptr(events, wanted)) {
                int r;

                if (events && strlen(events) >= strlen(wanted))
                        break;
                r = sd_event_run(f->event, TIMEOUT_USEC);
                ASSERT_OK(r);
                if (r == 0)
                        break;
        }
        ASSERT_STREQ(events, wanted);
}

static int start(const Fixture *f, Error *error) {
        char *words[] = {(char *) "/bin/unit", (char *) "$HOME ${X} %n $$", NULL};
        HostUnitSettings settings = {
                .description = "a test",
                .documentation = "man:flake-containers(1)",
                .start = words,
                .finish = words,
                .input_fd = STDIN_FILENO,
                .output_fd = STDERR_FILENO,
        };

        return host_unit_start(f->unit, &settings, error);
}

TEST(how_a_start_can_go) {
        static const struct {
                const char *start, *get, *events, *state;
        } rows[] = {
                {"reply done", NULL, "started=done"},
                /* That it is stopped is no start. */
                {"reply stopped removed", "unit\nnounit", "gone", "deactivating"},
                {"reply canceled stopped removed", "unit\nnounit", "started=canceled gone", "inactive"},
                /* One that systemd starts again by itself. */
                {"reply failed stopped", "unit", "started=failed started=done", "active"},
                /* All of a unit is told with each change of it. */
                {"reply done sub=running sub=auto-restart sub=auto-restart stopped", "unit",
                 "started=done again started=done", "active"},
                {"reply failed sub=auto-restart sub=start sub=auto-restart", NULL,
                 "started=failed again again"},
                /* The job is over before its answer is out. */
                {"done reply", NULL, "started=done"},
                {"reply other done", NULL, "started=done"},
                {"reply failed", NULL, "started=failed"},
                {"reply canceled", NULL, "started=canceled"},
                {"reply dependency", NULL, "started=dependency"},
                {"reply failed removed", "nounit", "started=failed gone"},
                /* The machine is gone before it was ready. */
                {"reply removed", "nounit", "gone"},
                {"reply status=a removed canceled", "nounit", "status=a started=canceled gone"},
                /* All of it before the answer. */
                {"removed status=a done reply", "nounit", "status=a started=done gone"},
                {"removed reply failed", "nounit", "started=failed gone"},
                /* Told twice, gone once. */
                {"reply removed removed done", "nounit\nnounit", "started=done gone"},
                /* A manager that is reloaded has its units again. */
                {"reply removed done", "unit", "started=done"},
                /* All values are repeated in each signal. */
                {"reply status=a status=a status=b done", NULL, "status=a status=b started=done"},
                {"status=early reply done", NULL, "status=early started=done"},
        };

        if (!bus_start())
                SKIP("dbus-daemon is not installed");
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Fixture f = fixture_open(
                        (MockScript){.start = rows[i].start, .get = rows[i].get, .state = rows[i].state});
                Error error = ERROR_NULL;

                test_set_row("%s", rows[i].start);
                ASSERT_OK(start(&f, &error), &error);
                expect_events(&f, rows[i].events);
                fixture_close(&f);
        }
        bus_stop();
}

TEST(how_a_start_is_refused) {
        static const struct {
                const char *start;
                int exit;
                const char *text, *hint;
        } rows[] = {
                {"exists", FC_EXIT_CONFLICT, "another unit '" MOCK_UNIT "'", "systemctl status " MOCK_UNIT},
                {"denied", FC_EXIT_HOST, "start unit '" MOCK_UNIT "': Permission denied", "--backend"},
                {"ask", FC_EXIT_HOST, "Interactive authentication required", "--backend"},
                {"readonly", FC_EXIT_HOST, "Cannot set property OOMPolicy", "--backend"},
                {"nounit", FC_EXIT_INTERNAL, "It is not loaded", NULL},
                /* It is asked a second time before that is said. */
                {"noreply\nnoreply", FC_EXIT_TIMEOUT, "the host's systemd does not answer", NULL},
                {"noreply\ndenied", FC_EXIT_HOST, "Permission denied", "--backend"},
                {"nobus", FC_EXIT_HOST, "the host's message bus closed the connection", NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                Fixture f;

                test_set_row("%s", rows[i].start);
                if (!bus_start())
                        SKIP("dbus-daemon is not installed");
                f = fixture_open((MockScript){.start = rows[i].start});
                ASSERT_ERROR(start(&f, &error), &error, rows[i].exit, rows[i].text);
                if (rows[i].hint)
                        ASSERT_TRUE(error.hints && strstr(error.hints[0], rows[i].hint));
                else
                        ASSERT_TRUE(!error.hints);
                fixture_close(&f);
                bus_stop();
        }
}

/* A manager that is executed anew leaves the bus without having answered, and another process of it
 * comes. */
static void executed_anew(const char *second, const char *get, const char *wanted) {
        Fixture f = fixture_open((MockScript){.start = "stuck exit"});
        Error error = ERROR_NULL;
        pid_t again = fork();

        ASSERT_TRUE(again >= 0);
        if (again == 0) {
                /* A test that fails does not get to mock_stop(), and ctest waits for each process that has
                 * its output. */
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void) mock_start((MockScript){.start = second, .get = get});
                for (;;)
                        (void) pause();
        }
        ASSERT_OK(start(&f, &error), &error);
        if (wanted)
                expect_events(&f, wanted);
        fixture_close(&f);
        mock_stop(again);
}

TEST(manager_executed_anew) {
        if (!bus_start())
                SKIP("dbus-daemon is not installed");
        test_set_row("it had not heard of it");
        executed_anew("reply done", "unit", "started=done");
        test_set_row("it had");
        executed_anew("exists done", "unit", "started=done");
        bus_stop();
}

TEST(bus_lost) {
        Fixture f;
        Error error = ERROR_NULL;

        if (!bus_start())
                SKIP("dbus-daemon is not installed");
        f = fixture_open((MockScript){.start = "reply"});
        ASSERT_OK(start(&f, &error), &error);
        bus_stop();
        expect_events(&f, "lost");
        fixture_close(&f);
}

TEST(no_bus) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        HostBus *bus;

        ASSERT_TRUE(setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere", 1) >= 0);
        ASSERT_ERROR(host_bus_open(NULL, &bus, &error), &error, FC_EXIT_HOST,
                     "connect to the host's message bus");
        ASSERT_TRUE(error.hints != NULL);
}

TEST(stop) {
        Error error = ERROR_NULL;
        Fixture f;

        if (!bus_start())
                SKIP("dbus-daemon is not installed");
        f = fixture_open((MockScript){.stop = "nounit"});
        ASSERT_EQ(host_unit_stop(f.unit, &error), 0);
        fixture_close(&f);

        f = fixture_open((MockScript){.stop = "reply removed", .get = "nounit"});
        ASSERT_EQ(host_unit_stop(f.unit, &error), 1);
        ASSERT_EQ(host_unit_wait_gone(f.unit, TIMEOUT_USEC, &error), 1);
        fixture_close(&f);

        f = fixture_open((MockScript){.stop = "reply"});
        ASSERT_EQ(host_unit_stop(f.unit, &error), 1);
        ASSERT_EQ(host_unit_wait_gone(f.unit, 20 * USEC_PER_MSEC, &error), 0);
        fixture_close(&f);
        bus_stop();
}

TEST(limits_of_what_runs) {
        static const HostUnitLimit limits[] = {{"MemoryMax", UINT64_MAX}, {"TasksMax", 7}};
        static const struct {
                const char *script;
                int r, exit;
        } rows[] = {{"nothing", 1, 0},
                    {"nounit", 0, 0},
                    {"noreply\nnothing", 1, 0},
                    {"denied", -1, FC_EXIT_HOST}};

        if (!bus_start())
                SKIP("dbus-daemon is not installed");
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Fixture f = fixture_open((MockScript){.limit = rows[i].script});
                _cleanup_(error_done) Error error = ERROR_NULL;
                int r = host_unit_limit(f.unit, limits, ELEMENTSOF(limits), &error);

                test_set_row("%s", rows[i].script);
                if (rows[i].exit != 0)
                        ASSERT_ERROR(r, &error, rows[i].exit,
                                     "limit unit '" MOCK_UNIT "': Permission denied");
                else
                        ASSERT_EQ(r, rows[i].r);
                fixture_close(&f);
        }
        bus_stop();
}

/* No answer is not the answer that there is none. */
TEST(job) {
        static const struct {
                const char *script, *type;
                HostUnitJob job;
                int exit; /* 0: it is an answer */
        } rows[] = {
                {"nojob", NULL, HOST_UNIT_JOB_OTHER, 0},
                {"job", "start", HOST_UNIT_JOB_OTHER, 0},
                {"job", "stop", HOST_UNIT_JOB_STOP, 0},
                {"job", "restart", HOST_UNIT_JOB_RESTART, 0},
                {"noreply\nnoreply\njob", "stop", HOST_UNIT_JOB_STOP, 0},
                {"noreply", "stop", HOST_UNIT_JOB_OTHER, FC_EXIT_TIMEOUT},
                {"job", NULL, HOST_UNIT_JOB_OTHER, FC_EXIT_INTERNAL},
                {"job\nnojob", NULL, HOST_UNIT_JOB_OTHER, 0},
        };

        if (!bus_start())
                SKIP("dbus-daemon is not installed");
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Fixture f = fixture_open((MockScript){.job = rows[i].script, .job_type = rows[i].type});
                uint64_t patience = rows[i].exit == 0 ? TIMEOUT_USEC : 30 * USEC_PER_MSEC;
                _cleanup_(error_done) Error error = ERROR_NULL;
                HostUnitJob job = HOST_UNIT_JOB_OTHER;
                int r = host_unit_find_job(MOCK_UNIT, patience, &job, &error);

                test_set_row("%zu", i);
                if (rows[i].exit != 0)
                        ASSERT_ERROR(r, &error, rows[i].exit, "ask for the job of unit '" MOCK_UNIT "'");
                else
                        ASSERT_OK(r, &error);
                ASSERT_EQ(job, rows[i].job);
                fixture_close(&f);
        }
        bus_stop();
}

/* A question that systemd does not answer is not a "no". */
TEST(stop_that_is_held) {
        static const struct {
                const char *system, *type, *job, *denied;
                int held; /* -1: an error */
        } rows[] = {
                {"stopping", "stop", "waiting", NULL, 1},
                {"running", "stop", "waiting", NULL, 0},
                {"stopping", NULL, NULL, NULL, 0},
                {"stopping", "start", "waiting", NULL, 0},
                {"stopping", "stop", "running", NULL, 0},
                {"stopping", "stop", "waiting", "SystemState", -1},
                {"stopping", "stop", "waiting", "Job", -1},
                {"stopping", "stop", "waiting", "JobType", -1},
                {"stopping", "stop", "waiting", "State", -1},
        };

        if (!bus_start())
                SKIP("dbus-daemon is not installed");
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Fixture f = fixture_open((MockScript){
                        .system_state = rows[i].system,
                        .job_type = rows[i].type,
                        .job_state = rows[i].job,
                        .denied = rows[i].denied,
                });
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%zu", i);
                if (rows[i].held < 0)
                        ASSERT_ERROR(host_unit_stop_is_held(f.unit, &error), &error, FC_EXIT_HOST,
                                     "Permission denied");
                else
                        ASSERT_EQ(host_unit_stop_is_held(f.unit, &error), rows[i].held);
                fixture_close(&f);
        }
        bus_stop();
}

TEST(machine_names) {
        static const struct {
                const char *script;
                int exit; /* 0: it is an answer */
                const char *text;
        } rows[] = {
                {"machine", 0, "other.service"},
                {"nomachine", 0, NULL},
                {"denied", FC_EXIT_HOST, "ask systemd-machined for machine 'shop': Permission denied"},
                {"noreply", FC_EXIT_TIMEOUT, "ask systemd-machined for machine 'shop'"},
                {NULL, FC_EXIT_HOST, "org.freedesktop.machine1"}, /* there is no machined */
        };

        if (!bus_start())
                SKIP("dbus-daemon is not installed");
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Fixture f = fixture_open((MockScript){.machine = rows[i].script});
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_free_ char *unit = NULL;

                test_set_row("%s", rows[i].script ? rows[i].script : "no machined");
                if (rows[i].exit != 0)
                        ASSERT_ERROR(host_bus_find_machine(f.bus, "shop", &unit, &error), &error,
                                     rows[i].exit, rows[i].text);
                else {
                        ASSERT_OK(host_bus_find_machine(f.bus, "shop", &unit, &error), &error);
                        ASSERT_TRUE(streq_ptr(unit, rows[i].text));
                }
                fixture_close(&f);
        }
        bus_stop();
}

TEST(machine_forgotten) {
        static const struct {
                const char *script;
                int exit;
        } rows[] = {{"nothing", 0}, {"nomachine", 0}, {"denied", FC_EXIT_HOST}};

        if (!bus_start())
                SKIP("dbus-daemon is not installed");
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Fixture f = fixture_open((MockScript){.forget = rows[i].script});
                _cleanup_(error_done) Error error = ERROR_NULL;
                int r = host_bus_forget_machine(f.bus, "shop", &error);

                test_set_row("%s", rows[i].script);
                if (rows[i].exit != 0)
                        ASSERT_ERROR(r, &error, rows[i].exit, "unregister machine 'shop'");
                else
                        ASSERT_OK(r, &error);
                fixture_close(&f);
        }
        bus_stop();
}
