/* SPDX-License-Identifier: MIT */
#pragma once

/* One check, as the files of ready/ see it. Private to them. */

#include "ready/checks.h"
#include "ready/http-status.h"
#include "ready/inside-command.h"

typedef struct Check Check;

/* A kind of check. An attempt ends with check_succeed() or check_fail(), also in start(), as the last thing
 * that is done with the check; or it is broken off by stop(), which may come after its end, too. */
typedef struct CheckKind {
        void (*start)(Check *check);
        void (*stop)(Check *check);
        uint64_t timeout_usec; /* of an attempt; UINT64_MAX: none but the deadline of all */
        unsigned growth;       /* of the pause from one attempt to the next, in percent */
} CheckKind;

struct Check {
        Checks *all;
        const CheckKind *kind;
        char *name;
        const HttpCheck *http; /* NULL: none is asked */
        uint16_t port;
        const char *path; /* of a unix socket */
        char *const *argv;

        bool succeeded, running;
        char *error; /* of the last attempt; NULL: there was none yet */
        uint64_t pause_usec;
        sd_event_source *timer; /* the next attempt, or the end of this one's patience */

        /* Of an attempt. */
        sd_event_source *io;
        int fd; /* a socket */
        int family;
        int refused; /* what the connection by IPv4 ended with */
        bool connected;
        char answer[HTTP_STATUS_LINE_MAX]; /* its beginning */
        size_t answer_size;
        InsideCommand *command;
};

const ChecksRequest *check_request(const Check *check);
void check_succeed(Check *check);
void check_fail(Check *check, const char *format, ...) _printf_(2, 3);

extern const CheckKind check_tcp, check_unix, check_exec;
