/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/alloc.h"
#include "base/host-socket.h"
#include "base/own-mark.h"
#include "base/strv.h"
#include "rootfs/image-mark.h"

#define MARK_MAX 256

/* What is written to when an image is made or updated. A file that is edited in place deep inside is not
 * seen, as looking at all of them would take as long as a copy. */
static const char *const places[] = {"etc", "usr", "var/lib/dpkg"};

static void push_time(char ***words, const struct stat *st) {
        strv_pushf(words, "%" PRId64 ".%09ld", (int64_t) st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
}

char *image_mark_make(int image_fd) {
        _cleanup_strv_ char **words = NULL;
        struct stat st;

        if (fstat(image_fd, &st) < 0)
                return NULL;
        strv_pushf(&words, "%" PRIu64, (uint64_t) st.st_ino);
        push_time(&words, &st);
        for (size_t i = 0; i < ELEMENTSOF(places); i++)
                if (fstatat(image_fd, places[i], &st, AT_SYMLINK_NOFOLLOW) >= 0)
                        push_time(&words, &st);
                else
                        strv_push(&words, "-");
        return strv_join(words, " ");
}

static char *image_mark_name(void) {
        return xasprintf("%simage", own_mark_prefix(host_socket_is_brokered()));
}

void image_mark_write(int root_fd, const char *mark) {
        _cleanup_free_ char *name = image_mark_name();

        (void) fsetxattr(root_fd, name, mark, strlen(mark), 0);
}

char *image_mark_read(int root_fd) {
        _cleanup_free_ char *name = image_mark_name();
        char value[MARK_MAX];
        ssize_t n = fgetxattr(root_fd, name, value, sizeof(value));

        return n > 0 ? xstrndup(value, (size_t) n) : NULL;
}
