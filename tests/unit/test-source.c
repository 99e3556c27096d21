/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "base/alloc.h"
#include "project/source.h"
#include "spec/spec-parse.h"
#include "test.h"

#define ALICE 61001
#define BOB   61002

/* Alice's project, beside files that are not part of it. All below a directory that is the working
 * directory. */
typedef struct Project {
        char top[64];
        char root[80];
        int root_fd, state_fd;
        Spec *spec;
        Sources sources;
} Project;

static void make_directory(const char *path, uid_t owner, mode_t mode) {
        ASSERT_TRUE(mkdir(path, 0700) >= 0 && chmod(path, mode) >= 0 && chown(path, owner, owner) >= 0);
}

static void make_file(const char *path, uid_t owner, mode_t mode) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

        ASSERT_TRUE(fd >= 0 && write(fd, path, strlen(path)) == (ssize_t) strlen(path) &&
                    fchmod(fd, mode) >= 0 && fchown(fd, owner, owner) >= 0);
}

static void make_link(const char *target, const char *path, uid_t owner) {
        ASSERT_TRUE(symlink(target, path) >= 0 && lchown(path, owner, owner) >= 0);
}

static int open_directory(const char *path) {
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        ASSERT_TRUE(fd >= 0);
        return fd;
}

static Project project_new(void) {
        Project p = {.top = "/tmp/fc-source-XXXXXX"};

        ASSERT_TRUE(mkdtemp(p.top) && chmod(p.top, 0755) >= 0 && chdir(p.top) >= 0);
        make_directory("roots", 0, 0700);
        make_file("roots/secret", 0, 0600);
        make_file("roots-file", 0, 0600);
        make_directory("alices", ALICE, 0755);
        make_directory("shared", 0, 01777);
        make_link("../alices", "shared/of-bob", BOB);
        make_link("../alices", "shared/of-alice", ALICE);
        make_directory("project", ALICE, 0755);
        make_directory("project/src", ALICE, 0755);
        make_directory("project/src/public", ALICE, 0755);
        make_directory("project/secrets", ALICE, 0700);
        make_file("project/secrets/key", ALICE, 0600);
        make_file("project/secrets/of-root", 0, 0600);
        make_directory("project/.containers", ALICE, 0700);
        make_directory("project/.containers/web", ALICE, 0755);
        make_link("../../secrets", "project/.containers/web/link", ALICE);
        (void) snprintf(p.root, sizeof(p.root), "%s/project", p.top);
        p.root_fd = open_directory("project");
        p.state_fd = open_directory("project/.containers");
        return p;
}

static void project_done(Project *p) {
        sources_done(&p->sources);
        (void) spec_free(p->spec);
        (void) close(p->root_fd);
        (void) close(p->state_fd);
        ASSERT_EQ(chdir("/"), 0);
        if (fork() == 0) {
                (void) execl("/bin/rm", "rm", "-rf", p->top, NULL);
                _exit(127);
        }
        ASSERT_TRUE(wait(NULL) > 0);
}

/* @volumes: of the one container, as JSON. */
static void let_guests_have(Project *p, const char *volumes) {
        static const InvokingUser alice = {.uid = ALICE, .gid = ALICE, .groups = {ALICE}, .n_groups = 1};
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text =
                xasprintf("{\"version\": 1, \"containers\": {\"web\": {\"system\": {\"rootfs\": \"image\"}, "
                          "\"volumes\": [%s]}}}",
                          volumes);

        sources_done(&p->sources);
        p->spec = spec_free(p->spec);
        ASSERT_OK(spec_parse(text, strlen(text), &p->spec, &error), &error);
        ASSERT_OK(
                sources_open(p->root, p->root_fd, p->state_fd, &alice, &alice, p->spec, &p->sources, &error),
                &error);
}

#define PROJECT(p)                                                                                          \
        if (geteuid() != 0)                                                                                 \
                SKIP("needs root");                                                                         \
        _unused_ _cleanup_(project_done)                                                                    \
        Project p = project_new()

static int open_source(const Project *p, const char *path, bool reads, Error *reterr) {
        _cleanup_free_ char *whole = NULL;

        if (path[0] == '/') {
                whole = xasprintf("%s%s", p->top, path);
                return source_open(&p->sources, "", whole, NULL, reads, reterr);
        }
        whole = xasprintf("%s/%s", p->root, path);
        return source_open(&p->sources, "", whole, whole + strlen(p->root) + 1, reads, reterr);
}

/* @expected: below the top. */
static void assert_leads(const Project *p, const char *path, const char *expected) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int fd = open_source(p, path, false, &error);
        struct stat st, want;

        test_set_row("%s", path);
        ASSERT_OK(fd, &error);
        ASSERT_TRUE(fstat(fd, &st) >= 0 && stat(expected, &want) >= 0);
        ASSERT_TRUE(st.st_dev == want.st_dev && st.st_ino == want.st_ino);
        test_set_row("%s", "");
}

static void assert_refused(const Project *p, const char *path, bool reads, ExitCode exit, const char *text) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        test_set_row("%s", path);
        ASSERT_ERROR(open_source(p, path, reads, &error), &error, exit, text);
        test_set_row("%s", "");
}

TEST(relative_ones_stay_in_the_project) {
        PROJECT(p);

        make_link("src/public", "project/current", ALICE);
        make_link("current", "project/twice", ALICE);
        make_link("secrets/key", "project/to-a-file", ALICE);
        make_link("/etc", "project/absolute", ALICE);
        make_link("../roots-file", "project/out", ALICE);
        make_link("src/../..", "project/around", ALICE);
        make_link("itself", "project/itself", ALICE);
        let_guests_have(&p, "");
        assert_leads(&p, "src", "project/src");
        assert_leads(&p, "./src//public/", "project/src/public");
        assert_leads(&p, ".", "project");
        assert_leads(&p, "current", "project/src/public");
        assert_leads(&p, "twice/", "project/src/public");
        assert_leads(&p, "twice/../../secrets/key", "project/secrets/key");
        assert_leads(&p, "to-a-file", "project/secrets/key");
        assert_refused(&p, "absolute", false, FC_EXIT_CONFLICT, "leads out of the project");
        assert_refused(&p, "out", false, FC_EXIT_CONFLICT, "leads out of the project");
        assert_refused(&p, "around/roots-file", false, FC_EXIT_CONFLICT, "leads out of the project");
        assert_refused(&p, "src/../../roots-file", false, FC_EXIT_CONFLICT, "leads out of the project");
        assert_refused(&p, "itself", false, FC_EXIT_USAGE, "Too many levels of symbolic links");
        assert_refused(&p, "none", false, FC_EXIT_USAGE, "does not exist");
        assert_refused(&p, "secrets/key/", false, FC_EXIT_USAGE, "Not a directory");
        assert_refused(&p, "to-a-file/more", false, FC_EXIT_USAGE, "Not a directory");
}

static int open_volume(const Project *p, const char *path, bool masked) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *whole =
                path[0] == '/' ? xasprintf("%s%s", p->top, path) : xasprintf("%s/%s", p->root, path);
        const char *below = path[0] == '/' ? NULL : whole + strlen(p->root) + 1;
        int fd = source_open_volume(&p->sources, whole, below, masked, /* create= */ false, &error);

        test_set_row("%s", path);
        if (fd < 0)
                ASSERT_EQ(error.exit, FC_EXIT_USAGE);
        else
                (void) close(fd);
        return fd;
}

/* Whatever it is called. */
TEST(what_is_remembered_is_not_a_volume) {
        PROJECT(p);

        make_link("../project", "alices/to-the-project", ALICE);
        make_link("project/.containers", "to-the-state", ALICE);
        let_guests_have(&p, "");
        ASSERT_TRUE(open_volume(&p, "src", false) >= 0);
        ASSERT_TRUE(open_volume(&p, "/alices", false) >= 0);
        ASSERT_TRUE(open_volume(&p, ".", true) >= 0);
        ASSERT_TRUE(open_volume(&p, ".", false) < 0);
        ASSERT_TRUE(open_volume(&p, "..", false) < 0);
        ASSERT_TRUE(open_volume(&p, "/", false) < 0);
        ASSERT_TRUE(open_volume(&p, "/alices/to-the-project", false) < 0);
        ASSERT_TRUE(open_volume(&p, ".containers", true) < 0);
        ASSERT_TRUE(open_volume(&p, "/to-the-state", true) < 0);
}

static int create_volume(const Project *p, const char *path) {
        _cleanup_free_ char *whole = xasprintf("%s/%s", p->root, path);

        test_set_row("%s", path);
        return source_open_volume(&p->sources, whole, whole + strlen(p->root) + 1, /* masked= */ false,
                                  /* create= */ true, NULL);
}

TEST(makes_what_is_missing) {
        struct stat st;

        PROJECT(p);
        make_link("src/new", "project/to-be", ALICE);
        make_link(".containers", "project/state", ALICE);
        make_link("../alices", "project/beside", ALICE);
        let_guests_have(&p, "\"src:/src\"");
        /* Nothing is, unless that is wanted. */
        ASSERT_TRUE(open_volume(&p, "data/deep", false) < 0);
        ASSERT_TRUE(access("project/data", F_OK) < 0);

        ASSERT_TRUE(create_volume(&p, "data/deep") >= 0);
        ASSERT_TRUE(lstat("project/data", &st) >= 0 && st.st_uid == ALICE && st.st_gid == ALICE);
        ASSERT_TRUE(lstat("project/data/deep", &st) >= 0 && st.st_uid == ALICE && st.st_gid == ALICE);
        ASSERT_EQ(st.st_mode, (mode_t) (S_IFDIR | 0755));
        /* By a link that leads to where nothing is. */
        ASSERT_TRUE(create_volume(&p, "to-be") >= 0);
        ASSERT_TRUE(lstat("project/src/new", &st) >= 0 && S_ISDIR(st.st_mode));
        ASSERT_TRUE(create_volume(&p, "to-be/more") >= 0);

        ASSERT_TRUE(create_volume(&p, "state/volumes/x") < 0);
        ASSERT_TRUE(access("project/.containers/volumes", F_OK) < 0);
        ASSERT_TRUE(create_volume(&p, "beside/made") < 0);
        ASSERT_TRUE(access("alices/made", F_OK) < 0);
        ASSERT_TRUE(create_volume(&p, "secrets/key/more") < 0);
        /* As the user, who may not. */
        make_directory("project/of-root", 0, 0755);
        ASSERT_TRUE(create_volume(&p, "of-root/made") < 0);
        ASSERT_TRUE(access("project/of-root/made", F_OK) < 0);
}

TEST(what_a_guest_can_write_leads_nowhere_else) {
        PROJECT(p);

        make_directory("project/src/other", ALICE, 0755);
        make_link("other", "project/src/inside", ALICE);
        make_link("../secrets", "project/src/sideways", ALICE);
        make_link("/etc", "project/src/absolute", ALICE);
        make_link("src/sideways", "project/into", ALICE);
        make_link("/proc/self/cwd/project/secrets", "project/src/magic", ALICE);
        let_guests_have(&p, "\"src:/src\"");
        assert_leads(&p, "src", "project/src");
        assert_leads(&p, "src/public", "project/src/public");
        assert_leads(&p, "src/inside", "project/src/other");
        assert_leads(&p, "/project/src/inside", "project/src/other");
        assert_leads(&p, "secrets/key", "project/secrets/key");
        assert_refused(&p, "src/sideways", false, FC_EXIT_CONFLICT, "that a container can write to");
        assert_refused(&p, "src/sideways/key", true, FC_EXIT_CONFLICT, "that a container can write to");
        assert_refused(&p, "src/absolute", false, FC_EXIT_CONFLICT, "that a container can write to");
        assert_refused(&p, "src/magic", false, FC_EXIT_CONFLICT, "that a container can write to");
        assert_refused(&p, "into", false, FC_EXIT_CONFLICT, "that a container can write to");
        assert_refused(&p, "/project/src/sideways", false, FC_EXIT_CONFLICT,
                       "that a container can write to");
        assert_refused(&p, "/project/src/absolute", false, FC_EXIT_CONFLICT,
                       "that a container can write to");
        assert_refused(&p, "/project/into", false, FC_EXIT_CONFLICT, "that a container can write to");
}

TEST(only_what_can_be_written_counts) {
        PROJECT(p);

        make_link("../secrets", "project/src/sideways", ALICE);
        let_guests_have(&p, "\"src:/src:ro\"");
        assert_leads(&p, "src/sideways", "project/secrets");
        let_guests_have(&p, "\"src:/src:ro\", \"src/public:/public\"");
        assert_leads(&p, "src/sideways", "project/secrets");
        make_link("../../secrets", "project/src/public/up", ALICE);
        assert_refused(&p, "src/public/up", false, FC_EXIT_CONFLICT, "that a container can write to");
}

/* One guest's directory in another's: each is left by no way. */
/* What a specification said before: a container has been there. */
TEST(what_could_be_written_once_leads_nowhere_else) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        PROJECT(p);
        if (setxattr("roots", "trusted.flake-containers.test", "", 0, 0) < 0)
                SKIP("no attributes that only root can set");
        let_guests_have(&p, "\"src:/src\"");
        for (size_t i = 0; i < 2; i++) {
                _cleanup_close_ int fd = open_source(&p, "src", false, &error);

                ASSERT_OK(source_mark(fd, "src", &error), &error);
        }
        let_guests_have(&p, "\"src/public:/www:ro\"");
        make_link("../secrets", "project/src/out", ALICE);
        make_link("public", "project/src/in", ALICE);
        make_link("secrets", "project/beside", ALICE);
        assert_refused(&p, "src/out", false, FC_EXIT_CONFLICT, "leads out of a directory that a container");
        assert_leads(&p, "src/in", "project/src/public");
        assert_leads(&p, "beside", "project/secrets");
        /* Wherever it is now, and also as an absolute path. */
        ASSERT_EQ(rename("project/src", "project/moved"), 0);
        assert_refused(&p, "moved/out", false, FC_EXIT_CONFLICT,
                       "leads out of a directory that a container");
        assert_refused(&p, "/project/moved/out", false, FC_EXIT_CONFLICT, "leads out of a directory");
        /* Neither a directory in its place nor a file counts. */
        make_directory("project/src", ALICE, 0755);
        make_link("../secrets", "project/src/out", ALICE);
        assert_leads(&p, "src/out", "project/secrets");
        make_file("project/file", ALICE, 0644);
        {
                _cleanup_close_ int fd = open_source(&p, "file", false, &error);

                ASSERT_OK(source_mark(fd, "file", &error), &error);
                ASSERT_TRUE(getxattr("project/file", "trusted.flake-containers.guest", NULL, 0) < 0);
        }
}

TEST(a_directory_in_a_directory) {
        PROJECT(p);

        make_link("../other", "project/src/public/up", ALICE);
        make_directory("project/src/other", ALICE, 0755);
        let_guests_have(&p, "\"src:/src\", \"src/public:/public\"");
        assert_leads(&p, "src/public", "project/src/public");
        assert_refused(&p, "src/public/up", false, FC_EXIT_CONFLICT, "that a container can write to");
        /* The whole project is a guest's. */
        let_guests_have(&p, "\".:/project\"");
        assert_leads(&p, "src/public/up", "project/src/other");
        make_link("../roots-file", "project/out", ALICE);
        assert_refused(&p, "out", false, FC_EXIT_CONFLICT, "that a container can write to");
        /* What the specification itself says to lie outside is not the guest's to say. */
        assert_leads(&p, "../roots", "roots");
        assert_leads(&p, ".././/../", "..");
        assert_leads(&p, "./..//project/src", "project/src");
        assert_leads(&p, "../../../../../../../../..", "/");
        assert_refused(&p, "src/../../roots", false, FC_EXIT_CONFLICT, "that a container can write to");
        assert_refused(&p, "../project/out", false, FC_EXIT_CONFLICT, "that a container can write to");
}

TEST(no_links_in_the_state) {
        PROJECT(p);

        let_guests_have(&p, "");
        assert_leads(&p, ".containers/web", "project/.containers/web");
        assert_refused(&p, ".containers/web/link", false, FC_EXIT_CONFLICT, "in '.containers'");
        assert_refused(&p, "/project/.containers/web/link/key", false, FC_EXIT_CONFLICT, "in '.containers'");
}

TEST(absolute_ones_are_the_users_own) {
        PROJECT(p);

        make_link("alices", "link", 0);
        let_guests_have(&p, "");
        assert_leads(&p, "/alices", "alices");
        assert_leads(&p, "/link", "alices");
        assert_leads(&p, "/roots", "roots");
        assert_leads(&p, "/project/../alices/..", ".");
        assert_refused(&p, "/roots/secret", false, FC_EXIT_HOST, "Permission denied");
        assert_refused(&p, "/roots-file", true, FC_EXIT_HOST, "Permission denied");
        assert_leads(&p, "../alices", "alices");
        assert_leads(&p, ".//../link", "alices");
        assert_refused(&p, "../roots/secret", false, FC_EXIT_HOST, "Permission denied");
        /* As fs.protected_symlinks has it. */
        assert_leads(&p, "/shared/of-alice", "alices");
        assert_refused(&p, "/shared/of-bob", false, FC_EXIT_HOST, "Permission denied");
}

TEST(what_is_read_is_what_the_user_can_read) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        PROJECT(p);
        int fd;

        let_guests_have(&p, "");
        fd = open_source(&p, "secrets/key", true, &error);
        ASSERT_OK(fd, &error);
        (void) close(fd);
        assert_refused(&p, "secrets/of-root", true, FC_EXIT_HOST, "Permission denied");
        assert_leads(&p, "secrets/of-root", "project/secrets/of-root");
}

TEST(too_deep_a_path_is_refused) {
        char path[2048] = "";
        PROJECT(p);

        let_guests_have(&p, "");
        for (unsigned i = 0; i < 300; i++) {
                (void) strcat(path, i > 0 ? "/d" : "d");
                ASSERT_TRUE(mkdirat(p.root_fd, path, 0755) >= 0 &&
                            fchownat(p.root_fd, path, ALICE, ALICE, 0) >= 0);
        }
        assert_refused(&p, path, false, FC_EXIT_USAGE, "File name too long");
}
