/* SPDX-License-Identifier: MIT */

/* The options of what runs a guest without root are those that a plan has for systemd-nspawn. */

#include <string.h>

#include "base/alloc.h"
#include "base/privilege.h"
#include "keeper/cell-options.h"
#include "test.h"

#define LEAST "--directory=/r", "--machine=m", "--hostname=h", "--private-users=no"

static void parse(CellOptions *ret, const char *const *argv) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        ASSERT_OK(cell_options_parse((char *const *) argv, ret, &error), &error);
}

TEST(reads_what_there_is) {
        static const char *const argv[] = {LEAST,
                                           "--uuid=0123456789abcdef0123456789abcdef",
                                           "--notify-ready=yes",
                                           "--private-network",
                                           "--as-pid2",
                                           "--bind-ro=/host/b:/x/y",
                                           "--bind=/host/a\\:1:/x",
                                           "--load-credential=db.pass:/host/c",
                                           "--setenv=A=1",
                                           "--setenv=B=",
                                           "--capability=CAP_SYS_TIME",
                                           "--drop-capability=CAP_MKNOD",
                                           "--drop-capability=CAP_SYS_BOOT",
                                           "--",
                                           "/init",
                                           "--bind=/not:/ours",
                                           NULL};
        _cleanup_(cell_options_done) CellOptions o = {};

        parse(&o, argv);
        ASSERT_STREQ(o.directory, "/r");
        ASSERT_STREQ(o.machine, "m");
        ASSERT_STREQ(o.hostname, "h");
        ASSERT_TRUE(o.notify_ready);
        ASSERT_TRUE(o.private_network && o.as_pid2);
        /* What a mount lies in comes before it. */
        ASSERT_EQ(o.mounts.n, 2);
        ASSERT_STREQ(o.mounts.items[0].source, "/host/a:1");
        ASSERT_STREQ(o.mounts.items[0].target, "/x");
        ASSERT_TRUE(!o.mounts.items[0].read_only);
        ASSERT_STREQ(o.mounts.items[1].target, "/x/y");
        ASSERT_TRUE(o.mounts.items[1].read_only);
        ASSERT_EQ(o.credentials.n, 1);
        ASSERT_STREQ(o.credentials.items[0].id, "db.pass");
        ASSERT_STREQ(o.credentials.items[0].source, "/host/c");
        ASSERT_EQ(strv_length(o.environment), 2);
        ASSERT_EQ(o.capabilities_add, PRIVILEGE(SYS_TIME));
        ASSERT_EQ(o.capabilities_drop, PRIVILEGE(MKNOD) | PRIVILEGE(SYS_BOOT));
        ASSERT_EQ(strv_length(o.command), 2);
        ASSERT_STREQ(o.command[1], "--bind=/not:/ours");
}

TEST(refuses) {
        static const struct {
                const char *option, *message;
        } table[] = {
                {"--private-users=100000:65536", "ids of its own need root"},
                {"--directory=root", "is not an absolute path"},
                {"--notify-ready=1", "is neither yes nor no"},
                {"--uuid=0123", "is not a machine's id"},
                {"--uuid=0123456789ABCDEF0123456789abcdef", "is not a machine's id"},
                {"--bind=/a", "is not written SOURCE:TARGET"},
                {"--bind=/a:/b:norbind", "is not written SOURCE:TARGET"},
                {"--bind=a:/b", "has a path that is not absolute"},
                {"--bind-ro=/a:b", "has a path that is not absolute"},
                {"--load-credential=a", "is not written ID:PATH"},
                {"--load-credential=a/b:/c", "is not a credential's name"},
                {"--load-credential=..:/c", "is not a credential's name"},
                {"--load-credential=:/c", "is not a credential's name"},
                {"--setenv=A", "is not written NAME=VALUE"},
                {"--setenv==1", "is not written NAME=VALUE"},
                {"--capability=CAP_NONE", "is not a capability"},
                {"--rlimit=NOFILE=1", "unknown option"},
                {"--private-users-ownership=off", "unknown option"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                const char *const argv[] = {LEAST, table[i].option, "--", "/init", NULL};
                _cleanup_(error_done) Error error = ERROR_NULL;
                CellOptions o;

                test_set_row("%s", table[i].option);
                ASSERT_ERROR(cell_options_parse((char *const *) argv, &o, &error), &error, FC_EXIT_USAGE,
                             table[i].message);
        }
}

TEST(refuses_what_is_not_whole) {
        static const char *const no_command[] = {LEAST, NULL};
        static const char *const no_root[] = {"--machine=m", "--hostname=h", "--private-users=no", "x",
                                              NULL};
        _cleanup_(error_done) Error error = ERROR_NULL;
        CellOptions o;

        ASSERT_ERROR(cell_options_parse((char *const *) no_command, &o, &error), &error, FC_EXIT_USAGE,
                     "no command");
        ASSERT_ERROR(cell_options_parse((char *const *) no_root, &o, &error), &error, FC_EXIT_USAGE,
                     "option '--directory' is missing");
}

/* As golden.c prints it. */
static void unescape(char *text) {
        char *end = text;

        for (; *text; text++) {
                if (*text == '\\' && *++text == 'n')
                        *text = '\n';
                *end++ = *text;
        }
        *end = '\0';
}

/* Of one container, whose lines begin behind the program's name. Return: whether there was another one. */
static bool next_plan(FILE *f, char ***ret) {
        char *line = NULL;
        size_t size = 0;
        bool first = true;

        while (getline(&line, &size, f) >= 0) {
                const char *word = startswith(line, "  argv ");

                if (!word) {
                        if (*ret)
                                break;
                        continue;
                }
                line[strcspn(line, "\n")] = '\0';
                unescape(line);
                /* What it depends on whether there are ids of the container's own. */
                if (startswith(word, "--private-users="))
                        strv_push(ret, "--private-users=no");
                else if (!first && !startswith(word, "--private-users-ownership="))
                        strv_push(ret, word);
                first = false;
        }
        free(line);
        return *ret;
}

/* All that plans have is known here. ("everything" has an option of the user's for systemd-nspawn.) */
TEST(knows_what_plans_have) {
        static const char *const cases[] = {"closure",    "command",           "credentials", "ephemeral",
                                            "host-users", "minimal",           "rootless",    "networks",
                                            "odd-paths",  "project-as-volume", "toplevel"};
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *path = xasprintf(FC_SOURCE_DIR "/tests/golden/%s/plan.txt", cases[i]);
                _cleanup_fclose_ FILE *f = fopen(path, "re");

                test_set_row("%s", cases[i]);
                ASSERT_TRUE(f);
                for (;; n++) {
                        _cleanup_(cell_options_done) CellOptions o = {};
                        _cleanup_strv_ char **argv = NULL;

                        if (!next_plan(f, &argv))
                                break;
                        parse(&o, (const char *const *) argv);
                        ASSERT_STREQ(o.directory, "/run/flake-containers/machine/root");
                }
        }
        ASSERT_TRUE(n >= ELEMENTSOF(cases));
}
