/* SPDX-License-Identifier: MIT */

#include "base/strv.h"
#include "project-util.h"
#include "state/gc-root.h"

typedef struct Fixture {
        InvokingUser user;
        char *container, *store;
        int fd;
} Fixture;

static void fixture_done(Fixture *f) {
        (void) safe_close(f->fd);
        free(f->container);
        free(f->store);
}

static Fixture fixture_make(const TestDir *dir) {
        Fixture f = {.container = xasprintf("%s/.containers/web", dir->path),
                     .store = xasprintf("%s/nix/store", dir->path)};

        test_clear_environment();
        ASSERT_OK(user_invoking(&f.user, NULL));
        ASSERT_EQ(test_shell(dir, "mkdir -p .containers/web nix/store nix/var/nix/gcroots/auto && "
                                  "touch .containers/CACHEDIR.TAG"),
                  0);
        f.fd = open(f.container, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ASSERT_TRUE(f.fd >= 0);
        return f;
}

#define FIXTURE(name, dir) _cleanup_(fixture_done) Fixture name = fixture_make(&dir)

static int set(const Fixture *f, const char *name, const char *target, Error *error) {
        return gc_root_set(f->fd, f->container, &f->user, name, target, f->store, error);
}

TEST(links_by_way_of_the_containers_directory) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        TEST_DIR(dir);
        FIXTURE(f, dir);
        ASSERT_OK(set(&f, "system", "/nix/store/a-system", &error), &error);
        ASSERT_OK(set(&f, "spec", "/nix/store/b-spec.json", &error), &error);
        /* The same again, and another one, under the same names. */
        ASSERT_OK(set(&f, "spec", "/nix/store/b-spec.json", &error), &error);
        ASSERT_OK(set(&f, "system", "/nix/store/c-system", &error), &error);
        ASSERT_EQ(test_shell(&dir, "test \"$(readlink .containers/web/system)\" = /nix/store/c-system"), 0);
        ASSERT_EQ(test_shell(&dir, "test \"$(readlink nix/var/nix/gcroots/auto/* | sort)\" = "
                                   "\"$(printf '%%s\\n' \"$PWD/.containers/web/spec\" "
                                   "\"$PWD/.containers/web/system\")\""),
                  0);
        ASSERT_EQ(test_shell(&dir, "test \"$(ls -A .containers/web | tr '\\n' ,)\" = spec,system,"), 0);
        ASSERT_EQ(test_shell(&dir, "test \"$(ls -A nix/var/nix/gcroots/auto | wc -l)\" = 2"), 0);
}

/* Nix has made no root there yet, and what it is to keep was copied to it. */
TEST(first_root_of_a_store) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        TEST_DIR(dir);
        FIXTURE(f, dir);
        ASSERT_EQ(test_shell(&dir,
                             "rmdir nix/var/nix/gcroots/auto && chown %d nix/var/nix/gcroots || test $(id "
                             "-u) != 0",
                             TEST_UID),
                  0);
        ASSERT_OK(set(&f, "system", "/nix/store/a-system", &error), &error);
        ASSERT_EQ(
                test_shell(
                        &dir,
                        "test \"$(readlink nix/var/nix/gcroots/auto/*)\" = \"$PWD/.containers/web/system\""),
                0);
        ASSERT_EQ(test_shell(&dir, "test \"$(stat -c %%u:%%a nix/var/nix/gcroots/auto)\" = "
                                   "\"$(stat -c %%u nix/var/nix/gcroots):755\""),
                  0);
        /* Without a collector there is none to make. */
        ASSERT_EQ(test_shell(&dir, "rm -r nix/var/nix/gcroots"), 0);
        ASSERT_OK(set(&f, "system", "/nix/store/b-system", &error), &error);
        ASSERT_EQ(test_shell(&dir, "test ! -e nix/var/nix/gcroots"), 0);
}

TEST(drops_its_own_link) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        TEST_DIR(dir);
        FIXTURE(f, dir);
        ASSERT_OK(set(&f, "system", NULL, &error), &error);
        ASSERT_OK(set(&f, "system", "/nix/store/a-system", &error), &error);
        ASSERT_OK(set(&f, "system", NULL, &error), &error);
        ASSERT_EQ(test_shell(&dir, "test ! -L .containers/web/system"), 0);
}

TEST(replaces_what_a_killed_one_left) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        TEST_DIR(dir);
        FIXTURE(f, dir);
        ASSERT_EQ(test_shell(&dir, "ln -s nowhere .containers/web/.system.new"), 0);
        ASSERT_OK(set(&f, "system", "/nix/store/a-system", &error), &error);
        ASSERT_EQ(test_shell(&dir, "test \"$(ls -A .containers/web)\" = system"), 0);
}

TEST(needs_no_nix) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        TEST_DIR(dir);
        FIXTURE(f, dir);
        ASSERT_EQ(test_shell(&dir, "rm -r nix/var"), 0);
        ASSERT_OK(set(&f, "system", "/nix/store/a-system", &error), &error);
        ASSERT_EQ(test_shell(&dir, "test -L .containers/web/system && test ! -e nix/var"), 0);
}

TEST(refuses_what_is_in_the_way) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        TEST_DIR(dir);
        FIXTURE(f, dir);
        ASSERT_EQ(test_shell(&dir, "mkdir .containers/web/system"), 0);
        ASSERT_ERROR(set(&f, "system", "/nix/store/a-system", &error), &error, FC_EXIT_INTERNAL,
                     "make the link 'system'");
        ASSERT_EQ(test_shell(&dir, "test \"$(ls -A .containers/web)\" = system"), 0);
        error_done(&error);
        ASSERT_EQ(test_shell(&dir, "rmdir .containers/web/system nix/var/nix/gcroots/auto && "
                                   "touch nix/var/nix/gcroots/auto"),
                  0);
        ASSERT_ERROR(set(&f, "system", "/nix/store/a-system", &error), &error, FC_EXIT_INTERNAL,
                     "var/nix/gcroots/auto");
}

/* A store where a guest can write: root makes its links in no other place. */
TEST(goes_nowhere_by_a_link) {
        static const char *const places[] = {"nix/var/nix/gcroots/auto", "nix/var/nix/gcroots", "nix/var"};
        _cleanup_(error_done) Error error = ERROR_NULL;

        TEST_DIR(dir);
        FIXTURE(f, dir);
        ASSERT_EQ(test_shell(&dir, "mkdir -p other/auto other/gcroots/auto other/nix/gcroots/auto"), 0);
        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                test_set_row("%s", places[i]);
                ASSERT_EQ(test_shell(&dir, "rm -r '%s' && ln -s \"$PWD/other\" '%s'", places[i], places[i]),
                          0);
                ASSERT_ERROR(set(&f, "system", "/nix/store/a-system", &error), &error, FC_EXIT_CONFLICT,
                             "is, or goes through, a symbolic link");
                error_done(&error);
                ASSERT_EQ(test_shell(&dir,
                                     "test -z \"$(find other -type l)\" && rm '%s' && mkdir -p "
                                     "nix/var/nix/gcroots/auto",
                                     places[i]),
                          0);
        }
        test_set_row("%s", "");
        ASSERT_OK(set(&f, "system", "/nix/store/a-system", &error), &error);
        ASSERT_EQ(test_shell(&dir, "test -L nix/var/nix/gcroots/auto/*"), 0);
}

/* What appears in the project belongs to the developer, what appears at Nix's does not. */
TEST(each_link_has_the_right_owner) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        SKIP_UNLESS_ROOT();
        TEST_DIR(dir);
        FIXTURE(f, dir);
        f.user = (InvokingUser){.uid = TEST_UID, .gid = TEST_UID};
        ASSERT_EQ(test_shell(&dir, "chown %d:%d .containers/web", TEST_UID, TEST_UID), 0);
        ASSERT_OK(set(&f, "system", "/nix/store/a-system", &error), &error);
        ASSERT_EQ(test_shell(&dir, "test \"$(stat -c %%u .containers/web/system)\" = %d", TEST_UID), 0);
        ASSERT_EQ(test_shell(&dir, "test \"$(stat -c %%u nix/var/nix/gcroots/auto/*)\" = 0"), 0);
        /* Of a store of their own it does. */
        ASSERT_EQ(test_shell(&dir, "rm nix/var/nix/gcroots/auto/* && chown %d nix/var/nix/gcroots/auto",
                             TEST_UID),
                  0);
        ASSERT_OK(set(&f, "system", "/nix/store/a-system", &error), &error);
        ASSERT_EQ(test_shell(&dir, "test \"$(stat -c %%u nix/var/nix/gcroots/auto/*)\" = %d", TEST_UID), 0);
}

TEST(stale_links_are_found_and_removed) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_strv_ char **stale = NULL, **none = NULL;
        _cleanup_free_ char *target = NULL;
        bool removed;

        TEST_DIR(dir);
        FIXTURE(f, dir);
        target = xasprintf("%s/.containers/web/spec", dir.path);
        ASSERT_OK(set(&f, "system", "/nix/store/a-system", &error), &error);
        ASSERT_OK(set(&f, "spec", "/nix/store/b-spec.json", &error), &error);
        /* Not ours: by its name, and by a name that is not made of what it leads to. */
        ASSERT_EQ(test_shell(&dir,
                             "ln -s /nowhere nix/var/nix/gcroots/auto/other && "
                             "ln -s /nowhere nix/var/nix/gcroots/auto/flake-containers-0123456789abcdef"),
                  0);
        ASSERT_OK(gc_root_list_stale(f.store, NULL, &none, &error), &error);
        ASSERT_TRUE(none == NULL);

        ASSERT_EQ(test_shell(&dir, "rm .containers/web/spec"), 0);
        ASSERT_OK(gc_root_list_stale(f.store, NULL, &stale, &error), &error);
        ASSERT_EQ(strv_length(stale), 2u);
        ASSERT_STREQ(stale[1], target);
        /* It has come back meanwhile. */
        ASSERT_OK(set(&f, "spec", "/nix/store/b-spec.json", &error), &error);
        ASSERT_OK(gc_root_remove_stale(f.store, NULL, stale[0], &removed, &error), &error);
        ASSERT_TRUE(!removed);
        ASSERT_EQ(access(stale[0], F_OK) < 0 ? errno : 0, ENOENT);
        ASSERT_EQ(test_shell(&dir, "test -L '%s'", stale[0]), 0);
        ASSERT_EQ(test_shell(&dir, "rm .containers/web/spec"), 0);
        ASSERT_OK(gc_root_remove_stale(f.store, NULL, stale[0], &removed, &error), &error);
        ASSERT_TRUE(removed);
        ASSERT_OK(gc_root_remove_stale(f.store, NULL, stale[0], &removed, &error), &error);
        ASSERT_TRUE(!removed);
        ASSERT_EQ(test_shell(&dir, "test \"$(ls nix/var/nix/gcroots/auto | wc -l)\" = 3"), 0);
}

/* What cannot be seen may only not be mounted. */
TEST(what_may_be_unmounted_is_kept) {
        static const char *const hidden[] = {
                "mv .containers/web web",                    /* of a project that can be seen: removed */
                "mv .containers .away && mkdir .containers", /* a mount point, empty */
                "mv .containers .away",                      /* likewise, the project's directory */
        };
        _cleanup_(error_done) Error error = ERROR_NULL;

        TEST_DIR(dir);
        FIXTURE(f, dir);
        ASSERT_OK(set(&f, "system", "/nix/store/a-system", &error), &error);
        for (size_t i = 0; i < ELEMENTSOF(hidden); i++) {
                _cleanup_strv_ char **stale = NULL, **of_gone = NULL;
                char *gone[] = {dir.path, NULL};

                test_set_row("%s", hidden[i]);
                ASSERT_EQ(test_shell(&dir, "%s", hidden[i]), 0);
                ASSERT_OK(gc_root_list_stale(f.store, NULL, &stale, &error), &error);
                ASSERT_EQ(strv_length(stale), i == 0 ? 2u : 0u);
                ASSERT_OK(gc_root_list_stale(f.store, gone, &of_gone, &error), &error);
                ASSERT_EQ(strv_length(of_gone), 2u);
                ASSERT_EQ(test_shell(&dir, "if [ -d web ]; then mv web .containers/; else "
                                           "rm -rf .containers && mv .away .containers; fi"),
                          0);
        }
}

/* A project in another one's volume: it is its own `.containers` that counts. */
TEST(the_innermost_project_counts) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_strv_ char **stale = NULL;

        TEST_DIR(dir);
        FIXTURE(f, dir);
        free(f.container);
        f.container = xasprintf("%s/.containers/volumes/home/p/.containers/web", dir.path);
        ASSERT_OK(set(&f, "system", "/nix/store/a-system", &error), &error);
        ASSERT_EQ(test_shell(&dir, "rm .containers/web/system"), 0);
        ASSERT_OK(gc_root_list_stale(f.store, NULL, &stale, &error), &error);
        ASSERT_TRUE(stale == NULL);
}
