/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/in-root.h"
#include "base/strv.h"
#include "enter/account.h"

#define DATABASE_MAX (4 * 1024 * 1024)

void account_done(Account *a) {
        free(a->name);
        free(a->group);
        free(a->home);
        free(a->shell);
        free(a->groups);
        *a = (Account){0};
}

/* Strict: no sign, no blank, no rest; 4294967295 is "no uid" to the kernel. */
static bool account_parse_id(const char *s, uint32_t *ret) {
        unsigned long long value;
        char *end;

        if (*s < '0' || *s > '9')
                return false;
        errno = 0;
        value = strtoull(s, &end, 10);
        if (errno != 0 || *end != '\0' || value >= UINT32_MAX)
                return false;
        *ret = (uint32_t) value;
        return true;
}

/* Splits in place. Return: the number of fields, at most `n`; what is beyond stays in the last. */
static size_t split_fields(char *line, char **fields, size_t n) {
        size_t count = 0;

        while (count < n) {
                fields[count++] = line;
                if (count == n)
                        break;
                line = strchr(line, ':');
                if (!line)
                        break;
                *line++ = '\0';
        }
        return count;
}

/* The next line as a copy owned by the caller, or NULL. */
static char *next_line(const char **text) {
        const char *start = *text;
        size_t n;

        if (!start || *start == '\0')
                return NULL;
        n = strcspn(start, "\n");
        *text = start + n + (start[n] == '\n');
        return xstrndup(start, n);
}

/* Shells of accounts that are not meant for logging in. A developer who asks for a shell in their own
 * container as such a user wants one nevertheless. */
static bool shell_is_usable(const char *shell) {
        const char *name = strrchr(shell, '/');

        return shell[0] == '/' && !streq(name + 1, "nologin") && !streq(name + 1, "false") &&
               name[1] != '\0';
}

static bool find_passwd(const char *text, const char *user, Account *a) {
        uint32_t wanted = 0;
        bool by_id = !user || account_parse_id(user, &wanted);

        for (;;) {
                _cleanup_free_ char *line = next_line(&text);
                uint32_t uid, gid;
                char *f[7];

                if (!line)
                        return false;
                if (split_fields(line, f, ELEMENTSOF(f)) < ELEMENTSOF(f) || !account_parse_id(f[2], &uid) ||
                    !account_parse_id(f[3], &gid))
                        continue;
                if (by_id ? uid != wanted : !streq(f[0], user))
                        continue;

                a->name = xstrdup(f[0]);
                a->uid = uid;
                a->gid = gid;
                a->home = xstrdup(f[5][0] == '/' ? f[5] : "/");
                a->shell = xstrdup(shell_is_usable(f[6]) ? f[6] : "/bin/sh");
                return true;
        }
}

static bool is_member(char *members, const char *name) {
        char *save = NULL;

        for (char *m = strtok_r(members, ",", &save); m; m = strtok_r(NULL, ",", &save))
                if (streq(m, name))
                        return true;
        return false;
}

static void find_groups(const char *text, Account *a) {
        for (;;) {
                _cleanup_free_ char *line = next_line(&text);
                uint32_t gid;
                char *f[4];

                if (!line)
                        return;
                if (split_fields(line, f, ELEMENTSOF(f)) == ELEMENTSOF(f) && account_parse_id(f[2], &gid) &&
                    gid != a->gid && is_member(f[3], a->name))
                        *XGROW(a->groups, a->n_groups) = gid;
        }
}

/* The group that was asked for beside the user. */
static void find_own_group(const char *text, Account *a) {
        a->has_gid = account_parse_id(a->group, &a->gid);
        while (!a->has_gid) {
                _cleanup_free_ char *line = next_line(&text);
                uint32_t gid;
                char *f[4];

                if (!line)
                        return;
                if (split_fields(line, f, ELEMENTSOF(f)) < 3 || !streq(f[0], a->group) ||
                    !account_parse_id(f[2], &gid))
                        continue;
                a->gid = gid;
                a->has_gid = true;
        }
}

void account_find(const char *passwd, const char *group, const char *user, Account *ret) {
        const char *colon = user ? strchr(user, ':') : NULL;
        _cleanup_free_ char *name = user ? xstrndup(user, strcspn(user, ":")) : NULL;
        Account a = {0};

        a.has_uid = a.known = find_passwd(passwd, name, &a);
        if (!a.known) {
                a.name = xstrdup(name ? name : "root");
                /* An image without a passwd has a root all the same. */
                a.known = !name || streq(name, "root") || streq(name, "0");
                a.has_uid = a.known || account_parse_id(name, &a.uid);
                a.gid = a.uid;
                a.home = xstrdup("/");
                a.shell = xstrdup("/bin/sh");
        }
        if (colon) {
                a.group = xstrdup(colon + 1);
                find_own_group(group, &a);
        }
        if (a.known)
                find_groups(group, &a);
        *ret = a;
}

/* systemd refuses a name that cannot be one, with an error of its own. */
static bool name_can_be(const char *name) {
        size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-@$");

        return name[0] != '\0' && name[0] != '-' && name[n] == '\0' &&
               name[strspn(name, "0123456789")] != '\0' && !streq(name, ".") && !streq(name, "..");
}

int account_check(const Account *a, bool may_know_more, const char *container, Error *reterr) {
        if (!a->has_uid && !(may_know_more && name_can_be(a->name)))
                return error_raise(reterr, FC_EXIT_EXEC_OWN, "container '%s' has no user '%s'", container,
                                   a->name);
        if (a->group && !a->has_gid && !(may_know_more && name_can_be(a->group)))
                return error_raise(reterr, FC_EXIT_EXEC_OWN, "container '%s' has no group '%s'", container,
                                   a->group);
        return 0;
}

void account_find_in_root(int root_fd, const char *user, Account *ret) {
        _cleanup_free_ char *passwd = root_read(root_fd, "/etc/passwd", DATABASE_MAX);
        _cleanup_free_ char *group = root_read(root_fd, "/etc/group", DATABASE_MAX);

        account_find(passwd, group, user, ret);
}
