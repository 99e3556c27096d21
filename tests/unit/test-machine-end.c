/* SPDX-License-Identifier: MIT */

/* Of machines that are known by a file, as those of a host that systemd manages. */

#include "machine/machine-end.h"
#include "project-util.h"

static char *folder;
static unsigned n_ended;

static char *machine_file(const char *machine) {
        return xasprintf("%s/%s", folder, machine);
}

static const Backend backend = {.name = "test", .lasting_file = machine_file};

static void on_end(void *userdata) {
        n_ended++;
}

static void make_file(const char *machine) {
        _cleanup_free_ char *path = machine_file(machine);
        _cleanup_close_ int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

        ASSERT_TRUE(fd >= 0);
}

static void remove_file(const char *machine) {
        _cleanup_free_ char *path = machine_file(machine);

        ASSERT_OK(unlink(path));
}

static MachineEnd *watch_machine(sd_event *event, const char *machine) {
        MachineStatus status = {.backend = &backend, .running = true};
        _cleanup_(error_done) Error error = ERROR_NULL;
        MachineEnd *end = NULL;
        int r = machine_end_watch(event, machine, &status, on_end, NULL, &end, &error);

        ASSERT_OK(r, &error);
        ASSERT_EQ(r, 1);
        return end;
}

/* What is not there any more is not watched. */
TEST(has_ended_meanwhile) {
        _cleanup_(machine_end_freep) MachineEnd *end = NULL;
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        MachineStatus status = {.backend = &backend, .running = true};

        TEST_DIR(dir);
        folder = dir.path;
        ASSERT_OK(sd_event_new(&event));
        ASSERT_EQ(machine_end_watch(event, "one", &status, on_end, NULL, &end, NULL), 0);
        ASSERT_TRUE(!end);
}

/* All of them end before the loop looks, and others that are not watched. */
TEST(many_ends_at_once) {
        static const char *const machines[] = {"one", "two", "three"};
        MachineEnd *ends[ELEMENTSOF(machines)];
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;

        TEST_DIR(dir);
        folder = dir.path;
        ASSERT_OK(sd_event_new(&event));
        make_file("other");
        make_file("another");
        for (size_t i = 0; i < ELEMENTSOF(machines); i++) {
                make_file(machines[i]);
                ends[i] = watch_machine(event, machines[i]);
        }
        remove_file("other");
        for (size_t i = 0; i < ELEMENTSOF(machines); i++)
                remove_file(machines[i]);
        remove_file("another");
        n_ended = 0;
        /* A loop that spins inside of one call is ended by a signal. */
        (void) alarm(30);
        while (n_ended < ELEMENTSOF(machines))
                ASSERT_OK(sd_event_run(event, UINT64_MAX));
        /* Nothing is left to do. */
        while (sd_event_run(event, 0) > 0)
                ;
        (void) alarm(0);
        ASSERT_EQ(n_ended, ELEMENTSOF(machines));
        for (size_t i = 0; i < ELEMENTSOF(machines); i++)
                (void) machine_end_free(ends[i]);
}
