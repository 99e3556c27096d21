/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/utf8.h"

/* A longer key is cut in messages. */
#define KEY_SHOWN_MAX 64

static bool is_word(const char *key) {
        return key[0] && strlen(key) <= KEY_SHOWN_MAX &&
               key[strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] == '\0';
}

/* The key as it would stand in JSON, so that a quote or a control character in it cannot mislead. */
static char *quote_key(const char *key) {
        char *text = NULL;
        size_t size = 0, left = strlen(key);
        FILE *f = open_memstream(&text, &size);

        if (!f)
                abort();
        for (size_t shown = 0, n; left > 0 && shown < KEY_SHOWN_MAX; shown += n, key += n, left -= n) {
                n = utf8_char_length(key, left);
                if (n == 0) {
                        n = 1;
                        (void) fputs("\xef\xbf\xbd", f);
                } else if ((unsigned char) *key < 0x20 || *key == 0x7f)
                        (void) fprintf(f, "\\u%04x", (unsigned) *key);
                else if (*key == '"' || *key == '\\')
                        (void) fprintf(f, "\\%c", *key);
                else
                        (void) fwrite(key, 1, n, f);
        }
        if (left > 0)
                (void) fputs("...", f);
        if (fclose(f) != 0)
                abort();
        return text;
}

char *json_path_member(const char *path, const char *key) {
        _cleanup_free_ char *quoted = NULL;

        if (is_word(key))
                return xasprintf("%s%s%s", path, path[0] ? "." : "", key);
        quoted = quote_key(key);
        return xasprintf("%s[\"%s\"]", path, quoted);
}

char *json_path_index(const char *path, size_t index) {
        return xasprintf("%s[%zu]", path, index);
}
