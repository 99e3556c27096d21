/* SPDX-License-Identifier: MIT */

/* Start-up, the one place that prints an error, and the exit status. */

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "cli/verbs.h"
#include "screen/error-print.h"
#include "screen/progress.h"

/* A file opened as descriptor 0, 1 or 2 would be written to by the next message. */
static void open_missing_stdio(void) {
        while (true) {
                int fd = open("/dev/null", O_RDWR);

                if (fd > STDERR_FILENO)
                        (void) close(fd);
                if (fd < 0 || fd > STDERR_FILENO)
                        return;
        }
}

static ProgressMode error_mode(const Globals *globals) {
        ProgressMode mode;

        return globals->progress && progress_mode_parse(globals->progress, &mode, NULL) >= 0 ? mode
                                                                                             : PROGRESS_AUTO;
}

int main(int argc, char **argv) {
        Globals globals = {};
        OptionTable table = {globals_options, globals_n_options, &globals};
        Error error = ERROR_NULL;
        int r;

        open_missing_stdio();
        /* A caller that ignores it leaves that to us, and the end of a child could not be waited for. */
        (void) signal(SIGCHLD, SIG_DFL);
        (void) umask(022);

        r = verbs_main(argc, argv, &globals, &error);
        if (r < 0) {
                report_error(stderr, &error, error_mode(&globals));
                r = error.exit;
        }
        if (fflush(stdout) != 0 && r == FC_EXIT_OK) {
                (void) fprintf(stderr, "error: write standard output: %m\n");
                r = FC_EXIT_INTERNAL;
        }
        error_done(&error);
        options_done(&table);
        return r;
}
