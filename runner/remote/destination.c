/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <string.h>

#include "base/alloc.h"
#include "remote/destination.h"

#define SCHEME   "ssh://"
#define PART_MAX 255
#define LETTERS  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

void destination_done(Destination *d) {
        free(d->user);
        free(d->host);
        *d = (Destination){};
}

static int destination_refuse(const char *text, const char *why, Error *reterr) {
        int r = error_raise(reterr, FC_EXIT_USAGE, "--host: '%.100s' %s", text, why);

        error_add_hint(reterr, "its form is ssh://[USER@]HOST[:PORT]");
        return r;
}

static bool part_is_plain(const char *part, size_t n) {
        return n > 0 && n <= PART_MAX && part[0] != '-' && strspn(part, LETTERS "._-") >= n;
}

static int destination_port_read(const char *text, const char *digits, uint16_t *ret, Error *reterr) {
        size_t n = strlen(digits);
        unsigned long port = n > 0 && n <= 5 ? strtoul(digits, NULL, 10) : 0;

        if (strspn(digits, "0123456789") != n || port == 0 || port > UINT16_MAX)
                return destination_refuse(text, "has no port from 1 to 65535 behind its ':'", reterr);
        *ret = (uint16_t) port;
        return 0;
}

/* @rest: "[ADDRESS]" and what follows. Return: how many characters of the host, 0: it is none. */
static size_t address6_length(const char *rest, char **ret) {
        const char *end = strchr(rest, ']');
        _cleanup_free_ char *address = end ? xstrndup(rest + 1, (size_t) (end - rest - 1)) : NULL;
        struct in6_addr parsed;

        if (!address || inet_pton(AF_INET6, address, &parsed) != 1)
                return 0;
        *ret = TAKE_PTR(address);
        return (size_t) (end - rest + 1);
}

int destination_parse(const char *text, Destination *ret, Error *reterr) {
        const char *rest = startswith(text, SCHEME), *at;
        size_t n;

        *ret = (Destination){};
        if (!rest)
                return destination_refuse(text, "does not begin with ssh://", reterr);
        at = strrchr(rest, '@');
        if (at) {
                n = (size_t) (at - rest);
                if (memchr(rest, ':', n))
                        return destination_refuse(text, "has a password in it, which is ssh's to ask for",
                                                  reterr);
                if (!part_is_plain(rest, n))
                        return destination_refuse(text, "has no name of a user before its '@'", reterr);
                ret->user = xstrndup(rest, n);
                rest = at + 1;
        }
        if (rest[0] == '[') {
                n = address6_length(rest, &ret->host);
                if (n == 0)
                        return destination_refuse(text, "has no IPv6 address between its brackets", reterr);
        } else {
                n = strcspn(rest, ":/");
                if (!part_is_plain(rest, n))
                        return destination_refuse(text,
                                                  "has no name of a host, or one with other characters "
                                                  "than letters, digits, '.', '-' and '_'",
                                                  reterr);
                ret->host = xstrndup(rest, n);
        }
        rest += n;
        if (rest[0] == ':')
                return destination_port_read(text, rest + 1, &ret->port, reterr);
        return rest[0] == '\0' ? 0 : destination_refuse(text, "has something behind the host", reterr);
}
