/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "spec/device.h"
#include "test.h"

TEST(accepts_paths) {
        static const char *const table[] = {
                "/dev/kvm",
                "/dev/net/tun",
                "/dev/nullb0",
                "/dev/ttyUSB0",
                "/dev/serial/by-id/a b:c",
                "/dev/fuse",
                "/dev/tty1",
                "/dev/ptp0",
                "/dev/logger",
                "/dev/null/x",
                "/dev/dri/card0",
                "/dev/bus/usb/001/2",
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%s", table[i]);
                ASSERT_OK(device_check_path(table[i], &error), &error);
        }
}

TEST(refuses_paths) {
        static const struct {
                const char *path, *message;
        } table[] = {
                {"", "the path is empty"},
                {"dev/kvm", "'dev/kvm': a path inside the container must be absolute"},
                {"/dev", "'/dev': a device is below /dev"},
                {"/dev/", "must have no '.', '..' or empty part"},
                {"/dev/../etc/passwd", "must have no '.', '..' or empty part"},
                {"/dev//kvm", "must have no '.', '..' or empty part"},
                {"/devices/kvm", "'/devices/kvm': a device is below /dev"},
                {"/etc/passwd", "'/etc/passwd': a device is below /dev"},
                {"/dev/a\nb", "must not contain control characters"},
                {"/dev/null", "'/dev/null': every container has a /dev/null of its own"},
                {"/dev/tty", "every container has a /dev/tty of its own"},
                {"/dev/console", "every container has a /dev/console of its own"},
                {"/dev/pts", "every container has a /dev/pts of its own"},
                {"/dev/pts/0", "'/dev/pts/0': every container has a /dev/pts of its own"},
                {"/dev/shm/x", "'/dev/shm/x': every container has a /dev/shm of its own"},
                {"/dev/fd/0", "every container has a /dev/fd of its own"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%s", table[i].path);
                ASSERT_ERROR(device_check_path(table[i].path, &error), &error, FC_EXIT_USAGE,
                             table[i].message);
        }
}

TEST(permissions) {
        static const struct {
                const char *text, *canonical; /* NULL: refused */
        } table[] = {
                {"r", "r"},   {"w", "w"},   {"rw", "rw"},   {"wr", "rw"}, {"rwm", "rwm"}, {"mwr", "rwm"},
                {"rm", "rm"}, {"mw", "wm"}, {"", NULL},     {"m", NULL},  {"rr", NULL},   {"rwx", NULL},
                {"R", NULL},  {"r ", NULL}, {"rwmr", NULL}, {"ro", NULL}, {"rw,m", NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_free_ char *permissions = NULL;
                int r;

                test_set_row("%s", table[i].text);
                r = device_parse_permissions(table[i].text, &permissions, &error);
                if (table[i].canonical) {
                        ASSERT_OK(r, &error);
                        ASSERT_STREQ(permissions, table[i].canonical);
                } else
                        ASSERT_ERROR(r, &error, FC_EXIT_USAGE, "must be of 'r', 'w' and 'm'");
        }
}
