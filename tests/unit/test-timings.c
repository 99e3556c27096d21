/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "fleet/timings.h"
#include "spec/spec-parse.h"
#include "test.h"
#include "view/timings-text.h"

#define MSEC USEC_PER_MSEC

static Spec *parse(const char *containers) {
        _cleanup_free_ char *text = xasprintf("{\"version\": 1, \"containers\": {%s}}", containers);
        _cleanup_(error_done) Error error = ERROR_NULL;
        Spec *spec = NULL;

        ASSERT_OK(spec_parse(text, strlen(text), &spec, &error), &error);
        return spec;
}

#define COMMAND "\"system\": {\"rootfs\": \"/i\"}, \"command\": [\"/c\"]"

/* `job` waits for `db`, `web` for both of them; `fast` for nothing. */
static Spec *shop(void) {
        return parse("\"db\": {\"system\": {\"rootfs\": \"/i\"}},"
                     "\"job\": {" COMMAND ", \"oneShot\": true, \"dependsOn\": {\"db\": \"ready\"}},"
                     "\"web\": {" COMMAND ", \"dependsOn\": {\"db\": \"started\", \"job\": \"completed\"}},"
                     "\"fast\": {" COMMAND "}");
}

/* Milliseconds after the command has begun. */
static uint64_t at(unsigned msec) {
        return (1000 + msec) * MSEC;
}

static Timings play(void) {
        Timings t = {.began_usec = at(0), .known_usec = at(20)};

        timings_note(&t, "db", PHASE_IMAGE, NULL, "/i", at(30));
        timings_pause(&t, "db", at(130));
        timings_note(&t, "db", PHASE_STARTING, NULL, NULL, at(150));
        timings_note(&t, "fast", PHASE_STARTING, NULL, NULL, at(150));
        timings_note(&t, "job", PHASE_WAITING, NULL, "for db (ready)", at(150));
        timings_note(&t, "web", PHASE_WAITING, NULL, "for db (started)", at(150));
        timings_note(&t, "fast", PHASE_BOOTING, "boot", "", at(160));
        timings_note(&t, "db", PHASE_BOOTING, "boot", "", at(170));
        timings_note(&t, "web", PHASE_WAITING, NULL, "for job (completed)", at(170));
        timings_note(&t, "fast", PHASE_READY, NULL, NULL, at(180));
        timings_note(&t, "db", PHASE_BOOTING, "boot", "a.service", at(300));
        timings_note(&t, "db", PHASE_WAITING, "units", "units: a is activating", at(400));
        timings_note(&t, "db", PHASE_WAITING, "tcp 80", "tcp 80", at(500));
        timings_note(&t, "db", PHASE_READY, NULL, NULL, at(600));
        timings_note(&t, "db", PHASE_READY, NULL, "10.0.0.1", at(601));
        timings_note(&t, "job", PHASE_STARTING, NULL, NULL, at(601));
        timings_note(&t, "job", PHASE_COMPLETED, NULL, NULL, at(700));
        timings_note(&t, "web", PHASE_STARTING, NULL, NULL, at(700));
        timings_note(&t, "web", PHASE_FAILED, NULL, NULL, at(750));
        timings_end(&t, at(800));
        return t;
}

TEST(table) {
        _cleanup_(timings_done) Timings t = play();
        _cleanup_(spec_freep) Spec *spec = shop();
        _cleanup_free_ char *text = NULL;

        timings_add_unit(&t, "db", "b.service", at(250), at(350));
        timings_add_unit(&t, "db", "a.service", at(420), at(450));
        text = timings_text(&t, spec);
        ASSERT_STREQ(text, "CONTAINER  STEP                             AT       TOOK\n"
                           "-          specification                0.000s     0.020s\n"
                           "db         copy                         0.030s     0.100s\n"
                           "db         start                        0.150s     0.020s\n"
                           "db         boot                         0.170s     0.230s\n"
                           "db           b.service                  0.250s     0.100s\n"
                           "db         units                        0.400s     0.100s\n"
                           "db           a.service                  0.420s     0.030s\n"
                           "db         tcp 80                       0.500s     0.100s\n"
                           "fast       start                        0.150s     0.010s\n"
                           "fast       boot                         0.160s     0.020s\n"
                           "job        wait for db (ready)          0.150s     0.451s\n"
                           "job        start                        0.601s     0.099s\n"
                           "web        wait for db (started)        0.150s     0.020s\n"
                           "web        wait for job (completed)     0.170s     0.530s\n"
                           "web        start                        0.700s     0.050s\n"
                           "-          all                          0.000s     0.800s\n"
                           "critical path: db +0.600s, job +0.100s\n");
}

TEST(json) {
        _cleanup_(timings_done) Timings t = {.began_usec = at(0), .known_usec = at(20)};
        _cleanup_(spec_freep) Spec *spec = shop();
        _cleanup_(json_freep) Json *json = NULL;
        _cleanup_free_ char *text = NULL;

        timings_note(&t, "db", PHASE_STARTING, NULL, NULL, at(30));
        timings_note(&t, "db", PHASE_READY, NULL, NULL, at(90));
        timings_end(&t, at(100));
        timings_add_unit(&t, "db", "a.service", at(50), at(80));
        json = timings_json(&t, spec);
        text = json_print(json, /* pretty= */ false);
        ASSERT_STREQ(text,
                     "{\"specificationUsec\":20000,\"usec\":100000,\"containers\":[{\"name\":\"db\","
                     "\"steps\":[{\"what\":\"start\",\"atUsec\":30000,\"usec\":60000}],\"units\":[{\"what\":"
                     "\"a.service\",\"atUsec\":50000,\"usec\":30000}]}],\"criticalPath\":[\"db\"]}");
}

/* The last that came to its end, and not what was done first or took longest. */
TEST(critical_path) {
        _cleanup_(timings_done) Timings t = play();
        _cleanup_(spec_freep) Spec *spec = shop();
        _cleanup_free_ TimingPathStep *path = NULL;
        size_t n;

        path = timings_critical_path(&t, spec, &n);
        ASSERT_EQ(n, 2);
        ASSERT_STREQ(path[0].container->name, "db");
        ASSERT_STREQ(path[1].container->name, "job");
}

/* `web` waits for `db` to be started, which may be ready after it, or never. */
TEST(critical_path_through_what_is_only_started) {
        static const struct {
                unsigned ready; /* `db`; 0: never */
                const char *path;
        } table[] = {
                {0, "critical path: db +0.200s, web +0.050s\n"},
                {240, "critical path: db +0.200s, web +0.050s\n"},
                {300, "critical path: db +0.300s\n"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(timings_done) Timings t = {.began_usec = at(0), .known_usec = at(20)};
                _cleanup_(spec_freep) Spec *spec = shop();
                _cleanup_free_ char *text = NULL;

                test_set_row("%zu", i);
                timings_note(&t, "db", PHASE_STARTING, NULL, NULL, at(30));
                timings_note(&t, "db", PHASE_BOOTING, "boot", "", at(200));
                timings_note(&t, "web", PHASE_STARTING, NULL, NULL, at(200));
                if (table[i].ready > 0)
                        timings_note(&t, "db", PHASE_READY, NULL, NULL, at(table[i].ready));
                timings_note(&t, "web", PHASE_READY, NULL, NULL, at(250));
                timings_end(&t, at(1000));
                text = timings_text(&t, spec);
                ASSERT_TRUE(strstr(text, table[i].path));
        }
}

/* Made once for all that share it: one step, whatever is told of it. */
TEST(image_that_is_made) {
        _cleanup_(timings_done) Timings t = {.began_usec = at(0), .known_usec = at(20)};
        const ContainerTimings *db;

        timings_note(&t, "db", PHASE_BUILDING, NULL, "waiting for another command", at(30));
        timings_note(&t, "db", PHASE_BUILDING, NULL, "downloading packages", at(50));
        timings_note(&t, "db", PHASE_IMAGE, NULL, "/i", at(400));
        timings_end(&t, at(500));
        db = &t.containers[0];
        ASSERT_EQ(db->n_steps, 2);
        ASSERT_STREQ(db->steps[0].what, "build");
        ASSERT_EQ(db->steps[0].began_usec, at(30));
        ASSERT_EQ(db->steps[0].ended_usec, at(400));
}

TEST(critical_path_of_nothing) {
        _cleanup_(timings_done) Timings t = {};
        _cleanup_(spec_freep) Spec *spec = shop();
        _cleanup_free_ TimingPathStep *path = NULL;
        size_t n;

        path = timings_critical_path(&t, spec, &n);
        ASSERT_EQ(n, 0);
}

/* A guest may say anything of its units. */
TEST(what_a_guest_says_is_within_its_time) {
        static const struct {
                const char *container;
                uint64_t began, ended;
                bool counts;
        } table[] = {
                {"db", 1100 * MSEC, 1200 * MSEC, true},
                {"db", 1030 * MSEC, 1800 * MSEC, true},
                {"db", 1029 * MSEC, 1200 * MSEC, false},
                {"db", 1100 * MSEC, 1801 * MSEC, false},
                {"db", 1200 * MSEC, 1100 * MSEC, false},
                {"db", 1100 * MSEC, 1104 * MSEC, false},
                {"db", UINT64_MAX, 1100 * MSEC, false},
                {"db", UINT64_MAX - 1, UINT64_MAX, false},
                {"db", 0, 0, false},
                {"stranger", 1100 * MSEC, 1200 * MSEC, false},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(timings_done) Timings t = play();
                size_t n = 0;

                test_set_row("%zu", i);
                timings_add_unit(&t, table[i].container, "a.service", table[i].began, table[i].ended);
                for (size_t k = 0; k < t.n; k++)
                        n += t.containers[k].n_units;
                ASSERT_EQ(n, table[i].counts);
        }
}

TEST(only_the_longest_units_stay) {
        _cleanup_(timings_done) Timings t = play();
        const ContainerTimings *db = &t.containers[0];

        for (unsigned i = 0; i < 100; i++) {
                _cleanup_free_ char *name = xasprintf("u%u.service", i);

                timings_add_unit(&t, "db", name, at(100 + (i * 37) % 100),
                                 at(100 + (i * 37) % 100 + 10 + i));
        }
        ASSERT_EQ(db->n_units, TIMING_UNITS_MAX);
        for (size_t i = 0; i < db->n_units; i++) {
                ASSERT_TRUE(db->units[i].ended_usec - db->units[i].began_usec >= 90 * MSEC);
                ASSERT_TRUE(i == 0 || db->units[i].began_usec >= db->units[i - 1].began_usec);
        }
}

TEST(picture_has_no_markup_of_a_guest) {
        _cleanup_(timings_done) Timings t = play();
        _cleanup_free_ char *svg = NULL;

        timings_add_unit(&t, "db", "<script>\"&\x1b[31m\n.service", at(250), at(350));
        svg = timings_svg(&t);
        ASSERT_TRUE(startswith(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" "));
        ASSERT_TRUE(strstr(svg, ">db &lt;script&gt;&quot;&amp;"));
        ASSERT_TRUE(!strstr(svg, "<script") && !strchr(svg, '\x1b'));
        ASSERT_TRUE(strstr(svg, ">db copy 0.100s</text>"));
        ASSERT_TRUE(strstr(svg, ">job wait for db (ready) 0.451s</text>"));
}

/* One that took no time at all. */
TEST(picture_of_nothing) {
        _cleanup_(timings_done) Timings t = {};
        _cleanup_free_ char *svg = timings_svg(&t);

        ASSERT_TRUE(!strstr(svg, "nan") && !strstr(svg, "inf"));
}
