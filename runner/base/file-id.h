/* SPDX-License-Identifier: MIT */
#pragma once

/* A text that tells a file or directory from all others, also when the machine has been restarted: device
 * numbers are given anew then, so they count only where the file system has no id of its own. @fd: O_PATH
 * will do. Return: owned by the caller; NULL with errno set. */
char *file_id_text(int fd);
