/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/scm.h"
#include "test.h"

typedef struct Pair {
        int ours, theirs;
} Pair;

static void pair_open(Pair *p) {
        int fds[2];

        ASSERT_OK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds));
        *p = (Pair){fds[0], fds[1]};
}

static void pair_done(Pair *p) {
        (void) safe_close(p->ours);
        (void) safe_close(p->theirs);
}

static bool same_file(int a, int b) {
        struct stat x, y;

        ASSERT_OK(fstat(a, &x));
        ASSERT_OK(fstat(b, &y));
        return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static size_t count_fds(void) {
        size_t n = 0;

        for (int fd = 0; fd < 2048; fd++)
                n += fcntl(fd, F_GETFD) >= 0;
        return n;
}

TEST(carries_data_and_descriptors) {
        static const size_t counts[] = {0, 1, 2, SCM_FDS_MAX};
        _cleanup_(pair_done) Pair pair;
        char text[16];

        pair_open(&pair);
        for (size_t i = 0; i < ELEMENTSOF(counts); i++) {
                _cleanup_(scm_done) ScmMessage message = {};
                int fds[SCM_FDS_MAX];

                test_set_row("%zu descriptors", counts[i]);
                for (size_t k = 0; k < counts[i]; k++)
                        fds[k] = k % 2 == 0 ? pair.ours : pair.theirs;
                ASSERT_EQ(scm_send(pair.ours, "hello", 5, fds, counts[i]), 0);
                ASSERT_EQ(scm_receive(pair.theirs, 0, text, sizeof(text), &message), 0);
                ASSERT_EQ(message.size, 5);
                ASSERT_EQ(memcmp(text, "hello", 5), 0);
                ASSERT_EQ(message.n_fds, counts[i]);
                ASSERT_EQ(message.sender, 0);
                for (size_t k = 0; k < counts[i]; k++) {
                        ASSERT_TRUE(same_file(message.fds[k], fds[k]));
                        ASSERT_EQ(fcntl(message.fds[k], F_GETFD), FD_CLOEXEC);
                }
        }
}

TEST(refuses_more_than_the_kernel_takes) {
        _cleanup_(pair_done) Pair pair;
        int fds[SCM_FDS_MAX + 1] = {};

        pair_open(&pair);
        ASSERT_EQ(scm_send(pair.ours, "", 1, fds, ELEMENTSOF(fds)), -EINVAL);
}

TEST(says_who_has_sent) {
        _cleanup_(pair_done) Pair pair;
        _cleanup_(scm_done) ScmMessage message = {};
        char text[16];

        pair_open(&pair);
        ASSERT_OK(setsockopt(pair.theirs, SOL_SOCKET, SO_PASSCRED, &(int){1}, sizeof(int)));
        ASSERT_EQ(scm_send(pair.ours, "hello", 5, &pair.ours, 1), 0);
        ASSERT_EQ(scm_receive(pair.theirs, 0, text, sizeof(text), &message), 0);
        ASSERT_EQ(message.sender, getpid());
        ASSERT_EQ(message.n_fds, 1);
}

TEST(looks_without_taking) {
        _cleanup_(pair_done) Pair pair;
        char byte;

        pair_open(&pair);
        ASSERT_EQ(scm_send(pair.ours, "x", 1, &pair.ours, 1), 0);
        for (unsigned i = 0; i < 3; i++) {
                _cleanup_(scm_done) ScmMessage message = {};

                ASSERT_EQ(scm_receive(pair.theirs, MSG_PEEK | MSG_DONTWAIT, &byte, 1, &message), 0);
                ASSERT_EQ(message.n_fds, 1);
                ASSERT_TRUE(same_file(message.fds[0], pair.ours));
        }
}

TEST(nothing_and_the_end) {
        _cleanup_(pair_done) Pair pair;
        ScmMessage message;
        char byte;

        pair_open(&pair);
        ASSERT_EQ(scm_receive(pair.theirs, MSG_DONTWAIT, &byte, 1, &message), -EAGAIN);
        pair.ours = safe_close(pair.ours);
        ASSERT_EQ(scm_receive(pair.theirs, 0, &byte, 1, &message), 0);
        ASSERT_EQ(message.size, 0);
        ASSERT_EQ(message.n_fds, 0);
        ASSERT_EQ(scm_send(pair.theirs, "x", 1, NULL, 0), -EPIPE);
}

/* What does not fit is an error and not a shorter list, and what did fit is closed. */
TEST(lost_descriptors_are_noticed) {
        _cleanup_(pair_done) Pair pair;
        struct rlimit before, few;
        int fds[4], r;
        ScmMessage message;
        size_t n_open;
        char byte;

        pair_open(&pair);
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                fds[i] = pair.ours;
        ASSERT_EQ(scm_send(pair.ours, "x", 1, fds, ELEMENTSOF(fds)), 0);
        n_open = count_fds();
        ASSERT_OK(getrlimit(RLIMIT_NOFILE, &before));
        few = (struct rlimit){(rlim_t) pair.theirs + 3, before.rlim_max};
        ASSERT_OK(setrlimit(RLIMIT_NOFILE, &few));
        r = scm_receive(pair.theirs, 0, &byte, 1, &message);
        ASSERT_OK(setrlimit(RLIMIT_NOFILE, &before));
        ASSERT_EQ(r, -EMSGSIZE);
        ASSERT_EQ(count_fds(), n_open);
}
