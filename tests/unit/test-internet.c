/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/process.h"
#include "keeper/internet.h"

/* How long anything may take. */
#define WAIT_USEC (20 * USEC_PER_SEC)

/* A user that has no other process. */
#define NO_OTHER 61000

/* In the place of the program that becomes pasta, which ends at once, and of the one that sets the
 * container's side, which waits. */
#define HELPER "#!/bin/sh\n[ \"$1\" = internet ] || exec sleep 100\n"

typedef struct Setup {
        KeeperOptions options;
        sd_event *event;
        Internet *internet;
} Setup;

static void setup_open(Setup *s, const char *netns) {
        *s = (Setup){.options = {.netns = (char *) netns,
                                 .machine = (char *) "shop-1234-web",
                                 .pasta = (char *) "/bin/true",
                                 .address = (char *) "10.29.40.2"}};
        ASSERT_OK(sd_event_new(&s->event));
        s->internet = internet_new(s->event, &s->options);
        ASSERT_TRUE(internet_start(s->internet, getpid(), NULL) > 0);
}

static void setup_done(Setup *s) {
        (void) internet_free(s->internet);
        (void) sd_event_unref(s->event);
        while (waitpid(-1, NULL, 0) > 0)
                continue;
}

/* Return: the status of the next child that has ended. */
static int reap(Setup *s) {
        int status;
        pid_t pid = waitpid(-1, &status, 0);

        ASSERT_TRUE(pid > 0);
        (void) internet_reaped(s->internet, pid);
        return status;
}

static void wait_for_the_timer(Setup *s) {
        ASSERT_EQ(sd_event_run(s->event, WAIT_USEC), 1);
}

static void limit_processes(rlim_t n) {
        ASSERT_OK(setrlimit(RLIMIT_NPROC, &(struct rlimit){n, 100}));
}

static void start_without_room(void) {
        Setup s;

        limit_processes(100);
        ASSERT_OK(setuid(NO_OTHER));
        setup_open(&s, "/bin/true");
        ASSERT_EQ(reap(&s), 0);
        limit_processes(0);
        wait_for_the_timer(&s);
        ASSERT_EQ(waitpid(-1, NULL, 0), -1);
        limit_processes(100);
        wait_for_the_timer(&s);
        ASSERT_EQ(reap(&s), 0);
        setup_done(&s);
}

/* A machine that has no room for a process has some later. */
TEST(it_is_tried_again) {
        pid_t pid;
        int status;

        if (geteuid() != 0)
                SKIP("needs root, to become a user without processes");
        pid = fork();
        ASSERT_TRUE(pid >= 0);
        if (pid == 0) {
                start_without_room();
                /* exit(3) looks for leaks, which a user without privileges cannot. */
                _exit(0);
        }
        ASSERT_EQ(waitpid(pid, &status, 0), pid);
        ASSERT_EQ(status, 0);
}

static void write_helper(const char *path) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

        ASSERT_OK(fd);
        ASSERT_EQ(write(fd, HELPER, strlen(HELPER)), (ssize_t) strlen(HELPER));
}

/* What waits for the interface of a pasta that has ended does not take that of the next. */
TEST(one_sets_the_other_side) {
        char dir[] = "/tmp/fc-test-internet-XXXXXX";
        _cleanup_free_ char *helper = NULL;
        int status;
        Setup s;

        ASSERT_TRUE(mkdtemp(dir));
        helper = xasprintf("%s/netns", dir);
        write_helper(helper);
        setup_open(&s, helper);
        ASSERT_EQ(reap(&s), 0);
        wait_for_the_timer(&s);
        ASSERT_EQ(reap(&s), 0);
        wait_for_the_timer(&s);
        status = reap(&s);
        if (status == 0)
                status = reap(&s);
        ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        setup_done(&s);
        ASSERT_OK(unlink(helper));
        ASSERT_OK(rmdir(dir));
}
