/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "view/format-option.h"

const char *format_option_word(const char *option, bool json, const char *fallback) {
        return option ? option : json ? "json" : fallback;
}

int format_option_check(const char *word, bool known, bool json, const char *words, Error *reterr) {
        if (!known)
                return error_raise(reterr, FC_EXIT_USAGE, "option '--format': '%s' must be one of %s", word,
                                   words);
        if (json && !streq(word, "json"))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "options '--json' and '--format=%s' exclude each other", word);
        return 0;
}
