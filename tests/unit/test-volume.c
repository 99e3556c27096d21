/* SPDX-License-Identifier: MIT */

#include <limits.h>

#include "base/alloc.h"
#include "spec/name.h"
#include "spec/path.h"
#include "spec/volume.h"
#include "test.h"

TEST(accepts) {
        static const struct {
                const char *text, *source, *target;
                bool read_only;
        } table[] = {
                {"src:/srv/www", "src", "/srv/www", false},
                {"src:/srv/www:rw", "src", "/srv/www", false},
                {"src:/srv/www:ro", "src", "/srv/www", true},
                {".:/app", ".", "/app", false},
                {"./a b:/c d", "./a b", "/c d", false},
                {"../sibling:/s", "../sibling", "/s", false},
                {"/:/host", "/", "/host", false},
                {"/nix/store:/nix/store:ro", "/nix/store", "/nix/store", true},
                {"a\\:b:/c\\:d", "a:b", "/c:d", false},
                {"a\\\\b:/c\\\\", "a\\b", "/c\\", false},
                {"a\\\\:/b", "a\\", "/b", false},
                {"ro:/rw:rw", "ro", "/rw", false},
                {"$HOME:/%i", "$HOME", "/%i", false},
                {"\xc3\xa9:/\xc3\xa9", "\xc3\xa9", "/\xc3\xa9", false},
                {"-v:/--help", "-v", "/--help", false},
                {"a@b:/c", "a@b", "/c", false},
                {"~x:/a", "~x", "/a", false},
                {"a:/devices", "a", "/devices", false},
                {"a:/run/x", "a", "/run/x", false},
                {"a:/etc", "a", "/etc", false},
                {"a:/...", "a", "/...", false},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(volume_done) Volume v = {0};

                test_set_row("%s", table[i].text);
                ASSERT_OK(volume_parse(table[i].text, &v, &error), &error);
                ASSERT_STREQ(v.source, table[i].source);
                ASSERT_STREQ(v.target, table[i].target);
                ASSERT_EQ(v.read_only, table[i].read_only);
                ASSERT_EQ(v.owner, VOLUME_OWNER_USER);
        }
}

TEST(an_overlay_keeps_what_is_written) {
        static const struct {
                const char *container, *target, *name;
        } table[] = {
                {"web", "/srv", "overlay-web-srv-"},
                {"web", "/srv/A b", "overlay-web-srv---b-"},
                {"web-srv", "/x", "overlay-web-srv-x-"},
                {"c23456789012345678901234567890123456789012345678901234567890123", "/srv",
                 "overlay-c234567890123456789012345678901234567890-"},
        };
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(volume_done) Volume v = {0}, named = {0}, plain = {0};
        _cleanup_free_ char *of_web = volume_overlay_name("web", "/srv/x"),
                            *of_web_srv = volume_overlay_name("web-srv", "/x"), *kept = NULL,
                            *of_named = NULL;

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *name = volume_overlay_name(table[i].container, table[i].target),
                                    *again = volume_overlay_name(table[i].container, table[i].target);

                test_set_row("%s%s", table[i].container, table[i].target);
                ASSERT_STREQ(name, again);
                ASSERT_OK(name_check(name, "volume", &error), &error);
                ASSERT_TRUE(startswith(name, table[i].name) && strlen(name) == strlen(table[i].name) + 8);
        }
        ASSERT_TRUE(!streq(of_web, of_web_srv));

        ASSERT_OK(volume_parse("fixtures:/srv/x:overlay", &v, &error), &error);
        ASSERT_TRUE(v.overlay && !v.read_only);
        ASSERT_EQ(v.owner, VOLUME_OWNER_USER);
        kept = volume_kept_name("web", &v);
        ASSERT_STREQ(kept, of_web);
        ASSERT_OK(volume_parse("@x:/x", &named, &error), &error);
        of_named = volume_kept_name("web", &named);
        ASSERT_STREQ(of_named, "x");
        ASSERT_OK(volume_parse("x:/x", &plain, &error), &error);
        ASSERT_TRUE(volume_kept_name("web", &plain) == NULL);
}

TEST(a_named_volume_is_the_containers) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(volume_done) Volume v = {0};

        ASSERT_OK(volume_parse("@pgdata:/var/lib/postgresql:ro", &v, &error), &error);
        ASSERT_STREQ(v.source, "@pgdata");
        ASSERT_EQ(v.owner, VOLUME_OWNER_CONTAINER);
        ASSERT_TRUE(v.read_only);
}

TEST(refuses) {
        static const struct {
                const char *text, *message;
        } table[] = {
                {"", "'': expected SOURCE:TARGET[:ro|:rw|:overlay]"},
                {"src", "'src': expected SOURCE:TARGET"},
                {"a\\:b", "expected SOURCE:TARGET"},
                {":", "source: the path is empty"},
                {":/a", "source: the path is empty"},
                {"a:", "target: the path is empty"},
                {"a::ro", "target: the path is empty"},
                {"a:/b:", "'ro', 'rw' or 'overlay' after the target, not ''"},
                {"a:/b:RO", "'ro', 'rw' or 'overlay' after the target, not 'RO'"},
                {"a:/b:ro,z", "'ro', 'rw' or 'overlay' after the target, not 'ro,z'"},
                {"a:/b:idmap", "'ro', 'rw' or 'overlay' after the target, not 'idmap'"},
                {"a:/b:ro:ro", "a ':' in a path is written '\\:'"},
                {"a:b:c:d", "a ':' in a path is written '\\:'"},
                {"a\\b:/c", "a '\\' in a path is written '\\\\'"},
                {"a:/c\\", "a '\\' in a path is written '\\\\'"},
                {"a:/c\\n", "a '\\' in a path is written '\\\\'"},
                {"\\", "a '\\' in a path is written '\\\\'"},
                {"a:b", "target: 'b': a path inside the container must be absolute"},
                {"a:./b", "must be absolute"},
                {"a:ro", "must be absolute"},
                {"a:/", "target: '/' is the container's whole root"},
                {"a://", "must have no '.', '..' or empty part"},
                {"a:/b/", "must have no '.', '..' or empty part"},
                {"a:/b//c", "must have no '.', '..' or empty part"},
                {"a://b", "must have no '.', '..' or empty part"},
                {"a:/.", "must have no '.', '..' or empty part"},
                {"a:/b/.", "must have no '.', '..' or empty part"},
                {"a:/./b", "must have no '.', '..' or empty part"},
                {"a:/..", "must have no '.', '..' or empty part"},
                {"a:/b/../c", "must have no '.', '..' or empty part"},
                {"a:/b/..", "must have no '.', '..' or empty part"},
                {"a:/proc", "target: '/proc': /proc is mounted by systemd-nspawn"},
                {"a:/proc/sys", "/proc is mounted by systemd-nspawn"},
                {"a:/sys/fs/cgroup", "/sys is mounted by systemd-nspawn"},
                {"a:/dev", "/dev is mounted by systemd-nspawn"},
                {"a:/dev/shm", "/dev is mounted by systemd-nspawn"},
                {"a:/run", "/run is mounted by systemd-nspawn"},
                {"a:/run/host", "/run/host is mounted by systemd-nspawn"},
                {"a:/run/host/x", "/run/host is mounted by systemd-nspawn"},
                {"a:/etc/hosts", "/etc/hosts is mounted by flake-containers"},
                {"a:/var/log/journal", "/var/log/journal is mounted by flake-containers"},
                {"a:/run/flake-containers/x", "/run/flake-containers is mounted by flake-containers"},
                {"@:/a", "source: the name of the volume is empty"},
                {"@A:/a", "source: 'A' cannot name a volume"},
                {"@a/b:/a", "'a/b' cannot name a volume"},
                {"@..:/a", "'..' cannot name a volume"},
                {"@-a:/a", "'-a' cannot name a volume"},
                {".containers:/a", "source: '.containers': nothing in '.containers' is a volume"},
                {"./.containers/web/root:/a", "nothing in '.containers' is a volume"},
                {".//./.containers/../src:/a:ro", "nothing in '.containers' is a volume"},
                {"~:/a", "'~' is not expanded here"},
                {"~/src:/a", "'~/src': '~' is not expanded here"},
                {"a\nb:/c", "'a\\nb': a path must not contain control characters"},
                {"a\tb:/c", "must not contain control characters"},
                {"a:/c\x1b", "target: '/c\\x1b': a path must not contain control characters"},
                {"a:/c\x7f", "must not contain control characters"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                Volume v = {0};

                test_set_row("%s", table[i].text);
                ASSERT_ERROR(volume_parse(table[i].text, &v, &error), &error, FC_EXIT_USAGE,
                             table[i].message);
                ASSERT_TRUE(!v.source && !v.target);
                ASSERT_TRUE(volume_parse(table[i].text, &v, NULL) < 0);
        }
}

TEST(hints) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        Volume v;

        ASSERT_ERROR(volume_parse("@a/b:/c", &v, &error), &error, FC_EXIT_USAGE, "cannot name");
        ASSERT_STREQ(error.hints[0], "a directory of that name is written './@a/b'");
        ASSERT_ERROR(volume_parse("~/x:/c", &v, &error), &error, FC_EXIT_USAGE, "not expanded");
        ASSERT_STREQ(error.hints[0], "write the absolute path, or './~/x' for what has that name");
}

TEST(parts_of_a_path) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *path = xmalloc0(NAME_MAX + 4);

        memset(path, 'a', NAME_MAX + 2);
        path[0] = '/';
        ASSERT_ERROR(path_check_inside(path, &error), &error, FC_EXIT_USAGE,
                     "a part of a path has at most 255 bytes");
        ASSERT_ERROR(path_check_host(path, &error), &error, FC_EXIT_USAGE,
                     "a part of a path has at most 255 bytes");
        path[NAME_MAX + 1] = '/';
        path[NAME_MAX + 2] = 'b';
        ASSERT_OK(path_check_inside(path, &error));
        ASSERT_OK(path_check_host(path + 1, &error));

        ASSERT_TRUE(path_begins_in(".b", ".b") && path_begins_in(".b/", ".b") &&
                    path_begins_in("././/.b/c", ".b"));
        ASSERT_TRUE(!path_begins_in("/.b", ".b") && !path_begins_in("../.b", ".b") &&
                    !path_begins_in("a/.b", ".b") && !path_begins_in(".bc", ".b") &&
                    !path_begins_in("", ".b") && !path_begins_in("./", ".b"));
}

TEST(normalised) {
        static const struct {
                const char *path, *normalised;
        } table[] = {
                {"/", "/"},
                {"//", "/"},
                {"/.", "/"},
                {"/..", "/"},
                {"/a", "/a"},
                {"/a/", "/a"},
                {"/a//b/.", "/a/b"},
                {"/a/./b/../c", "/a/c"},
                {"/a/../../b", "/b"},
                {"/a/b/../..", "/"},
                {"/.a/..b", "/.a/..b"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *normalised = path_normalise(table[i].path);

                test_set_row("%s", table[i].path);
                ASSERT_STREQ(normalised, table[i].normalised);
        }
}

TEST(path_length) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *path = xmalloc0(PATH_MAX + 1);

        for (size_t i = 0; i < PATH_MAX; i++)
                path[i] = i % 100 == 0 ? '/' : 'a';
        ASSERT_ERROR(path_check_inside(path, &error), &error, FC_EXIT_USAGE,
                     "a path has at most 4095 bytes");
        ASSERT_TRUE(strlen(error.message) < 300);
        path[PATH_MAX - 1] = '\0';
        ASSERT_OK(path_check_inside(path, &error));
        ASSERT_OK(path_check_host(path, &error));
}

TEST(joins_what_is_typed_to_where) {
        static const struct {
                const char *dir, *path, *whole;
                bool out;
        } table[] = {
                {"/a/b", "c", "/a/b/c", false},
                {"/a/b", "./c/", "/a/b/c/", false},
                {"/a/b", "../c", "/a/c", true},
                {"/a/b", ".././/../c/d", "/c/d", true},
                {"/a/b", "../../../c", "/c", true},
                {"/a/b", "c/../d", "/a/b/c/../d", false},
                {"/a/b", "..", "/a/", true},
                {"/a/b", ".", "/a/b/", false},
                {"/", "c", "/c", false},
                {"/a", "..c", "/a/..c", false},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                bool out = !table[i].out;
                _cleanup_free_ char *whole = path_join(table[i].dir, table[i].path, &out);

                test_set_row("%s %s", table[i].dir, table[i].path);
                ASSERT_STREQ(whole, table[i].whole);
                ASSERT_EQ(out, table[i].out);
        }
}
