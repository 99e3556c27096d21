/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/strv.h"
#include "context/flake-record.h"
#include "project/tracked.h"

/* A line with the version and the hash, then one for each: NAMES PATH. */
#define RECORD_NAME "flake-containers.built"
#define RECORD_MAX  (256 * 1024)
#define HEADER      "1 %016" PRIx64
#define LOCK_MAX    (16 * 1024 * 1024)

static uint64_t hash_string(uint64_t hash, const char *text) {
        return hash_more(hash, text ? text : "", text ? strlen(text) + 1 : 1);
}

static uint64_t hash_settings(uint64_t hash, const char *path) {
        struct stat st;

        if (stat(path, &st) < 0)
                return hash_string(hash, NULL);
        hash = hash_more(hash, &st.st_ino, sizeof(st.st_ino));
        return hash_more(hash, &st.st_ctim, sizeof(st.st_ctim));
}

FlakeHash flake_record_hash(const Nix *nix) {
        _cleanup_free_ char *program = realpath(nix->program, NULL);
        _cleanup_strv_ char **settings = nix_settings_files(nix);
        FlakeHash hash = {};

        hash.known = tracked_hash(nix->directory, &hash.value, &hash.settled);
        hash.value = hash_string(hash.value, nix->directory);
        hash.value = hash_string(hash.value, program);
        hash.value = hash_string(hash.value, getenv("NIX_CONFIG"));
        hash.value = hash_string(hash.value, getenv("NIX_USER_CONF_FILES"));
        STRV_FOREACH (path, settings)
                hash.value = hash_settings(hash.value, *path);
        return hash;
}

static int read_record(const StateDir *state, char **ret) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (state->fd < 0)
                return -ENOENT;
        r = user_fs_enter(&state->user, &guard, NULL);
        if (r >= 0)
                r = fs_open_file_beneath_optional(state->fd, RECORD_NAME, &fd, NULL);
        if (r < 0 || fd < 0)
                return -ENOENT;
        return fs_read_fd(fd, RECORD_NAME, RECORD_MAX, ret, NULL, NULL);
}

/* The lines of a record that is about this very state of the flake. Owned by the caller. */
static char **read_lines(const StateDir *state, FlakeHash hash) {
        _cleanup_free_ char *text = NULL, *header = xasprintf(HEADER, hash.value);
        char **lines = NULL, *save = NULL, *line;

        if (!hash.known || read_record(state, &text) < 0)
                return NULL;
        line = strtok_r(text, "\n", &save);
        if (!line || !streq(line, header))
                return NULL;
        while ((line = strtok_r(NULL, "\n", &save)))
                strv_push(&lines, line);
        return lines;
}

static const char *line_path(const char *line, const char *names) {
        const char *rest = startswith(line, names);

        return rest && rest[0] == ' ' && rest[1] == '/' ? rest + 1 : NULL;
}

char *flake_record_find(const StateDir *state, FlakeHash hash, const char *names) {
        _cleanup_strv_ char **lines = read_lines(state, hash);
        char *found = NULL;

        STRV_FOREACH (line, lines) {
                const char *path = line_path(*line, names);

                /* The garbage collector may have removed it, with what it refers to. */
                if (!found && path && access(path, R_OK) >= 0)
                        found = xstrdup(path);
        }
        return found;
}

static size_t flake_record_count(const char *text, const char *word) {
        size_t n = 0;

        for (const char *p = strstr(text, word); p; p = strstr(p + 1, word))
                n++;
        return n;
}

/* Each locked input has the hash of its contents. Nix looks for any other input anew each time. */
static bool lock_is_complete(const char *directory) {
        _cleanup_free_ char *path = xasprintf("%s/flake.lock", directory), *text = NULL;
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

        if (fd < 0)
                return errno == ENOENT;
        return fs_read_fd(fd, path, LOCK_MAX, &text, NULL, NULL) >= 0 &&
               flake_record_count(text, "\"locked\"") == flake_record_count(text, "\"narHash\"");
}

/* Whether the lock file names what flake.nix does: Nix writes none for an input that cannot be locked. */
static bool lock_is_used(const Nix *other) {
        _cleanup_(nix_done) Nix nix = NIX_NULL;
        bool interrupted = false;

        nix.user = other->user;
        nix.directory = other->directory;
        if (nix_open(&nix, NULL) < 0 || nix_keep_output(&nix, NULL) < 0)
                return false;
        strv_push(&nix.argv, "flake");
        strv_push(&nix.argv, "metadata");
        strv_push(&nix.argv, "--no-update-lock-file");
        return nix_run(&nix, &interrupted, NULL) == 0 && !interrupted;
}

static bool is_pure(const char *path) {
        /* See specification in flake-module/commands.nix. */
        return !strstr(path, "-impure.json") && !strchr(path, '\n');
}

void flake_record_add(const StateDir *state, const Nix *nix, FlakeHash before, const char *names,
                      const char *path) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_strv_ char **lines = NULL, **old = NULL;
        _cleanup_free_ char *text = NULL;
        FlakeHash now;

        if (!before.known || !before.settled || !is_pure(path) || !lock_is_complete(nix->directory) ||
            !lock_is_used(nix))
                return;
        now = flake_record_hash(nix);
        if (!now.known || now.value != before.value)
                return;

        old = read_lines(state, now);
        strv_pushf(&lines, HEADER, now.value);
        strv_pushf(&lines, "%s %s", names, path);
        STRV_FOREACH (line, old)
                if (!line_path(*line, names))
                        strv_push(&lines, *line);
        strv_push(&lines, "");
        text = strv_join(lines, "\n");
        if (strlen(text) <= RECORD_MAX && user_fs_enter(&state->user, &guard, NULL) >= 0)
                (void) fs_write_atomic(state->fd, RECORD_NAME, text, strlen(text), 0644, NULL);
}
