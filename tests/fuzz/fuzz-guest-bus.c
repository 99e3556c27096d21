/* SPDX-License-Identifier: MIT */

/* What a guest's systemd answers, which need not be a systemd. The first byte of the input chooses the
 * question, then come the answers to it and to the questions that follow: a byte for the length of the
 * signature, two for that of the body, the signature, the body. All is written before anything is asked: a
 * socket pair holds it, and then it ends. */

#include <sys/socket.h>

#include "bus/guest-failed.h"
#include "bus/guest-state.h"
#include "bus/guest-times.h"
#include "fuzz.h"

/* With what is added for each answer a socket pair takes it at once. */
#define INPUT_MAX   16384
#define ANSWERS_MAX 8
#define ANSWER_MORE 512

typedef struct Out {
        char data[INPUT_MAX + (ANSWERS_MAX + 1) * ANSWER_MORE];
        size_t size;
} Out;

static void put(Out *out, const void *data, size_t size) {
        FUZZ_CHECK(out->size + size <= sizeof(out->data));
        memcpy(out->data + out->size, data, size);
        out->size += size;
}

static void put_u32(Out *out, uint32_t value) {
        put(out, &value, sizeof(value));
}

static void align(Out *out, size_t start, size_t to) {
        while ((out->size - start) % to != 0)
                put(out, "", 1);
}

/* A method return for the call with that serial, in the byte order of this machine. */
static void put_reply(Out *out, uint32_t serial, const char *signature, const uint8_t *body, size_t size) {
        static const char header[] = {__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 'l' : 'B', 2, 1, 1};
        size_t start = out->size, fields;
        uint32_t n;

        put(out, header, sizeof(header));
        put_u32(out, (uint32_t) size);
        put_u32(out, serial + 100);
        put_u32(out, 0);
        fields = out->size;
        put(out, "\5\1u", 4); /* REPLY_SERIAL */
        put_u32(out, serial);
        if (signature[0]) {
                unsigned char length = (unsigned char) strlen(signature);

                align(out, start, 8);
                put(out, "\10\1g", 4); /* SIGNATURE */
                put(out, &length, 1);
                put(out, signature, length + (size_t) 1);
        }
        n = (uint32_t) (out->size - fields);
        memcpy(out->data + start + 12, &n, sizeof(n));
        align(out, start, 8);
        put(out, body, size);
}

static void ask(GuestBus *bus, uint8_t question) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(failed_units_done) FailedUnits units = {0};
        _cleanup_(unit_times_done) UnitTimes times = {0};
        ManagerState state = MANAGER_UNKNOWN;
        int r;

        if (question % 4 == 3)
                r = guest_bus_get_unit_times(bus, &times, &error);
        else if (question % 2 == 0)
                r = guest_bus_get_state(bus, &state, &error);
        else
                r = guest_bus_get_failed_units(bus, &units, &error);
        FUZZ_CHECK((r < 0) == error_is_set(&error));
        FUZZ_CHECK((unsigned) state < _MANAGER_STATE_MAX);
        for (size_t i = 0; i < units.n; i++)
                FUZZ_CHECK(units.units[i].name);
        for (size_t i = 0; i < times.n; i++)
                FUZZ_CHECK(times.units[i].name && times.units[i].began_usec <= times.units[i].ended_usec);
}

/* The next answer of the input, which gets shorter by it. Return: false when there is none. */
static bool put_answer(Out *out, uint32_t serial, const uint8_t **data, size_t *size) {
        _cleanup_free_ char *signature = NULL;
        size_t n, body;

        if (*size < 3)
                return false;
        n = (*data)[0];
        body = (size_t) (*data)[1] | (size_t) (*data)[2] << 8;
        *data += 3;
        *size -= 3;
        n = n < *size ? n : *size;
        body = body < *size - n ? body : *size - n;
        signature = xstrndup((const char *) *data, n);
        put_reply(out, serial, signature, *data + n, body);
        *data += n + body;
        *size -= n + body;
        return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const char greeting[] = "DATA\r\nOK 0123456789abcdef0123456789abcdef\r\nAGREE_UNIX_FD\r\n";
        _cleanup_(guest_bus_freep) GuestBus *bus = NULL;
        _cleanup_close_ int peer = -EBADF;
        uint8_t question;
        Out out = {.size = 0};
        int fds[2];

        if (size < 1 || size > INPUT_MAX)
                return 0;
        question = data[0];
        data++;
        size--;
        FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) >= 0);
        peer = fds[1];
        put(&out, greeting, strlen(greeting));
        for (uint32_t serial = 1; serial <= ANSWERS_MAX && put_answer(&out, serial, &data, &size); serial++)
                ;
        FUZZ_CHECK(write(peer, out.data, out.size) == (ssize_t) out.size);
        FUZZ_CHECK(shutdown(peer, SHUT_WR) >= 0);
        if (guest_bus_new(fds[0], USEC_PER_SEC, &bus, NULL) >= 0)
                ask(bus, question);
        return 0;
}
