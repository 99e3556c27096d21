/* SPDX-License-Identifier: MIT */
#pragma once

/* What a command asks a keeper for, see publish.h. */

#include "base/error.h"

#define PUBLISH_REQUEST_MAX 64
#define PUBLISH_ANSWER_MAX  512
#define PUBLISH_DONE        "ok"

typedef struct PublishRequest {
        char *container; /* "80", "53/udp": to be published; NULL: to be taken back */
        uint16_t port;   /* of the container, or else of the host */
        bool udp;
} PublishRequest;

int publish_request_parse(const char *text, PublishRequest *ret, Error *reterr);

/* Owned by the caller. */
char *publish_request_print(bool publish, uint16_t port, bool udp);

void publish_request_done(PublishRequest *request);
