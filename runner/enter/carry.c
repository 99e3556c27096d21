/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/strv.h"
#include "base/utf8.h"
#include "enter/carry.h"

/* Code points that sd-bus refuses although they are UTF-8: the non-characters (unichar_is_valid()). */
static bool is_noncharacter(const unsigned char *s, size_t n) {
        uint32_t c;

        if (n < 3)
                return false;
        c = n == 3 ? (uint32_t) (s[0] & 0x0f) << 12 | (uint32_t) (s[1] & 0x3f) << 6 | (s[2] & 0x3f)
                   : (uint32_t) (s[0] & 0x07) << 18 | (uint32_t) (s[1] & 0x3f) << 12 |
                             (uint32_t) (s[2] & 0x3f) << 6 | (s[3] & 0x3f);
        return (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef);
}

bool carry_argument_is_plain(const char *s) {
        size_t left = strlen(s);

        while (left > 0) {
                size_t n = utf8_char_length(s, left);

                if (n == 0 || is_noncharacter((const unsigned char *) s, n))
                        return false;
                s += n;
                left -= n;
        }
        return true;
}

bool carry_assignment_is_plain(const char *s) {
        for (const char *p = s; *p; p++)
                if (((unsigned char) *p < 0x20 && *p != '\t' && *p != '\n') || *p == 0x7f)
                        return false;
        return carry_argument_is_plain(s);
}

bool carry_assignment_holds(const char *s, char *const *outweighed) {
        STRV_FOREACH (name, outweighed) {
                const char *rest = startswith(s, *name);

                if (rest && *rest == '=')
                        return false;
        }
        return carry_assignment_is_plain(s);
}

/* For printf's %b (POSIX): \0 and three octal digits. */
static char *encode(const char *s) {
        char *text = xmalloc0(strlen(s) * 5 + 1), *out = text;

        for (; *s; s++) {
                unsigned char c = (unsigned char) *s;

                if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    strchr("/._-=,:+@", c))
                        *out++ = (char) c;
                else
                        out += snprintf(out, 6, "\\0%03o", c);
        }
        *out = '\0';
        return text;
}

char **carry_wrap(const char *path, char *const *argv, char ***environment, char *const *outweighed) {
        /* The "x" keeps newlines at the end from being cut off by $(). */
        static const char script[] =
                "_fc_n=$1; shift\n"
                "for _fc_a do\n"
                "  shift\n"
                "  _fc_a=$(printf %bx \"$_fc_a\"); _fc_a=${_fc_a%x}\n"
                "  if [ \"$_fc_n\" -gt 0 ]; then _fc_n=$((_fc_n - 1)); export \"$_fc_a\"\n"
                "  else set -- \"$@\" \"$_fc_a\"; fi\n"
                "done\n"
                "exec \"$@\"";
        _cleanup_strv_ char **plain = NULL, **exported = NULL;
        char **wrapped = NULL;

        STRV_FOREACH (s, *environment)
                if (carry_assignment_holds(*s, outweighed))
                        strv_push(&plain, *s);
                else
                        strv_push_take(&exported, encode(*s));

        strv_push(&wrapped, "sh");
        strv_push(&wrapped, "-c");
        strv_push(&wrapped, script);
        strv_push(&wrapped, "sh");
        strv_pushf(&wrapped, "%zu", strv_length(exported));
        strv_extend(&wrapped, exported);
        strv_push_take(&wrapped, encode(path));
        STRV_FOREACH (s, argv + 1)
                strv_push_take(&wrapped, encode(*s));

        strv_free(*environment);
        *environment = TAKE_PTR(plain);
        return wrapped;
}
