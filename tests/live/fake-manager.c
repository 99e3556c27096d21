/* SPDX-License-Identifier: MIT
 *
 * A guest's PID 1 that is not systemd but says that it is, with a private bus that behaves as badly as it
 * is told to. Static: it runs in any root. Called "systemd", since that is what others go by; how it
 * behaves is in its environment:
 *
 *     FAKE_MODE      ok          answers as a systemd would; the default
 *                    deaf        listens, never accepts
 *                    no-auth     accepts, never greets
 *                    mute        greets, never answers
 *                    stalled     sends half of each answer
 *                    garbage     answers with bytes of no message
 *                    wrong       answers with a number, whatever was asked
 *                    closes      closes each connection after it has greeted
 *                    flood       answers, and never stops sending signals
 *                    big         answers each question with 100 MB of text
 *     FAKE_STATE     SystemState ["running"]
 *     FAKE_DELAY_MS  before each answer [0]
 *     FAKE_FAILED    how many units have failed [0]
 *     FAKE_SERVICES  how many services run [0]
 *     FAKE_JOBS      how many jobs run [0]
 *     FAKE_READY     "no": never says READY=1 ["yes"]
 *     FAKE_HALT      is told to halt by SIGRTMIN and this number, loses the first of them, and is ready only
 *                    then. Notes each signal that could mean that in /heard, which is there from when it
 *                    listens
 *     FAKE_REBOOT_MS reboots after that time, from its start
 *     FAKE_LIVE_MS   ends with status 1 after that time, from its start
 *
 * It ends with 0 when told to halt. Each connection has a process of its own. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BUS_SOCKET "/run/systemd/private"

#define QUESTION_MAX 65536
#define BIG          (100 * 1000 * 1000)

/* Of D-Bus: types of messages and of their header's fields. */
enum { CALL = 1, RETURN = 2, ERROR = 3, SIGNAL = 4 };
enum { PATH = 1, INTERFACE = 2, MEMBER = 3, ERROR_NAME = 4, REPLY_SERIAL = 5, SIGNATURE = 8 };

static const char *setting(const char *name, const char *otherwise) {
        const char *value = getenv(name);

        return value ? value : otherwise;
}

static long number(const char *name) {
        return atol(setting(name, "0"));
}

static bool mode_is(const char *mode) {
        return strcmp(setting("FAKE_MODE", "ok"), mode) == 0;
}

static void pause_ms(long ms) {
        struct timespec t = {ms / 1000, ms % 1000 * 1000000};

        while (ms > 0 && nanosleep(&t, &t) < 0 && errno == EINTR)
                continue;
}

/* ---- messages ---- */

typedef struct Buffer {
        char *data;
        size_t size, room;
} Buffer;

static void put(Buffer *b, const void *data, size_t size) {
        if (b->size + size > b->room) {
                b->room = 2 * (b->size + size) + 256;
                b->data = realloc(b->data, b->room);
                if (!b->data)
                        abort();
        }
        if (data)
                memcpy(b->data + b->size, data, size);
        else
                memset(b->data + b->size, 0, size);
        b->size += size;
}

static void align(Buffer *b, size_t to) {
        put(b, NULL, (to - b->size % to) % to);
}

static void put_u(Buffer *b, uint32_t value) {
        align(b, 4);
        put(b, &value, sizeof(value));
}

static void put_s(Buffer *b, const char *text) {
        put_u(b, (uint32_t) strlen(text));
        put(b, text, strlen(text) + 1);
}

static void put_g(Buffer *b, const char *signature) {
        unsigned char n = (unsigned char) strlen(signature);

        put(b, &n, 1);
        put(b, signature, n + 1u);
}

/* Begins an array; its size is set by end_array(), which counts from what is returned. */
static size_t begin_array(Buffer *b, size_t element_alignment, size_t *ret_length_at) {
        put_u(b, 0);
        *ret_length_at = b->size - 4;
        align(b, element_alignment);
        return b->size;
}

static void end_array(Buffer *b, size_t begin, size_t length_at) {
        uint32_t length = (uint32_t) (b->size - begin);

        memcpy(b->data + length_at, &length, sizeof(length));
}

static void put_field(Buffer *b, unsigned char code, const char *signature, const char *text,
                      uint32_t value) {
        align(b, 8);
        put(b, &code, 1);
        put_g(b, signature);
        if (signature[0] == 'u')
                put_u(b, value);
        else if (signature[0] == 'g')
                put_g(b, text);
        else
                put_s(b, text);
}

typedef struct Header {
        unsigned char type;
        const char *path, *interface, *member, *error; /* NULL: it has none */
        uint32_t reply_to;                             /* 0: to none */
        const char *signature;                         /* of the body */
} Header;

static void put_message(Buffer *b, const Header *h, const Buffer *body) {
        static uint32_t serial;
        unsigned char fixed[] = {'l', h->type, 0, 1};
        size_t begin, length_at;

        put(b, fixed, sizeof(fixed));
        put_u(b, (uint32_t) body->size);
        put_u(b, ++serial);
        begin = begin_array(b, 8, &length_at);
        if (h->path)
                put_field(b, PATH, "o", h->path, 0);
        if (h->interface)
                put_field(b, INTERFACE, "s", h->interface, 0);
        if (h->member)
                put_field(b, MEMBER, "s", h->member, 0);
        if (h->error)
                put_field(b, ERROR_NAME, "s", h->error, 0);
        if (h->reply_to > 0)
                put_field(b, REPLY_SERIAL, "u", NULL, h->reply_to);
        if (h->signature[0])
                put_field(b, SIGNATURE, "g", h->signature, 0);
        end_array(b, begin, length_at);
        align(b, 8);
        put(b, body->data, body->size);
}

/* The other end may have gone, which ends us. */
static void send_all(int fd, const char *data, size_t size) {
        while (size > 0) {
                ssize_t n = write(fd, data, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        _exit(0);
                data += n;
                size -= (size_t) n;
        }
}

static void receive_all(int fd, char *data, size_t size) {
        while (size > 0) {
                ssize_t n = read(fd, data, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        _exit(0);
                data += n;
                size -= (size_t) n;
        }
}

/* ---- questions ---- */

typedef struct Question {
        uint32_t serial;
        char member[64];
        char property[64]; /* the second string of its body */
} Question;

static uint32_t get_u(const char *data) {
        uint32_t value;

        memcpy(&value, data, sizeof(value));
        return value;
}

static void copy(char *to, size_t room, const char *from, size_t size) {
        size = size < room ? size : room - 1;
        memcpy(to, from, size);
        to[size] = '\0';
}

/* Our clients are sd-bus: little endian, and each field a string, a path, a signature or a number. */
static void read_fields(const char *data, size_t size, Question *q) {
        for (size_t at = 0; at + 8 < size;) {
                unsigned char code = (unsigned char) data[at];
                char type = data[at + 2];

                at += 4;
                if (type == 'g') {
                        at += (unsigned char) data[at] + 2u;
                } else if (type == 'u') {
                        at += 4;
                } else {
                        uint32_t length = get_u(data + at);

                        if (length > size - at - 4)
                                return;
                        if (code == MEMBER)
                                copy(q->member, sizeof(q->member), data + at + 4, length);
                        at += 4 + length + 1;
                }
                at = (at + 7) / 8 * 8;
        }
}

static void read_body(const char *data, size_t size, Question *q) {
        size_t first = size >= 4 ? get_u(data) : size, second;

        if (first > size)
                return;
        second = (4 + first + 1 + 3) / 4 * 4;
        if (second + 4 <= size && get_u(data + second) <= size - second - 4)
                copy(q->property, sizeof(q->property), data + second + 4, get_u(data + second));
}

/* Return: whether it wants an answer. */
static bool receive_question(int fd, Question *ret) {
        static char data[QUESTION_MAX];
        char fixed[16];
        size_t fields, body;

        receive_all(fd, fixed, sizeof(fixed));
        body = get_u(fixed + 4);
        fields = (get_u(fixed + 12) + 7u) / 8 * 8;
        if (fields + body > sizeof(data))
                _exit(1);
        receive_all(fd, data, fields + body);
        *ret = (Question){.serial = get_u(fixed + 8)};
        read_fields(data, fields, ret);
        read_body(data + fields, body, ret);
        return fixed[1] == CALL && !(fixed[2] & 1);
}

/* ---- answers ---- */

static void put_unit(Buffer *b, const char *name, const char *active, const char *sub) {
        char path[128];

        snprintf(path, sizeof(path), "/org/freedesktop/systemd1/unit/%s", name);
        for (char *c = path; *c; c++)
                if (*c == '-' || *c == '.')
                        *c = '_';
        align(b, 8);
        put_s(b, name);
        put_s(b, "made up");
        put_s(b, "loaded");
        put_s(b, active);
        put_s(b, sub);
        put_s(b, "");
        put_s(b, path);
        put_u(b, 0);
        put_s(b, "");
        put_s(b, "/");
}

static void put_units(Buffer *b, long n, const char *prefix, const char *active, const char *sub) {
        size_t length_at, begin = begin_array(b, 8, &length_at);

        for (long i = 0; i < n; i++) {
                char name[64];

                snprintf(name, sizeof(name), "%s%ld.service", prefix, i);
                put_unit(b, name, active, sub);
        }
        end_array(b, begin, length_at);
}

static void put_jobs(Buffer *b, long n) {
        size_t length_at, begin = begin_array(b, 8, &length_at);

        for (long i = 0; i < n; i++) {
                char name[64];

                snprintf(name, sizeof(name), "busy%ld.service", i);
                align(b, 8);
                put_u(b, (uint32_t) i + 1);
                put_s(b, name);
                put_s(b, "start");
                put_s(b, "running");
                put_s(b, "/org/freedesktop/systemd1/job/1");
                put_s(b, "/org/freedesktop/systemd1/unit/busy");
        }
        end_array(b, begin, length_at);
}

static void put_entry_s(Buffer *b, const char *name, const char *value) {
        align(b, 8);
        put_s(b, name);
        put_g(b, "s");
        put_s(b, value);
}

static void put_entry_i(Buffer *b, const char *name, uint32_t value) {
        align(b, 8);
        put_s(b, name);
        put_g(b, "i");
        put_u(b, value);
}

static void put_unit_properties(Buffer *b) {
        size_t length_at, begin = begin_array(b, 8, &length_at);

        put_entry_s(b, "LoadState", "loaded");
        put_entry_s(b, "ActiveState", number("FAKE_FAILED") > 0 ? "failed" : "active");
        put_entry_s(b, "Result", "exit-code");
        put_entry_i(b, "ExecMainCode", 1);
        put_entry_i(b, "ExecMainStatus", 9);
        end_array(b, begin, length_at);
}

static void put_property(Buffer *b, const char *name) {
        if (strcmp(name, "SystemState") == 0) {
                put_g(b, "s");
                put_s(b, setting("FAKE_STATE", "running"));
        } else if (strcmp(name, "NRestarts") == 0) {
                put_g(b, "u");
                put_u(b, 0);
        } else {
                uint64_t zero = 0;

                put_g(b, "t");
                align(b, 8);
                put(b, &zero, sizeof(zero));
        }
}

static void put_big(Buffer *b) {
        uint32_t size = BIG;

        put_u(b, size);
        put(b, NULL, BIG + 1u);
        memset(b->data + b->size - BIG - 1, 'd', BIG);
}

/* The signature of the answer; NULL: there is none to such a question. */
static const char *answer(const Question *q, Buffer *body) {
        if (mode_is("wrong")) {
                put_u(body, 42);
                return "u";
        }
        if (strcmp(q->member, "Get") == 0) {
                if (mode_is("big")) {
                        put_g(body, "s");
                        put_big(body);
                } else
                        put_property(body, q->property);
                return "v";
        }
        if (mode_is("big")) {
                put_big(body);
                return "s";
        }
        if (strcmp(q->member, "GetAll") == 0) {
                put_unit_properties(body);
                return "a{sv}";
        }
        if (strcmp(q->member, "ListUnitsFiltered") == 0) {
                put_units(body, number("FAKE_FAILED"), "failed", "failed", "failed");
                return "a(ssssssouso)";
        }
        if (strcmp(q->member, "ListUnitsByPatterns") == 0) {
                put_units(body, number("FAKE_SERVICES"), "service", "active", "running");
                return "a(ssssssouso)";
        }
        if (strcmp(q->member, "ListJobs") == 0) {
                put_jobs(body, number("FAKE_JOBS"));
                return "a(usssoo)";
        }
        return NULL;
}

static void send_signals(int fd) {
        Buffer body = {0}, message = {0};
        Header h = {
                .type = SIGNAL,
                .path = "/org/freedesktop/systemd1/unit/noise_2eservice",
                .interface = "org.freedesktop.DBus.Properties",
                .member = "PropertiesChanged",
                .signature = "sa{sv}as",
        };
        size_t length_at, begin;

        put_s(&body, "org.freedesktop.systemd1.Unit");
        begin = begin_array(&body, 8, &length_at);
        put_entry_s(&body, "ActiveState", "failed");
        end_array(&body, begin, length_at);
        put_u(&body, 0);
        for (int i = 0; i < 100; i++)
                put_message(&message, &h, &body);
        send_all(fd, message.data, message.size);
        free(body.data);
        free(message.data);
}

static void send_answer(int fd, const Question *q) {
        Buffer body = {0}, message = {0};
        Header h = {.type = RETURN, .reply_to = q->serial, .signature = ""};
        const char *signature;

        pause_ms(number("FAKE_DELAY_MS"));
        if (mode_is("garbage")) {
                for (int i = 0; i < 1000; i++)
                        put_u(&message, (uint32_t) rand());
                send_all(fd, message.data, message.size);
                return;
        }
        signature = answer(q, &body);
        if (!signature) {
                h = (Header){
                        .type = ERROR, .reply_to = q->serial, .signature = "s", .error = "org.example.No"};
                put_s(&body, "no");
        } else
                h.signature = signature;
        put_message(&message, &h, &body);
        send_all(fd, message.data, mode_is("stalled") ? message.size / 2 : message.size);
        free(body.data);
        free(message.data);
}

/* sd-bus sends all of the greeting at once, after a NUL: AUTH, NEGOTIATE_UNIX_FD, BEGIN. */
static void greet(int fd) {
        static const char accepted[] = "OK 00112233445566778899aabbccddeeff\r\nAGREE_UNIX_FD\r\n";
        char text[1024];
        size_t n = 0;

        while (n < sizeof(text) - 1) {
                receive_all(fd, text + n, 1);
                n++;
                if (n >= 7 && memcmp(text + n - 7, "BEGIN\r\n", 7) == 0)
                        break;
        }
        if (strstr(text + 1, "DATA"))
                send_all(fd, "DATA\r\n", 6);
        send_all(fd, accepted, sizeof(accepted) - 1);
}

static _Noreturn void serve(int fd) {
        Question q;

        if (mode_is("no-auth"))
                for (;;)
                        pause();
        greet(fd);
        if (mode_is("closes"))
                _exit(0);
        for (;;) {
                struct pollfd p = {.fd = fd, .events = POLLIN};

                if (mode_is("flood")) {
                        send_signals(fd);
                        if (poll(&p, 1, 0) <= 0)
                                continue;
                }
                if (receive_question(fd, &q) && !mode_is("mute"))
                        send_answer(fd, &q);
        }
}

/* ---- PID 1 ---- */

static void on_halt(int signal) {
        _exit(0);
}

static void say_ready(void) {
        const char *path = getenv("NOTIFY_SOCKET");
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        if (!path || fd < 0 || strcmp(setting("FAKE_READY", "yes"), "no") == 0)
                return;
        snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        (void) !connect(fd, (struct sockaddr *) &address, sizeof(address));
        (void) !write(fd, "READY=1", 7);
        close(fd);
}

static int open_heard(void) {
        return open("/heard", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static void on_late_halt(int signal) {
        static int heard;
        char text[] = "+0 ";
        int fd = open_heard();

        text[1] = (char) ('0' + signal - SIGRTMIN);
        (void) !write(fd, text, 3);
        close(fd);
        if (signal != SIGRTMIN + number("FAKE_HALT"))
                return;
        if (heard++ > 0)
                _exit(0);
        say_ready();
}

/* In the time that is left. */
static void end_later(long reboot_ms, long live_ms) {
        long ms = reboot_ms > 0 ? reboot_ms : live_ms;

        if (ms <= 0 || fork() > 0)
                return;
        pause_ms(ms);
        /* A child's end says nothing, so PID 1 is told. */
        kill(1, reboot_ms > 0 ? SIGUSR1 : SIGUSR2);
        _exit(0);
}

static void on_reboot(int signal) {
        reboot(RB_AUTOBOOT);
}

static void on_failure(int signal) {
        _exit(1);
}

int main(void) {
        struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = BUS_SOCKET};
        int fd;

        for (int i = 0; number("FAKE_HALT") > 0 && i < 10; i++)
                signal(SIGRTMIN + i, on_late_halt);
        if (number("FAKE_HALT") == 0)
                signal(SIGRTMIN + 3, on_halt);
        signal(SIGTERM, on_halt);
        signal(SIGUSR1, on_reboot);
        signal(SIGUSR2, on_failure);
        signal(SIGCHLD, SIG_IGN);
        signal(SIGPIPE, SIG_IGN);
        mkdir("/run/systemd", 0755);
        unlink(BUS_SOCKET);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 ||
            listen(fd, mode_is("deaf") ? 0 : 100) < 0) {
                fprintf(stderr, "fake-manager: listen at %s: %s\n", BUS_SOCKET, strerror(errno));
                return 1;
        }
        /* One is taken in by a backlog of none. */
        if (mode_is("deaf"))
                (void) !connect(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), (struct sockaddr *) &address,
                                sizeof(address));
        end_later(number("FAKE_REBOOT_MS"), number("FAKE_LIVE_MS"));
        if (number("FAKE_HALT") == 0)
                say_ready();
        else
                close(open_heard());
        while (mode_is("deaf"))
                pause();
        for (;;) {
                int connection = accept(fd, NULL, NULL);

                if (connection >= 0 && fork() == 0)
                        serve(connection);
                if (connection >= 0)
                        close(connection);
        }
}
