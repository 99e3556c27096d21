/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/strv.h"
#include "running/internet-loss.h"

/* As netns-setup/internet.h has it. */
#define INTERNET_INTERFACE "internet0"

/* A guest may make as many interfaces as the kernel lets it: a list that is longer tells nothing. */
#define LIST_MAX (256 * 1024)

bool net_dev_has(const char *text, const char *interface) {
        while (*text) {
                const char *name = text + strspn(text, " "), *rest = startswith(name, interface);

                if (rest && rest[0] == ':')
                        return true;
                text += strcspn(text, "\n");
                text += *text == '\n';
        }
        return false;
}

bool internet_is_lost(pid_t leader) {
        _cleanup_free_ char *path = xasprintf("/proc/%d/net/dev", (int) leader), *text = NULL;
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

        return fd >= 0 && fs_read_fd(fd, path, LIST_MAX, &text, NULL, NULL) >= 0 &&
               net_dev_has(text, "lo") && !net_dev_has(text, INTERNET_INTERFACE);
}
