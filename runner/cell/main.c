/* SPDX-License-Identifier: MIT */

/* What systemd-nspawn is for a guest of a user without root: it runs one, in a user namespace of the guest's
 * own below the one that this program is in, which has the ids of both.
 *
 *     cell OPTION.. -- COMMAND [ARGUMENT..]
 *
 * It is root there and nowhere else, and cgroup2 is mounted at /sys/fs/cgroup (keeper/supervisor-isolate.c).
 * The options are systemd-nspawn's (keeper/cell-options.h), and so are what it says of itself and how it
 * ends (life.h). */

#include <sys/prctl.h>

#include "base/exit-code.h"
#include "cell/life.h"

int main(int argc, char **argv) {
        CellOptions options = {};
        Error error = ERROR_NULL;
        int status = EXIT_FAILURE, r;

        /* Neither a guest's PID 1 nor this process, before they execute its init, is for the guest to look
         * into: they have the host's environment, and a program that belongs to the user. */
        r = prctl(PR_SET_DUMPABLE, 0) < 0 ? error_set(&error, errno, "hide this process") : 0;
        if (r >= 0)
                r = cell_options_parse(argv + 1, &options, &error);
        if (r >= 0)
                r = life_run(&options, &status, &error);
        if (r < 0)
                (void) fprintf(stderr, "flake-containers: run the container: %s\n", error.message);
        /* What a sanitizer does at a program's end it cannot do to a process that is hidden. */
        _exit(r < 0 ? EXIT_FAILURE : status);
}
