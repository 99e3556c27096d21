/* SPDX-License-Identifier: MIT */

#include <sys/socket.h>

#include "base/alloc.h"
#include "base/process.h"
#include "state/nix-daemon.h"
#include "test.h"

#define LINK "/home/ada/shop/.containers/web/system"

enum { MAGIC = 0x6478696f, LINE = 0x6f6c6d67, ERROR = 0x63787470, LAST = 0x616c7473 };

/* A string of one word of 64 bits. */
#define WORD(text) (uint64_t) sizeof(text) - 1, WORD_OF(text)
#define WORD_OF(text)                                                                                       \
        ((union {                                                                                           \
                char bytes[8];                                                                              \
                uint64_t number;                                                                            \
        }){.bytes = text})                                                                                  \
                .number

/* What a daemon says is there before it is asked. Return: as nix_daemon_ask_for_root(). */
static int ask(const uint64_t *says, size_t n, Error *error, char *ret_heard, size_t *ret_size) {
        _cleanup_close_ int ours = -EBADF, theirs = -EBADF;
        int pair[2], r;

        ASSERT_OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
        ours = pair[0];
        theirs = pair[1];
        for (size_t i = 0; i < n; i++) {
                uint64_t number = htole64(says[i]);

                ASSERT_EQ(write(theirs, &number, sizeof(number)), 8);
        }
        ASSERT_OK(shutdown(theirs, SHUT_WR));
        r = nix_daemon_ask_for_root(ours, now_usec() + 60 * USEC_PER_SEC, LINK, error);
        ours = safe_close(ours);
        *ret_size = (size_t) read(theirs, ret_heard, 4096);
        return r;
}

TEST(answers) {
        const struct {
                uint64_t says[20];
                size_t n;
                const char *message; /* NULL: it is well */
        } table[] = {
                {{MAGIC, 0x112, LAST, LAST, 1}, 5},
                {{MAGIC, 0x115, LAST, LINE, WORD("a line"), LAST, 1}, 8},
                {{MAGIC, 0x123, WORD("2.99"), 1, LAST, LAST, 1}, 8},
                {{MAGIC, 0x1ff, WORD("2.99"), 1, LAST, LAST, 1}, 8},
                {{MAGIC, 0x115, LAST, ERROR, WORD("no\nway"), 1}, 7, "Nix's daemon says: no way"},
                {{MAGIC, 0x123, WORD("2.99"), 1, LAST, ERROR, WORD("Error"), 0, WORD("Error"), WORD("no"), 0,
                  0},
                 14,
                 "Nix's daemon says: no"},
                {{0}, 0, "hear from Nix's daemon: "},
                {{MAGIC, 0x112, LAST, LAST}, 4, "hear from Nix's daemon: "},
                {{MAGIC, 0x112, LAST, LINE, 64, LAST}, 6, "hear from Nix's daemon: "},
                {{LAST, 0x112, LAST, LAST, 1}, 5, "Nix's daemon says what is not understood"},
                {{MAGIC, 0x111, LAST, LAST, 1}, 5, "Nix's daemon says what is not understood"},
                {{MAGIC, 0x212, LAST, LAST, 1}, 5, "Nix's daemon says what is not understood"},
                {{MAGIC, 0x112, MAGIC, LAST, 1}, 5, "Nix's daemon says what is not understood"},
                {{MAGIC, 0x112, LAST, LINE, UINT64_MAX, LAST, 1},
                 7,
                 "Nix's daemon says what is not understood"},
                {{MAGIC, 0x123, UINT64_C(1) << 62, 0}, 4, "Nix's daemon says what is not understood"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                char heard[4096];
                size_t size;
                int r = ask(table[i].says, table[i].n, &error, heard, &size);

                test_set_row("%zu", i);
                if (table[i].message) {
                        ASSERT_TRUE(r < 0);
                        ASSERT_TRUE(startswith(error.message, table[i].message));
                        continue;
                }
                ASSERT_OK(r, &error);
                /* A magic number, three wishes, the operation, the link with its length. */
                ASSERT_EQ(size, 8 * (1 + 3 + 1 + 1 + 5));
                ASSERT_TRUE(streq(heard + 8 * 6, LINK));
        }
}

/* One that says nothing, and one that says without an end that it goes on. */
TEST(deadline) {
        const uint64_t says[] = {htole64(MAGIC), htole64(0x112), htole64(LAST), htole64(LINE), 0};

        for (size_t i = 0; i < 2; i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_close_ int ours = -EBADF, theirs = -EBADF;
                int pair[2];

                ASSERT_OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
                ours = pair[0];
                theirs = pair[1];
                if (i > 0)
                        ASSERT_EQ(write(theirs, says, sizeof(says)), (ssize_t) sizeof(says));
                ASSERT_EQ(nix_daemon_ask_for_root(ours, now_usec() + i * 20000, LINK, &error), -ETIMEDOUT);
        }
}
