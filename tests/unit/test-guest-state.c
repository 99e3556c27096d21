/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/socket.h>

#include "base/process.h"
#include "bus/guest-bus.h"
#include "bus/guest-state.h"
#include "test.h"

TEST(states_have_names) {
        ASSERT_EQ(manager_state_from_string("running"), MANAGER_RUNNING);
        ASSERT_EQ(manager_state_from_string("degraded"), MANAGER_DEGRADED);
        ASSERT_EQ(manager_state_from_string("Running"), MANAGER_UNKNOWN);
        ASSERT_EQ(manager_state_from_string(""), MANAGER_UNKNOWN);
        ASSERT_EQ(manager_state_from_string("of-the-future"), MANAGER_UNKNOWN);
        ASSERT_EQ(manager_state_from_string(NULL), MANAGER_UNKNOWN);
}

TEST(booted_is_everything_that_stays) {
        ASSERT_TRUE(!manager_state_is_booted(MANAGER_INITIALIZING));
        ASSERT_TRUE(!manager_state_is_booted(MANAGER_STARTING));
        ASSERT_TRUE(manager_state_is_booted(MANAGER_RUNNING));
        ASSERT_TRUE(manager_state_is_booted(MANAGER_DEGRADED));
        ASSERT_TRUE(manager_state_is_booted(MANAGER_MAINTENANCE));
        ASSERT_TRUE(manager_state_is_booted(MANAGER_STOPPING));
}

/* A peer that is there and says nothing: ours is the deadline, not the library's 90 s. */
TEST(a_silent_peer_has_a_deadline) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        GuestBus *bus = NULL;
        uint64_t start = now_usec();
        int fds[2];

        ASSERT_OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
        ASSERT_OK(guest_bus_new(fds[0], USEC_PER_SEC, &bus, &error));
        ASSERT_ERROR(guest_bus_wait_accepted(bus, start + 100 * USEC_PER_MSEC, &error), &error,
                     FC_EXIT_TIMEOUT, "does not answer");
        ASSERT_TRUE(now_usec() - start < 5 * USEC_PER_SEC);
        (void) guest_bus_free(bus);
        ASSERT_TRUE(fcntl(fds[0], F_GETFD) < 0); /* it took the fd */
        (void) close(fds[1]);
}

/* What is asked before it has accepted us waits for that, and no longer than its deadline. */
TEST(a_question_has_a_deadline) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        GuestBus *bus = NULL;
        ManagerState state;
        uint64_t start = now_usec();
        int fds[2];

        ASSERT_OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
        ASSERT_OK(guest_bus_new(fds[0], USEC_PER_SEC, &bus, &error));
        guest_bus_set_deadline(bus, start + 100 * USEC_PER_MSEC);
        ASSERT_ERROR(guest_bus_get_state(bus, &state, &error), &error, FC_EXIT_TIMEOUT, "does not answer");
        ASSERT_TRUE(now_usec() - start < 2 * USEC_PER_SEC);
        (void) close(fds[1]);
        ASSERT_ERROR(guest_bus_get_state(bus, &state, &error), &error, FC_EXIT_TIMEOUT, "does not answer");
        guest_bus_set_deadline(bus, UINT64_MAX);
        error_done(&error);
        ASSERT_ERROR(guest_bus_get_state(bus, &state, &error), &error, FC_EXIT_NOT_RUNNING,
                     "closed the connection");
        (void) guest_bus_free(bus);
}

TEST(a_peer_that_goes_is_not_running) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        GuestBus *bus = NULL;
        int fds[2];

        ASSERT_OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
        (void) close(fds[1]);
        if (guest_bus_new(fds[0], USEC_PER_SEC, &bus, &error) >= 0)
                (void) guest_bus_wait_accepted(bus, now_usec() + USEC_PER_SEC, &error);
        ASSERT_ERROR(-EIO, &error, FC_EXIT_NOT_RUNNING, "closed the connection");
        (void) guest_bus_free(bus);
}

TEST(nonsense_is_refused) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        GuestBus *bus = NULL;
        int fds[2];

        ASSERT_OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
        ASSERT_EQ(write(fds[1], "HTTP/1.1 200 OK\r\n\r\n", 19), 19);
        ASSERT_OK(guest_bus_new(fds[0], USEC_PER_SEC, &bus, &error));
        ASSERT_TRUE(guest_bus_wait_accepted(bus, now_usec() + USEC_PER_SEC, &error) < 0);
        (void) guest_bus_free(bus);
        ASSERT_TRUE(error_is_set(&error));
        (void) close(fds[1]);
}
