/* SPDX-License-Identifier: MIT */

#include <locale.h>
#include <string.h>
#include <wchar.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "screen/text.h"

#define REPLACEMENT "\xef\xbf\xbd"
#define ESCAPE      '\x1b'

static bool in_range(char c, unsigned char first, unsigned char last) {
        return (unsigned char) c >= first && (unsigned char) c <= last;
}

/* Length of a control string (OSC, DCS, SOS, PM, APC) with its terminator, BEL or ESC \, or 0. */
static size_t control_string_length(const char *s, size_t n) {
        for (size_t i = 2; i < n; i++) {
                if (s[i] == '\a')
                        return i + 1;
                if (s[i] == ESCAPE)
                        return i + 1 < n && s[i + 1] == '\\' ? i + 2 : 0;
        }
        return 0;
}

/* Length of the escape sequence (ECMA-48) at @s, which starts with ESC; 0: it has no end. */
static size_t escape_length(const char *s, size_t n) {
        size_t i = 1;

        if (n < 2)
                return 0;
        if (s[1] == '[') {
                i = 2;
                while (i < n && in_range(s[i], 0x30, 0x3f))
                        i++;
                while (i < n && in_range(s[i], 0x20, 0x2f))
                        i++;
                return i < n && in_range(s[i], 0x40, 0x7e) ? i + 1 : 0;
        }
        if (strchr("]PX^_", s[1]))
                return s[1] == '\0' ? 0 : control_string_length(s, n);
        while (i < n && in_range(s[i], 0x20, 0x2f))
                i++;
        return i < n && in_range(s[i], 0x30, 0x7e) ? i + 1 : 0;
}

/* Length of the leading bytes that need no look: printable ASCII. */
static size_t plain_length(const char *s, size_t n) {
        size_t i = 0;

        while (i < n && in_range(s[i], 0x20, 0x7e))
                i++;
        return i;
}

void text_append_safe(Buffer *buffer, const char *s, size_t n) {
        while (n > 0) {
                size_t length = plain_length(s, n);

                if (length > 0)
                        buffer_append(buffer, s, length);
                else if (s[0] == ESCAPE && (length = escape_length(s, n)) > 0)
                        ; /* left out */
                else {
                        length = utf8_shown_length(s, n);
                        if (length > 0)
                                buffer_append(buffer, s, length);
                        else {
                                buffer_append_text(buffer, REPLACEMENT);
                                length = utf8_char_length(s, n);
                        }
                        length = length > 0 ? length : 1;
                }
                s += length;
                n -= length;
        }
}

char *text_safe(const char *s) {
        _cleanup_buffer_ Buffer buffer = {0};
        char *text;

        if (!s)
                return NULL;
        text_append_safe(&buffer, s, strlen(s));
        text = buffer_steal(&buffer);
        for (char *p = strchr(text, '\t'); p; p = strchr(p, '\t'))
                *p = ' ';
        return text;
}

/* wcwidth(3) asks the locale, and in the C locale, which sudo often leaves us with, it knows only ASCII. So
 * it is asked in C.UTF-8, which glibc has built in. Made once, and never changed: no state that matters. */
static locale_t utf8_locale(void) {
        static locale_t locale;

        if (!locale)
                locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t) 0);
        return locale;
}

/* Most of what is printed is, and the tables of a locale take long to map. */
static bool is_ascii(const char *s) {
        while (*s && (unsigned char) *s < 0x80)
                s++;
        return *s == '\0';
}

static size_t char_width(uint32_t c) {
        int width = c < 0x80 ? 1 : wcwidth((wchar_t) c);

        return width < 0 ? 1 : (size_t) width;
}

/* Columns of the longest beginning of @s that fits into @max; its length goes to @ret_length. */
static size_t fitting_width(const char *s, size_t max, size_t *ret_length) {
        locale_t utf8 = is_ascii(s) ? (locale_t) 0 : utf8_locale(),
                 old = utf8 ? uselocale(utf8) : (locale_t) 0;
        size_t width = 0, i = 0, left = strlen(s);

        while (left > 0) {
                size_t length = utf8_char_length(s + i, left);
                size_t columns = length > 0 ? char_width(utf8_decode(s + i, length)) : 1;

                if (width + columns > max)
                        break;
                length = length > 0 ? length : 1;
                width += columns;
                i += length;
                left -= length;
        }
        if (old)
                (void) uselocale(old);
        *ret_length = i;
        return width;
}

size_t text_width(const char *s) {
        size_t length;

        return fitting_width(s, SIZE_MAX / 2, &length);
}

char *text_shorten(const char *s, size_t width, bool unicode) {
        const char *ellipsis = unicode ? "…" : "...";
        size_t length, room = unicode ? 1 : 3;

        if (text_width(s) <= width)
                return xstrdup(s);
        if (width < room)
                return xstrndup(ellipsis, unicode ? 0 : width);
        (void) fitting_width(s, width - room, &length);
        return xasprintf("%.*s%s", (int) length, s, ellipsis);
}
