/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "remote/words.h"

/* Of these no shell makes anything else, at whatever place in a word: '=' begins one of zsh's. */
#define WORD_PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,@%+"

/* @out has room for four bytes of each, and two more. */
static char *word_quote(const char *word, char *out) {
        size_t n = strlen(word);
        bool inside = false;

        if (n > 0 && strspn(word, WORD_PLAIN) == n)
                return mempcpy(out, word, n);
        if (n == 0)
                return mempcpy(out, "''", 2);
        for (const char *p = word; *p; p++) {
                bool escaped = *p == '\'' || *p == '\\';

                if (inside == escaped) {
                        *out++ = '\'';
                        inside = !inside;
                }
                if (escaped)
                        *out++ = '\\';
                *out++ = *p;
        }
        if (inside)
                *out++ = '\'';
        return out;
}

char *words_quote(char *const *words) {
        size_t size = 1;
        char *text, *out;

        STRV_FOREACH (word, words)
                size += 4 * strlen(*word) + 3;
        text = out = xmalloc0(size);
        STRV_FOREACH (word, words) {
                if (out > text)
                        *out++ = ' ';
                out = word_quote(*word, out);
        }
        *out = '\0';
        return text;
}
