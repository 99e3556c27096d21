/* SPDX-License-Identifier: MIT */

#include "project-util.h"
#include "record/exit-record.h"

#define MEMORY   ", had run out of memory"
#define GIVEN_UP ", given up after 5 restarts"

typedef struct Row {
        const char *text;
        EndHow how;
        int code;
        bool out_of_memory, given_up;
} Row;

static const Row rows[] = {
        {"exited 0", ENDED_EXITED, 0, false, false},
        {"exited 1", ENDED_EXITED, 1, false, false},
        {"exited 133", ENDED_EXITED, 133, false, false},
        {"exited 255", ENDED_EXITED, 255, false, false},
        {"exited 0" GIVEN_UP, ENDED_EXITED, 0, false, true},
        {"exited 1" MEMORY, ENDED_EXITED, 1, true, false},
        {"exited 1" MEMORY GIVEN_UP, ENDED_EXITED, 1, true, true},
        {"killed 1", ENDED_KILLED, 1, false, false},
        {"killed 9", ENDED_KILLED, 9, false, false},
        {"killed 9" MEMORY, ENDED_KILLED, 9, true, false},
        {"killed 9" MEMORY GIVEN_UP, ENDED_KILLED, 9, true, true},
        {"killed 64" GIVEN_UP, ENDED_KILLED, 64, false, true},
        /* What else stands there is told as it stands, and is neither success nor reboot. */
        {"exited", ENDED_OTHER, 0, false, false},
        {"exited ", ENDED_OTHER, 0, false, false},
        {"exited x", ENDED_OTHER, 0, false, false},
        {"exited -1", ENDED_OTHER, 0, false, false},
        {"exited +0", ENDED_OTHER, 0, false, false},
        {"exited 00", ENDED_OTHER, 0, false, false},
        {"exited  0", ENDED_OTHER, 0, false, false},
        {"exited 0 ", ENDED_OTHER, 0, false, false},
        {"exited 0\n", ENDED_OTHER, 0, false, false},
        {"exited 0x0", ENDED_OTHER, 0, false, false},
        {"exited 256", ENDED_OTHER, 0, false, false},
        {"exited 4294967296", ENDED_OTHER, 0, false, false},
        {"exited 99999999999999999999", ENDED_OTHER, 0, false, false},
        {"Exited 0", ENDED_OTHER, 0, false, false},
        {" exited 0", ENDED_OTHER, 0, false, false},
        {"killed 0", ENDED_OTHER, 0, false, false},
        {"killed 65", ENDED_OTHER, 0, false, false},
        {"killed RTMIN", ENDED_OTHER, 0, false, false},
        {"exited 1, given up", ENDED_OTHER, 0, false, false},
        {"exited 1, given up after x restarts", ENDED_OTHER, 0, false, false},
        {"exited 1, given up after 05 restarts", ENDED_OTHER, 0, false, false},
        {"exited 1" GIVEN_UP MEMORY, ENDED_OTHER, 0, false, false},
        {"exited 1" GIVEN_UP GIVEN_UP, ENDED_OTHER, 0, false, false},
        {MEMORY, ENDED_OTHER, 0, false, false},
        {"its relay was killed", ENDED_OTHER, 0, false, false},
        {"its relay was killed" GIVEN_UP, ENDED_OTHER, 0, false, false},
        {"the supervisor was killed", ENDED_OTHER, 0, false, false},
        {"open '/x': No such file or directory", ENDED_OTHER, 0, false, false},
};

TEST(texts) {
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(exit_record_done) ExitRecord record = {};
                _cleanup_free_ char *text = NULL;
                const Row *row = &rows[i];

                test_set_row("'%s'", row->text);
                ASSERT_TRUE(exit_record_parse(row->text, &record));
                ASSERT_EQ(record.how, row->how);
                if (row->how == ENDED_OTHER)
                        ASSERT_STREQ(record.text, row->text);
                else {
                        ASSERT_EQ(record.code, row->code);
                        ASSERT_EQ(record.out_of_memory, row->out_of_memory);
                        ASSERT_EQ(record.given_up, row->given_up);
                        ASSERT_EQ(record.restarts, row->given_up ? 5 : 0);
                }
                text = exit_record_to_string(&record);
                ASSERT_STREQ(text, row->text);
                ASSERT_EQ(exit_record_is_success(&record), streq(row->text, "exited 0"));
                ASSERT_EQ(exit_record_is_reboot(&record), streq(row->text, "exited 133"));
        }
}

/* Every status and every signal, with and without each of what may stand behind it. */
TEST(all_combinations) {
        for (unsigned i = 0; i < 2 * 256 * 4; i++) {
                ExitRecord record = {
                        .how = i & 1 ? ENDED_EXITED : ENDED_KILLED,
                        .code = (int) (i >> 3),
                        .out_of_memory = i & 2,
                        .given_up = i & 4,
                        .restarts = i & 4 ? i : 0,
                };
                _cleanup_(exit_record_done) ExitRecord got = {};
                _cleanup_free_ char *text = NULL;

                if (record.how == ENDED_KILLED && (record.code < 1 || record.code > 64))
                        continue;
                text = exit_record_to_string(&record);
                test_set_row("'%s'", text);
                ASSERT_TRUE(exit_record_parse(text, &got));
                ASSERT_EQ(got.how, record.how);
                ASSERT_EQ(got.code, record.code);
                ASSERT_EQ(got.out_of_memory, record.out_of_memory);
                ASSERT_EQ(got.given_up, record.given_up);
                ASSERT_EQ(got.restarts, record.restarts);
        }
}

TEST(from_a_status) {
        static const struct {
                int status;
                const char *text;
        } table[] = {
                {0, "exited 0"}, {1 << 8, "exited 1"},     {133 << 8, "exited 133"},
                {9, "killed 9"}, {11 | 0x80, "killed 11"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                ExitRecord record = exit_record_from_status(table[i].status);
                _cleanup_free_ char *text = exit_record_to_string(&record);

                ASSERT_STREQ(text, table[i].text);
        }
}

TEST(what_stands_behind) {
        ExitRecord record = {.how = ENDED_KILLED, .code = 9};

        for (unsigned i = 0; i < 4; i++) {
                static const char *const texts[] = {"", MEMORY, GIVEN_UP, MEMORY GIVEN_UP};
                _cleanup_free_ char *rest = NULL;

                record.out_of_memory = i & 1;
                record.given_up = i & 2;
                record.restarts = 5;
                rest = exit_record_describe_rest(&record);
                ASSERT_STREQ(rest, texts[i]);
        }
}

TEST(file) {
        _cleanup_(exit_record_done) ExitRecord got = {}, text = exit_record_from_text("its unit ended");
        ExitRecord record = {.how = ENDED_KILLED, .code = 9, .out_of_memory = true};
        _cleanup_(error_done) Error error = ERROR_NULL;
        TEST_DIR(dir);

        ASSERT_OK(exit_record_read(dir.fd, &got, &error), &error);
        ASSERT_EQ(got.how, ENDED_UNKNOWN);
        ASSERT_TRUE(!exit_record_to_string(&got));
        ASSERT_OK(exit_record_write(dir.fd, &record, &error), &error);
        ASSERT_OK(exit_record_read(dir.fd, &got, &error), &error);
        ASSERT_EQ(got.how, ENDED_KILLED);
        ASSERT_EQ(got.code, 9);
        ASSERT_TRUE(got.out_of_memory);
        ASSERT_OK(exit_record_write(dir.fd, &text, &error), &error);
        ASSERT_OK(exit_record_read(dir.fd, &got, &error), &error);
        ASSERT_STREQ(got.text, "its unit ended");
        ASSERT_OK(exit_record_remove(dir.fd, &error), &error);
        ASSERT_OK(exit_record_remove(dir.fd, &error), &error);
        exit_record_done(&got);
        ASSERT_OK(exit_record_read(dir.fd, &got, &error), &error);
        ASSERT_EQ(got.how, ENDED_UNKNOWN);
}

/* The message of an error can be of any length, and what is written must be read again. */
TEST(a_long_text_is_cut) {
        _cleanup_(exit_record_done) ExitRecord got = {}, record = {.how = ENDED_OTHER};
        _cleanup_(error_done) Error error = ERROR_NULL;
        TEST_DIR(dir);

        record.text = xmalloc0(100001);
        memset(record.text, 'x', 100000);
        ASSERT_OK(exit_record_write(dir.fd, &record, &error), &error);
        ASSERT_OK(exit_record_read(dir.fd, &got, &error), &error);
        ASSERT_EQ(strlen(got.text), 4096);
}

TEST(a_damaged_one_is_an_error) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        ExitRecord got = {.code = 7};
        TEST_DIR(dir);

        ASSERT_OK(fs_write_atomic(dir.fd, "exit", "", 0, 0644, &error), &error);
        ASSERT_ERROR(exit_record_read(dir.fd, &got, &error), &error, FC_EXIT_INTERNAL, "damaged");
        ASSERT_EQ(got.code, 7);
}
