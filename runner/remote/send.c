/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/package.h"
#include "base/process.h"
#include "context/nix.h"
#include "elevate/elevate.h"
#include "project/place.h"
#include "remote/send.h"
#include "remote/words.h"
#include "spec/path.h"
#include "spec/spec-parse.h"

static int send_run(char *const *argv, const char *what, Error *reterr) {
        int r = master_run(argv, reterr);

        if (r <= 0)
                return r;
        /* The second is rsync's own, of an interrupt. */
        if (r == 128 + SIGINT || r == 20)
                return error_raise(reterr, FC_EXIT_INTERRUPTED, "interrupted while '%s' was sent", what);
        return error_raise(reterr, FC_EXIT_HOST, "'%s' could not be sent: '%s' ended with %d", what, argv[0],
                           r);
}

/* ---- rsync ---- */

/* Who reads or writes an image: it must be seen as from its container, whose root it is. */
typedef enum SendAs {
        SEND_AS_IS,        /* the user; root where the user is that */
        SEND_AS_ROOT,      /* of the machine, for an image that is root's */
        SEND_IN_NAMESPACE, /* root of the user's own namespace, for an image of a user's */
} SendAs;

static const char *const namespace_words[] = {"unshare", "--user", "--map-auto", "--map-root-user"};

static SendAs send_as_here(const struct stat *st, bool image) {
        if (!image || geteuid() == 0)
                return SEND_AS_IS;
        return st->st_uid == geteuid() ? SEND_IN_NAMESPACE : SEND_AS_ROOT;
}

static SendAs send_as_there(const Sender *s, bool image) {
        if (!image || s->root_there)
                return SEND_AS_IS;
        return s->rootless ? SEND_IN_NAMESPACE : SEND_AS_ROOT;
}

static int send_find(const char *program, const char *path, char ***argv, Error *reterr) {
        char *found = process_find_program(program, path);
        int r;

        if (found) {
                strv_push_take(argv, found);
                return 0;
        }
        r = error_raise(reterr, FC_EXIT_HOST, "there is no %s, which sends files", program);
        package_add_hint(reterr, streq(program, "rsync") ? "rsync" : "util-linux");
        return r;
}

/* What rsync starts in ssh's place, and splits at spaces. Run by root it becomes the user again. */
static int add_shell(const Sender *s, SendAs as, char ***argv, Error *reterr) {
        _cleanup_strv_ char **ssh = master_command(s->master, NULL), **words = NULL;
        _cleanup_free_ char *text = NULL;
        int r = as == SEND_AS_ROOT ? send_find("setpriv", NULL, &words, reterr) : 0;

        if (r < 0)
                return r;
        if (as == SEND_AS_ROOT) {
                strv_pushf(&words, "--reuid=%u", (unsigned) geteuid());
                strv_pushf(&words, "--regid=%u", (unsigned) getegid());
                strv_push(&words, "--clear-groups");
        }
        /* rsync adds the host itself. */
        for (size_t i = 0; i + 2 < strv_length(ssh); i++)
                strv_push(&words, ssh[i]);
        text = strv_join(words, " ");
        strv_pushf(argv, "--rsh=%s", text);
        return 0;
}

static int add_tool(SendAs as, char ***argv, Error *reterr) {
        const char *path = as == SEND_AS_ROOT ? NULL : getenv("PATH");
        char *tool = NULL;
        int r = 0;

        if (as == SEND_AS_ROOT) {
                r = elevate_find_tool(&tool, reterr);
                if (r < 0)
                        return r;
                strv_push_take(argv, tool);
        } else if (as == SEND_IN_NAMESPACE) {
                r = send_find(namespace_words[0], path, argv, reterr);
                for (size_t i = 1; i < ELEMENTSOF(namespace_words); i++)
                        strv_push(argv, namespace_words[i]);
        }
        return r < 0 ? r : send_find("rsync", path, argv, reterr);
}

/* As root of whichever, there: all of an image, by the numbers that its container sees. */
static void add_image_options(SendAs there, char ***argv) {
        strv_push(argv, "-aHAXx");
        strv_push(argv, "--numeric-ids");
        if (there == SEND_AS_ROOT)
                strv_push(argv, "--rsync-path=sudo -n rsync");
        if (there != SEND_IN_NAMESPACE)
                return;
        strv_pushf(argv, "--rsync-path=%s %s %s %s rsync", namespace_words[0], namespace_words[1],
                   namespace_words[2], namespace_words[3]);
        /* Its root makes none, and a container has a /dev of its own. */
        strv_push(argv, "--no-devices");
        strv_push(argv, "--info=nonreg0");
}

static int send_raise_missing(const char *from, Error *reterr) {
        return errno == ENOENT ? error_raise(reterr, FC_EXIT_USAGE, "'%s' does not exist", from)
                               : error_set(reterr, errno, "look at '%s'", from);
}

/* A link of the project may lead anywhere: to keys of the user's, say. */
static int check_within(const Sender *s, const char *from, Error *reterr) {
        _cleanup_free_ char *real = realpath(from, NULL);

        if (!real)
                return send_raise_missing(from, reterr);
        return path_is_within(real, s->root) && !streq(real, s->root) &&
                               !path_begins_in(real + strlen(s->root) + 1, ".containers")
                       ? 0
                       : error_raise(reterr, FC_EXIT_USAGE,
                                     "'%s' cannot travel to another machine: it leads to '%s', which is "
                                     "not below the project's root, or is in .containers",
                                     from, real);
}

/* A file goes by the directory that it lies in: by its own name it would end in a directory of that name,
 * which was sent before, instead of in its place. */
static void add_target(const Sender *s, const char *from, const char *to, bool directory, char ***argv) {
        const char *name = strrchr(to, '/') ? strrchr(to, '/') + 1 : to;
        bool renamed = !streq(strrchr(from, '/') + 1, name);

        if (directory)
                strv_pushf(argv, "remote:%s/%s/", s->directory, to);
        else
                strv_pushf(argv, "remote:%s/%.*s%s", s->directory, (int) (name - to), to,
                           renamed ? name : "");
}

/* @from: absolute, so that it is no option of rsync's and no other host. @to: relative, and not seen by a
 * shell. */
static int send_path(const Sender *s, const char *from, const char *to, bool image, Error *reterr) {
        _cleanup_strv_ char **argv = NULL;
        SendAs here, there = send_as_there(s, image);
        bool directory;
        struct stat st;
        int r;

        if (stat(from, &st) < 0)
                return send_raise_missing(from, reterr);
        directory = S_ISDIR(st.st_mode);
        if (image && !directory)
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not a directory", from);
        if (!directory && !S_ISREG(st.st_mode))
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is neither a file nor a directory", from);
        here = send_as_here(&st, image);
        r = add_tool(here, &argv, reterr);
        if (r < 0)
                return r;
        strv_push(&argv, "-s");
        strv_push(&argv, "--delete");
        if (image)
                add_image_options(there, &argv);
        else
                strv_push(&argv, directory ? "-a" : "-aL");
        r = add_shell(s, here, &argv, reterr);
        if (r < 0)
                return r;
        strv_push(&argv, "--");
        strv_pushf(&argv, "%s%s", from, directory ? "/" : "");
        add_target(s, from, to, directory, &argv);
        r = send_run(argv, from, reterr);
        if (r < 0 && there == SEND_AS_ROOT)
                error_add_hint(reterr,
                               "the owners of its files need root there, which 'sudo -n rsync' has to "
                               "give, or else --rootless");
        return r;
}

/* ---- Nix ---- */

/* The first one of a name counts, which is the user's and would make another connection. */
static void nix_set_options(Nix *nix, const char *options) {
        for (char **variable = nix->envp; variable && *variable; variable++) {
                if (!startswith(*variable, "NIX_SSHOPTS="))
                        continue;
                free(*variable);
                *variable = xstrdup(options);
                return;
        }
        strv_push(&nix->envp, options);
}

static int send_store(const Sender *s, char *const *paths, Error *reterr) {
        _cleanup_(nix_done) Nix nix = NIX_NULL;
        _cleanup_free_ char *options = NULL;
        bool interrupted = false;
        int r;

        if (!paths)
                return 0;
        nix.user.uid = geteuid();
        nix.directory = s->root;
        r = nix_open(&nix, reterr);
        if (r < 0)
                return r;
        options = xasprintf("NIX_SSHOPTS=-F none -S %s -oProxyCommand=false", s->master->socket);
        nix_set_options(&nix, options);
        strv_push(&nix.argv, "copy");
        strv_push(&nix.argv, "--to");
        strv_push(&nix.argv, "ssh://remote");
        strv_extend(&nix.argv, paths);
        r = nix_run(&nix, &interrupted, reterr);
        if (interrupted)
                return error_raise(reterr, FC_EXIT_INTERRUPTED, "interrupted while Nix copied");
        return r <= 0 ? r : error_raise(reterr, FC_EXIT_HOST, "'nix copy' ended with %d", r);
}

/* ---- all ---- */

/* The directories that all of it goes to. */
static int send_directories(const Sender *s, const Travel *travel, Error *reterr) {
        static const char script[] = "umask 077 && mkdir -p -- \"$@\"";
        _cleanup_strv_ char **argv = master_command(s->master, "-T"), **words = NULL;

        strv_push(&words, "sh");
        strv_push(&words, "-c");
        strv_push(&words, script);
        strv_push(&words, "sh");
        strv_push(&words, s->directory);
        for (size_t i = 0; i < travel->n_items; i++) {
                const char *end = strrchr(travel->items[i].to, '/');

                if (end)
                        strv_pushf(&words, "%s/%.*s", s->directory, (int) (end - travel->items[i].to),
                                   travel->items[i].to);
        }
        strv_push_take(&argv, words_quote(words));
        return send_run(argv, s->directory, reterr);
}

static int send_spec(const Sender *s, const Spec *spec, Error *reterr) {
        _cleanup_free_ char *text = spec_print(spec), *name = master_file(s->master, "spec");
        _cleanup_free_ char *path = xasprintf("%s.spec", s->master->socket);
        int r = fs_write_fleeting(s->master->dir_fd, name, text, strlen(text), 0600, reterr);

        if (r >= 0)
                r = send_path(s, path, PROJECT_SPEC_NAME, /* image= */ false, reterr);
        (void) unlinkat(s->master->dir_fd, name, 0);
        return r;
}

int send_all(const Sender *s, const Travel *travel, const Spec *spec, Error *reterr) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < travel->n_items; i++)
                if (!travel->items[i].image)
                        r = check_within(s, travel->items[i].from, reterr);
        if (r >= 0)
                r = send_directories(s, travel, reterr);
        if (r >= 0)
                r = send_store(s, travel->store, reterr);
        for (size_t i = 0; r >= 0 && i < travel->n_items; i++)
                r = send_path(s, travel->items[i].from, travel->items[i].to, travel->items[i].image, reterr);
        return r < 0 ? r : send_spec(s, spec, reterr);
}
