/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "project-util.h"
#include "state/generations.h"

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
        ASSERT_EQ(test_shell(dir, "mkdir -p .containers/web nix/store nix/var/nix/gcroots/auto"), 0);
        f.fd = open(f.container, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ASSERT_TRUE(f.fd >= 0);
        return f;
}

#define FIXTURE(name, dir) _cleanup_(fixture_done) Fixture name = fixture_make(&dir)

static unsigned add(const Fixture *f, const char *toplevel) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        unsigned number = 0;

        ASSERT_OK(generations_add(f->fd, f->container, &f->user, toplevel, f->store, &number, &error),
                  &error);
        return number;
}

TEST(numbers) {
        _cleanup_(generations_done) Generations g = {};
        _cleanup_(error_done) Error error = ERROR_NULL;

        TEST_DIR(dir);
        FIXTURE(f, dir);
        ASSERT_OK(generations_read(f.fd, &g, &error), &error);
        ASSERT_EQ(g.n, 0);
        ASSERT_EQ(add(&f, "/s/a"), 1);
        /* Ready again. */
        ASSERT_EQ(add(&f, "/s/a"), 1);
        ASSERT_EQ(add(&f, "/s/b"), 2);
        /* After another one it is a new one. */
        ASSERT_EQ(add(&f, "/s/a"), 3);
        ASSERT_OK(generations_read(f.fd, &g, &error), &error);
        ASSERT_EQ(g.n, 3);
        ASSERT_STREQ(g.v[1].toplevel, "/s/b");
        ASSERT_TRUE(g.v[1].usec > 0);
        ASSERT_STREQ(generations_find(&g, 3)->toplevel, "/s/a");
        ASSERT_TRUE(!generations_find(&g, 4));
        ASSERT_EQ(generations_before(&g, 3)->number, 2);
        ASSERT_TRUE(!generations_before(&g, 1));
        ASSERT_EQ(test_shell(&dir, "test \"$(readlink nix/var/nix/gcroots/auto/* | sort | tr '\\n' ' ')\" = "
                                   "\"$PWD/.containers/web/generations/1 $PWD/.containers/web/generations/2 "
                                   "$PWD/.containers/web/generations/3 \""),
                  0);
}

TEST(the_oldest_go) {
        _cleanup_(generations_done) Generations g = {};
        _cleanup_(error_done) Error error = ERROR_NULL;

        TEST_DIR(dir);
        FIXTURE(f, dir);
        for (unsigned i = 1; i <= GENERATIONS_KEPT + 3; i++) {
                _cleanup_free_ char *toplevel = xasprintf("/s/%u", i);

                ASSERT_EQ(add(&f, toplevel), i);
        }
        ASSERT_OK(generations_read(f.fd, &g, &error), &error);
        ASSERT_EQ(g.n, GENERATIONS_KEPT);
        ASSERT_EQ(g.v[0].number, 4);
        ASSERT_EQ(g.v[GENERATIONS_KEPT - 1].number, GENERATIONS_KEPT + 3);
}

/* Whatever the user has put there. */
TEST(what_is_not_a_generation) {
        _cleanup_(generations_done) Generations g = {};
        _cleanup_(error_done) Error error = ERROR_NULL;

        TEST_DIR(dir);
        FIXTURE(f, dir);
        ASSERT_EQ(add(&f, "/s/a"), 1);
        ASSERT_EQ(test_shell(&dir, "cd .containers/web/generations && touch 2 && mkdir 3 && ln -s /s/b 04 "
                                   "&& ln -s /s/b ./-5 && "
                                   "ln -s /s/b 99999999999999999999 && ln -s /s/b 4x && ln -s /s/b 0"),
                  0);
        ASSERT_OK(generations_read(f.fd, &g, &error), &error);
        ASSERT_EQ(g.n, 1);
}

TEST(a_link_in_the_place_of_the_directory) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        unsigned number;

        TEST_DIR(dir);
        FIXTURE(f, dir);
        ASSERT_EQ(test_shell(&dir, "mkdir elsewhere && ln -s ../../elsewhere .containers/web/generations"),
                  0);
        ASSERT_TRUE(generations_add(f.fd, f.container, &f.user, "/s/a", f.store, &number, &error) < 0);
        ASSERT_EQ(test_shell(&dir, "rmdir elsewhere"), 0);
}
