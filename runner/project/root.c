/* SPDX-License-Identifier: MIT */

/* libgit2 is loaded when it is needed, and mostly it is not: linked, it and the 17 libraries behind it cost
 * every command 4 ms of dynamic linking, and its initialisation another 4 (it reads the system's TLS
 * certificates). So a work tree that it has accepted before, as the `.containers` in it tells, is recognised
 * without it. */

#include <dlfcn.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <git2.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/process.h"
#include "base/strv.h"
#include "base/child.h"
#include "project/git-dir.h"
#include "project/place.h"
#include "project/root.h"
#include "project/state-dir.h"
#include "host/user.h"
#include "spec/path.h"

#define GIT_FUNCTIONS(X)                                                                                    \
        X(git_libgit2_init)                                                                                 \
        X(git_libgit2_opts)                                                                                 \
        X(git_error_last)                                                                                   \
        X(git_repository_open_ext)                                                                          \
        X(git_repository_is_bare)                                                                           \
        X(git_repository_workdir)                                                                           \
        X(git_repository_path)                                                                              \
        X(git_repository_index)                                                                             \
        X(git_index_entrycount)                                                                             \
        X(git_index_get_byindex)                                                                            \
        X(git_index_get_bypath)                                                                             \
        X(git_index_find_prefix)                                                                            \
        X(git_reference_name_to_id)

#define GIT_MEMBER(name) __typeof__(&name) name;
typedef struct Git {
        GIT_FUNCTIONS(GIT_MEMBER)
        git_repository *repository;
} Git;

static const char *git_message(const Git *git) {
        const git_error *error = git->git_error_last();

        return error && error->message ? error->message : "unknown error";
}

static int git_load(Git *git, Error *reterr) {
        /* Never closed: the libraries behind it do not all survive that. */
        void *library = dlopen(FC_GIT2_SONAME, RTLD_NOW | RTLD_LOCAL);

        /* Where libraries have no common directory (Nix), the place it had when we were built. */
        if (!library)
                library = dlopen(FC_GIT2_PATH, RTLD_NOW | RTLD_LOCAL);
        if (!library) {
                error_raise(reterr, FC_EXIT_HOST, "load libgit2: %s", dlerror());
                error_add_hint(reterr, "install " FC_GIT2_SONAME ", or name the project by --root DIR");
                return -EOPNOTSUPP;
        }
#define GIT_RESOLVE(name)                                                                                   \
        git->name = (__typeof__(&name)) dlsym(library, #name);                                              \
        if (!git->name)                                                                                     \
                return error_raise(reterr, FC_EXIT_HOST, "load libgit2: %s", dlerror());
        GIT_FUNCTIONS(GIT_RESOLVE)
        return 0;
}

static int git_init(Git *git, Error *reterr) {
        if (git->git_libgit2_init() < 0)
                return error_raise(reterr, FC_EXIT_HOST, "initialise libgit2: %s", git_message(git));
        return 0;
}

/* ---- asking it ---- */

/* It opens by name, without a limit to what it reads, and what git_dir_check() has looked at may be a FIFO
 * or under a lease in the next moment, as may what only a configuration names. So it is asked in a child,
 * which leaves what it has made to the kernel. */
#define GIT_TIMEOUT_USEC (5 * USEC_PER_SEC)

#define HINTS_MAX 2

/* What the child is shared with, so no pointers. */
typedef struct Answer {
        bool given;
        int r;
        ExitCode exit;
        char message[4 * PATH_MAX], hints[HINTS_MAX][2 * PATH_MAX];
        size_t n_hints;
        bool yes, settled;
        uint64_t hash;
        char path[PATH_MAX];
} Answer;

static Answer *answer_free(Answer *answer) {
        if (answer)
                (void) munmap(answer, sizeof(*answer));
        return NULL;
}
DEFINE_FREEP(Answer, answer_free);

typedef struct Question {
        int (*ask)(Git *git, const struct Question *q, Answer *answer, Error *reterr);
        const char *start, *name;
        int list_fd;
        const InvokingUser *invoking;
        Git git;
        Answer *answer;
} Question;

static void answer_question(void *userdata) {
        Question *q = userdata;
        Answer *a = q->answer;
        Error error = ERROR_NULL;

        a->r = git_init(&q->git, &error);
        if (a->r >= 0)
                a->r = q->ask(&q->git, q, a, &error);
        a->exit = error.exit;
        (void) snprintf(a->message, sizeof(a->message), "%s", error.message ? error.message : "");
        STRV_FOREACH (hint, error.hints)
                if (a->n_hints < HINTS_MAX)
                        (void) snprintf(a->hints[a->n_hints++], sizeof(a->hints[0]), "%s", *hint);
        a->given = true;
}

static int take_error(const Answer *a, Error *reterr) {
        (void) error_raise(reterr, a->exit, "%s", a->message);
        for (size_t i = 0; i < a->n_hints; i++)
                error_add_hint(reterr, "%s", a->hints[i]);
        return a->r;
}

static int raise_silence(const char *start, int r, Error *reterr) {
        if (r == -EINTR) {
                (void) error_raise(reterr, FC_EXIT_INTERRUPTED,
                                   "interrupted while reading the git repository of '%s'", start);
                return -ETIMEDOUT;
        }
        if (r < 0)
                return error_set(reterr, r, "read the git repository of '%s'", start);
        if (r > 0)
                return error_raise(reterr, FC_EXIT_INTERNAL,
                                   "read the git repository of '%s': libgit2 has crashed", start);
        (void) error_raise(reterr, FC_EXIT_CONFLICT, "read the git repository of '%s': not done after %d s",
                           start, (int) (GIT_TIMEOUT_USEC / USEC_PER_SEC));
        error_add_hint(reterr, "is there a FIFO, or a file that another program holds, in its .git?");
        return -ETIMEDOUT;
}

/* @ret: also filled where the answer is an error. Return: -ETIMEDOUT when there is none in time. */
static int ask_git(const Question *question, Answer **ret, Error *reterr) {
        Question q = *question;
        int r;

        r = git_dir_check(q.start, reterr);
        if (r >= 0)
                r = git_load(&q.git, reterr);
        if (r < 0)
                return r;
        q.answer = mmap(NULL, sizeof(Answer), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (q.answer == MAP_FAILED)
                return error_set(reterr, errno, "make room for an answer");
        *ret = q.answer;
        r = child_run(answer_question, &q, now_usec() + GIT_TIMEOUT_USEC);
        if (r <= 0 || !q.answer->given)
                return raise_silence(q.start, r, reterr);
        return q.answer->r < 0 ? take_error(q.answer, reterr) : 0;
}

/* ---- finding ---- */

static bool owner_is_ours(uid_t owner, const InvokingUser *invoking) {
        return owner == geteuid() || (geteuid() == 0 && owner == invoking->uid);
}

/* The first of the places whose owner git checks that does not belong to us; owned by the caller. */
static char *find_foreign(Git *git, const InvokingUser *invoking, uid_t *ret_owner) {
        const char *work_tree = git->git_repository_workdir(git->repository);
        _cleanup_free_ char *link = work_tree ? xasprintf("%s.git", work_tree) : NULL;
        const char *paths[] = {work_tree, link, git->git_repository_path(git->repository)};

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                struct stat st;

                if (paths[i] && lstat(paths[i], &st) >= 0 && !owner_is_ours(st.st_uid, invoking)) {
                        *ret_owner = st.st_uid;
                        /* libgit2's directories end in a slash. */
                        return xstrndup(paths[i], strlen(paths[i]) - (paths[i] != link));
                }
        }
        return NULL;
}

static int raise_git(Git *git, int code, const char *start, Error *reterr) {
        _cleanup_free_ char *broken = code == GIT_ENOTFOUND ? git_dir_find_work_tree(start) : NULL;
        int r;

        /* A worktree or submodule whose repository has moved, or a half-made one. */
        if (broken)
                r = error_raise(reterr, FC_EXIT_USAGE, "'%s/.git' does not lead to a git repository",
                                broken);
        else if (code == GIT_ENOTFOUND)
                r = error_raise(reterr, FC_EXIT_USAGE, "'%s' is in no git repository", start);
        else
                r = error_raise(reterr, FC_EXIT_USAGE, "open the git repository of '%s': %s", start,
                                git_message(git));
        error_add_hint(reterr, "%sname the project by --root DIR",
                       !broken && code == GIT_ENOTFOUND ? "make one by 'git init', or " : "");
        return r;
}

static int open_foreign(Git *git, const char *start, const InvokingUser *invoking, Error *reterr) {
        _cleanup_free_ char *path = NULL, *name = NULL;
        uid_t owner;
        int code, r;

        /* libgit2 knows of SUDO_UID, but not of PKEXEC_UID and DOAS_USER; and 1.5 says "not found" of other
         * people's repositories when there is no safe.directory at all. So what it refuses is looked at once
         * more. Opening reads configuration and runs nothing. */
        (void) git->git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
        code = git->git_repository_open_ext(&git->repository, start, 0, NULL);
        (void) git->git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 1);
        if (code < 0)
                return raise_git(git, code, start, reterr);

        path = find_foreign(git, invoking, &owner);
        if (!path)
                return 0;
        name = user_name(owner);
        r = error_raise(reterr, FC_EXIT_USAGE,
                        "'%s' belongs to %s, and git works in other people's repositories "
                        "only when told to",
                        path, name);
        error_add_hint(reterr, "git config --global --add safe.directory '%s'", path);
        error_add_hint(reterr, "or name the project by --root DIR");
        return r;
}

/* As git_repository_open_ext(), without the user's and the system's configuration when that cannot be read:
 * HOME may be another user's, or damaged. All that is missed then is safe.directory. */
static int open_repository(Git *git, const char *start) {
        static const int levels[] = {GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL};
        int code = git->git_repository_open_ext(&git->repository, start, 0, NULL);

        if (code >= 0 || code == GIT_EOWNER || code == GIT_ENOTFOUND)
                return code;
        for (size_t i = 0; i < ELEMENTSOF(levels); i++)
                (void) git->git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "");
        return git->git_repository_open_ext(&git->repository, start, 0, NULL);
}

static int find_work_tree(Git *git, const Question *q, Answer *answer, Error *reterr) {
        const char *work_tree, *repository, *start = q->start;
        _cleanup_free_ char *root = NULL;
        int code, r;

        code = open_repository(git, start);
        if (code == GIT_EOWNER || code == GIT_ENOTFOUND)
                r = open_foreign(git, start, q->invoking, reterr);
        else
                r = code < 0 ? raise_git(git, code, start, reterr) : 0;
        if (r < 0)
                return r;

        work_tree = git->git_repository_workdir(git->repository);
        if (git->git_repository_is_bare(git->repository) || !work_tree) {
                repository = git->git_repository_path(git->repository); /* ends in a slash */
                r = error_raise(reterr, FC_EXIT_USAGE,
                                "'%s' is in the bare git repository '%.*s', which has no work tree", start,
                                (int) strlen(repository) - 1, repository);
                error_add_hint(reterr,
                               "go to a clone or a worktree of it, or name the project by --root DIR");
                return r;
        }

        root = realpath(work_tree, NULL);
        if (!root)
                return error_set(reterr, errno, "resolve the work tree '%s'", work_tree);
        (void) snprintf(answer->path, sizeof(answer->path), "%s", root);
        return 0;
}

static int find_by_git(const char *start, const InvokingUser *invoking, char **ret, Error *reterr) {
        const Question question = {.ask = find_work_tree, .start = start, .invoking = invoking};
        _cleanup_(answer_freep) Answer *answer = NULL;
        int r;

        r = ask_git(&question, &answer, reterr);
        if (r >= 0)
                *ret = xstrdup(answer->path);
        return r;
}

/* The project in a work tree: the one that --subdir names, or else the nearest. */
static int find_place(const char *work_tree, const char *start, const char *subdir, char **ret,
                      Error *reterr) {
        _cleanup_free_ char *path = NULL, *place = NULL;
        int r;

        if (!subdir) {
                *ret = place_find(work_tree, start);
                return 0;
        }
        path = subdir[0] ? xasprintf("%s/%s", work_tree, subdir) : xstrdup(work_tree);
        place = realpath(path, NULL);
        if (place && path_is_within(place, work_tree) && place_is_project(place)) {
                *ret = TAKE_PTR(place);
                return 0;
        }
        r = error_raise(reterr, FC_EXIT_USAGE,
                        "there is no '%s/" PROJECT_FLAKE_NAME "', whose command this is", path);
        error_add_hint(reterr, "go to the git repository of the flake, or name the project by --root DIR");
        return r;
}

static bool path_is(const char *directory, const char *name, mode_t type, const InvokingUser *invoking) {
        _cleanup_free_ char *path = xasprintf("%s/%s", directory, name);
        struct stat st;

        return lstat(path, &st) >= 0 && (type == 0 || (st.st_mode & S_IFMT) == type) &&
               (!invoking || owner_is_ours(st.st_uid, invoking));
}

/* NULL also when it is one, but libgit2 has to have a look at it (its owner may be in safe.directory). */
static char *find_known(const char *start, const char *subdir, const InvokingUser *invoking) {
        _cleanup_free_ char *work_tree = git_dir_find_work_tree(start), *root = NULL;

        if (work_tree && path_is(work_tree, ".", S_IFDIR, invoking) &&
            path_is(work_tree, ".git", 0, invoking) &&
            find_place(work_tree, start, subdir, &root, NULL) >= 0 &&
            path_is(root, STATE_DIR_NAME, S_IFDIR, NULL) &&
            path_is(root, STATE_DIR_NAME "/" STATE_DIR_TAG, S_IFREG, NULL))
                return TAKE_PTR(root);
        return NULL;
}

static int root_find(const char *start, const char *subdir, const InvokingUser *invoking, char **ret,
                     Error *reterr) {
        _cleanup_free_ char *real = realpath(start, NULL), *from = NULL, *work_tree = NULL;
        char *root;
        int r;

        if (!real) {
                int saved = errno;

                return error_raise(reterr, FC_EXIT_USAGE, "find the project of '%s': %s", start,
                                   strerror(saved));
        }
        from = place_leave_state(real);
        root = find_known(from, subdir, invoking);
        if (root) {
                *ret = root;
                return 0;
        }
        r = find_by_git(from, invoking, &work_tree, reterr);
        return r < 0 ? r : find_place(work_tree, from, subdir, ret, reterr);
}

int project_root_find(const char *start, const char *subdir, char **ret_root, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        InvokingUser invoking;
        int r;

        r = user_invoking(&invoking, reterr);
        if (r < 0)
                return r;
        r = root_find(start, subdir, &invoking, ret_root, reterr);
        if (r >= 0 || r == -ETIMEDOUT || geteuid() != 0 || invoking.uid == 0)
                return r;

        /* A home on NFS may be closed to root and open to the user. The first error is the one to report. */
        if (user_fs_enter(&invoking, &guard, NULL) >= 0 &&
            root_find(start, subdir, &invoking, ret_root, NULL) >= 0) {
                error_done(reterr);
                return 0;
        }
        return r;
}

/* Its owner does not matter: an index is only read. */
static int open_any(Git *git, const char *start) {
        int code = open_repository(git, start);

        if (code != GIT_EOWNER && code != GIT_ENOTFOUND)
                return code;
        (void) git->git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
        code = git->git_repository_open_ext(&git->repository, start, 0, NULL);
        (void) git->git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 1);
        return code;
}

static bool index_has(Git *git, const char *path) {
        _cleanup_free_ char *below = xasprintf("%s/", path);
        git_index *index = NULL;
        bool found;

        if (git->git_repository_index(&index, git->repository) < 0)
                return false;
        found = git->git_index_get_bypath(index, path, 0) ||
                git->git_index_find_prefix(NULL, index, below) >= 0;
        return found;
}

static int find_in_index(Git *git, const Question *q, Answer *answer, Error *reterr) {
        _cleanup_free_ char *top = NULL, *path = NULL;
        const char *work_tree, *below;

        if (open_any(git, q->start) < 0)
                return 0;
        work_tree = git->git_repository_workdir(git->repository);
        top = work_tree ? realpath(work_tree, NULL) : NULL;
        below = top ? startswith(q->start, top) : NULL;
        if (!below)
                return 0;
        path = below[0] == '/' ? xasprintf("%s/%s", below + 1, q->name) : xstrdup(q->name);
        answer->yes = index_has(git, path);
        return 0;
}

int project_root_tracks(const char *root, const char *name, bool *ret, Error *reterr) {
        const Question question = {.ask = find_in_index, .start = root, .name = name};
        _cleanup_(answer_freep) Answer *answer = NULL;
        int r;

        r = ask_git(&question, &answer, reterr);
        if (r >= 0)
                *ret = answer->yes;
        return r;
}

char *project_root_index(const char *root) {
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

static uint64_t usec(const struct timespec *t) {
        return (uint64_t) t->tv_sec * 1000000 + (uint64_t) t->tv_nsec / 1000;
}

static void hash_file(TreeHash *t, const char *path) {
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
        if (usec(&st.st_ctim) + (st.st_ctim.tv_nsec == 0 ? SECOND_USEC : MOMENT_USEC) > t->now_usec)
                t->settled = false;
}

/* Return: false for a submodule, whose files another index lists. */
static bool hash_index(const Git *git, git_index *index, const char *work_tree, TreeHash *t) {
        size_t n = git->git_index_entrycount(index);

        for (size_t i = 0; i < n; i++) {
                const git_index_entry *entry = git->git_index_get_byindex(index, i);
                _cleanup_free_ char *path = xasprintf("%s%s", work_tree, entry->path);

                if (entry->mode == GIT_FILEMODE_COMMIT)
                        return false;
                t->hash = hash_more(t->hash, entry->path, strlen(entry->path) + 1);
                t->hash = hash_more(t->hash, &entry->mode, sizeof(entry->mode));
                t->hash = hash_more(t->hash, &entry->id, sizeof(entry->id));
                hash_file(t, path);
        }
        return true;
}

static int hash_tree(Git *git, const Question *q, Answer *answer, Error *reterr) {
        TreeHash t = {.hash = HASH_INIT, .settled = true, .now_usec = realtime_usec()};
        git_index *index = NULL;
        const char *work_tree;
        git_oid head = {};
        int code;

        if (open_any(git, q->start) < 0)
                return 0;
        work_tree = git->git_repository_workdir(git->repository);
        code = git->git_reference_name_to_id(&head, git->repository, "HEAD");
        if (!work_tree || (code < 0 && code != GIT_ENOTFOUND) ||
            git->git_repository_index(&index, git->repository) < 0)
                return 0;
        t.hash = hash_more(t.hash, &head, sizeof(head));
        answer->yes = hash_index(git, index, work_tree, &t);
        answer->hash = t.hash;
        answer->settled = t.settled;
        return 0;
}

bool project_root_hash(const char *root, uint64_t *ret, bool *ret_settled) {
        const Question question = {.ask = hash_tree, .start = root};
        _cleanup_(answer_freep) Answer *answer = NULL;

        if (ask_git(&question, &answer, NULL) < 0)
                return false;
        *ret = answer->hash;
        *ret_settled = answer->settled;
        return answer->yes;
}

/* ---- where it is made of that ---- */

#define DIRECTORIES_MAX (16 * 1024 * 1024)

static void list_directory(FILE *list, const char *path) {
        (void) fputs(path, list);
        (void) fputc('\0', list);
}

/* The index is sorted, so what lies in one directory is mostly named together. */
static void list_index(const Git *git, git_index *index, const char *work_tree, FILE *list) {
        _cleanup_free_ char *last = NULL;
        size_t n = git->git_index_entrycount(index);

        for (size_t i = 0; i < n; i++) {
                const char *path = git->git_index_get_byindex(index, i)->path, *slash = strrchr(path, '/');
                char *directory = xasprintf("%s%.*s", work_tree, (int) (slash ? slash - path : 0), path);

                if (!streq_ptr(last, directory))
                        list_directory(list, directory);
                free(last);
                last = directory;
        }
}

static int list_tree(Git *git, const Question *q, Answer *answer, Error *reterr) {
        git_index *index = NULL;
        const char *work_tree;
        FILE *list;

        if (open_any(git, q->start) < 0)
                return 0;
        work_tree = git->git_repository_workdir(git->repository);
        if (!work_tree || git->git_repository_index(&index, git->repository) < 0)
                return 0;
        list = fdopen(q->list_fd, "w");
        if (!list)
                return error_set(reterr, errno, "list what git tracks");
        list_directory(list, git->git_repository_path(git->repository));
        list_index(git, index, work_tree, list);
        /* The descriptor is shared with our parent, what is in the buffer is not. */
        return fflush(list) == 0 ? 0 : error_set(reterr, errno, "list what git tracks");
}

int project_root_directories(const char *root, char ***ret, Error *reterr) {
        _cleanup_close_ int fd = memfd_create("directories", MFD_CLOEXEC);
        const Question question = {.ask = list_tree, .start = root, .list_fd = fd};
        _cleanup_(answer_freep) Answer *answer = NULL;
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        if (fd < 0)
                return error_set(reterr, errno, "list what git tracks");
        r = ask_git(&question, &answer, reterr);
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
