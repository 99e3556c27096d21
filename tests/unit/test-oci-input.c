/* SPDX-License-Identifier: MIT */

#include "context/oci-input.h"
#include "project-util.h"
#include "test.h"

#define INDEX "{\"manifests\": []}"
#define BLOB  "layout/blobs/sha256/ab"

/* A project that is @dir, of @uid. */
typedef struct Place {
        Project project;
        ContainerSpec spec;
        ContainerPlan plan;
} Place;

static void place_done(Place *p) {
        sources_done(&p->project.sources);
        free(p->plan.oci);
        free(p->spec.oci->input);
        free(p->spec.oci);
}

static void place_init(Place *p, const TestDir *dir, const char *path, uid_t uid) {
        const InvokingUser user = {.uid = uid, .gid = uid};
        _cleanup_(error_done) Error error = ERROR_NULL;
        static const Spec nothing;

        *p = (Place){.project = PROJECT_NULL, .spec = CONTAINER_SPEC_NULL};
        p->spec.oci = xnew0(OciSpec, 1);
        p->spec.oci->path = (char *) path;
        p->plan = (ContainerPlan){.spec = &p->spec,
                                  .oci = xasprintf("%s/%s", dir->path, path),
                                  .oci_below = p->spec.oci->path};
        p->project.user = p->project.state.user = user;
        p->project.state.root_fd = dir->fd;
        ASSERT_OK(sources_open(dir->path, dir->fd, -EBADF, &user, &user, &nothing, &p->project.sources,
                               &error),
                  &error);
}

static void make_file(const TestDir *dir, const char *path, const char *text) {
        _cleanup_close_ int fd = openat(dir->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        ASSERT_TRUE(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text));
}

static void make_layout(const TestDir *dir) {
        ASSERT_TRUE(mkdirat(dir->fd, "layout", 0755) >= 0 && mkdirat(dir->fd, "layout/blobs", 0755) >= 0 &&
                    mkdirat(dir->fd, "layout/blobs/sha256", 0755) >= 0);
        make_file(dir, "layout/index.json", INDEX);
        make_file(dir, BLOB, "blob");
}

static int try_open(const Place *p, bool *ret_is_directory, Error *error) {
        _cleanup_close_ int fd = oci_input_open(&p->project.sources, &p->plan, ret_is_directory, error);

        return fd < 0 ? fd : 0;
}

static void assert_refused(const Place *p, int exit, const char *words) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        bool is_directory;

        ASSERT_TRUE(try_open(p, &is_directory, &error) < 0);
        ASSERT_EQ(error.exit, exit);
        ASSERT_TRUE(strstr(error.message, words));
}

TEST(what_is_looked_at_is_what_is_opened) {
        static const char *const paths[] = {"app.tar", "layout"};
        static const char *const changed[] = {"app.tar", "layout/index.json"};

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(place_done) Place p;
                _cleanup_free_ char *first = NULL;
                bool is_directory;
                TEST_DIR(dir);

                test_set_row("%s", paths[i]);
                make_layout(&dir);
                make_file(&dir, "app.tar", "archive");
                place_init(&p, &dir, paths[i], geteuid());
                /* Not looked at is not the same as any other that is not. */
                assert_refused(&p, FC_EXIT_CONFLICT, "cannot be read");
                oci_input_note(&p.project, &p.spec);
                ASSERT_TRUE(p.spec.oci->input);
                ASSERT_OK(try_open(&p, &is_directory, &error), &error);
                ASSERT_EQ(is_directory, i == 1);
                make_file(&dir, changed[i], INDEX " ");
                assert_refused(&p, FC_EXIT_CONFLICT, "has changed since");
                /* Once a command. */
                first = xstrdup(p.spec.oci->input);
                oci_input_note(&p.project, &p.spec);
                ASSERT_STREQ(p.spec.oci->input, first);
        }
}

TEST(refusals) {
        static const struct {
                const char *command, *words;
                int exit;
        } table[] = {
                {"rm -r layout", "does not exist", FC_EXIT_USAGE},
                {"rm layout/index.json", "has no 'index.json'", FC_EXIT_USAGE},
                {"rm -r layout; mkfifo layout", "neither a directory nor a regular file", FC_EXIT_USAGE},
                {"cd layout; mv index.json ../i; ln -s ../i index.json", "index.json", FC_EXIT_CONFLICT},
                {"cd layout; rm index.json; mkfifo index.json", "'index.json' is not a regular file",
                 FC_EXIT_CONFLICT},
                {"mkfifo layout/blobs/sha256/ff", "'ff' is not a regular file", FC_EXIT_CONFLICT},
                {"ln -s ab layout/blobs/sha256/ff", "ff", FC_EXIT_CONFLICT},
                {"mv layout/blobs b; ln -s ../b layout/blobs", "blobs", FC_EXIT_CONFLICT},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *command = NULL;
                _cleanup_(place_done) Place p;
                TEST_DIR(dir);

                test_set_row("%s", table[i].command);
                make_layout(&dir);
                place_init(&p, &dir, "layout", geteuid());
                oci_input_note(&p.project, &p.spec);
                command = xasprintf("cd '%s' && { %s; }", dir.path, table[i].command);
                ASSERT_EQ(system(command), 0);
                assert_refused(&p, table[i].exit, table[i].words);
        }
}

/* Root reads it later. */
TEST(what_the_user_may_not_read) {
        static const char *const paths[] = {"app.tar", "layout"};

        if (geteuid() != 0)
                SKIP("needs root");
        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                _cleanup_(place_done) Place p;
                TEST_DIR(dir);

                test_set_row("%s", paths[i]);
                make_layout(&dir);
                make_file(&dir, "app.tar", "archive");
                ASSERT_TRUE(fchmodat(dir.fd, i == 0 ? "app.tar" : BLOB, 0600, 0) >= 0);
                place_init(&p, &dir, paths[i], TEST_UID);
                oci_input_note(&p.project, &p.spec);
                ASSERT_TRUE(p.spec.oci->input);
                assert_refused(&p, FC_EXIT_HOST, "Permission denied");
        }
}
