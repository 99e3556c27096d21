/* SPDX-License-Identifier: MIT */

#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/scm.h"
#include "keeper/command-notify.h"

/* Far more than a program has to say, and little work. */
#define NOTICES_PER_INTERVAL 64
#define INTERVAL_USEC        (100 * USEC_PER_MSEC)

int command_notify_open(const char *path, Error *reterr) {
        return notify_socket_open(path, 0666, reterr);
}

int command_notify_watch(sd_event *event, int fd, sd_event_io_handler_t callback, void *userdata,
                         sd_event_source **ret, Error *reterr) {
        int r = sd_event_add_io(event, ret, fd, EPOLLIN, callback, userdata);

        if (r >= 0)
                r = sd_event_source_set_ratelimit(*ret, INTERVAL_USEC, NOTICES_PER_INTERVAL);
        return r < 0 ? error_set(reterr, r, "listen to the command") : 0;
}

int command_notify_receive(int fd, NspawnNotice *ret) {
        _cleanup_(scm_done) ScmMessage message = {};
        char text[4096];

        if (scm_receive(fd, MSG_DONTWAIT, text, sizeof(text) - 1, &message) < 0)
                return 0;
        text[message.size] = '\0';
        nspawn_notice_parse(text, ret);
        /* That is nspawn's to say. */
        ret->leader = 0;
        return 1;
}

void command_notify_drain(int fd) {
        for (;;) {
                _cleanup_(scm_done) ScmMessage message = {};
                char byte;
                int r = scm_receive(fd, MSG_DONTWAIT, &byte, 1, &message);

                /* One with more descriptors than there is room for is gone, too. */
                if (r < 0 && r != -EMSGSIZE)
                        return;
        }
}
