/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/process.h"
#include "base/suggest.h"
#include "host/user.h"
#include "ops/starter.h"
#include "project/root.h"

#define TEMPLATE_MAX (64 * 1024)

static const char *const next_of_flake[] = {"git add flake.nix", "nix develop .#flake-containers",
                                            "flake-containers up", NULL};
static const char *const next_of_json[] = {"flake-containers up", "flake-containers env", NULL};

static const Starter starters[] = {
        {"default", "flake.nix", "A PostgreSQL database, in a flake with flake-parts", next_of_flake,
         .nix = true},
        {"without-flake-parts", "flake.nix", "The same in a flake that uses no flake-parts", next_of_flake,
         .nix = true},
        {"debian", "flake-containers.json", "A PostgreSQL database of Debian's packages, without Nix",
         next_of_json},
};

int starter_choose(const char *name, const Starter **ret, Error *reterr) {
        _cleanup_free_ char *nix = name ? NULL : process_find_program("nix", getenv("PATH"));
        char *names[ELEMENTSOF(starters) + 1] = {};
        const char *near;
        int r;

        for (size_t i = 0; i < ELEMENTSOF(starters); i++) {
                names[i] = (char *) starters[i].name;
                if (name ? streq(starters[i].name, name) : starters[i].nix == !!nix) {
                        *ret = &starters[i];
                        return 0;
                }
        }
        r = error_raise(reterr, FC_EXIT_USAGE, "there is no template '%s'", name);
        near = suggest_name(name, names);
        if (near)
                error_add_hint(reterr, "did you mean '%s'?", near);
        error_add_hint(reterr, "show them: flake-containers init --list");
        return r;
}

/* As a URL, in which a path may have few characters only. Owned by the caller. */
static char *schema_url(const char *path) {
        char *url = xmalloc0(strlen("file://") + 3 * strlen(path) + 1), *to = stpcpy(url, "file://");

        for (const char *s = path; *s; s++)
                if (strchr("/-._~+", *s) || (*s >= '0' && *s <= '9') || (*s >= 'a' && *s <= 'z') ||
                    (*s >= 'A' && *s <= 'Z'))
                        *to++ = *s;
                else
                        to += sprintf(to, "%%%02X", (unsigned char) *s);
        return url;
}

/* Leads editors to which keys there are. */
static char *with_schema(const char *text) {
        _cleanup_free_ char *path = process_find_shared("spec.schema.json"),
                            *url = path ? schema_url(path) : NULL;

        return url ? xasprintf("{\n  \"$schema\": \"%s\",%s", url, text + 1) : xstrdup(text);
}

int starter_text(const Starter *starter, char **ret, Error *reterr) {
        _cleanup_free_ char *name = xasprintf("templates/%s/%s", starter->name, starter->file),
                            *path = process_find_shared(name), *text = NULL;
        _cleanup_close_ int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -EBADF;
        int r;

        if (fd < 0)
                return error_raise(reterr, FC_EXIT_HOST, "the template '%s' is not installed",
                                   starter->name);
        r = fs_read_fd(fd, path, TEMPLATE_MAX, &text, NULL, reterr);
        if (r < 0)
                return r;
        *ret = starter->nix ? TAKE_PTR(text) : with_schema(text);
        return 0;
}

static int refuse_second(int dir_fd, Error *reterr) {
        static const char *const files[] = {"flake.nix", "flake-containers.json"};
        struct stat st;

        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                if (fstatat(dir_fd, files[i], &st, AT_SYMLINK_NOFOLLOW) >= 0) {
                        int r = error_raise(reterr, FC_EXIT_CONFLICT, "'%s' is there already", files[i]);

                        error_add_hint(
                                reterr,
                                "look at a template that could be a part of it: flake-containers init "
                                "--list");
                        return r;
                }
        return 0;
}

static int write_new(int dir_fd, const char *name, const char *text, Error *reterr) {
        _cleanup_close_ int fd =
                openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
        int r;

        if (fd < 0)
                return error_set(reterr, errno, "make '%s'", name);
        r = fs_write_all(fd, text, strlen(text));
        if (r >= 0)
                return 0;
        (void) unlinkat(dir_fd, name, 0);
        return error_set(reterr, r, "write '%s'", name);
}

/* `-C` is the current one already. */
const char *starter_directory(const Globals *globals) {
        return globals->root ? globals->root : ".";
}

int starter_write(const Starter *starter, const char *text, const Globals *globals, Error *reterr) {
        const char *directory = starter_directory(globals);
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_free_ char *root = NULL, *own = NULL;
        _cleanup_close_ int dir_fd = -EBADF;
        InvokingUser user;
        int r;

        r = user_invoking(&user, reterr);
        if (r >= 0 && !text) {
                r = starter_text(starter, &own, reterr);
                text = own;
        }
        if (r >= 0 && !globals->root)
                r = project_root_find(directory, NULL, &root, reterr);
        if (r >= 0)
                r = user_fs_enter(&user, &guard, reterr);
        if (r < 0)
                return r;
        dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir_fd < 0)
                return error_set(reterr, errno, "open '%s'", directory);
        r = refuse_second(dir_fd, reterr);
        return r < 0 || globals->dry_run ? r : write_new(dir_fd, starter->file, text, reterr);
}

static void print_list_json(void) {
        _cleanup_(json_freep) Json *document = json_new_object();
        _cleanup_free_ char *text = NULL;
        Json *array = json_new_array();

        for (size_t i = 0; i < ELEMENTSOF(starters); i++) {
                Json *o = json_new_object();

                json_add_string(o, "name", starters[i].name);
                json_add_string(o, "file", starters[i].file);
                json_add_string(o, "summary", starters[i].summary);
                json_append(array, o);
        }
        json_add(document, "templates", array);
        text = json_print(document, /* pretty= */ true);
        (void) puts(text);
}

void starter_print_list(bool json) {
        if (json)
                print_list_json();
        else
                for (size_t i = 0; i < ELEMENTSOF(starters); i++)
                        (void) printf("%-20s  %s\n", starters[i].name, starters[i].summary);
}

void starter_say_next(const Starter *starter) {
        for (size_t i = 0; starter->next[i]; i++)
                (void) fprintf(stderr, "%s%s\n", i == 0 ? "next:  " : "       ", starter->next[i]);
}

void starter_say(const Starter *starter, bool dry_run) {
        (void) fprintf(stderr, "%s: %s\n", starter->file, dry_run ? "would be written" : starter->summary);
        starter_say_next(starter);
}
