/* SPDX-License-Identifier: MIT */

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/strv.h"
#include "project/git-dir.h"
#include "spec/path.h"

#define GIT_FILE_MAX 8192

static bool exists(const char *directory, const char *name, mode_t *ret_type) {
        _cleanup_free_ char *path = xasprintf("%s/%s", directory, name);
        struct stat st;

        if (lstat(path, &st) < 0)
                return false;
        if (ret_type)
                *ret_type = st.st_mode & S_IFMT;
        return true;
}

char *git_dir_find_work_tree(const char *path) {
        _cleanup_free_ char *directory = xstrdup(path);
        struct stat st;
        dev_t device;

        if (stat(path, &st) < 0)
                return NULL;
        device = st.st_dev;

        for (;;) {
                char *slash;

                if (exists(directory, ".git", NULL))
                        return TAKE_PTR(directory);
                if (exists(directory, "HEAD", NULL) && exists(directory, "objects", NULL))
                        return NULL;

                slash = strrchr(directory, '/');
                if (!slash || slash == directory)
                        return NULL;
                *slash = '\0';
                /* git stops at mount points too, unless told otherwise. */
                if (stat(directory, &st) < 0 || st.st_dev != device)
                        return NULL;
        }
}

char *git_dir_parse_file(const char *work_tree, const char *text) {
        const char *target = startswith(text, "gitdir: ");
        size_t n = target ? strcspn(target, "\n") : 0;

        if (n == 0)
                return NULL;
        return target[0] == '/' ? xstrndup(target, n) : xasprintf("%s/%.*s", work_tree, (int) n, target);
}

/* Reads a small file. Owned by the caller; NULL: it is not a small, regular file. */
static char *read_small(const char *path) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        char *text = NULL;

        return fd >= 0 && fs_read_fd(fd, path, GIT_FILE_MAX, &text, NULL, NULL) >= 0 ? text : NULL;
}

static char *read_line(const char *directory, const char *name) {
        _cleanup_free_ char *path = xasprintf("%s/%s", directory, name);
        char *text = read_small(path);

        if (text)
                text[strcspn(text, "\n")] = '\0';
        return text;
}

char *git_dir_of(const char *work_tree) {
        _cleanup_free_ char *path = xasprintf("%s/.git", work_tree), *text = NULL;
        mode_t type;

        if (!exists(work_tree, ".git", &type))
                return NULL;
        if (type != S_IFREG)
                return TAKE_PTR(path);

        text = read_small(path);
        return text ? git_dir_parse_file(work_tree, text) : NULL;
}

/* libgit2 reads these to find a repository, its HEAD and its index. */
static const struct {
        const char *name;
        off_t max;
} files[] = {
        {"HEAD", GIT_FILE_MAX},
        {"commondir", GIT_FILE_MAX},
        {"gitdir", GIT_FILE_MAX},
        {"config", 16 * 1024 * 1024},
        {"config.worktree", 16 * 1024 * 1024},
        {"packed-refs", 256 * 1024 * 1024},
        {"index", 1024 * 1024 * 1024},
};

static int check_file(const char *directory, const char *name, off_t max, Error *reterr) {
        _cleanup_free_ char *path = xasprintf("%s/%s", directory, name);
        struct stat st;

        if (stat(path, &st) < 0)
                return 0;
        if (!S_ISREG(st.st_mode))
                return error_raise(reterr, FC_EXIT_CONFLICT, "'%s' is not a regular file", path);
        if (st.st_size > max)
                return error_raise(reterr, FC_EXIT_CONFLICT, "'%s' is larger than %jd bytes", path,
                                   (intmax_t) max);
        return 0;
}

static int check_repository(const char *repository, Error *reterr) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(files); i++)
                r = check_file(repository, files[i].name, files[i].max, reterr);
        return r;
}

/* What the repository of a linked worktree shares with the others; NULL: it is not linked. */
static char *find_shared(const char *repository) {
        _cleanup_free_ char *shared = read_line(repository, "commondir"), *path = NULL;

        if (!shared || shared[0] == '/')
                return TAKE_PTR(shared);
        path = xasprintf("%s/%s", repository, shared);
        return realpath(path, NULL);
}

/* The `.git` of a work tree, as the repository's own directory @place for it says: git may write it relative
 * to that (worktree.useRelativePaths). NULL: it says nothing. */
static char *read_worktree(const char *place) {
        _cleanup_free_ char *link = read_line(place, "gitdir"), *path = NULL;

        if (!link || link[0] == '\0')
                return NULL;
        path = link[0] == '/' ? xstrdup(link) : xasprintf("%s/%s", place, link);
        return path_normalise(path);
}

/* "/path/.git" of a work tree. */
static void add_worktree(char ***worktrees, const char *link, const char *own) {
        size_t n = strlen(link), end = strlen("/.git");
        _cleanup_free_ char *path = NULL;

        if (link[0] != '/' || n <= end || !streq(link + n - end, "/.git"))
                return;
        path = xstrndup(link, n - end);
        if (!streq(path, own))
                strv_push_take(worktrees, TAKE_PTR(path));
}

char **git_dir_worktrees(const char *path) {
        _cleanup_free_ char *own = git_dir_find_work_tree(path), *repository = own ? git_dir_of(own) : NULL,
                            *linked = repository ? find_shared(repository) : NULL, *list = NULL;
        const char *shared = linked ? linked : repository;
        _cleanup_(closedirp) DIR *d = NULL;
        char **worktrees = NULL;
        struct dirent *entry;

        if (!shared)
                return NULL;
        list = xasprintf("%s/worktrees", shared);
        d = opendir(list);
        if (!d)
                return NULL;
        add_worktree(&worktrees, shared, own);
        while ((entry = readdir(d))) {
                _cleanup_free_ char *directory = xasprintf("%s/%s", list, entry->d_name),
                                    *link = entry->d_name[0] == '.' ? NULL : read_worktree(directory);

                if (link)
                        add_worktree(&worktrees, link, own);
        }
        return worktrees;
}

/* @ret: NULL: it is not there. */
static int resolve_place(const char *path, char **ret, Error *reterr) {
        *ret = realpath(path, NULL);
        return *ret || errno == ENOENT || errno == ENOTDIR ? 0
                                                           : error_set(reterr, errno, "look at '%s'", path);
}

/* A small file that is there, but cannot be read. */
static int refuse_unreadable(const char *directory, const char *name, Error *reterr) {
        _cleanup_free_ char *path = xasprintf("%s/%s", directory, name);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

        return fd >= 0 || errno == ENOENT || errno == ENOTDIR ? 0
                                                              : error_set(reterr, errno, "open '%s'", path);
}

/* @repository: of the work tree @own. @ret: what it shares with the others; NULL: it is not linked, or the
 * repository does not know it. */
static int find_shared_by(const char *own, const char *repository, char **ret, Error *reterr) {
        _cleanup_free_ char *place = NULL, *shared = NULL, *link = NULL, *known = NULL, *line = NULL,
                            *common = NULL, *expected = xasprintf("%s/.git", own);
        int r = resolve_place(repository, &place, reterr);

        if (r >= 0 && place)
                r = refuse_unreadable(place, "commondir", reterr);
        if (r >= 0 && place)
                r = refuse_unreadable(place, "gitdir", reterr);
        if (r < 0 || !place)
                return r;
        line = read_line(place, "commondir");
        link = read_worktree(place);
        if (!line || !streq_ptr(link, expected))
                return 0;
        common = line[0] == '/' ? xstrdup(line) : xasprintf("%s/%s", place, line);
        r = resolve_place(common, &shared, reterr);
        if (r < 0 || !shared)
                return r;
        known = xasprintf("%s/worktrees/", shared);
        if (startswith(place, known) && !strchr(place + strlen(known), '/'))
                *ret = TAKE_PTR(shared);
        return 0;
}

int git_dir_main(const char *path, char **ret, Error *reterr) {
        _cleanup_free_ char *own = git_dir_find_work_tree(path), *repository = NULL, *shared = NULL,
                            *main = NULL, *real = NULL;
        size_t end = strlen("/.git"), n;
        mode_t type;
        int r;

        *ret = NULL;
        /* Only a linked one has a file. */
        if (!own || !exists(own, ".git", &type) || type != S_IFREG)
                return 0;
        r = refuse_unreadable(own, ".git", reterr);
        if (r < 0)
                return r;
        repository = git_dir_of(own);
        r = repository ? find_shared_by(own, repository, &shared, reterr) : 0;
        n = shared ? strlen(shared) : 0;
        if (r < 0 || n <= end || !streq(shared + n - end, "/.git"))
                return r;
        main = xasprintf("%.*s%s", (int) (n - end), shared, path + strlen(own));
        r = resolve_place(main, &real, reterr);
        /* A link on the way leads to another place. */
        if (r >= 0 && streq_ptr(real, main))
                *ret = TAKE_PTR(real);
        return r;
}

int git_dir_check(const char *path, Error *reterr) {
        _cleanup_free_ char *work_tree = git_dir_find_work_tree(path), *link = NULL, *repository = NULL,
                            *shared = NULL;
        struct stat st;
        int r;

        if (!work_tree)
                return 0;
        link = xasprintf("%s/.git", work_tree);
        if (stat(link, &st) >= 0 && !S_ISDIR(st.st_mode)) {
                r = check_file(work_tree, ".git", GIT_FILE_MAX, reterr);
                if (r < 0)
                        return r;
        }
        repository = git_dir_of(work_tree);
        r = repository ? check_repository(repository, reterr) : 0;
        if (r < 0 || !repository)
                return r;
        shared = find_shared(repository);
        return shared ? check_repository(shared, reterr) : 0;
}
