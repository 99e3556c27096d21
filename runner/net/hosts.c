/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/strv.h"
#include "net/hosts.h"

char *hosts_print(const HostsEntry *entries, size_t n_entries) {
        _cleanup_strv_ char **lines = NULL;

        strv_push(&lines, "# The containers of this project; made by flake-containers.");
        strv_push(&lines, "127.0.0.1 localhost");
        strv_push(&lines, "::1 localhost ip6-localhost ip6-loopback");
        strv_push(&lines, HOST_ACCESS_ADDRESS " " HOST_ACCESS_NAMES);
        for (size_t i = 0; i < n_entries; i++) {
                strv_pushf(&lines, "%s %s", entries[i].address, entries[i].names);
                if (entries[i].address6)
                        strv_pushf(&lines, "%s %s", entries[i].address6, entries[i].names);
        }
        strv_push(&lines, "");
        return strv_join(lines, "\n");
}

static int replace_content(int fd, const char *text) {
        size_t size = strlen(text);
        _cleanup_free_ char *padded = NULL;
        struct stat st;
        ssize_t n;

        if (fstat(fd, &st) < 0)
                return -errno;
        /* What is left of a longer file until it is cut begins in the middle of a line: turn that rest into
         * a comment. */
        padded = xasprintf("%s#", text);
        n = pwrite(fd, padded, st.st_size > (off_t) size ? size + 1 : size, 0);
        if (n < 0)
                return -errno;
        if ((size_t) n < size)
                return -ENOSPC;
        return ftruncate(fd, (off_t) size) < 0 ? -errno : 0;
}

int hosts_write(int dir_fd, const char *name, const char *text, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = fs_open_beneath(dir_fd, name, O_WRONLY | O_CREAT, 0644, reterr);
        if (fd < 0)
                return fd;
        r = fchmod(fd, 0644) < 0 ? -errno : replace_content(fd, text);
        if (r < 0)
                return error_set(reterr, r, "write '%s'", name);
        return 0;
}
