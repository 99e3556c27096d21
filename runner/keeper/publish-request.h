/* SPDX-License-Identifier: MIT */
#pragma once

/* What a command asks a keeper for, see publish.h. */

#include "base/error.h"

#define PUBLISH_REQUEST_MAX 80
#define PUBLISH_ANSWER_MAX  512
#define PUBLISH_DONE        "ok"

typedef struct PublishRequest {
        char *container; /* "80", "53/udp": to be published; NULL: to be taken back */
        char *address;   /* numeric, where it is bound that is to be taken back; NULL: at any */
        uint16_t port;   /* of the container, or else of the host */
        bool udp;
} PublishRequest;

int publish_request_parse(const char *text, PublishRequest *ret, Error *reterr);

/* Owned by the caller. */
char *publish_request_print(uint16_t container_port, bool udp);

/* Likewise, to take back. @address: may be NULL. */
char *publish_request_print_back(uint16_t host_port, bool udp, const char *address);

void publish_request_done(PublishRequest *request);
