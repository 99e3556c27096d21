/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "ready/http-status.h"
#include "test.h"

TEST(statuses) {
        static const struct {
                const char *text;
                int result;
        } table[] = {
                {"HTTP/1.1 200 OK\r\n", 200},
                {"HTTP/1.0 404 Not Found\r\n", 404},
                {"HTTP/1.1 204\r\n", 204},
                {"HTTP/1.1 301\n", 301},
                {"HTTP/1.1 599 ", 599},
                {"HTTP/1.1 999 ", 999},
                /* Not all of it is there yet; a fourth digit may come. */
                {"", 0},
                {"H", 0},
                {"HTTP/1.1", 0},
                {"HTTP/1.1 20", 0},
                {"HTTP/1.1 200", 0},
                /* Something else. */
                {"220 mail.example ESMTP\r\n", -EBADMSG},
                {"http/1.1 200 OK", -EBADMSG},
                {" HTTP/1.1 200 OK", -EBADMSG},
                {"HTTP/2.0 200 OK", -EBADMSG},
                {"HTTP/1.x 200 OK", -EBADMSG},
                {"HTTP/1.1  200 OK", -EBADMSG},
                {"HTTP/1.1 2000 OK", -EBADMSG},
                {"HTTP/1.1 200-OK", -EBADMSG},
                {"HTTP/1.1 -20 OK", -EBADMSG},
                {"HTTP/1.1 099 OK", -EBADMSG},
                {"HTTP/1.1 000 OK", -EBADMSG},
                {"\n", -EBADMSG},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("%zu: %s", i, table[i].text);
                ASSERT_EQ(http_status_parse(table[i].text, strlen(table[i].text)), table[i].result);
        }
        ASSERT_EQ(http_status_parse("HTTP/1.1\0200 OK", 15), -EBADMSG);
}
