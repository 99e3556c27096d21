/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "base/size-text.h"
#include "rootfs/tree-copy.h"
#include "storage/snapshot-copy.h"

#define SHOW_USEC (100 * USEC_PER_MSEC)

typedef struct Shown {
        Progress *progress;
        const char *name;
        Phase phase;
        uint64_t next_usec;
} Shown;

static void show(const Shown *s, const TreeCopied *copied) {
        char size[FORMAT_SIZE_MAX];

        progress_update(s->progress, s->name, s->phase, copied ? format_size(size, copied->bytes) : NULL);
        progress_tick(s->progress);
}

static void on_copied(const TreeCopied *so_far, void *userdata) {
        Shown *s = userdata;
        uint64_t now;

        /* Asking what time it is costs more than a small file. */
        if (so_far->files % 16 != 0)
                return;
        now = now_usec();
        if (now < s->next_usec)
                return;
        s->next_usec = now + SHOW_USEC;
        show(s, so_far);
}

int snapshot_copy(int from_dir_fd, const char *from, int to_dir_fd, const char *to, const char *shown,
                  Phase phase, Progress *progress, uint64_t *bytes, Error *reterr) {
        Shown s = {progress, shown, phase, now_usec() + SHOW_USEC};
        TreeCopied copied = {};
        const TreeCopyOptions options = {on_copied, &s, &copied};
        _cleanup_close_ int from_fd = -EBADF, to_fd = -EBADF;
        int r;

        from_fd = fs_open_beneath(from_dir_fd, from, O_RDONLY | O_DIRECTORY, 0, reterr);
        if (from_fd < 0)
                return from_fd;
        to_fd = fs_make_directory(to_dir_fd, to, reterr);
        if (to_fd < 0)
                return to_fd;
        show(&s, NULL);
        r = tree_copy(from_fd, to_fd, &options, shown, reterr);
        *bytes += copied.bytes;
        return r;
}
