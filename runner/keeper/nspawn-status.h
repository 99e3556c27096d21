/* SPDX-License-Identifier: MIT */
#pragma once

/* What systemd-nspawn says of itself, sd_notify(3). Pure. */

#include <sys/types.h>

#include "base/macro.h"

typedef struct NspawnNotice {
        pid_t leader; /* X_NSPAWN_LEADER_PID=, in nspawn's PID namespace; 0: it says nothing of it */
        char *status; /* STATUS=, by nspawn_status_text(), or NULL */
        bool ready;   /* READY=1 */
} NspawnNotice;

void nspawn_notice_done(NspawnNotice *notice);

/* Reads one notification. The last line of a kind counts; other lines are ignored. */
void nspawn_notice_parse(const char *text, NspawnNotice *ret);

/* systemd-nspawn's STATUS= without what says nothing: of "Container running: User job db.service/start
 * running (2s / 2min)..." it is "db.service/start running (2s / 2min)", of "Container running." and
 * "Container started." it is "". Owned by the caller. */
char *nspawn_status_text(const char *status);
