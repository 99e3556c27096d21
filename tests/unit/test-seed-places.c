/* SPDX-License-Identifier: MIT */

/* Which of its places say that a container has been seeded, as its specification changes. */

#include <fcntl.h>
#include <sys/xattr.h>

#include "ops-util.h"
#include "project-util.h"
#include "spec/volume.h"
#include "storage/seed-places.h"

#define KEYS       "\"system\": {\"rootfs\": \"/i\"}, \"command\": [\"/c\"]"
#define SEED       ", \"seed\": [{\"run\": [\"/s\"]}]"
#define VOLUMES(v) ", \"volumes\": [" v "]"
#define DATA       "\"@data:/data\""
#define MORE       "\"@more:/more\""
#define READ_ONLY  "\"@data:/data:ro\""
#define OVERLAY    "\"./src:/src:overlay\""

/* As it is found after SPEC; each is closed by case_close(). */
typedef struct Case {
        TestDir *dir;
        Spec *spec;
        Project project;
        int container_fd;
} Case;

static void need_attributes(int fd) {
        if (fsetxattr(fd, "trusted.x", "x", 1, 0) < 0)
                test_skip("there are no trusted attributes here");
}

static const ContainerSpec *case_container(const Case *c) {
        return &c->spec->containers[0];
}

/* @keys: of the container "db", another specification of the same project. */
static void case_open(Case *c, TestDir *dir, const char *keys) {
        _cleanup_free_ char *text = xasprintf("\"db\": {" KEYS "%s}", keys);

        *c = (Case){.dir = dir, .spec = ops_spec(text)};
        c->project = ops_project(c->spec);
        c->project.state.fd = dir->fd;
        c->container_fd = openat(dir->fd, "db", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void case_close(Case *c) {
        (void) safe_close(c->container_fd);
        (void) spec_free(c->spec);
}

static SeedOutlook case_look(const Case *c) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        SeedOutlook outlook = {};

        ASSERT_OK(seed_look((Project *) &c->project, case_container(c), c->container_fd, &outlook, &error),
                  &error);
        return outlook;
}

static void case_begin(Case *c, bool fresh_root, char *const *fresh_volumes) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        ASSERT_OK(seed_note_begin(&c->project, case_container(c), c->container_fd, fresh_root, fresh_volumes,
                                  &error),
                  &error);
}

static void case_end(Case *c) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        ASSERT_OK(seed_note_done(&c->project, case_container(c), c->container_fd, &error), &error);
}

#define MAKE "mkdir -p db/root db/ephemeral volumes/data volumes/more"

/* First it is seeded with the one, then it is found with the other. */
TEST(another_definition) {
        static const struct {
                const char *seeded, *found, *meanwhile;
                bool wanted;
        } table[] = {
                {"", "", ":", false},
                /* What is added later has nothing to say. */
                {"", VOLUMES(DATA), ":", false},
                {"", VOLUMES(OVERLAY), ":", false},
                {VOLUMES(DATA), VOLUMES(DATA ", " MORE), ":", false},
                /* The data stays where the volumes are, ... */
                {VOLUMES(DATA), VOLUMES(DATA), "rm -r db/root; mkdir db/root", false},
                {VOLUMES(DATA ", " MORE), VOLUMES(MORE), ":", false},
                {VOLUMES(DATA), VOLUMES(DATA), "rm -r volumes/data; mkdir volumes/data", true},
                /* ... and not on a root without them. */
                {VOLUMES(DATA), "", ":", true},
                {VOLUMES(DATA), VOLUMES(MORE), ":", true},
                {"", "", "rm -r db/root; mkdir db/root", true},
                {"", VOLUMES(DATA), "rm -r db/root; mkdir db/root", true},
                /* It is not written to. */
                {VOLUMES(READ_ONLY), VOLUMES(READ_ONLY), "rm -r volumes/data", false},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *before = xasprintf(SEED "%s", table[i].seeded),
                                    *after = xasprintf(SEED "%s", table[i].found);
                char *const fresh[] = {(char *) "data", NULL};
                SeedOutlook outlook;
                TEST_DIR(dir);
                Case c;

                need_attributes(dir.fd);
                test_set_row("%zu", i);
                ASSERT_EQ(test_shell(&dir, MAKE), 0);
                case_open(&c, &dir, before);
                outlook = case_look(&c);
                ASSERT_TRUE(outlook.wanted && !outlook.begun);
                case_begin(&c, /* fresh_root= */ true, fresh);
                case_end(&c);
                outlook = case_look(&c);
                ASSERT_TRUE(!outlook.wanted && !outlook.stale && !outlook.changed);
                case_close(&c);
                ASSERT_EQ(test_shell(&dir, "%s", table[i].meanwhile), 0);
                case_open(&c, &dir, after);
                outlook = case_look(&c);
                ASSERT_EQ(outlook.wanted, table[i].wanted);
                ASSERT_TRUE(!outlook.begun && !seed_outlook_discards(&outlook));
                case_close(&c);
        }
}

/* `up --volume`: neither makes the seed run again, nor does it remember anything. */
TEST(volumes_of_one_start) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        for (int first = 0; first < 2; first++) {
                Volume volume = {};
                SeedOutlook outlook;
                SeedMark mark;
                _cleanup_close_ int fd = -EBADF;
                TEST_DIR(dir);
                Case c;

                need_attributes(dir.fd);
                test_set_row("%d", first);
                ASSERT_EQ(test_shell(&dir, MAKE), 0);
                case_open(&c, &dir, SEED);
                if (!first) {
                        case_begin(&c, true, NULL);
                        case_end(&c);
                }
                ASSERT_OK(volume_parse("@data:/mnt", &volume, &error), &error);
                ASSERT_OK(volume_add_once(&c.spec->containers[0], &volume, &error), &error);
                outlook = case_look(&c);
                ASSERT_EQ(outlook.wanted, first);
                if (first) {
                        case_begin(&c, true, NULL);
                        case_end(&c);
                }
                fd = openat(dir.fd, "volumes/data", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                ASSERT_OK(seed_mark_read(fd, "db", &mark, &error), &error);
                ASSERT_EQ(mark.phase, SEED_NONE);
                case_close(&c);
                case_open(&c, &dir, SEED);
                outlook = case_look(&c);
                ASSERT_TRUE(!outlook.wanted);
                case_close(&c);
        }
}

/* The layer of an overlay holds a part of it, as a volume does. */
TEST(overlays) {
        _cleanup_free_ char *name = volume_overlay_name("db", "/src");
        char *const fresh[] = {name, NULL};
        SeedOutlook outlook;
        TEST_DIR(dir);
        Case c;

        need_attributes(dir.fd);
        ASSERT_EQ(test_shell(&dir, MAKE " volumes/%s", name), 0);
        case_open(&c, &dir, SEED VOLUMES(OVERLAY));
        case_begin(&c, true, fresh);
        outlook = case_look(&c);
        ASSERT_TRUE(outlook.wanted && outlook.begun && outlook.discards_root);
        ASSERT_STREQ(outlook.discards_volumes[0], name);
        ASSERT_TRUE(!outlook.discards_volumes[1]);
        seed_outlook_done(&outlook);
        case_end(&c);
        ASSERT_EQ(test_shell(&dir, "rm -r db/root; mkdir db/root"), 0);
        case_close(&c);
        case_open(&c, &dir, SEED VOLUMES(OVERLAY));
        outlook = case_look(&c);
        ASSERT_TRUE(!outlook.wanted);
        case_close(&c);
}

/* Used without a seed, or with one that was done elsewhere: what was begun is not thrown away any more. */
TEST(used_meanwhile) {
        static const char *const uses[] = {VOLUMES(DATA), SEED VOLUMES(DATA ", " MORE)};

        for (size_t i = 0; i < ELEMENTSOF(uses); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                char *const fresh[] = {(char *) "data", NULL};
                SeedOutlook outlook;
                TEST_DIR(dir);
                Case c;

                need_attributes(dir.fd);
                test_set_row("%zu", i);
                ASSERT_EQ(test_shell(&dir, MAKE), 0);
                case_open(&c, &dir, SEED VOLUMES(MORE));
                case_end(&c);
                case_close(&c);
                case_open(&c, &dir, SEED VOLUMES(DATA));
                case_begin(&c, true, fresh);
                outlook = case_look(&c);
                ASSERT_TRUE(outlook.discards_root && outlook.discards_volumes && !outlook.stale);
                seed_outlook_done(&outlook);
                case_close(&c);

                case_open(&c, &dir, uses[i]);
                outlook = case_look(&c);
                ASSERT_TRUE(outlook.stale && !outlook.wanted && !seed_outlook_discards(&outlook));
                ASSERT_OK(seed_note_used(&c.project, case_container(&c), c.container_fd, &error), &error);
                outlook = case_look(&c);
                ASSERT_TRUE(!outlook.stale);
                case_close(&c);

                case_open(&c, &dir, SEED VOLUMES(DATA));
                outlook = case_look(&c);
                ASSERT_TRUE(outlook.wanted && outlook.begun && !seed_outlook_discards(&outlook));
                case_close(&c);
        }
}

/* A fresh instance that begins as a snapshot is seeded when that is. */
TEST(snapshot) {
        static const struct {
                const char *saved;
                bool wanted;
        } table[] = {
                {"mkdir -p s/roots s/volumes && mv volumes/data s/volumes/", false},
                {"mkdir -p s/roots/db s/volumes/data", true},
                /* What had been begun there is nothing that could be thrown away here. */
                {"mkdir -p s/roots && mv db/root s/roots/db && mkdir -p s/volumes/data", true},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                SeedOutlook outlook;
                TEST_DIR(dir);
                Case c;

                need_attributes(dir.fd);
                test_set_row("%zu", i);
                ASSERT_EQ(test_shell(&dir, MAKE), 0);
                case_open(&c, &dir, SEED VOLUMES(DATA));
                case_begin(&c, true, NULL);
                if (!table[i].wanted)
                        case_end(&c);
                ASSERT_EQ(test_shell(&dir, "%s; rm -rf db volumes; mkdir -p db", table[i].saved), 0);
                (void) safe_close(c.container_fd);
                c.container_fd = openat(dir.fd, "db", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                c.project.snapshot_fd = openat(dir.fd, "s", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                c.project.state.instance = (char *) "shop-1";
                outlook = case_look(&c);
                ASSERT_EQ(outlook.wanted, table[i].wanted);
                ASSERT_TRUE(!outlook.begun && !outlook.changed && !seed_outlook_discards(&outlook));
                (void) safe_close(c.project.snapshot_fd);
                case_close(&c);
        }
}
