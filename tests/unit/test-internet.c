/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/process.h"
#include "keeper/internet.h"
#include "keeper/resolver.h"

/* How long anything may take. */
#define WAIT_USEC (20 * USEC_PER_SEC)

/* A user that has no other process. */
#define NO_OTHER 61000

/* In the place of the program that becomes pasta, which ends at once, and of the one that sets the
 * container's side, which waits. */
#define HELPER "#!/bin/sh\n[ \"$1\" = internet ] || exec sleep 100\n"

/* Likewise, of a pasta that ends at once the first time, and a container's side that cannot be set. */
#define UNSET                                                                                               \
        "#!/bin/sh\n[ \"$1\" = internet ] || exit 1\n[ ! -e \"$0.again\" ] || exec sleep 100\n: "           \
        ">\"$0.again\"\n"

/* Likewise, and then of one that stays; the container's side waits. */
#define SECOND                                                                                              \
        "#!/bin/sh\n[ \"$1\" = internet ] && [ ! -e \"$0.again\" ] || exec sleep 100\n: >\"$0.again\"\n"

/* Likewise, of a pasta that stays. */
#define LASTING "#!/bin/sh\nexec sleep 100\n"

typedef struct Setup {
        KeeperOptions options;
        sd_event *event;
        Internet *internet;
        pid_t pasta;
        char *directory, *helper, *again; /* NULL: of no script; @again also of one that makes no file */
} Setup;

static void setup_open(Setup *s, const char *netns) {
        *s = (Setup){.options = {.netns = (char *) netns,
                                 .machine = (char *) "shop-1234-web",
                                 .pasta = (char *) "/bin/true",
                                 .address = (char *) "10.29.40.2"}};
        ASSERT_OK(sd_event_new(&s->event));
        s->internet = internet_new(s->event, &s->options);
        s->pasta = internet_start(s->internet, getpid(), NULL);
        ASSERT_TRUE(s->pasta > 0);
}

static void setup_done(Setup *s) {
        (void) internet_free(s->internet);
        (void) sd_event_unref(s->event);
        while (waitpid(-1, NULL, 0) > 0)
                continue;
        if (s->again)
                ASSERT_OK(unlink(s->again));
        if (s->helper)
                ASSERT_OK(unlink(s->helper));
        if (s->directory)
                ASSERT_OK(rmdir(s->directory));
        free(s->again);
        free(s->helper);
        free(s->directory);
}

static void write_text(const char *path, const char *text) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

        ASSERT_OK(fd);
        ASSERT_EQ(write(fd, text, strlen(text)), (ssize_t) strlen(text));
}

/* @script: the helper; setup_done() removes it. */
static void setup_open_script(Setup *s, const char *script) {
        _cleanup_free_ char *directory = xstrdup("/tmp/fc-test-internet-XXXXXX"), *helper = NULL;

        ASSERT_TRUE(mkdtemp(directory));
        helper = xasprintf("%s/netns", directory);
        write_text(helper, script);
        setup_open(s, helper);
        s->again = strstr(script, ".again") ? xasprintf("%s.again", helper) : NULL;
        s->helper = TAKE_PTR(helper);
        s->directory = TAKE_PTR(directory);
}

/* Return: the status of the next child that has ended. */
static int reap(Setup *s) {
        int status;
        pid_t pid = waitpid(-1, &status, 0);

        ASSERT_TRUE(pid > 0);
        (void) internet_reaped(s->internet, pid, status);
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

/* What waits for the interface of a pasta that has ended does not take that of the next. */
TEST(one_sets_the_other_side) {
        int status;
        Setup s;

        setup_open_script(&s, HELPER);
        ASSERT_EQ(reap(&s), 0);
        wait_for_the_timer(&s);
        ASSERT_EQ(reap(&s), 0);
        wait_for_the_timer(&s);
        status = reap(&s);
        if (status == 0)
                status = reap(&s);
        ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        setup_done(&s);
}

/* It would lead nowhere, for as long as it runs. */
TEST(both_are_started_again) {
        int status;
        Setup s;

        setup_open_script(&s, UNSET);
        ASSERT_EQ(reap(&s), 0);
        wait_for_the_timer(&s);
        status = reap(&s);
        ASSERT_EQ(WEXITSTATUS(status), 1);
        status = reap(&s);
        ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        setup_done(&s);
}

/* Return: the signal that pasta ends of, by SIGTERM where it had got none before. */
static int signal_of_pasta(Setup *s) {
        int status;

        ASSERT_OK(kill(s->pasta, SIGTERM));
        status = reap(s);
        ASSERT_TRUE(WIFSIGNALED(status));
        return WTERMSIG(status);
}

/* A reboot: what is reaped late belongs to the boot before. */
TEST(the_next_payload_keeps_its_pasta) {
        Setup s;

        setup_open_script(&s, SECOND);
        ASSERT_EQ(reap(&s), 0);
        wait_for_the_timer(&s);
        internet_end(s.internet);
        s.pasta = internet_start(s.internet, getpid(), NULL);
        ASSERT_TRUE(s.pasta > 0);
        for (size_t i = 0; i < 2; i++) {
                int status = reap(&s);

                ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        }
        ASSERT_EQ(signal_of_pasta(&s), SIGTERM);
        setup_done(&s);
}

/* This process has files of its own in the place of the host's resolver and of the program. */
static void change_resolver(const char *helper, const char *resolv_conf) {
        static const struct {
                bool before, after; /* the container's side is set */
                int signal;
        } rows[] = {{false, false, SIGTERM}, {false, true, SIGKILL}, {true, false, SIGKILL}};

        ASSERT_OK(unshare(CLONE_NEWNS));
        ASSERT_OK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
        write_text(helper, LASTING);
        write_text(resolv_conf, "nameserver 192.0.2.1\n");
        ASSERT_OK(mount(resolv_conf, RESOLV_CONF, NULL, MS_BIND, NULL));
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Setup s;

                test_set_row("%zu", i);
                write_text(resolv_conf, "nameserver 192.0.2.1\n");
                setup_open(&s, helper);
                if (rows[i].before)
                        internet_on_set(s.internet);
                write_text(resolv_conf, "nameserver 192.0.2.2\n");
                ASSERT_EQ(sd_event_run(s.event, WAIT_USEC), 1);
                if (rows[i].after)
                        internet_on_set(s.internet);
                ASSERT_EQ(signal_of_pasta(&s), rows[i].signal);
                setup_done(&s);
        }
}

/* The start waits for the first pasta, and fails when that ends. */
TEST(another_resolver) {
        char dir[] = "/tmp/fc-test-internet-XXXXXX";
        _cleanup_free_ char *helper = NULL, *resolv_conf = NULL;
        pid_t pid;
        int status;

        if (geteuid() != 0 || access(RESOLV_CONF, F_OK) < 0)
                SKIP("needs root, and a resolv.conf");
        ASSERT_TRUE(mkdtemp(dir));
        helper = xasprintf("%s/netns", dir);
        resolv_conf = xasprintf("%s/resolv.conf", dir);
        pid = fork();
        ASSERT_TRUE(pid >= 0);
        if (pid == 0) {
                change_resolver(helper, resolv_conf);
                _exit(0);
        }
        ASSERT_EQ(waitpid(pid, &status, 0), pid);
        ASSERT_EQ(status, 0);
        ASSERT_OK(unlink(helper));
        ASSERT_OK(unlink(resolv_conf));
        ASSERT_OK(rmdir(dir));
}
