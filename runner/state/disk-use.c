/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "base/alloc.h"
#include "base/size-text.h"
#include "base/walk.h"
#include "state/disk-use.h"

#define STAT_BLOCK 512

/* A guest that moves directories about ends a walk early. */
#define WALKS_MAX 5

/* What has several names, by number and device: subvolumes of one file system have devices of their own.
 * Open addressing, at most half full; no key is 0. */
typedef struct InodeSet {
        uint64_t *slots;
        size_t n, room;
} InodeSet;

/* Return: whether it was new. */
static bool inode_set_put(InodeSet *set, uint64_t key) {
        size_t i = (size_t) ((key * UINT64_C(0x9e3779b97f4a7c15)) & (set->room - 1));

        while (set->slots[i] != 0 && set->slots[i] != key)
                i = (i + 1) & (set->room - 1);
        if (set->slots[i] == key)
                return false;
        set->slots[i] = key;
        set->n++;
        return true;
}

static bool inode_set_add(InodeSet *set, uint64_t key) {
        if (2 * (set->n + 1) > set->room) {
                InodeSet larger = {.room = set->room > 0 ? 2 * set->room : 1024};

                larger.slots = xnew0(uint64_t, larger.room);
                for (size_t i = 0; i < set->room; i++)
                        if (set->slots[i] != 0)
                                (void) inode_set_put(&larger, set->slots[i]);
                free(set->slots);
                *set = larger;
        }
        return inode_set_put(set, key);
}

static uint64_t inode_key(const struct statx *st) {
        return (st->stx_ino ^ ((uint64_t) makedev(st->stx_dev_major, st->stx_dev_minor) << 40)) |
               (UINT64_C(1) << 63);
}

typedef struct Sum {
        uint64_t blocks;
        InodeSet seen;
} Sum;

static int sum_add(Sum *sum, int dir_fd, const char *name) {
        struct statx st;

        if (statx(dir_fd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
                  STATX_TYPE | STATX_INO | STATX_NLINK | STATX_BLOCKS, &st) < 0)
                return errno == ENOENT ? WALK_ON : -errno;
        if (st.stx_attributes & STATX_ATTR_MOUNT_ROOT)
                return WALK_ON;
        if (S_ISDIR(st.stx_mode)) {
                sum->blocks += st.stx_blocks;
                return WALK_ENTER;
        }
        if (st.stx_nlink < 2 || inode_set_add(&sum->seen, inode_key(&st)))
                sum->blocks += st.stx_blocks;
        return WALK_ON;
}

static int sum_on_entry(int dir_fd, const struct dirent *entry, void *userdata) {
        return sum_add(userdata, dir_fd, entry->d_name);
}

static int sum_up(int dir_fd, const char *name, uint64_t *ret) {
        static const WalkVisitor visitor = {.entry = sum_on_entry, .tolerant = true};
        _cleanup_close_ int fd = -EBADF;
        Sum sum = {};
        int r = sum_add(&sum, dir_fd, name);

        if (r == WALK_ENTER) {
                fd = walk_open(dir_fd, name, O_DIRECTORY);
                r = fd < 0 ? -errno : walk_below(fd, &visitor, &sum);
        }
        free(sum.seen.slots);
        *ret = sum.blocks * STAT_BLOCK;
        return r;
}

int disk_use(int dir_fd, const char *name, uint64_t *ret, Error *reterr) {
        int r = -ESTALE;

        for (int i = 0; i < WALKS_MAX && r == -ESTALE; i++)
                r = sum_up(dir_fd, name, ret);
        return r < 0 ? error_set(reterr, r, "find the size of '%s'", name) : 0;
}

int disk_fill(int dir_fd, unsigned *ret_percent, uint64_t *ret_left, Error *reterr) {
        struct statvfs st;
        uint64_t used;

        if (fstatvfs(dir_fd, &st) < 0)
                return error_set(reterr, errno, "look at the disk");
        used = st.f_blocks - st.f_bfree;
        /* Rounded up, like df(1). A file system that counts nothing is not full. */
        *ret_percent = used + st.f_bavail > 0
                               ? (unsigned) ((used * 100 + used + st.f_bavail - 1) / (used + st.f_bavail))
                               : 0;
        *ret_left = st.f_bavail * st.f_frsize;
        return 0;
}

bool disk_is_read_only(int dir_fd) {
        struct statvfs st;

        return fstatvfs(dir_fd, &st) >= 0 && (st.f_flag & ST_RDONLY);
}

char *disk_describe_full(int dir_fd) {
        char size[FORMAT_SIZE_MAX];
        unsigned percent;
        uint64_t left;

        if (disk_fill(dir_fd, &percent, &left, NULL) < 0 || percent < DISK_FULL_PERCENT)
                return NULL;
        return xasprintf("the disk of '.containers' is %u %% full, %s are left", percent,
                         format_size(size, left));
}
