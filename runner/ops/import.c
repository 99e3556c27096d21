/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "host/user.h"
#include "import/compose.h"
#include "import/draft.h"
#include "import/yaml.h"
#include "ops/import.h"
#include "ops/starter.h"
#include "spec/env-file.h"

/* Whatever stands in their place does not hold us up. */
static int read_file(int dir_fd, const char *path, size_t max, char **ret, size_t *ret_size, Error *reterr) {
        _cleanup_close_ int fd = openat(dir_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        struct stat st;

        if (fd < 0 && errno == ENOENT)
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' does not exist", path);
        if (fd < 0)
                return error_set(reterr, errno, "open '%s'", path);
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not a regular file", path);
        return fs_read_fd(fd, path, max, ret, ret_size, reterr);
}

/* The variables of a file with NAME=VALUEs, or why they cannot be had. */
static void read_variables_of(int dir_fd, const char *path, char ***ret, char **ret_problem) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text = NULL;
        size_t size;

        if (read_file(dir_fd, path, ENV_FILE_SIZE_MAX, &text, &size, &error) < 0 ||
            env_file_parse(text, size, /* services= */ false, ret, &error) < 0)
                *ret_problem = xstrdup(error.message);
}

static void files_done(ComposeInput *input) {
        (void) strv_free_secret(input->dotenv);
        for (size_t i = 0; i < input->n_files; i++) {
                free(input->files[i].path);
                (void) strv_free_secret(input->files[i].variables);
                free(input->files[i].problem);
        }
        free(input->files);
}

/* From the project's directory to that of the compose file: "" where it is the same, or absolute where it
 * is not below it. Owned by the caller. */
static char *prefix_of_paths(const char *directory, const char *of_file) {
        _cleanup_free_ char *from = realpath(directory, NULL), *to = realpath(of_file, NULL);
        const char *rest = from && to ? startswith(to, from) : NULL;

        if (rest && *rest == '\0')
                return xstrdup("");
        if (rest && *rest == '/')
                return xstrdup(rest + 1);
        return xstrdup(to ? to : "");
}

static int find_file(const char *directory, char **ret, Error *reterr) {
        static const char *const names[] = {"compose.yaml", "compose.yml", "docker-compose.yml",
                                            "docker-compose.yaml"};

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_free_ char *path = xasprintf("%s/%s", directory, names[i]);

                if (access(path, F_OK) == 0) {
                        *ret = TAKE_PTR(path);
                        return 0;
                }
        }
        return error_raise(reterr, FC_EXIT_USAGE,
                           "there is no compose.yaml or docker-compose.yml here: name the file");
}

/* With the user's permissions. */
static int read_compose(const char *file, ComposeInput *input, char ***ret_notes, Draft **ret,
                        Error *reterr) {
        _cleanup_free_ char *directory = xstrdup(file), *text = NULL, *problem = NULL;
        _cleanup_(json_freep) Json *tree = NULL;
        _cleanup_strv_ char **paths = NULL;
        char *slash = strrchr(directory, '/');
        _cleanup_close_ int dir_fd = -EBADF;
        size_t size;
        int r;

        r = read_file(AT_FDCWD, file, YAML_SIZE_MAX, &text, &size, reterr);
        if (r < 0)
                return r;
        (void) strcpy(slash ? slash + 1 : directory, slash ? "" : ".");
        dir_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (dir_fd < 0)
                return error_set(reterr, errno, "open '%s'", directory);
        r = yaml_parse(text, size, &tree, reterr);
        if (r >= 0 && faccessat(dir_fd, ".env", F_OK, AT_EACCESS) == 0) {
                read_variables_of(dir_fd, ".env", &input->dotenv, &problem);
                if (problem)
                        draft_note(ret_notes, ".env", "not taken: %s", problem);
        }
        if (r >= 0)
                r = compose_env_files(tree, input->dotenv, &paths, reterr);
        for (char **path = paths; r >= 0 && path && *path; path++) {
                ComposeFile *f = XGROW(input->files, input->n_files);

                f->path = xstrdup(*path);
                read_variables_of(dir_fd, *path, &f->variables, &f->problem);
        }
        if (r >= 0)
                r = compose_import(tree, input, ret, reterr);
        return r < 0 ? error_prefix(reterr, r, "%s", file) : 0;
}

static int read_as_user(const Globals *globals, const char *file, DraftFormat format, Draft **ret,
                        Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_free_ char *found = NULL, *directory = NULL, *prefix = NULL;
        _cleanup_strv_ char **notes = NULL;
        ComposeInput input = {.format = format};
        InvokingUser user;
        int r;

        r = user_invoking(&user, reterr);
        if (r >= 0)
                r = user_fs_enter(&user, &guard, reterr);
        if (r >= 0 && !file) {
                r = find_file(starter_directory(globals), &found, reterr);
                file = found;
        }
        if (r < 0)
                return r;
        directory =
                strrchr(file, '/') ? xstrndup(file, (size_t) (strrchr(file, '/') - file) + 1) : xstrdup(".");
        prefix = prefix_of_paths(starter_directory(globals), directory);
        input.prefix = prefix;
        r = read_compose(file, &input, &notes, ret, reterr);
        if (r >= 0)
                strv_extend(&(*ret)->notes, notes);
        files_done(&input);
        return r;
}

/* @word: NULL: for this machine, as `init` chooses. */
static int choose_format(const char *word, DraftFormat *ret, const Starter **ret_starter, Error *reterr) {
        int r;

        *ret = word ? draft_format_from_string(word) : DRAFT_FLAKE;
        if (*ret == _DRAFT_FORMAT_MAX)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "option '--format': '%s' must be one of flake, json", word);
        r = starter_choose(!word ? NULL : *ret == DRAFT_FLAKE ? "default" : "debian", ret_starter, reterr);
        if (r >= 0)
                *ret = (*ret_starter)->nix ? DRAFT_FLAKE : DRAFT_JSON;
        return r;
}

int import_compose(const Globals *globals, const char *file, const char *format_word, Error *reterr) {
        _cleanup_free_ char *frame = NULL, *text = NULL;
        _cleanup_(draft_freep) Draft *draft = NULL;
        _cleanup_strv_ char **notes = NULL;
        const Starter *starter;
        DraftFormat format;
        int r;

        r = choose_format(format_word, &format, &starter, reterr);
        if (r >= 0)
                r = read_as_user(globals, file, format, &draft, reterr);
        if (r >= 0 && format == DRAFT_FLAKE)
                r = starter_text(starter, &frame, reterr);
        if (r >= 0)
                r = draft_print(draft, frame, &text, reterr);
        if (r >= 0 && globals->dry_run)
                (void) fputs(text, stdout);
        if (r >= 0)
                r = starter_write(starter, text, globals, reterr);
        if (r < 0 || globals->quiet)
                return r;
        notes = draft_notes(draft);
        (void) fprintf(stderr, "%s: %zu containers, %zu notes on what is otherwise than in compose\n",
                       starter->file, draft->n_containers, strv_length(notes));
        STRV_FOREACH (note, notes)
                (void) fprintf(stderr, "  %s\n", *note);
        starter_say_next(starter);
        return FC_EXIT_OK;
}
