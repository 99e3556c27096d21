/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <pwd.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/package.h"
#include "base/process.h"
#include "base/strv.h"
#include "rootless/ids.h"

#define SUBUID       "/etc/subuid"
#define SUBGID       "/etc/subgid"
#define IDS_TEXT_MAX ((size_t) 1 << 20)

/* Strict: no sign, no space, and not more than 32 bits. */
static bool subids_parse_number(const char *text, uint32_t *ret) {
        unsigned long long value;
        char *end;

        errno = 0;
        value = strtoull(text, &end, 10);
        if (errno != 0 || text[0] < '0' || text[0] > '9' || *end != '\0' || value > UINT32_MAX)
                return false;
        *ret = (uint32_t) value;
        return true;
}

bool subids_parse(const char *text, const char *name, uid_t uid, uint32_t *ret_first) {
        _cleanup_free_ char *copy = xstrdup(text), *number = xasprintf("%u", (unsigned) uid);
        char *rest = copy, *line;

        while ((line = strsep(&rest, "\n"))) {
                const char *user = strsep(&line, ":"), *first_text = line ? strsep(&line, ":") : NULL;
                uint32_t first, n;

                if (!line || (!streq(user, number) && !(name && streq(user, name))))
                        continue;
                if (!subids_parse_number(first_text, &first) || !subids_parse_number(line, &n))
                        continue;
                if (n < SUBIDS_NEEDED || first == 0 || first > UINT32_MAX - SUBIDS_NEEDED)
                        continue;
                *ret_first = first;
                return true;
        }
        return false;
}

static int raise_no_ids(const char *file, uid_t uid, Error *reterr) {
        int r = error_raise(reterr, FC_EXIT_HOST, "'%s' has no %u ids of user %u's", file, SUBIDS_NEEDED,
                            (unsigned) uid);

        error_add_hint(reterr, "root gives some: usermod --add-subuids 100000-165535 --add-subgids "
                               "100000-165535 USER");
        return r;
}

static int subids_look_up(const char *file, uid_t uid, uint32_t *ret_first, Error *reterr) {
        _cleanup_close_ int fd = open(file, O_RDONLY | O_CLOEXEC);
        const struct passwd *account = getpwuid(uid);
        _cleanup_free_ char *text = NULL;

        return fd >= 0 && fs_read_fd(fd, file, IDS_TEXT_MAX, &text, NULL, NULL) >= 0 &&
                               subids_parse(text, account ? account->pw_name : NULL, uid, ret_first)
                       ? 0
                       : raise_no_ids(file, uid, reterr);
}

int subids_of(uid_t uid, uint32_t *ret_uid, uint32_t *ret_gid, Error *reterr) {
        int r = subids_look_up(SUBUID, uid, ret_uid, reterr);

        return r < 0 ? r : subids_look_up(SUBGID, uid, ret_gid, reterr);
}

static int map_command(const char *tool, const char *file, pid_t pid, unsigned own, char ***ret,
                       Error *reterr) {
        _cleanup_free_ char *program = process_find_program(tool, NULL);
        uint32_t first;
        int r;

        if (!program) {
                r = error_raise(reterr, FC_EXIT_HOST, "%s is not installed", tool);
                package_add_hint(reterr, "uidmap");
                return r;
        }
        r = subids_look_up(file, geteuid(), &first, reterr);
        if (r < 0)
                return r;
        strv_push(ret, program);
        strv_pushf(ret, "%d", (int) pid);
        strv_push(ret, "0");
        strv_pushf(ret, "%u", own);
        strv_push(ret, "1");
        strv_push(ret, "1");
        strv_pushf(ret, "%u", first);
        strv_pushf(ret, "%u", SUBIDS_NEEDED);
        return 0;
}

int subids_map_commands(pid_t pid, char ***ret_uids, char ***ret_gids, Error *reterr) {
        _cleanup_strv_ char **uids = NULL, **gids = NULL;
        int r = map_command("newuidmap", SUBUID, pid, (unsigned) geteuid(), &uids, reterr);

        if (r >= 0)
                r = map_command("newgidmap", SUBGID, pid, (unsigned) getegid(), &gids, reterr);
        if (r < 0)
                return r;
        *ret_uids = TAKE_PTR(uids);
        *ret_gids = TAKE_PTR(gids);
        return 0;
}

int subids_check(Error *reterr) {
        _cleanup_strv_ char **uids = NULL, **gids = NULL;

        return subids_map_commands(getpid(), &uids, &gids, reterr);
}
