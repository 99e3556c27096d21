/* SPDX-License-Identifier: MIT */

#include <signal.h>

#include "base/alloc.h"
#include "spec/stop.h"
#include "test.h"

TEST(names_of_signals) {
        const struct {
                const char *name;
                int number;
        } table[] = {
                {"SIGTERM", SIGTERM},      {"SIGINT", SIGINT},     {"SIGQUIT", SIGQUIT},
                {"SIGHUP", SIGHUP},        {"SIGPWR", SIGPWR},     {"SIGUSR1", SIGUSR1},
                {"SIGWINCH", SIGWINCH},    {"SIGRTMIN", SIGRTMIN}, {"SIGRTMIN+3", SIGRTMIN + 3},
                {"SIGRTMIN+30", SIGRTMAX},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_free_ char *name = NULL;
                int number;

                test_set_row("%s", table[i].name);
                ASSERT_OK(stop_signal_from_string(table[i].name, &number, &error), &error);
                ASSERT_EQ(number, table[i].number);
                name = stop_signal_to_string(number);
                ASSERT_STREQ(name, table[i].name);
        }
}

TEST(refuses_what_is_not_a_signal) {
        static const char *const table[] = {
                "",           "SIG",         "INT",
                "sigint",     "SIGint",      "2",
                "SIG2",       "SIGINT ",     " SIGINT",
                "SIGNONE",    "SIGRTMAX",    "SIGRTMIN+",
                "SIGRTMIN+0", "SIGRTMIN+03", "SIGRTMIN-1",
                "SIGRTMIN4",  "SIGRTMIN+4x", "SIGRTMIN+999999999999",
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                int number = 42;

                test_set_row("%s", table[i]);
                ASSERT_ERROR(stop_signal_from_string(table[i], &number, &error), &error, FC_EXIT_USAGE,
                             "is not a signal, they are written like SIGINT or SIGRTMIN+4");
                ASSERT_EQ(number, 42);
        }
}

TEST(refuses_what_does_not_ask) {
        static const struct {
                const char *name, *message;
        } table[] = {
                {"SIGKILL", "'SIGKILL' cannot be caught"},
                {"SIGSTOP", "'SIGSTOP' cannot be caught"},
                {"SIGRTMIN+31", "'SIGRTMIN+31': the last one is SIGRTMIN+30"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                int number;

                test_set_row("%s", table[i].name);
                ASSERT_ERROR(stop_signal_from_string(table[i].name, &number, &error), &error, FC_EXIT_USAGE,
                             table[i].message);
        }
}
