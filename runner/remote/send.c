/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/package.h"
#include "base/process.h"
#include "elevate/elevate.h"
#include "ops/nix.h"
#include "ops/outer-command.h"
#include "project/place.h"
#include "remote/send.h"
#include "remote/words.h"
#include "spec/spec-parse.h"

static int send_run(char *const *argv, const char *what, Error *reterr) {
        int r = outer_command_run(argv, NULL, reterr);

        process_unblock_signals();
        if (r <= 0)
                return r;
        /* The second is rsync's own, of an interrupt. */
        if (r == 128 + SIGINT || r == 20)
                return error_raise(reterr, FC_EXIT_INTERRUPTED, "interrupted while '%s' was sent", what);
        return error_raise(reterr, FC_EXIT_HOST, "'%s' could not be sent: '%s' ended with %d", what, argv[0],
                           r);
}

/* ---- rsync ---- */

/* What rsync starts in ssh's place, and splits at spaces. Run by root it becomes the user again. */
static char *shell_text(const Sender *s, bool as_root) {
        _cleanup_strv_ char **ssh = master_command(s->master, NULL);
        _cleanup_free_ char *text = NULL;
        size_t n = strv_length(ssh);

        /* rsync adds the host itself. */
        for (size_t i = n - 2; i < n; i++) {
                free(ssh[i]);
                ssh[i] = NULL;
        }
        text = strv_join(ssh, " ");
        return as_root ? xasprintf("setpriv --reuid=%u --regid=%u --clear-groups %s", (unsigned) geteuid(),
                                   (unsigned) getegid(), text)
                       : TAKE_PTR(text);
}

static int add_tool(bool as_root, char ***argv, Error *reterr) {
        _cleanup_free_ char *rsync = process_find_program("rsync", as_root ? NULL : getenv("PATH"));
        _cleanup_free_ char *tool = NULL;
        int r;

        if (!rsync) {
                r = error_raise(reterr, FC_EXIT_HOST, "there is no rsync, which sends files");
                package_add_hint(reterr, "rsync");
                return r;
        }
        if (as_root) {
                r = elevate_find_tool(&tool, reterr);
                if (r < 0)
                        return r;
                strv_push(argv, tool);
        }
        strv_push(argv, rsync);
        return 0;
}

/* @from: absolute, so that it is no option of rsync's and no other host. @to: relative, and not seen by a
 * shell. */
static int send_path(const Sender *s, const char *from, const char *to, bool image, Error *reterr) {
        _cleanup_free_ char *shell = NULL;
        _cleanup_strv_ char **argv = NULL;
        bool as_root, directory;
        struct stat st;
        int r;

        if (stat(from, &st) < 0)
                return errno == ENOENT ? error_raise(reterr, FC_EXIT_USAGE, "'%s' does not exist", from)
                                       : error_set(reterr, errno, "look at '%s'", from);
        directory = S_ISDIR(st.st_mode);
        if (image && !directory)
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not a directory", from);
        if (!directory && !S_ISREG(st.st_mode))
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is neither a file nor a directory", from);
        /* One that was made without root is the user's, and all of it can be read. */
        as_root = image && geteuid() != 0 && st.st_uid != geteuid();
        r = add_tool(as_root, &argv, reterr);
        if (r < 0)
                return r;
        shell = shell_text(s, as_root);
        strv_push(&argv, "-s");
        strv_push(&argv, "--delete");
        strv_push(&argv, image ? "-aHAXx" : directory ? "-a" : "-aL");
        if (image)
                strv_push(&argv, "--numeric-ids");
        if (image && !s->root_there)
                strv_push(&argv, "--rsync-path=sudo -n rsync");
        strv_pushf(&argv, "--rsh=%s", shell);
        strv_push(&argv, "--");
        strv_pushf(&argv, "%s%s", from, directory ? "/" : "");
        strv_pushf(&argv, "remote:%s/%s%s", s->directory, to, directory ? "/" : "");
        r = send_run(argv, from, reterr);
        if (r < 0 && image && !s->root_there)
                error_add_hint(reterr,
                               "the owners of its files need root there, which 'sudo -n rsync' has to give");
        return r;
}

/* ---- Nix ---- */

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
        strv_push(&nix.envp, options);
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
        int r = send_directories(s, travel, reterr);

        if (r >= 0)
                r = send_store(s, travel->store, reterr);
        for (size_t i = 0; r >= 0 && i < travel->n_items; i++)
                r = send_path(s, travel->items[i].from, travel->items[i].to, travel->items[i].image, reterr);
        return r < 0 ? r : send_spec(s, spec, reterr);
}
