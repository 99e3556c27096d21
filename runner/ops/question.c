/* SPDX-License-Identifier: MIT */

#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "ops/question.h"

static int question_check(Error *reterr) {
        int r;

        if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO))
                return 0;
        r = error_raise(reterr, FC_EXIT_USAGE, "nothing was changed: there is no terminal to ask on");
        error_add_hint(reterr, "answer beforehand: --yes");
        return r;
}

int question_ask(const char *question, bool yes, Error *reterr) {
        _cleanup_free_ char *line = NULL;
        size_t room = 0;
        ssize_t n;
        int r;

        if (yes)
                return 1;
        r = question_check(reterr);
        if (r < 0)
                return r;
        (void) fprintf(stderr, "%s [y/N] ", question);
        (void) fflush(stderr);
        n = getline(&line, &room, stdin);
        if (n < 0) {
                /* The cursor still stands behind the question. */
                (void) fputc('\n', stderr);
                return 0;
        }
        line[strcspn(line, " \t\r\n")] = '\0';
        return strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0;
}

int question_ask_removal(Removal *removal, const char *question, bool yes, Error *reterr) {
        int r;

        if (yes)
                return 1;
        /* Before what takes long. */
        r = question_check(reterr);
        if (r >= 0)
                r = removal_measure(removal, reterr);
        if (r >= 0)
                r = removal_print(removal, stderr, reterr);
        if (r >= 0)
                r = question_ask(question, yes, reterr);
        if (r == 0)
                (void) fputs("nothing was removed\n", stderr);
        return r;
}
