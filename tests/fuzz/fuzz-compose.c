/* SPDX-License-Identifier: MIT */

#include "fuzz.h"
#include "import/compose.h"
#include "import/yaml.h"
#include "spec/spec-parse.h"

static const char frame[] = "{\n  description = \"x\";\n  y\n      flake-containers.containers.db = {\n"
                            "system.stateVersion = \"1\";\n      };\n}\n";

/* Compose file -> tree -> draft -> text, in both formats. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(json_freep) Json *tree = NULL;
        char *variables[] = {(char *) "A=1", (char *) "EMPTY=", (char *) "POSTGRES_USER=a'\"$", NULL};
        ComposeFile file = {.path = (char *) ".env", .variables = variables};
        ComposeInput input = {.prefix = "sub", .dotenv = variables, .files = &file, .n_files = 1};
        int r;

        r = yaml_parse((const char *) data, size, &tree, &error);
        fuzz_check_result(r, &error);
        if (r < 0)
                return 0;
        for (input.format = 0; input.format < _DRAFT_FORMAT_MAX; input.format++) {
                _cleanup_(draft_freep) Draft *draft = NULL;
                _cleanup_strv_ char **notes = NULL;
                _cleanup_free_ char *text = NULL;
                Spec *spec = NULL;

                r = compose_import(tree, &input, &draft, &error);
                fuzz_check_result(r, &error);
                if (r < 0)
                        return 0;
                notes = draft_notes(draft);
                STRV_FOREACH (note, notes)
                        FUZZ_CHECK(!strpbrk(*note, "\r\n"));
                r = draft_print(draft, frame, &text, &error);
                fuzz_check_result(r, &error);
                if (r < 0)
                        return 0;
                if (input.format == DRAFT_JSON)
                        FUZZ_CHECK(spec_parse(text, strlen(text), &spec, NULL) >= 0);
                (void) spec_free(spec);
        }
        return 0;
}
