/* SPDX-License-Identifier: MIT */

#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/host-socket.h"
#include "test.h"

/* What network a socket is of: its own number. */
static uint64_t network_of(int fd) {
        uint64_t cookie = 0;
        socklen_t size = sizeof(cookie);

        ASSERT_OK(getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size));
        return cookie;
}

TEST(makes_sockets_where_the_broker_is) {
        _cleanup_close_ int before = host_socket(AF_INET, SOCK_STREAM, 0), own = -EBADF, asked = -EBADF;
        _cleanup_free_ char *path = NULL, *expected = NULL;
        int pair[2], status;
        pid_t broker;

        ASSERT_OK(before);
        ASSERT_TRUE(!host_socket_is_brokered());
        ASSERT_OK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
        broker = fork();
        ASSERT_OK(broker);
        if (broker == 0) {
                (void) close(pair[0]);
                host_socket_serve(pair[1]);
                _exit(0);
        }
        (void) close(pair[1]);
        if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
                SKIP("there are no user namespaces");
        own = host_socket(AF_INET, SOCK_STREAM, 0);
        host_socket_adopt(pair[0]);
        ASSERT_TRUE(host_socket_is_brokered());
        asked = host_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        ASSERT_OK(own);
        ASSERT_OK(asked);
        ASSERT_TRUE(network_of(own) != network_of(before));
        ASSERT_EQ(network_of(asked), network_of(before));
        ASSERT_EQ(host_socket(AF_UNIX, 999, 0), -EINVAL);
        path = host_socket_proc_path("tcp");
        expected = xasprintf("/proc/%d/net/tcp", (int) broker);
        ASSERT_STREQ(path, expected);
        /* It goes with the last process that could ask. */
        (void) close(pair[0]);
        ASSERT_EQ(waitpid(broker, &status, 0), broker);
        ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
