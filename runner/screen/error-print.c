/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/json.h"
#include "base/strv.h"
#include "screen/buffer.h"
#include "screen/error-print.h"
#include "screen/output.h"
#include "screen/progress.h"

/* Its text was made harmless when it was put into the error. */
static void append_lines(Buffer *buffer, char *const *lines, size_t indent) {
        STRV_FOREACH (line, lines) {
                buffer_append_fill(buffer, ' ', indent);
                buffer_append_text(buffer, *line);
                buffer_append_text(buffer, "\n");
        }
}

static void error_print_append_json(Buffer *buffer, const Error *error) {
        _cleanup_(json_freep) Json *json = json_new_object();
        _cleanup_free_ char *message = error_text(error), *text = NULL;
        Json *body = json_new_object();

        json_add_uint(body, "exit", (uint64_t) error->exit);
        json_add_string(body, "message", message);
        json_add_string(body, "container", error->container);
        json_add_strv(body, "evidence", error->evidence);
        json_add_strv(body, "hints", error->hints);
        json_add(json, "error", body);
        text = json_print(json, /* pretty= */ false);
        buffer_append_text(buffer, text);
        buffer_append_text(buffer, "\n");
}

static void append_error(Buffer *buffer, const Error *error, bool colour) {
        _cleanup_free_ char *message = error_text(error);

        buffer_append_text(buffer, colour ? "\x1b[1;31merror:\x1b[0m " : "error: ");
        buffer_append_text(buffer, message);
        buffer_append_text(buffer, "\n");
        append_lines(buffer, error->evidence, 6);
        append_lines(buffer, error->hints, 2);
}

char *error_to_text(const Error *error, bool colour) {
        Buffer buffer = {0};

        append_error(&buffer, error, colour);
        buffer.size--;
        return buffer_steal(&buffer);
}

void report_error(FILE *out, const Error *error, ProgressMode mode) {
        _cleanup_buffer_ Buffer buffer = {0};
        Output output;

        if (!error_is_set(error))
                return;
        if (mode == PROGRESS_JSON)
                error_print_append_json(&buffer, error);
        else {
                output_probe(fileno(out), &output);
                append_error(&buffer, error, output.colour);
        }
        /* There is nowhere left to complain to. */
        (void) buffer_flush(&buffer, out);
}
