/* SPDX-License-Identifier: MIT */

#include <endian.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "state/nix-daemon.h"

#define ANSWER_SECONDS 10
#define TEXT_MAX       (64 * 1024)

/* Numbers are 64 bits, little endian; a string is its length, and itself filled up with zeros to 8 bytes. */
enum {
        MAGIC_OURS = 0x6e697863,
        MAGIC_THEIRS = 0x6478696f,
        PROTOCOL = 1 << 8 | 35, /* the latest that we speak; a daemon may have an earlier one */
        ADD_INDIRECT_ROOT = 12,
        /* Before its answer the daemon may say how it goes on; at last it says that the answer comes. */
        SAYS_LINE = 0x6f6c6d67,
        SAYS_ERROR = 0x63787470,
        SAYS_LAST = 0x616c7473,
};

typedef struct Daemon {
        int fd;
        uint64_t deadline; /* CLOCK_MONOTONIC, of all that it says */
} Daemon;

static int raise_not_understood(Error *reterr) {
        return error_raise(reterr, FC_EXIT_FAILED, "Nix's daemon says what is not understood");
}

/* A daemon that talks without an end is given up as well: what has come by then is not read. */
static int daemon_wait(const Daemon *d) {
        for (;;) {
                uint64_t now = now_usec();
                struct pollfd fd = {.fd = d->fd, .events = POLLIN};
                int r;

                if (now >= d->deadline)
                        return -ETIMEDOUT;
                r = poll(&fd, 1, (int) ((d->deadline - now + 999) / 1000));
                if (r > 0)
                        return 0;
                if (r < 0 && errno != EINTR)
                        return -errno;
        }
}

static int daemon_read(const Daemon *d, void *data, size_t size, Error *reterr) {
        for (size_t done = 0; done < size;) {
                int r = daemon_wait(d);
                ssize_t n;

                if (r < 0)
                        return error_set(reterr, r, "hear from Nix's daemon");
                n = recv(d->fd, (char *) data + done, size - done, MSG_DONTWAIT);
                if (n < 0 && (errno == EINTR || errno == EAGAIN))
                        continue;
                if (n <= 0)
                        return error_set(reterr, n < 0 ? errno : ECONNRESET, "hear from Nix's daemon");
                done += (size_t) n;
        }
        return 0;
}

static int daemon_read_number(const Daemon *d, uint64_t *ret, Error *reterr) {
        uint64_t number = 0;
        int r = daemon_read(d, &number, sizeof(number), reterr);

        *ret = le64toh(number);
        return r;
}

/* @ret: owned by the caller; control characters are blanks. */
static int daemon_read_string(const Daemon *d, char **ret, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        uint64_t size = 0;
        int r = daemon_read_number(d, &size, reterr);

        if (r < 0)
                return r;
        if (size > TEXT_MAX)
                return raise_not_understood(reterr);
        text = xmalloc0(size + 8);
        r = daemon_read(d, text, (size + 7) / 8 * 8, reterr);
        if (r < 0)
                return r;
        text[size] = '\0';
        for (uint64_t i = 0; i < size; i++)
                if ((unsigned char) text[i] < ' ' || text[i] == 0x7f)
                        text[i] = ' ';
        *ret = TAKE_PTR(text);
        return 0;
}

static int daemon_write(const Daemon *d, const void *data, size_t size, Error *reterr) {
        ssize_t n = send(d->fd, data, size, MSG_NOSIGNAL);

        return n == (ssize_t) size ? 0 : error_set(reterr, n < 0 ? errno : EIO, "ask Nix's daemon");
}

static int write_numbers(const Daemon *d, const uint64_t *numbers, size_t n, Error *reterr) {
        uint64_t data[4];

        for (size_t i = 0; i < n && i < ELEMENTSOF(data); i++)
                data[i] = htole64(numbers[i]);
        return daemon_write(d, data, n * sizeof(*data), reterr);
}

/* Its type, its level, its name, and what is wrong; earlier, that alone. */
static int daemon_raise(const Daemon *d, uint64_t protocol, Error *reterr) {
        _cleanup_free_ char *word = NULL, *text = NULL;
        uint64_t level;
        int r = 0;

        if (protocol >= (1 << 8 | 26)) {
                r = daemon_read_string(d, &word, reterr);
                free(word);
                word = NULL;
                if (r >= 0)
                        r = daemon_read_number(d, &level, reterr);
                if (r >= 0)
                        r = daemon_read_string(d, &word, reterr);
        }
        if (r >= 0)
                r = daemon_read_string(d, &text, reterr);
        return r < 0 ? r : error_raise(reterr, FC_EXIT_FAILED, "Nix's daemon says: %s", text);
}

static int wait_for_answer(const Daemon *d, uint64_t protocol, Error *reterr) {
        for (;;) {
                _cleanup_free_ char *line = NULL;
                uint64_t says = 0;
                int r = daemon_read_number(d, &says, reterr);

                if (r < 0)
                        return r;
                if (says == SAYS_LAST)
                        return 0;
                if (says == SAYS_ERROR)
                        return daemon_raise(d, protocol, reterr);
                r = says == SAYS_LINE ? daemon_read_string(d, &line, reterr) : raise_not_understood(reterr);
                if (r < 0)
                        return r;
        }
}

static int greet(const Daemon *d, uint64_t *ret_protocol, Error *reterr) {
        /* A processor to run on, room to be kept on the disk: neither is asked for. */
        const uint64_t hello[] = {MAGIC_OURS}, wishes[] = {PROTOCOL, 0, 0};
        _cleanup_free_ char *version = NULL;
        uint64_t magic = 0, protocol = 0, trusted;
        int r;

        r = write_numbers(d, hello, ELEMENTSOF(hello), reterr);
        if (r >= 0)
                r = daemon_read_number(d, &magic, reterr);
        if (r >= 0)
                r = daemon_read_number(d, &protocol, reterr);
        if (r >= 0 && (magic != MAGIC_THEIRS || protocol >> 8 != PROTOCOL >> 8 || protocol < (1 << 8 | 18)))
                r = raise_not_understood(reterr);
        if (protocol > PROTOCOL)
                protocol = PROTOCOL;
        if (r >= 0)
                r = write_numbers(d, wishes, ELEMENTSOF(wishes), reterr);
        if (r >= 0 && protocol >= (1 << 8 | 33))
                r = daemon_read_string(d, &version, reterr);
        if (r >= 0 && protocol >= (1 << 8 | 35))
                r = daemon_read_number(d, &trusted, reterr);
        *ret_protocol = protocol;
        return r < 0 ? r : wait_for_answer(d, protocol, reterr);
}

static int ask(const Daemon *d, const char *link, Error *reterr) {
        const uint64_t begin[] = {ADD_INDIRECT_ROOT, strlen(link)};
        size_t size = (strlen(link) + 7) / 8 * 8;
        _cleanup_free_ char *filled = xmalloc0(size + 1);
        int r = write_numbers(d, begin, ELEMENTSOF(begin), reterr);

        (void) strcpy(filled, link);
        return r < 0 ? r : daemon_write(d, filled, size, reterr);
}

int nix_daemon_ask_for_root(int fd, uint64_t deadline, const char *link, Error *reterr) {
        const Daemon d = {.fd = fd, .deadline = deadline};
        uint64_t protocol, answer;
        int r = greet(&d, &protocol, reterr);

        if (r >= 0)
                r = ask(&d, link, reterr);
        if (r >= 0)
                r = wait_for_answer(&d, protocol, reterr);
        return r < 0 ? r : daemon_read_number(&d, &answer, reterr);
}

int nix_daemon_add_root(const char *socket_path, const char *link, Error *reterr) {
        const struct timeval timeout = {.tv_sec = ANSWER_SECONDS};
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (strlen(socket_path) >= sizeof(address.sun_path))
                return error_set(reterr, ENAMETOOLONG, "connect to '%s'", socket_path);
        (void) strcpy(address.sun_path, socket_path);
        /* For connect(2) as well. */
        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) < 0 ||
            connect(fd, (const struct sockaddr *) &address, sizeof(address)) < 0)
                return error_set(reterr, errno, "connect to '%s'", socket_path);
        return nix_daemon_ask_for_root(fd, now_usec() + ANSWER_SECONDS * USEC_PER_SEC, link, reterr);
}
