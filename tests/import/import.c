/* SPDX-License-Identifier: MIT */

/* A compose file -> a flake, and a specification, and what is said of each, without root and without a
 * machine: every folder beside this file is a case.
 *
 * import-golden FRAME CASE-DIRECTORY [--update]
 *
 * reads compose.yaml, .env and what env_file names, and compares with flake.nix, flake-containers.json,
 * flake.notes and json.notes what it would become, or writes them. FRAME: the template of a flake. */

#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "import/compose.h"
#include "import/yaml.h"
#include "spec/env-file.h"

#define FILE_MAX (1024 * 1024)

static char *read_file(int dir_fd, const char *name, size_t *ret_size, Error *reterr) {
        _cleanup_close_ int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
        char *text = NULL;

        if (fd < 0)
                (void) error_set(reterr, errno, "open '%s'", name);
        else
                (void) fs_read_fd(fd, name, FILE_MAX, &text, ret_size, reterr);
        return text;
}

static char **read_variables(int dir_fd, const char *name, char **ret_problem) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text = NULL;
        char **variables = NULL;
        size_t size;

        text = read_file(dir_fd, name, &size, &error);
        if (text)
                (void) env_file_parse(text, size, false, &variables, &error);
        if (error.message)
                *ret_problem = xstrdup(error.message);
        return variables;
}

/* Return: whether the file has that text. */
static bool compare(int dir_fd, const char *name, const char *text, bool update, Error *reterr) {
        _cleanup_free_ char *expected = NULL;

        if (update)
                return fs_write_fleeting(dir_fd, name, text, strlen(text), 0644, reterr) >= 0;
        expected = read_file(dir_fd, name, NULL, reterr);
        if (expected && streq(expected, text))
                return true;
        if (expected)
                (void) fprintf(stderr, "%s would be now:\n%s", name, text);
        return false;
}

static char *joined_notes(const Draft *draft) {
        _cleanup_strv_ char **notes = draft_notes(draft);
        _cleanup_free_ char *text = strv_join(notes, "\n");

        return xasprintf("%s%s", text, *text ? "\n" : "");
}

static bool try_format(int dir_fd, const Json *tree, ComposeInput *input, DraftFormat format,
                       const char *frame, bool update, Error *reterr) {
        _cleanup_free_ char *text = NULL, *notes = NULL, *notes_name = NULL;
        _cleanup_(draft_freep) Draft *draft = NULL;
        bool same;

        input->format = format;
        if (compose_import(tree, input, &draft, reterr) < 0 || draft_print(draft, frame, &text, reterr) < 0)
                return false;
        notes = joined_notes(draft);
        notes_name = xasprintf("%s.notes", draft_format_to_string(format));
        same = compare(dir_fd, format == DRAFT_FLAKE ? "flake.nix" : "flake-containers.json", text, update,
                       reterr);
        return compare(dir_fd, notes_name, notes, update, reterr) && same;
}

static bool try_case(int dir_fd, const char *frame, bool update, Error *reterr) {
        _cleanup_free_ char *text = NULL, *problem = NULL;
        _cleanup_(json_freep) Json *tree = NULL;
        _cleanup_strv_ char **paths = NULL;
        ComposeInput input = {.prefix = ""};
        bool same = true;
        size_t size;

        text = read_file(dir_fd, "compose.yaml", &size, reterr);
        if (!text || yaml_parse(text, size, &tree, reterr) < 0)
                return false;
        input.dotenv = read_variables(dir_fd, ".env", &problem);
        if (compose_env_files(tree, input.dotenv, &paths, reterr) < 0)
                return false;
        STRV_FOREACH (path, paths) {
                ComposeFile *f = XGROW(input.files, input.n_files);

                f->path = xstrdup(*path);
                f->variables = read_variables(dir_fd, *path, &f->problem);
        }
        for (DraftFormat format = 0; format < _DRAFT_FORMAT_MAX; format++)
                if (!try_format(dir_fd, tree, &input, format, frame, update, reterr))
                        same = false;
        (void) strv_free(input.dotenv);
        for (size_t i = 0; i < input.n_files; i++) {
                free(input.files[i].path);
                free(input.files[i].problem);
                (void) strv_free(input.files[i].variables);
        }
        free(input.files);
        return same;
}

int main(int argc, char *argv[]) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *frame = NULL;
        _cleanup_close_ int dir_fd = -EBADF;
        bool same;

        if (argc < 3)
                return 2;
        frame = read_file(AT_FDCWD, argv[1], NULL, &error);
        dir_fd = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (!frame || dir_fd < 0)
                return 2;
        same = try_case(dir_fd, frame, argc > 3 && streq(argv[3], "--update"), &error);
        if (error.message)
                (void) fprintf(stderr, "%s: %s\n", argv[2], error.message);
        return same ? 0 : 1;
}
