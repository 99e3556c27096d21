/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "import/flake-text.h"
#include "import/tree-text.h"

#define COMMENT_WIDTH 100

/* In lines of at most COMMENT_WIDTH bytes, as far as words allow. */
static void write_comment(FILE *f, const char *text, size_t indent) {
        size_t column = 0;

        while (*text) {
                size_t length = strcspn(text, " \n");

                if (column > 0 && column + 1 + length > COMMENT_WIDTH) {
                        (void) fputc('\n', f);
                        column = 0;
                }
                if (column == 0)
                        column = (size_t) fprintf(f, "%*s#", (int) indent, "");
                column += (size_t) fprintf(f, " %.*s", (int) length, text);
                text += length + (text[length] != '\0');
        }
        (void) fputc('\n', f);
}

/* The one key that has another name there. */
static Json *flake_keys(const Json *spec) {
        Json *keys = json_new_object();

        JSON_FOREACH (member, spec)
                json_add(keys, streq(json_key(member), "command") ? "runCommand" : json_key(member),
                         json_copy(member));
        return keys;
}

static void write_container(FILE *f, const DraftContainer *c, const char *state_version) {
        _cleanup_(json_freep) Json *keys = flake_keys(c->spec);
        _cleanup_free_ char *name = nix_name(c->name);

        STRV_FOREACH (note, c->notes)
                write_comment(f, *note, 8);
        (void) fprintf(f, "        %s = {\n", name);
        tree_text_write_members(f, keys, TREE_NIX, 10);
        (void) fprintf(f,
                       "          configuration =\n            { lib, pkgs, ... }:\n            {\n"
                       "              system.stateVersion = \"%s\";\n",
                       state_version);
        STRV_FOREACH (line, c->configuration)
                (void) fprintf(f, "%s%s\n", **line ? "              " : "", *line);
        (void) fprintf(f, "            };\n        };\n");
}

int flake_text(const Draft *draft, const char *frame, char **ret, Error *reterr) {
        static const char begins[] = "      flake-containers.containers.db = {\n", ends[] = "\n      };\n",
                          version[] = "system.stateVersion = \"", description[] = "  description = \"";
        const char *begin = strstr(frame, begins), *end = begin ? strstr(begin, ends) : NULL,
                   *state = begin ? strstr(begin, version) : NULL, *head = strstr(frame, description),
                   *rest = head ? strchr(head, '\n') : NULL;
        _cleanup_free_ char *state_version = NULL, *text = NULL, *title = NULL, *title_literal = NULL;
        size_t size = 0;
        FILE *f;

        if (!end || !state || !rest || rest > begin)
                return error_raise(reterr, FC_EXIT_INTERNAL, "the template of a flake has another form");
        state += strlen(version);
        state_version = xstrndup(state, strcspn(state, "\""));
        title = draft->project ? xasprintf("The services of %s", draft->project)
                               : xstrdup("The services of a project");
        title_literal = nix_string(title);
        f = open_memstream(&text, &size);
        if (!f)
                abort();
        (void) fprintf(f, "%.*s  description = %s;%.*s", (int) (head - frame), frame, title_literal,
                       (int) (begin - rest), rest);
        STRV_FOREACH (note, draft->notes)
                write_comment(f, *note, 6);
        (void) fprintf(f, "      flake-containers.containers = {\n");
        for (size_t i = 0; i < draft->n_containers; i++) {
                (void) fputs(i > 0 ? "\n" : "", f);
                write_container(f, &draft->containers[i], state_version);
        }
        (void) fprintf(f, "%s", end + 1);
        if (fclose(f) != 0)
                abort();
        *ret = TAKE_PTR(text);
        return 0;
}
