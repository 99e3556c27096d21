/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/process.h"
#include "base/strv.h"
#include "project-util.h"
#include "resources/secret-command.h"

#define PLENTY (60 * USEC_PER_SEC)

static int run(const TestDir *dir, const char *script, uint64_t timeout_usec, Secret *ret, Error *reterr) {
        char *command[] = {(char *) "sh", (char *) "-c", (char *) script, NULL};
        char *environment[] = {(char *) "PATH=/usr/bin:/bin", (char *) "WORD=w o", NULL};
        Project project = PROJECT_NULL;

        project.root = (char *) "/project";
        project.user = (InvokingUser){.uid = geteuid(), .gid = getegid()};
        project.state.root_fd = dir->fd;
        return secret_run(&project, command, environment, timeout_usec, ret, reterr);
}

TEST(takes_every_byte) {
        static const struct {
                const char *script, *output;
                size_t size;
        } table[] = {
                {"true", "", 0},
                {"printf x", "x", 1},
                {"echo x; echo not this >&2", "x\n", 2},
                {"printf 'a\\000b\\377\\n\\n'", "a\0b\377\n\n", 6},
                {"printf %s \"$WORD$HOME\"", "w o", 3},
                {"cat; ls", "here\n", 5},
                /* What is left behind has the pipe still, and is not waited for. */
                {"printf x; sleep 1000 &", "x", 1},
        };
        TEST_DIR(dir);

        ASSERT_EQ(test_shell(&dir, ">here"), 0);
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(secret_done) Secret secret = {};

                test_set_row("%s", table[i].script);
                ASSERT_OK(run(&dir, table[i].script, PLENTY, &secret, &error), &error);
                ASSERT_EQ(secret.size, table[i].size);
                ASSERT_TRUE(table[i].size == 0 || memcmp(secret.data, table[i].output, table[i].size) == 0);
        }
}

TEST(takes_a_mebibyte_and_no_more) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(secret_done) Secret secret = {};
        TEST_DIR(dir);

        ASSERT_OK(run(&dir, "head -c 1048576 /dev/zero | tr '\\0' x", PLENTY, &secret, &error), &error);
        ASSERT_EQ(secret.size, (size_t) 1048576);
        ASSERT_TRUE(secret.data[1048575] == 'x');
        ASSERT_ERROR(run(&dir, "head -c 1048577 /dev/zero", PLENTY, &secret, &error), &error, FC_EXIT_USAGE,
                     "'sh' writes more than 1048576 bytes");
}

TEST(refuses) {
        static const struct {
                const char *script;
                uint64_t timeout_usec;
                int exit;
                const char *message;
        } table[] = {
                {"echo s3cret; exit 7", PLENTY, FC_EXIT_FAILED, "'sh' has ended with exit status 7"},
                {"echo s3cret; kill -9 $$", PLENTY, FC_EXIT_FAILED, "'sh' was killed by signal 9"},
                {"exec not-there", PLENTY, FC_EXIT_FAILED, "'sh' has ended with exit status 127"},
                {"echo s3cret; exec sleep 1000", USEC_PER_SEC / 5, FC_EXIT_TIMEOUT, "'sh' has not ended"},
                {"yes >&2", USEC_PER_SEC / 5, FC_EXIT_TIMEOUT, "'sh' has not ended"},
        };
        TEST_DIR(dir);

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(secret_done) Secret secret = {};

                test_set_row("%s", table[i].script);
                ASSERT_ERROR(run(&dir, table[i].script, table[i].timeout_usec, &secret, &error), &error,
                             table[i].exit, table[i].message);
                ASSERT_TRUE(!strstr(error.message, "s3cret"));
                STRV_FOREACH (line, error.evidence)
                        ASSERT_TRUE(!strstr(*line, "s3cret"));
        }
}

TEST(shows_the_last_of_its_errors) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(secret_done) Secret secret = {};
        TEST_DIR(dir);

        ASSERT_TRUE(run(&dir, "seq 100000 >&2; exit 1", PLENTY, &secret, &error) < 0);
        ASSERT_EQ(strv_length(error.evidence), (size_t) 10);
        ASSERT_STREQ(error.evidence[0], "99991");
        ASSERT_STREQ(error.evidence[9], "100000");
}
