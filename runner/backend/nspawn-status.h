/* SPDX-License-Identifier: MIT */
#pragma once

/* systemd-nspawn's STATUS= without what says nothing: of "Container running: User job db.service/start
 * running (2s / 2min)..." it is "db.service/start running (2s / 2min)", of "Container running." and
 * "Container started." it is "". Owned by the caller. */
char *nspawn_status_text(const char *status);
