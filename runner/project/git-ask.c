/* SPDX-License-Identifier: MIT */

#include <string.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/child.h"
#include "base/process.h"
#include "base/strv.h"
#include "project/git-ask.h"
#include "project/git-dir.h"

/* It opens by name, without a limit to what it reads, and what git_dir_check() has looked at may be a FIFO
 * or under a lease in the next moment, as may what only a configuration names. So it is asked in a child,
 * which leaves what it has made to the kernel. */
#define GIT_TIMEOUT_USEC (5 * USEC_PER_SEC)

Library git_library = {
        .soname = FC_GIT2_SONAME,
        .path = FC_GIT2_PATH,
        .hint = "install " FC_GIT2_SONAME ", or name the project by --root DIR",
};
LIBRARY_NOTE("git", "recommended", FC_GIT2_SONAME);

const char *git_ask_message(void) {
        const git_error *error = git_error_last();

        return error && error->message ? error->message : "unknown error";
}

GitAnswer *git_answer_free(GitAnswer *answer) {
        if (answer)
                (void) munmap(answer, sizeof(*answer));
        return NULL;
}

static void git_answer(void *userdata) {
        GitQuestion *q = userdata;
        GitAnswer *a = q->answer;
        Error error = ERROR_NULL;

        if (git_libgit2_init() < 0)
                a->r = error_raise(&error, FC_EXIT_HOST, "initialise libgit2: %s", git_ask_message());
        else
                a->r = q->ask(q, a, &error);
        a->exit = error.exit;
        (void) snprintf(a->message, sizeof(a->message), "%s", error.message ? error.message : "");
        STRV_FOREACH (hint, error.hints)
                if (a->n_hints < GIT_HINTS_MAX)
                        (void) snprintf(a->hints[a->n_hints++], sizeof(a->hints[0]), "%s", *hint);
        a->given = true;
}

static int git_take_error(const GitAnswer *a, Error *reterr) {
        (void) error_raise(reterr, a->exit, "%s", a->message);
        for (size_t i = 0; i < a->n_hints; i++)
                error_add_hint(reterr, "%s", a->hints[i]);
        return a->r;
}

static int git_raise_silence(const char *start, int r, Error *reterr) {
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

int git_ask(const GitQuestion *question, GitAnswer **ret, Error *reterr) {
        GitQuestion q = *question;
        int r;

        r = git_dir_check(q.start, reterr);
        if (r >= 0)
                r = library_open(&git_library, reterr);
        if (r < 0)
                return r;
        q.answer = mmap(NULL, sizeof(GitAnswer), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (q.answer == MAP_FAILED)
                return error_set(reterr, errno, "make room for an answer");
        *ret = q.answer;
        r = child_run(git_answer, &q, now_usec() + GIT_TIMEOUT_USEC);
        if (r <= 0 || !q.answer->given)
                return git_raise_silence(q.start, r, reterr);
        return q.answer->r < 0 ? git_take_error(q.answer, reterr) : 0;
}

int git_ask_open(git_repository **ret, const char *start) {
        static const int levels[] = {GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL};
        int code = git_repository_open_ext(ret, start, 0, NULL);

        if (code >= 0 || code == GIT_EOWNER || code == GIT_ENOTFOUND)
                return code;
        for (size_t i = 0; i < ELEMENTSOF(levels); i++)
                (void) git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "");
        return git_repository_open_ext(ret, start, 0, NULL);
}
