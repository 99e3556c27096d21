/* SPDX-License-Identifier: MIT */

#include "base/time-text.h"
#include "test.h"

#include <time.h>

#include "logs/time-spec.h"

/* 2026-11-22 10:04:40.5 UTC, a Sunday */
#define NOW (UINT64_C(1795341880) * USEC_PER_SEC + 500000)
#define SEC USEC_PER_SEC

static void set_zone(const char *zone) {
        (void) setenv("TZ", zone, 1);
        tzset();
}

TEST(accepted) {
        static const struct {
                const char *text;
                uint64_t expected;
        } cases[] = {
                {"now", NOW},
                {"today", UINT64_C(1795305600) * SEC},
                {"yesterday", UINT64_C(1795305600) * SEC - 86400 * SEC},
                {"tomorrow", UINT64_C(1795305600) * SEC + 86400 * SEC},
                /* Spans. */
                {"5m", NOW - 300 * SEC},
                {"-5m", NOW - 300 * SEC},
                {"5m ago", NOW - 300 * SEC},
                {"5 min ago", NOW - 300 * SEC},
                {"5min", NOW - 300 * SEC},
                {"5 minutes ago", NOW - 300 * SEC},
                {"1 minute", NOW - 60 * SEC},
                {"-1h", NOW - 3600 * SEC},
                {"1h30m", NOW - 5400 * SEC},
                {"1h 30min", NOW - 5400 * SEC},
                {"1.5h", NOW - 5400 * SEC},
                {"+5m", NOW + 300 * SEC},
                {"0s", NOW},
                {"250ms", NOW - 250000},
                {"10us", NOW - 10},
                {"0.5ms", NOW - 500},
                {"2d", NOW - 2 * 86400 * SEC},
                {"1w", NOW - 7 * 86400 * SEC},
                {"1M", NOW - UINT64_C(31557600) / 12 * SEC},
                {"1y", NOW - UINT64_C(31557600) * SEC},
                {"2 hours ago", NOW - 7200 * SEC},
                {"3 hr", NOW - 10800 * SEC},
                {"  5m  ", NOW - 300 * SEC},
                /* Dates and clocks. */
                {"2026-11-22", UINT64_C(1795305600) * SEC},
                {"2026-11-22 10:00", UINT64_C(1795341600) * SEC},
                {"2026-11-22  10:00", UINT64_C(1795341600) * SEC},
                {"2026-11-22T10:00", UINT64_C(1795341600) * SEC},
                {"2026-11-22 10:04:40", UINT64_C(1795341880) * SEC},
                {"2026-11-22 10:04:40.113", UINT64_C(1795341880113000)},
                {"2026-11-22T10:04:40.113Z", UINT64_C(1795341880113000)},
                {"2026-11-22 10:04:40.1234567", UINT64_C(1795341880123456)},
                {"2026-11-22 10:04:40 UTC", UINT64_C(1795341880) * SEC},
                {"2026-11-22 UTC", UINT64_C(1795305600) * SEC},
                {"2026-11-22T11:04:40+01:00", UINT64_C(1795341880) * SEC},
                {"2026-11-22 11:04:40 +0100", UINT64_C(1795341880) * SEC},
                {"2026-11-22T04:34:40-0530", UINT64_C(1795341880) * SEC},
                {"10:00", UINT64_C(1795341600) * SEC},
                {"10:04:40", UINT64_C(1795341880) * SEC},
                {"23:59:59", UINT64_C(1795391999) * SEC},
                {"1970-01-01", 0},
                {"2024-02-29", UINT64_C(1709164800) * SEC},
                {"9999-12-31 23:59:59", UINT64_C(253402300799) * SEC},
                /* Seconds since the epoch. */
                {"@0", 0},
                {"@1795341880", UINT64_C(1795341880) * SEC},
                {"@1795341880.5", NOW},
        };

        set_zone("UTC");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                uint64_t value = 1;

                test_set_row("%s", cases[i].text);
                ASSERT_OK(time_spec_parse(cases[i].text, NOW, &value, &error), &error);
                ASSERT_EQ(value, cases[i].expected);
        }
}

TEST(refused) {
        static const char *const cases[] = {
                "",
                " ",
                "yesteryear",
                "Today",
                "NOW",
                "now!",
                "5",
                "5 ago",
                "-5",
                "m",
                "5 parsecs",
                "5mm",
                "5m5",
                "5m ago ago",
                "-5m ago",
                "+5m ago",
                "--5m",
                "- 5m",
                "5m-",
                "5.m",
                ".5m",
                "5..5m",
                "1e3s",
                "0x10s",
                "5m; rm",
                "5mi",
                "ago",
                "100000y",
                "99999999999999999999s",
                "18446744073709551616us",
                "9999999999999999999999999999999m",
                "1000y",
                "-60y",
                "+9000y",
                /* Dates that do not exist or cannot be told. */
                "2026-02-30",
                "2023-02-29",
                "2026-13-01",
                "2026-00-01",
                "2026-11-00",
                "2026-11-32",
                "2026-11",
                "2026",
                "22-11-2026",
                "2026-1-2",
                "2026/11/22",
                "26-11-22",
                "1969-12-31 23:59:59",
                "0000-01-01",
                "10000-01-01",
                "2026-11-22T",
                "2026-11-22-0830",
                "2026-11-22+01:00",
                "2026-11-22x",
                "2026-11-22 10",
                "2026-11-22 10:",
                "2026-11-22 24:00",
                "2026-11-22 10:60",
                "2026-11-22 10:00:60",
                "2026-11-22 10:00:00.",
                "2026-11-22 1:00",
                "2026-11-22 10:00 CET",
                "2026-11-22T10:00+24:00",
                "2026-11-22T10:00+01:60",
                "2026-11-22T10:00+1",
                "2026-11-22T10:00Zulu",
                "2026-11-22T10:00ZZ",
                "24:00",
                "1:00",
                "10:0",
                "10:00:0",
                "10:00pm",
                "10.00",
                /* The epoch. */
                "@",
                "@-1",
                "@+1",
                "@ 1",
                "@1.",
                "@1.x",
                "@x",
                "@99999999999999999999",
                "@253402300800",
                "@1s",
                "5m\n",
                "\x1b[31m",
                "5\xc2\xa0m",
        };

        set_zone("UTC");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                uint64_t value = 1;
                test_set_row("%s", cases[i]);
                ASSERT_ERROR(time_spec_parse(cases[i], NOW, &value, &error), &error, FC_EXIT_USAGE,
                             "is not a point in time");
                ASSERT_TRUE(error.hints && error.hints[0]);
                ASSERT_EQ(value, 1);
        }
}

TEST(local_time) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        uint64_t value;

        /* Central European time by rule, so that no zone files are needed. */
        set_zone("CET-1CEST,M3.5.0,M10.5.0/3");
        ASSERT_OK(time_spec_parse("2026-11-22 11:04:40", NOW, &value, &error), &error);
        ASSERT_EQ(value, UINT64_C(1795341880) * SEC);
        ASSERT_OK(time_spec_parse("2026-07-01 12:00", NOW, &value, &error), &error);
        ASSERT_EQ(value, UINT64_C(1782900000) * SEC);
        ASSERT_OK(time_spec_parse("2026-07-01 10:00 UTC", NOW, &value, &error), &error);
        ASSERT_EQ(value, UINT64_C(1782900000) * SEC);
        /* The day before, although that day had 25 hours: 2026-10-26 12:00 and 2026-10-25. */
        ASSERT_OK(time_spec_parse("yesterday", UINT64_C(1793012400) * SEC, &value, &error), &error);
        ASSERT_EQ(value, UINT64_C(1792879200) * SEC);
        /* An hour that does not exist is still a point in time. */
        ASSERT_OK(time_spec_parse("2026-03-29 02:30", NOW, &value, &error), &error);
        /* Midnight of today, in the zone. */
        ASSERT_OK(time_spec_parse("today", NOW, &value, &error), &error);
        ASSERT_EQ(value, UINT64_C(1795305600) * SEC - 3600 * SEC);
        set_zone("UTC");
}

/* What `logs --json` prints can be given back. */
TEST(round_trip) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        for (uint64_t usec = 999000; usec < UINT64_C(253402300799) * SEC; usec = usec * 3 / 2 + 1000) {
                char text[TIMESTAMP_MAX];
                uint64_t value;

                ASSERT_OK(time_spec_parse(timestamp_format(text, usec), NOW, &value, &error), &error);
                ASSERT_EQ(value / 1000, usec / 1000);
        }
}
