/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "proxy/pipes.h"

static void pipe_close(Pipe *pipe) {
        pipe->read_fd = safe_close(pipe->read_fd);
        pipe->write_fd = safe_close(pipe->write_fd);
}

void pipes_done(Pipes *pipes) {
        for (unsigned i = 0; i < pipes->n_idle; i++)
                pipe_close(&pipes->idle[i]);
        *pipes = (Pipes){};
}

bool pipes_take(Pipes *pipes, Pipe *ret) {
        int fds[2];

        if (pipes->n_idle > 0) {
                *ret = pipes->idle[--pipes->n_idle];
                return true;
        }
        if (pipes->n_open >= pipes->max || pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
                return false;
        /* Only faster. A user has some 64 MiB of pipes (fs.pipe-user-pages-soft), then they stay small. */
        (void) fcntl(fds[0], F_SETPIPE_SZ, PIPE_SIZE);
        pipes->n_open++;
        *ret = (Pipe){fds[0], fds[1]};
        return true;
}

void pipes_give(Pipes *pipes, Pipe *pipe, bool empty) {
        if (pipe->read_fd < 0)
                return;
        if (empty && pipes->n_idle < PIPES_IDLE)
                pipes->idle[pipes->n_idle++] = *pipe;
        else {
                pipes->n_open--;
                pipe_close(pipe);
        }
        *pipe = PIPE_NULL;
}
