/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/strv.h"
#include "record/limit-record.h"
#include "record/record.h"

#define LIMIT_RECORD "limits"

/* The kernel's files about cgroups have no other letters in their names. */
#define FILE_LETTERS "abcdefghijklmnopqrstuvwxyz."

int limit_record_write(int runtime_fd, char *const *settings, Error *reterr) {
        _cleanup_free_ char *lines = NULL, *text = NULL;

        if (!settings)
                return record_remove(runtime_fd, LIMIT_RECORD, reterr);
        lines = strv_join(settings, "\n");
        text = xasprintf("%s\n", lines);
        return record_write(runtime_fd, LIMIT_RECORD, text, reterr);
}

bool limit_record_parse(const char *text, char ***ret) {
        _cleanup_strv_ char **settings = NULL;

        while (*text) {
                size_t size = strcspn(text, "\n"), file = strspn(text, FILE_LETTERS);

                if (text[size] == '\0' || file == 0 || text[file] != '=' || size == file + 1)
                        return false;
                strv_push_take(&settings, xstrndup(text, size));
                text += size + 1;
        }
        *ret = TAKE_PTR(settings);
        return true;
}

int limit_record_read(int runtime_fd, char ***ret, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        int r = record_read(runtime_fd, LIMIT_RECORD, &text, reterr);

        if (r < 0)
                return r;
        if (limit_record_parse(text ? text : "", ret))
                return 0;
        return record_damaged(LIMIT_RECORD, reterr);
}
