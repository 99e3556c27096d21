/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "plan/boot-unit.h"
#include "spec/name.h"

#define NAME_BEGIN "flake-containers@"
#define NAME_END   ".service"
/* systemd leaves these alone. */
#define CHECKOUT "X-FlakeContainersCheckout="
#define NAMES    "X-FlakeContainersNames="
#define USER     "X-FlakeContainersUser="

#define USER_LENGTH_MAX 32

/* What `down` needs beside the containers' own times: to kill, to put away, to start. */
#define STOP_MARGIN_USEC (30 * USEC_PER_SEC)

void boot_unit_done(BootUnit *u) {
        free(u->root);
        free(u->checkout);
        strv_free(u->names);
        free(u->program);
        free(u->home);
        free(u->spec);
        free(u->user);
        *u = (BootUnit){};
}

const char *boot_unit_target(bool rootless) {
        return rootless ? "default.target" : "multi-user.target";
}

char *boot_unit_name(const char *id) {
        return xasprintf(NAME_BEGIN "%s" NAME_END, id);
}

char *boot_unit_id(const char *name) {
        const char *id = startswith(name, NAME_BEGIN);
        size_t n = id ? strlen(id) : 0;

        if (n <= strlen(NAME_END) || !streq(id + n - strlen(NAME_END), NAME_END))
                return NULL;
        return xstrndup(id, n - strlen(NAME_END));
}

/* ---- what it needs ---- */

static bool is_asked_for(char *const *names, const char *name) {
        return !names || !*names || strv_contains(names, name);
}

/* An address of the host's is there when its network is, but for those that always are. */
static bool port_waits_for_network(const Port *port) {
        static const char *const always[] = {"0.0.0.0", "::", "::1"};

        for (size_t i = 0; i < ELEMENTSOF(always); i++)
                if (streq_ptr(port->address, always[i]))
                        return false;
        return port->address && !startswith(port->address, "127.");
}

void boot_unit_ask_spec(BootUnit *unit, const Spec *spec, char *const *names) {
        unit->stop_usec = STOP_MARGIN_USEC;
        for (size_t i = 0; i < spec->n_containers; i++) {
                const ContainerSpec *c = &spec->containers[i];

                if (!is_asked_for(names, c->name))
                        continue;
                unit->online = unit->online || c->internet;
                for (size_t k = 0; k < c->n_ports; k++)
                        unit->online = unit->online || port_waits_for_network(&c->ports[k]);
                /* One after the other, with the fifth that follows a timeout (machine/stop-job.c). */
                unit->stop_usec += c->stop_timeout_usec + c->stop_timeout_usec / 5 + USEC_PER_SEC;
        }
}

/* ---- printing ---- */

static int check_unit_path(const char *what, const char *path, Error *reterr) {
        size_t size = strlen(path), length = 0;

        for (size_t i = 0; i < size; i += length) {
                length = utf8_char_length(path + i, size - i);
                if (length == 0 || (unsigned char) path[i] < ' ' || path[i] == 0x7f)
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "%s '%s' has a character that a unit of systemd cannot name",
                                           what, path);
        }
        if (size > 0 && strchr(" \\", path[size - 1]))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "%s '%s' ends in a way that a unit of systemd cannot name", what, path);
        return 0;
}

/* For settings that take the rest of the line as it is, but for specifiers: owned by the caller. */
static char *escape_specifiers(const char *text) {
        char *escaped = xmalloc0(2 * strlen(text) + 1), *out = escaped;

        for (const char *p = text; *p; p++) {
                if (*p == '%')
                        *out++ = '%';
                *out++ = *p;
        }
        return escaped;
}

/* One word of a setting that takes several: owned by the caller. */
static char *quote_word(const char *before, const char *text) {
        _cleanup_free_ char *escaped = escape_specifiers(text);
        char *quoted = xmalloc0(2 * strlen(escaped) + strlen(before) + 3), *out = quoted;

        *out++ = '"';
        out = stpcpy(out, before);
        for (const char *p = escaped; *p; p++) {
                if (*p == '"' || *p == '\\')
                        *out++ = '\\';
                *out++ = *p;
        }
        *out = '"';
        return quoted;
}

/* A command line of ours. The ':' keeps systemd from expanding variables. @last: NULL: nothing. */
static char *print_boot_command(const BootUnit *u, const char *verb, const char *last) {
        _cleanup_strv_ char **words = NULL;

        strv_push_take(&words, quote_word(":", u->program));
        if (u->rootless)
                strv_push(&words, "--rootless");
        strv_push_take(&words, quote_word("--root=", u->root));
        if (u->spec)
                strv_push_take(&words, quote_word("--spec=", u->spec));
        strv_push(&words, "--progress=plain");
        strv_push(&words, verb);
        if (last)
                strv_push(&words, last);
        strv_extend(&words, u->names);
        return strv_join(words, " ");
}

static char *print_mounts(const BootUnit *u) {
        _cleanup_strv_ char **words = NULL;

        strv_push_take(&words, quote_word("", u->root));
        strv_push_take(&words, quote_word("", u->program));
        if (u->home)
                strv_push_take(&words, quote_word("", u->home));
        if (u->spec)
                strv_push_take(&words, quote_word("", u->spec));
        return strv_join(words, " ");
}

/* `up` and `down` take the one who asks from there (host/user.h), as after sudo(8). */
static char *print_user(const BootUnit *u) {
        return u->uid == 0 || u->rootless ? xstrdup("")
                                          : xasprintf("Environment=SUDO_UID=%u SUDO_GID=%u\n",
                                                      (unsigned) u->uid, (unsigned) u->gid);
}

/* After machines.target, which all machines are ordered before: so at shutdown this is stopped first, and
 * what it stops goes in the order of what depends on what. Not after systemd-machined.service: nspawn's last
 * call activates that where it does not run, and a start waits for the stop of what is ordered after it. A
 * user's systemd has no such units and waits for no network, and there bus/user-scope.c sees to the
 * order. */
static char *print_order(const BootUnit *u) {
        _cleanup_free_ char *mounts = u->rootless ? NULL : print_mounts(u);

        if (u->rootless)
                return xstrdup("");
        return xasprintf("RequiresMountsFor=%s\n"
                         "Wants=machines.target%s\n"
                         "After=machines.target dbus.service network.target network-online.target "
                         "remote-fs.target nss-user-lookup.target\n",
                         mounts, u->online ? " network-online.target" : "");
}

/* `systemctl isolate` would stop both this and its machines, and not the host: then `down` would wait for
 * what waits for it (bus/host-unit-held.c). */
static char *print_text(const BootUnit *u) {
        _cleanup_free_ char *plain = escape_specifiers(u->root), *order = print_order(u),
                            *user = print_user(u), *up = print_boot_command(u, "up", "--no-build"),
                            *down = print_boot_command(u, "down", NULL), *names = strv_join(u->names, " ");

        return xasprintf("# Made by flake-containers enable; flake-containers disable removes it.\n"
                         "\n"
                         "[Unit]\n"
                         "Description=Containers of %s (flake-containers)\n"
                         "Documentation=man:flake-containers-enable(1)\n"
                         "IgnoreOnIsolate=yes\n"
                         "ConditionPathExists=%s\n"
                         "%s" CHECKOUT "%s\n" NAMES "%s\n" USER "%u\n"
                         "\n"
                         "[Service]\n"
                         "Type=oneshot\n"
                         "RemainAfterExit=yes\n"
                         "%s"
                         "ExecStart=%s\n"
                         "ExecStop=%s\n"
                         "# `up` has a deadline of its own for each container.\n"
                         "TimeoutStartSec=infinity\n"
                         "TimeoutStopSec=%llu\n"
                         "\n"
                         "[Install]\n"
                         "WantedBy=%s\n",
                         plain, plain, order, u->checkout, names, (unsigned) u->uid, user, up, down,
                         (unsigned long long) (u->stop_usec / USEC_PER_SEC), boot_unit_target(u->rootless));
}

int boot_unit_print(const BootUnit *u, char **ret, Error *reterr) {
        int r;

        r = check_unit_path("the project", u->root, reterr);
        if (r >= 0)
                r = check_unit_path("the program", u->program, reterr);
        if (r >= 0 && u->home)
                r = check_unit_path("the main work tree", u->home, reterr);
        if (r >= 0 && u->spec)
                r = check_unit_path("the specification", u->spec, reterr);
        if (r < 0)
                return r;
        *ret = print_text(u);
        return 0;
}

/* ---- reading ---- */

/* What stands behind @key at the beginning of a line; owned by the caller, NULL: there is none. */
static char *find_line(const char *text, const char *key) {
        for (const char *line = text; line; line = strchr(line, '\n')) {
                const char *value;

                line += *line == '\n';
                value = startswith(line, key);
                if (value)
                        return xstrndup(value, strcspn(value, "\n"));
        }
        return NULL;
}

static bool parse_names(char *text, char ***ret) {
        _cleanup_strv_ char **names = NULL;
        char *word;

        if (*text == '\0') {
                *ret = NULL;
                return true;
        }
        while ((word = strsep(&text, " "))) {
                if (name_check_container(word, NULL) < 0)
                        return false;
                strv_push(&names, word);
        }
        *ret = TAKE_PTR(names);
        return true;
}

static bool user_is_plain(const char *text) {
        size_t n = strlen(text);

        return n > 0 && n <= USER_LENGTH_MAX &&
               strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._-") == n;
}

bool boot_unit_parse(const char *text, size_t size, BootUnit *ret) {
        _cleanup_free_ char *copy = xstrndup(text, size), *names = find_line(copy, NAMES);
        _cleanup_(boot_unit_done)
                BootUnit u = {.checkout = find_line(copy, CHECKOUT), .user = find_line(copy, USER)};

        if (!u.checkout || u.checkout[0] == '\0' || !names || !parse_names(names, &u.names) || !u.user ||
            !user_is_plain(u.user))
                return false;
        *ret = u;
        u = (BootUnit){};
        return true;
}
