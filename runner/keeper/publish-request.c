/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <string.h>

#include "base/alloc.h"
#include "keeper/options.h"
#include "keeper/publish-request.h"

char *publish_request_print(uint16_t container_port, bool udp) {
        return xasprintf("publish %u%s", container_port, udp ? KEEPER_PORT_UDP : "");
}

char *publish_request_print_back(uint16_t host_port, bool udp, const char *address) {
        return xasprintf("unpublish %u%s%s%s", host_port, udp ? KEEPER_PORT_UDP : "", address ? " " : "",
                         address ? address : "");
}

static bool address_is_valid(const char *text) {
        struct in6_addr any;

        return inet_pton(AF_INET, text, &any) == 1 || inet_pton(AF_INET6, text, &any) == 1;
}

int publish_request_parse(const char *text, PublishRequest *ret, Error *reterr) {
        const char *unpublish = startswith(text, "unpublish "), *publish = startswith(text, "publish ");
        const char *word = publish ? publish : unpublish, *address = NULL, *rest;
        unsigned long number = 0;
        char *end = NULL;
        bool udp = false;

        if (word && word[0] >= '1' && word[0] <= '9')
                number = strtoul(word, &end, 10);
        if (end) {
                rest = startswith(end, KEEPER_PORT_UDP);
                udp = rest;
                rest = rest ? rest : end;
                address = unpublish ? startswith(rest, " ") : NULL;
                if (address ? !address_is_valid(address) : *rest)
                        number = 0;
        }
        if (number == 0 || number > UINT16_MAX)
                return error_raise(reterr, FC_EXIT_INTERNAL, "'%.100s' is not a request", text);
        *ret = (PublishRequest){
                .container = publish ? xstrdup(word) : NULL,
                .address = xstrdup(address),
                .port = (uint16_t) number,
                .udp = udp,
        };
        return 0;
}

void publish_request_done(PublishRequest *request) {
        free(request->container);
        free(request->address);
        request->container = request->address = NULL;
}
