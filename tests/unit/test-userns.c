/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process.h"
#include "base/userns.h"
#include "test.h"

/* A command that opens one after another until it is killed. */
static _Noreturn void open_many(void) {
        for (;;) {
                int fd = userns_open("0 0 1", "0 0 1");

                if (fd >= 0)
                        (void) close(fd);
        }
}

static bool all_have_ended(uint64_t deadline) {
        for (;;) {
                pid_t pid = waitpid(-1, NULL, WNOHANG);

                if (pid < 0)
                        return errno == ECHILD;
                if (pid == 0 && now_usec() > deadline)
                        return false;
                if (pid == 0)
                        (void) poll(NULL, 0, 1);
        }
}

/* The process that holds the namespace would stay, and with it the locks and ports of the command. */
TEST(nothing_outlives_a_killed_command) {
        int fd = userns_open("0 0 1", "0 0 1");

        if (fd < 0)
                SKIP("there are no user namespaces");
        (void) close(fd);
        /* What loses its parent becomes a child of this process. */
        ASSERT_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
        for (unsigned i = 0; i < 200; i++) {
                uint64_t until = now_usec() + 1000 + i * 7 % 1000;
                pid_t pid = fork();

                ASSERT_OK(pid);
                if (pid == 0)
                        open_many();
                while (now_usec() < until)
                        ;
                ASSERT_OK(kill(pid, SIGKILL));
                ASSERT_TRUE(all_have_ended(now_usec() + 10 * USEC_PER_SEC));
        }
}
