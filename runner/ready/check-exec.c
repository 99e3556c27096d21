/* SPDX-License-Identifier: MIT */

/* Checks that run a command inside, as the container's root. */

#include <string.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "ready/check.h"
#include "ready/inside-command.h"

static void check_exec_stop(Check *c) {
        c->command = inside_command_free(c->command);
}

static void check_exec_on_end(const InsideEnd *end, void *userdata) {
        Check *c = userdata;
        _cleanup_strv_ char **lines = NULL;

        if (end->code == CLD_EXITED && end->status == 0) {
                check_succeed(c);
                return;
        }
        lines = inside_command_lines(c->command, 1);
        check_fail(c, "%s %d%s%.250s", end->code == CLD_EXITED ? "exit status" : "killed by signal",
                   end->status, lines ? ": " : "", lines ? lines[0] : "");
}

static void start(Check *c) {
        const ChecksRequest *all = check_request(c);
        const InsideProgram program = {.argv = c->argv};
        const InsideRequest request = {
                .event = all->event,
                .container = all->container,
                .leader = all->leader,
                .payload_cgroup_fd = all->payload_cgroup_fd,
                .programs = &program,
                .n_programs = 1,
                .input_fd = -EBADF,
                .done = check_exec_on_end,
                .userdata = c,
        };
        int r = inside_command_new(&request, &c->command);

        if (r < 0)
                check_fail(c, "%s", strerror(-r));
}

/* A command may be expensive, and slows down what it waits for. */
const CheckKind check_exec = {
        .start = start, .stop = check_exec_stop, .timeout_usec = UINT64_MAX, .growth = 100};
