/* SPDX-License-Identifier: MIT */
#pragma once

/* systemd-nspawn's STATUS= without what says nothing: of "Container running: User job db.service/start
 * running (2s / 2min)..." it is "db.service/start running (2s / 2min)", of "Container running." "". Owned by
 * the caller. */
char *nspawn_status_text(const char *status);
