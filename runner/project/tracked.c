/* SPDX-License-Identifier: MIT */

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/process.h"
#include "base/strv.h"
#include "project/git-ask.h"
#include "project/git-dir.h"
#include "project/tracked.h"

/* Its owner does not matter: an index is only read. */
static int tracked_open(git_repository **ret, const char *start) {
        int code = git_ask_open(ret, start);

        if (code != GIT_EOWNER && code != GIT_ENOTFOUND)
                return code;
        (void) git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
        code = git_repository_open_ext(ret, start, 0, NULL);
        (void) git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 1);
        return code;
}

static bool tracked_index_has(git_repository *repository, const char *path) {
        _cleanup_free_ char *below = xasprintf("%s/", path);
        git_index *index = NULL;
        bool found;

        if (git_repository_index(&index, repository) < 0)
                return false;
        found = git_index_get_bypath(index, path, 0) || git_index_find_prefix(NULL, index, below) >= 0;
        return found;
}

static int tracked_find_in_index(const GitQuestion *q, GitAnswer *answer, Error *reterr) {
        git_repository *repository = NULL;
        _cleanup_free_ char *top = NULL, *path = NULL;
        const char *work_tree, *below;

        if (tracked_open(&repository, q->start) < 0)
                return 0;
        work_tree = git_repository_workdir(repository);
        top = work_tree ? realpath(work_tree, NULL) : NULL;
        below = top ? startswith(q->start, top) : NULL;
        if (!below)
                return 0;
        path = below[0] == '/' ? xasprintf("%s/%s", below + 1, q->name) : xstrdup(q->name);
        answer->yes = tracked_index_has(repository, path);
        return 0;
}

int tracked_has(const char *root, const char *name, bool *ret, Error *reterr) {
        const GitQuestion question = {.ask = tracked_find_in_index, .start = root, .name = name};
        _cleanup_(git_answer_freep) GitAnswer *answer = NULL;
        int r;

        r = git_ask(&question, &answer, reterr);
        if (r >= 0)
                *ret = answer->yes;
        return r;
}

char *tracked_index(const char *root) {
        _cleanup_free_ char *top = git_dir_find_work_tree(root), *repository = NULL, *index = NULL;
        struct stat st;

        repository = top ? git_dir_of(top) : NULL;
        index = repository ? xasprintf("%s/index", repository) : NULL;
        if (!index || stat(index, &st) < 0)
                return NULL;
        return xasprintf("%ju:%ju:%jd:%jd.%09ld", (uintmax_t) st.st_dev, (uintmax_t) st.st_ino,
                         (intmax_t) st.st_size, (intmax_t) st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

/* ---- what a flake is made of ---- */

/* Each change of a file changes what lstat(2) tells, except for two changes within one tick: the kernel's
 * clock for files ticks every few milliseconds, and on some file systems every second. */
#define MOMENT_USEC (50 * 1000)
#define SECOND_USEC (2 * 1000 * 1000)

typedef struct TreeHash {
        uint64_t hash;
        bool settled;
        uint64_t now_usec; /* CLOCK_REALTIME, before anything was looked at */
} TreeHash;

static uint64_t tracked_usec(const struct timespec *t) {
        return (uint64_t) t->tv_sec * 1000000 + (uint64_t) t->tv_nsec / 1000;
}

static void tracked_hash_file(TreeHash *t, const char *path) {
        struct stat st;

        if (lstat(path, &st) < 0) {
                t->hash = hash_more(t->hash, "", 1);
                return;
        }
        t->hash = hash_more(t->hash, &st.st_ino, sizeof(st.st_ino));
        t->hash = hash_more(t->hash, &st.st_mode, sizeof(st.st_mode));
        t->hash = hash_more(t->hash, &st.st_size, sizeof(st.st_size));
        t->hash = hash_more(t->hash, &st.st_mtim, sizeof(st.st_mtim));
        t->hash = hash_more(t->hash, &st.st_ctim, sizeof(st.st_ctim));
        if (tracked_usec(&st.st_ctim) + (st.st_ctim.tv_nsec == 0 ? SECOND_USEC : MOMENT_USEC) > t->now_usec)
                t->settled = false;
}

/* Return: false for a submodule, whose files another index lists. */
static bool tracked_hash_index(git_index *index, const char *work_tree, TreeHash *t) {
        size_t n = git_index_entrycount(index);

        for (size_t i = 0; i < n; i++) {
                const git_index_entry *entry = git_index_get_byindex(index, i);
                _cleanup_free_ char *path = xasprintf("%s%s", work_tree, entry->path);

                if (entry->mode == GIT_FILEMODE_COMMIT)
                        return false;
                t->hash = hash_more(t->hash, entry->path, strlen(entry->path) + 1);
                t->hash = hash_more(t->hash, &entry->mode, sizeof(entry->mode));
                t->hash = hash_more(t->hash, &entry->id, sizeof(entry->id));
                tracked_hash_file(t, path);
        }
        return true;
}

static int tracked_hash_tree(const GitQuestion *q, GitAnswer *answer, Error *reterr) {
        git_repository *repository = NULL;
        TreeHash t = {.hash = HASH_INIT, .settled = true, .now_usec = realtime_usec()};
        git_index *index = NULL;
        const char *work_tree;
        git_oid head = {};
        int code;

        if (tracked_open(&repository, q->start) < 0)
                return 0;
        work_tree = git_repository_workdir(repository);
        code = git_reference_name_to_id(&head, repository, "HEAD");
        if (!work_tree || (code < 0 && code != GIT_ENOTFOUND) ||
            git_repository_index(&index, repository) < 0)
                return 0;
        t.hash = hash_more(t.hash, &head, sizeof(head));
        answer->yes = tracked_hash_index(index, work_tree, &t);
        answer->hash = t.hash;
        answer->settled = t.settled;
        return 0;
}

bool tracked_hash(const char *root, uint64_t *ret, bool *ret_settled) {
        const GitQuestion question = {.ask = tracked_hash_tree, .start = root};
        _cleanup_(git_answer_freep) GitAnswer *answer = NULL;

        if (git_ask(&question, &answer, NULL) < 0)
                return false;
        *ret = answer->hash;
        *ret_settled = answer->settled;
        return answer->yes;
}

/* ---- where it is made of that ---- */

#define DIRECTORIES_MAX (16 * 1024 * 1024)

static void tracked_list_directory(FILE *list, const char *path) {
        (void) fputs(path, list);
        (void) fputc('\0', list);
}

/* The index is sorted, so what lies in one directory is mostly named together. */
static void tracked_list_index(git_index *index, const char *work_tree, FILE *list) {
        _cleanup_free_ char *last = NULL;
        size_t n = git_index_entrycount(index);

        for (size_t i = 0; i < n; i++) {
                const char *path = git_index_get_byindex(index, i)->path, *slash = strrchr(path, '/');
                char *directory = xasprintf("%s%.*s", work_tree, (int) (slash ? slash - path : 0), path);

                if (!streq_ptr(last, directory))
                        tracked_list_directory(list, directory);
                free(last);
                last = directory;
        }
}

static int tracked_list_tree(const GitQuestion *q, GitAnswer *answer, Error *reterr) {
        git_repository *repository = NULL;
        git_index *index = NULL;
        const char *work_tree;
        FILE *list;

        if (tracked_open(&repository, q->start) < 0)
                return 0;
        work_tree = git_repository_workdir(repository);
        if (!work_tree || git_repository_index(&index, repository) < 0)
                return 0;
        list = fdopen(q->list_fd, "w");
        if (!list)
                return error_set(reterr, errno, "list what git tracks");
        tracked_list_directory(list, git_repository_path(repository));
        tracked_list_index(index, work_tree, list);
        /* The descriptor is shared with our parent, what is in the buffer is not. */
        return fflush(list) == 0 ? 0 : error_set(reterr, errno, "list what git tracks");
}

int tracked_directories(const char *root, char ***ret, Error *reterr) {
        _cleanup_close_ int fd = memfd_create("directories", MFD_CLOEXEC);
        const GitQuestion question = {.ask = tracked_list_tree, .start = root, .list_fd = fd};
        _cleanup_(git_answer_freep) GitAnswer *answer = NULL;
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        if (fd < 0)
                return error_set(reterr, errno, "list what git tracks");
        r = git_ask(&question, &answer, reterr);
        if (r >= 0 && lseek(fd, 0, SEEK_SET) < 0)
                r = error_set(reterr, errno, "list what git tracks");
        if (r >= 0)
                r = fs_read_fd(fd, root, DIRECTORIES_MAX, &text, &size, reterr);
        if (r < 0)
                return r;
        *ret = NULL;
        for (const char *p = text; p < text + size; p += strlen(p) + 1)
                strv_push(ret, p);
        return 0;
}
