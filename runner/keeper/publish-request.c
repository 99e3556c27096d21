/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "keeper/options.h"
#include "keeper/publish-request.h"

char *publish_request_print(bool publish, uint16_t port, bool udp) {
        return xasprintf("%spublish %u%s", publish ? "" : "un", port, udp ? KEEPER_PORT_UDP : "");
}

int publish_request_parse(const char *text, PublishRequest *ret, Error *reterr) {
        const char *unpublish = startswith(text, "unpublish "), *publish = startswith(text, "publish ");
        const char *word = publish ? publish : unpublish;
        unsigned long number = 0;
        char *end = NULL;

        if (word && word[0] >= '1' && word[0] <= '9')
                number = strtoul(word, &end, 10);
        if (number == 0 || number > UINT16_MAX || (*end && !streq(end, KEEPER_PORT_UDP)))
                return error_raise(reterr, FC_EXIT_INTERNAL, "'%.100s' is not a request", text);
        *ret = (PublishRequest){
                .container = publish ? xstrdup(word) : NULL,
                .port = (uint16_t) number,
                .udp = *end,
        };
        return 0;
}

void publish_request_done(PublishRequest *request) {
        free(request->container);
        request->container = NULL;
}
