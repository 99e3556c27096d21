/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "spec/short-form.h"

int short_form_split(const char *text, const char *form, int n_max, char *ret_fields[], Error *reterr) {
        _cleanup_free_ char *copy = xstrdup(text);
        char *starts[SHORT_FORM_FIELDS_MAX] = {copy}, *end = copy;
        int n = 1;

        for (const char *s = text; *s; s++) {
                if (*s == ':') {
                        if (n == n_max)
                                return error_raise(reterr, FC_EXIT_USAGE,
                                                   "'%.100s': expected %s, a ':' in a path is written '\\:'",
                                                   text, form);
                        *end++ = '\0';
                        starts[n++] = end;
                        continue;
                }
                if (*s == '\\') {
                        s++;
                        if (*s != ':' && *s != '\\')
                                return error_raise(reterr, FC_EXIT_USAGE,
                                                   "'%.100s': a '\\' in a path is written '\\\\'", text);
                }
                *end++ = *s;
        }
        *end = '\0';
        for (int i = 0; i < n; i++)
                ret_fields[i] = xstrdup(starts[i]);
        return n;
}
