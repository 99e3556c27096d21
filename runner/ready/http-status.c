/* SPDX-License-Identifier: MIT */

#include "ready/http-status.h"

/* "HTTP/1.1 200": '#' is any digit. */
static const char pattern[] = "HTTP/1.# ###";

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

int http_status_parse(const char *text, size_t size) {
        size_t length = sizeof(pattern) - 1;
        int status;

        for (size_t i = 0; i < size && i < length; i++)
                if (pattern[i] == '#' ? !is_digit(text[i]) : text[i] != pattern[i])
                        return -EBADMSG;
        /* The character behind it says that the number has ended. */
        if (size <= length)
                return 0;
        if (text[length] != ' ' && text[length] != '\r' && text[length] != '\n')
                return -EBADMSG;
        status = (text[length - 3] - '0') * 100 + (text[length - 2] - '0') * 10 + (text[length - 1] - '0');
        return status >= 100 ? status : -EBADMSG;
}
