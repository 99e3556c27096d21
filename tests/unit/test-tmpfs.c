/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "spec/tmpfs.h"
#include "test.h"

TEST(accepts) {
        static const struct {
                const char *text, *target, *size;
                int mode; /* -1: none */
        } table[] = {
                {"/tmp", "/tmp", NULL, -1},
                {"/tmp:size=10M", "/tmp", "10485760", -1},
                {"/tmp:size=4096", "/tmp", "4096", -1},
                {"/tmp:size=1T", "/tmp", "1099511627776", -1},
                {"/tmp:size=50%", "/tmp", "50%", -1},
                {"/tmp:mode=1777", "/tmp", NULL, 01777},
                {"/tmp:mode=755", "/tmp", NULL, 0755},
                {"/tmp:mode=000", "/tmp", NULL, 0},
                {"/tmp:size=1G,mode=0700", "/tmp", "1073741824", 0700},
                {"/tmp:mode=0700,size=1G", "/tmp", "1073741824", 0700},
                {"/a\\:b\\\\c", "/a:b\\c", NULL, -1},
                {"/a\\:size=1M:size=4K", "/a:size=1M", "4096", -1},
                {"/a,b=c", "/a,b=c", NULL, -1},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(tmpfs_done) Tmpfs t = {};

                test_set_row("%s", table[i].text);
                ASSERT_OK(tmpfs_parse(table[i].text, &t, &error), &error);
                ASSERT_STREQ(t.target, table[i].target);
                ASSERT_STREQ(t.size, table[i].size);
                ASSERT_EQ(t.mode_given ? (int) t.mode : -1, table[i].mode);
        }
}

TEST(refuses) {
        static const struct {
                const char *text, *message;
        } table[] = {
                {"", "the path is empty"},
                {"tmp", "'tmp': a path inside the container must be absolute"},
                {"/", "'/' is the container's whole root"},
                {"/run", "/run is mounted by systemd-nspawn"},
                {"/tmp/", "must have no '.', '..' or empty part"},
                {":size=10M", "the path is empty"},
                {"/tmp:", "'/tmp:': '' must be one of size=SIZE, mode=MODE"},
                {"/tmp:10M", "'/tmp:10M': '10M' must be one of size=SIZE, mode=MODE"},
                {"/tmp:ro", "'ro' must be one of"},
                {"/tmp:noexec,size=10M", "'noexec' must be one of"},
                {"/tmp:Size=10M", "'Size' must be one of"},
                {"/tmp: size=10M", "' size' must be one of"},
                {"/tmp:size", "'size' has no value, write 'size=...'"},
                {"/tmp:mode", "'mode' has no value, write 'mode=...'"},
                {"/tmp:size=", "'': must be bytes such as '512M', or a percentage of the memory"},
                {"/tmp:size=0", "'0': must be at least 4096 bytes"},
                {"/tmp:size=10", "'10': must be at least 4096 bytes"},
                {"/tmp:size=10m", "'10m': must be bytes"},
                {"/tmp:size=10MB", "'10MB': must be bytes"},
                {"/tmp:size=-1", "'-1': must be bytes"},
                {"/tmp:size=1.5G", "'1.5G': must be bytes"},
                {"/tmp:size=infinity", "'infinity': must be bytes"},
                {"/tmp:size=0%", "must be between 1% and 100%"},
                {"/tmp:size=101%", "must be between 1% and 100%"},
                {"/tmp:size=99999999999999999999", "must be bytes"},
                {"/tmp:size=4194305T", "must be at least"},
                {"/tmp:size=1M,size=2M", "'size' is given twice"},
                {"/tmp:mode=755,mode=755", "'mode' is given twice"},
                {"/tmp:mode=", "'': a mode is three or four octal digits"},
                {"/tmp:mode=77", "'77': a mode is"},
                {"/tmp:mode=01777", "'01777': a mode is"},
                {"/tmp:mode=0888", "'0888': a mode is"},
                {"/tmp:mode=+755", "'+755': a mode is"},
                {"/tmp:mode=0x1f", "'0x1f': a mode is"},
                {"/tmp:mode=u=rwx", "'u=rwx': a mode is"},
                {"/tmp:size=1M,", "'' must be one of"},
                {"/tmp:,size=1M", "'' must be one of"},
                {"/tmp:size=1M:mode=755", "expected TARGET[:size=SIZE][,mode=MODE], a ':' in a path is"},
                {"/tmp\\size=1M", "a '\\' in a path is written '\\\\'"},
                {"/tmp\\", "a '\\' in a path is written '\\\\'"},
                {"/tmp:size=1M\n", "'1M\\n': must be bytes"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                Tmpfs t = {};

                test_set_row("%s", table[i].text);
                ASSERT_ERROR(tmpfs_parse(table[i].text, &t, &error), &error, FC_EXIT_USAGE,
                             table[i].message);
                ASSERT_TRUE(!t.target && !t.size);
                ASSERT_TRUE(tmpfs_parse(table[i].text, &t, NULL) < 0);
        }
}
