/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "backend/mounts.h"
#include "backend/overlay.h"
#include "base/fs.h"
#include "plan/plan.h"

/* Attached here in the child's mount namespace. Fixed, since overlayfs takes paths and finds commas and
 * colons in them; and attached, since before Linux 6.15 it takes no layers from detached mounts. */
#define IMAGE PLAN_MACHINE_DIR "/image"
#define STATE PLAN_MACHINE_DIR "/state"

/* Return: 0 or a negative errno, like those below. */
static int attach(int tree_fd, const char *path) {
        if (mkdir(path, 0700) < 0 ||
            syscall(SYS_move_mount, tree_fd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return -errno;
        return 0;
}

static int set(int fs_fd, const char *key, const char *value) {
        return syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_STRING, key, value, 0) < 0 ? -errno : 0;
}

static int make_overlay(void) {
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
        /* Nobody will want it back after a power failure: fsync(2) needs not wait for the disk. */
        if (r >= 0 && syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_FLAG, "volatile", NULL, 0) < 0)
                r = -errno;
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

static int assemble(int image_tree, int state_tree) {
        int r;

        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            (mkdir(PLAN_MACHINE_DIR, 0755) < 0 && errno != EEXIST) ||
            mount("tmpfs", PLAN_MACHINE_DIR, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0)
                return -errno;
        r = attach(image_tree, IMAGE);
        if (r >= 0)
                r = attach(state_tree, STATE);
        return r < 0 ? r : make_overlay();
}

static int send_result(int socket_fd, int result) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control = {};
        struct iovec iov = {.iov_base = &result, .iov_len = sizeof(result)};
        struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

        if (result >= 0) {
                message.msg_control = &control;
                message.msg_controllen = sizeof(control);
                control.header = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
                                                  .cmsg_type = SCM_RIGHTS,
                                                  .cmsg_len = CMSG_LEN(sizeof(int))};
                memcpy(CMSG_DATA(&control.header), &result, sizeof(int));
        }
        return sendmsg(socket_fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int receive_result(int socket_fd) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control = {};
        int result = -EIO, fd;
        struct iovec iov = {.iov_base = &result, .iov_len = sizeof(result)};
        struct msghdr message = {
                .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof(control),
        };

        /* Nothing: it was killed. */
        if (recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC) != (ssize_t) sizeof(result))
                return -EIO;
        if (result < 0)
                return result;
        if (!CMSG_FIRSTHDR(&message) || control.header.cmsg_type != SCM_RIGHTS)
                return -EIO;
        memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
        return fd;
}

/* In a mount namespace of its own, which a process cannot leave again without losing its root and working
 * directory: so it is a child's. */
static int assemble_in_child(int image_tree, int state_tree) {
        _cleanup_close_ int ours = -EBADF, theirs = -EBADF;
        int pair[2], fd;
        pid_t pid;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        ours = pair[0];
        theirs = pair[1];
        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                _exit(send_result(theirs, assemble(image_tree, state_tree)) < 0);
        theirs = safe_close(theirs);
        fd = receive_result(ours);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
        return fd;
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

int overlay_mount(int image_fd, int dir_fd, uint32_t base, Error *reterr) {
        _cleanup_close_ int image_tree = -EBADF, state_tree = -EBADF;
        int fd, r;

        r = make_layers(image_fd, dir_fd, base, reterr);
        if (r < 0)
                return r;
        image_tree = mount_clone(image_fd, /* recursive= */ false, reterr);
        if (image_tree < 0)
                return image_tree;
        if (base > 0) {
                r = mount_map_ids(image_tree, base, reterr);
                if (r < 0)
                        return r;
        }
        state_tree = mount_clone(dir_fd, /* recursive= */ false, reterr);
        if (state_tree < 0)
                return state_tree;
        fd = assemble_in_child(image_tree, state_tree);
        return fd < 0 ? error_set(reterr, fd, "lay a writable layer over the image") : fd;
}
