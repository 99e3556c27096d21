/* SPDX-License-Identifier: MIT */

#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/strv.h"
#include "project/migration.h"

#define TEXT_MAX 256

/* "root" and "rootless" are words of the command line as well. */
static const char *const ways[] = {"root", "rootless"};
static const char *const steps[] = {"looking", "changing"};

static bool migration_parse_word(char **rest, const char *const words[2], bool *ret) {
        const char *word = strsep(rest, " ");

        if (!word || !(streq(word, words[0]) || streq(word, words[1])))
                return false;
        *ret = streq(word, words[1]);
        return true;
}

/* Digits alone, without a zero in front. */
static bool migration_parse_number(char **rest, uint32_t *ret) {
        const char *word = strsep(rest, " ");
        uint64_t value = 0;

        if (!word || word[0] == '\0' || strlen(word) > 10 || (word[0] == '0' && word[1] != '\0'))
                return false;
        for (const char *p = word; *p; p++) {
                if (*p < '0' || *p > '9')
                        return false;
                value = value * 10 + (uint64_t) (*p - '0');
        }
        *ret = (uint32_t) value;
        return value < UINT32_MAX;
}

bool migration_parse(const char *text, Migration *ret) {
        size_t n = strlen(text);
        _cleanup_free_ char *line = n > 0 && text[n - 1] == '\n' ? xstrndup(text, n - 1) : NULL;
        char *rest = line;
        Migration m;

        if (!line || !migration_parse_word(&rest, ways, &m.rootless) ||
            !migration_parse_word(&rest, steps, &m.changing) || !migration_parse_number(&rest, &m.pass) ||
            !migration_parse_number(&rest, &m.uid) || !migration_parse_number(&rest, &m.gid) ||
            !migration_parse_number(&rest, &m.subuid) || !migration_parse_number(&rest, &m.subgid) || rest ||
            m.pass >= MIGRATION_PASSES || (!m.changing && m.pass > 0))
                return false;
        *ret = m;
        return true;
}

char *migration_print(const Migration *m) {
        return xasprintf("%s %s %u %u %u %u %u\n", ways[m->rootless], steps[m->changing], m->pass, m->uid,
                         m->gid, m->subuid, m->subgid);
}

int migration_read(const StateDir *dir, bool *ret_there, Migration *ret, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *text = NULL;
        int r = dir->fd < 0 ? 0 : user_fs_enter(&dir->user, &guard, reterr);

        *ret_there = false;
        if (r < 0 || dir->fd < 0)
                return r;
        r = fs_open_file_beneath_optional(dir->fd, MIGRATION_FILE, &fd, reterr);
        if (r < 0 || fd < 0)
                return r;
        r = fs_read_fd(fd, MIGRATION_FILE, TEXT_MAX, &text, NULL, reterr);
        if (r < 0)
                return r;
        if (!migration_parse(text, ret)) {
                r = error_raise(reterr, FC_EXIT_CONFLICT,
                                "'%s/" STATE_DIR_NAME "/" MIGRATION_FILE
                                "' is damaged: it says how far a change "
                                "between root and no root has come",
                                dir->root);
                error_add_hint(reterr, "it has been changed by hand; take it from a backup");
                return r;
        }
        *ret_there = true;
        return 0;
}

int migration_write(const StateDir *dir, const Migration *migration, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_free_ char *text = migration_print(migration);
        int r = syncfs(dir->fd) < 0 ? error_set(reterr, errno, "write what has been changed to the disk")
                                    : 0;

        if (r >= 0)
                r = user_fs_enter(&dir->user, &guard, reterr);
        if (r >= 0)
                r = fs_write_atomic(dir->fd, MIGRATION_FILE, text, strlen(text), 0644, reterr);
        return r < 0 ? error_prefix(reterr, r, "'%s/" STATE_DIR_NAME "'", dir->root) : 0;
}

int migration_remove(const StateDir *dir, Error *reterr) {
        if (syncfs(dir->fd) < 0 || (unlinkat(dir->fd, MIGRATION_FILE, 0) < 0 && errno != ENOENT) ||
            fsync(dir->fd) < 0)
                return error_set(reterr, errno, "end the change of '%s/" STATE_DIR_NAME "'", dir->root);
        return 0;
}
