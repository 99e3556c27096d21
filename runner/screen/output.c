/* SPDX-License-Identifier: MIT */

#include <langinfo.h>
#include <locale.h>
#include <sys/ioctl.h>

#include "base/alloc.h"
#include "screen/output.h"

static bool env_is_set(const char *name) {
        const char *value = getenv(name);

        return value && value[0] != '\0';
}

static bool is_ci(void) {
        return env_is_set("CI") && !streq(getenv("CI"), "false") && !streq(getenv("CI"), "0");
}

static bool is_dumb(void) {
        return !env_is_set("TERM") || streq(getenv("TERM"), "dumb");
}

/* From the environment, without setlocale(): the process' own locale is not this function's business. */
static bool locale_is_utf8(void) {
        locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t) 0);
        bool utf8;

        if (!locale)
                return false;
        utf8 = streq(nl_langinfo_l(CODESET, locale), "UTF-8");
        freelocale(locale);
        return utf8;
}

void output_update_size(Output *output, int fd) {
        struct winsize size;

        if (!output->terminal || ioctl(fd, TIOCGWINSZ, &size) < 0)
                return;
        output->width = size.ws_col;
        output->height = size.ws_row;
}

void output_probe(int fd, Output *ret) {
        Output output = {.terminal = isatty(fd) == 1, .unicode = locale_is_utf8()};

        output.colour = output.terminal && !is_dumb() && !env_is_set("NO_COLOR");
        output.live = output.colour && !is_ci();
        output_update_size(&output, fd);
        *ret = output;
}
