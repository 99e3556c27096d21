/* SPDX-License-Identifier: MIT */

/* What the kernel and nspawn write, as far as a guest chooses words of it. */

#include "base/alloc.h"
#include "cgroup/cgroup-text.h"
#include "keeper/nspawn-notify.h"
#include "test.h"

TEST(nspawn_names_its_leader) {
        static const struct {
                const char *text;
                pid_t leader;
                bool ready;
                const char *status;
        } table[] = {
                {"X_NSPAWN_LEADER_PID=42\nX_NSPAWN_SUPERVISOR_PID=1", 42, false, NULL},
                {"READY=1\nSTATUS=Container running.", 0, true, ""},
                {"STATUS=Container running: Job a.service/start...", 0, false, "a.service/start"},
                {"STATUS=a\nSTATUS=b", 0, false, "b"},
                {"X_NSPAWN_LEADER_PID=0", 0, false, NULL},
                {"X_NSPAWN_LEADER_PID=-1", 0, false, NULL},
                {"X_NSPAWN_LEADER_PID=42x", 0, false, NULL},
                {"X_NSPAWN_LEADER_PID=4294967297", 0, false, NULL},
                {"X_NSPAWN_LEADER_PID=", 0, false, NULL},
                {"READY=10\nXREADY=1", 0, false, NULL},
                {"", 0, false, NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(nspawn_notice_done) NspawnNotice notice = {.leader = 7};

                test_set_row("%s", table[i].text);
                nspawn_notice_parse(table[i].text, &notice);
                ASSERT_EQ(notice.leader, table[i].leader);
                ASSERT_EQ(notice.ready, table[i].ready);
                ASSERT_TRUE(streq_ptr(notice.status, table[i].status));
        }
}

/* A word of the guest's is told as its status, or not at all. */
TEST(a_keeper_passes_on) {
        static const struct {
                const char *text, *words;
        } table[] = {
                {"READY=1", "READY=1"},
                {"STATUS=a", "STATUS=Container running: a"},
                {"READY=1\nSTATUS=a", "STATUS=Container running: a\nREADY=1"},
                {"STATUS=READY=1\nMAINPID=1\nX_NSPAWN_LEADER_PID=1\nSTOPPING=1",
                 "STATUS=Container running: READY=1"},
                {"STATUS=", "STATUS=Container running: "},
                {"MAINPID=1\nX_NSPAWN_LEADER_PID=1\nFDSTORE=1", NULL},
                {"", NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(nspawn_notice_done) NspawnNotice notice = {};
                _cleanup_free_ char *words = NULL;

                test_set_row("%s", table[i].text);
                nspawn_notice_parse(table[i].text, &notice);
                words = nspawn_notice_pass_on(&notice);
                ASSERT_TRUE(streq_ptr(words, table[i].words));
        }
}

TEST(cgroups_count) {
        static const struct {
                const char *cpu, *io;
                uint64_t usec, read, written;
        } table[] = {
                {"usage_usec 12345\nuser_usec 1\n",
                 "8:0 rbytes=10 wbytes=20 rios=1\n8:16 rbytes=5 wbytes=1\n", 12345, 15, 21},
                {"user_usec 1\nusage_usec 18446744073709551615", "8:0 xrbytes=7 dbytes=3\n", UINT64_MAX, 0,
                 0},
                {"", "", 0, 0, 0},
                {"usage_usec", "rbytes=1", 0, 0, 0},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("%zu", i);
                ASSERT_EQ(cgroup_text_cpu_usec(table[i].cpu), table[i].usec);
                ASSERT_EQ(cgroup_text_io_bytes(table[i].io, "rbytes="), table[i].read);
                ASSERT_EQ(cgroup_text_io_bytes(table[i].io, "wbytes="), table[i].written);
        }
}

TEST(cgroups_have_processes) {
        static const struct {
                const char *text;
                bool populated;
                unsigned long killed;
        } table[] = {
                {"populated 1\nfrozen 0\n", true, 0},
                {"frozen 0\npopulated 1\n", true, 0},
                {"populated 0\nfrozen 1\n", false, 0},
                {"low 0\noom 3\noom_kill 2\noom_group_kill 0\n", false, 2},
                {"oom_group_kill 4\n", false, 0},
                {"unpopulated 1\n", false, 0},
                {"", false, 0},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("%s", table[i].text);
                ASSERT_EQ(cgroup_text_populated(table[i].text), table[i].populated);
                ASSERT_EQ(cgroup_text_oom_kills(table[i].text), table[i].killed);
        }
}

/* 0 is a process that this PID namespace cannot see, and reading goes on behind it. */
TEST(processes_are_read_to_the_end) {
        const char *rest = "12\n0\nx\n-3\n99999999999\n34";

        ASSERT_EQ(cgroup_text_next_process(&rest), 12);
        ASSERT_EQ(cgroup_text_next_process(&rest), 34);
        ASSERT_EQ(cgroup_text_next_process(&rest), 0);
        ASSERT_EQ(cgroup_text_next_process(&rest), 0);
}

/* A guest calls its process what it likes: the key counts at the beginning of a line only. */
TEST(innermost_pid) {
        static const struct {
                const char *text;
                bool found;
                pid_t pid;
                unsigned depth;
        } table[] = {
                {"Name:\tsh\nNSpid:\t42\t7\t1\nNSsid:\t9\n", true, 1, 3},
                {"Name:\tNSpid:\t1\nNSpid:\t42\n", true, 42, 1},
                {"Name:\tsh\nNSpid:\t\n", false, 0, 0},
                {"Name:\tNSpid:\t1\n", false, 0, 0},
                {"NSpid:\t42", true, 42, 1},
                {"", false, 0, 0},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                unsigned depth = 0;
                pid_t pid = 0;

                test_set_row("%s", table[i].text);
                ASSERT_EQ(cgroup_text_innermost_pid(table[i].text, &pid, &depth), table[i].found);
                ASSERT_EQ(pid, table[i].pid);
                ASSERT_EQ(depth, table[i].depth);
        }
}
