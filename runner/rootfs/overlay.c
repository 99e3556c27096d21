/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include "base/fs.h"
#include "base/paths.h"
#include "rootfs/mount-child.h"
#include "rootfs/mounts.h"
#include "rootfs/overlay.h"

/* Attached here in the child's mount namespace. Fixed, since overlayfs takes paths and finds commas and
 * colons in them; and attached, since before Linux 6.15 it takes no layers from detached mounts. */
#define IMAGE MACHINE_DIR "/image"
#define STATE MACHINE_DIR "/state"

/* Return: 0 or a negative errno, like those below. */
static int overlay_attach(int tree_fd, const char *path) {
        if (mkdir(path, 0700) < 0 ||
            syscall(SYS_move_mount, tree_fd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return -errno;
        return 0;
}

static int set(int fs_fd, const char *key, const char *value) {
        return syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_STRING, key, value, 0) < 0 ? -errno : 0;
}

typedef struct Layers {
        int lower, state;
        bool lasting;
} Layers;

/* What lasts is used with other lower layers: nothing in it may refer to the one that was there when it was
 * written. */
static int set_lasting(int fs_fd) {
        static const char *const features[] = {"index", "metacopy", "redirect_dir"};
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(features); i++)
                r = set(fs_fd, features[i], "off");
        return r;
}

/* fsync(2) need not wait for the disk. */
static int set_volatile(int fs_fd) {
        return syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_FLAG, "volatile", NULL, 0) < 0 ? -errno : 0;
}

static int make_overlay(bool lasting) {
        static const struct {
                const char *key, *value;
        } options[] = {
                {"source", "flake-containers"},
                {"lowerdir", IMAGE},
                {"upperdir", STATE "/upper"},
                {"workdir", STATE "/work"},
        };
        _cleanup_close_ int fs_fd = (int) syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC), fd = -EBADF;
        struct statvfs st;
        int r = fs_fd < 0 ? -errno : 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(options); i++)
                r = set(fs_fd, options[i].key, options[i].value);
        if (r >= 0)
                r = lasting ? set_lasting(fs_fd) : set_volatile(fs_fd);
        if (r >= 0 && syscall(SYS_fsconfig, fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                r = -errno;
        if (r < 0)
                return r;
        fd = (int) syscall(SYS_fsmount, fs_fd, FSMOUNT_CLOEXEC, 0);
        if (fd < 0 || fstatvfs(fd, &st) < 0)
                return -errno;
        /* When it cannot make its work directory it is mounted all the same, read-only, and a guest comes up
         * on it and says READY=1. */
        if (st.f_flag & ST_RDONLY)
                return -EROFS;
        return TAKE_FD(fd);
}

static int overlay_assemble(const void *userdata) {
        const Layers *layers = userdata;
        int r;

        r = overlay_attach(layers->lower, IMAGE);
        if (r >= 0)
                r = overlay_attach(layers->state, STATE);
        return r < 0 ? r : make_overlay(layers->lasting);
}

int overlay_lay(int lower, int state, bool lasting, Error *reterr) {
        int fd = mount_in_child(overlay_assemble, &(Layers){lower, state, lasting});

        return fd < 0 ? error_set(reterr, fd, "lay a writable layer over it") : fd;
}

int overlay_make_layers(int state, int lower, Error *reterr) {
        _cleanup_close_ int upper = -EBADF;
        struct stat st;

        if (fstat(lower, &st) < 0)
                return error_set(reterr, errno, "look at the lower layer");
        if (mkdirat(state, "work", 0700) < 0)
                return error_set(reterr, errno, "make the layers");
        upper = fs_make_directory(state, "upper", reterr);
        if (upper < 0)
                return upper;
        if (fchown(upper, st.st_uid, st.st_gid) < 0 || fchmod(upper, st.st_mode & 07777) < 0)
                return error_set(reterr, errno, "make the upper layer");
        return 0;
}

/* The root directory of the view is that of the upper layer. On the disk the ids are those of the
 * container's range: mapped back there would be no id for what root makes here. */
static int make_layers(int image_fd, int dir_fd, uint32_t base, Error *reterr) {
        _cleanup_close_ int upper = -EBADF;
        struct stat st;

        if (fstat(image_fd, &st) < 0)
                return error_set(reterr, errno, "look at the image");
        if (mkdirat(dir_fd, "work", 0700) < 0 || mkdirat(dir_fd, "upper", 0700) < 0)
                return error_set(reterr, errno, "make the layers");
        upper = fs_open_beneath(dir_fd, "upper", O_RDONLY | O_DIRECTORY, 0, reterr);
        if (upper < 0)
                return upper;
        if (fchown(upper, base + st.st_uid, base + st.st_gid) < 0 || fchmod(upper, st.st_mode & 07777) < 0)
                return error_set(reterr, errno, "make the upper layer");
        return 0;
}

int overlay_mount(int image_fd, int dir_fd, uint32_t base, int ids_fd, Error *reterr) {
        _cleanup_close_ int image_tree = -EBADF, state_tree = -EBADF;
        int fd, r;

        r = make_layers(image_fd, dir_fd, base, reterr);
        if (r < 0)
                return r;
        image_tree = mount_clone(image_fd, /* recursive= */ false, reterr);
        if (image_tree < 0)
                return image_tree;
        if (ids_fd >= 0) {
                r = mount_map_ids(image_tree, ids_fd, reterr);
                if (r < 0)
                        return r;
        }
        state_tree = mount_clone(dir_fd, /* recursive= */ false, reterr);
        if (state_tree < 0)
                return state_tree;
        fd = overlay_lay(image_tree, state_tree, /* lasting= */ false, NULL);
        return fd < 0 ? error_set(reterr, fd, "lay a writable layer over the image") : fd;
}
