/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "ready/ready-progress.h"

const char *ready_progress_rung(const ReadyProgress *progress) {
        switch (progress->rung) {
        case RUNG_UNITS:
                return "units";
        case RUNG_CHECKS:
                return progress->check;
        default:
                return "boot";
        }
}

char *ready_progress_to_string(const ReadyProgress *progress) {
        const char *rung = ready_progress_rung(progress);

        if (progress->rung <= RUNG_BOOT)
                return xstrdup(progress->text);
        return progress->text ? xasprintf("%s: %s", rung, progress->text) : xstrdup(rung);
}
