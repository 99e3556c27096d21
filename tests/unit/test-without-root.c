/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "plan/without-root.h"
#include "spec/spec-parse.h"
#include "test.h"

#define SYSTEM "\"system\": {\"rootfs\": \"i\"}"

/* @expected: the beginning of the message, NULL: there is none. */
static void expect(const char *keys, char *const *names, const char *expected) {
        _cleanup_free_ char *text =
                xasprintf("{\"version\": 1, \"containers\": {\"web\": {%s}, \"db\": {" SYSTEM
                          ", \"nspawnArgs\": [\"--x\"]}}}",
                          keys);
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(spec_freep) Spec *spec = NULL;
        int r;

        ASSERT_OK(spec_parse(text, strlen(text), &spec, &error), &error);
        r = without_root_check(spec, names, &error);
        ASSERT_EQ(r < 0, expected != NULL);
        if (expected)
                ASSERT_TRUE(startswith(error.message, expected));
}

TEST(names_the_key) {
        static const struct {
                const char *keys, *expected;
        } table[] = {
                {SYSTEM, NULL},
                {SYSTEM ", \"users\": \"host\", \"network\": {\"mode\": \"none\"}", NULL},
                {SYSTEM ", \"ports\": [\"8080:80\"], \"volumes\": [\"src:/src\", \"@data:/data\"]", NULL},
                {SYSTEM ", \"nspawnArgs\": [\"--x\"]", "nspawnArgs needs root: "},
                {SYSTEM ", \"devices\": [\"/dev/kvm\"]", "devices needs root: "},
                {SYSTEM ", \"network\": {\"mode\": \"host\"}", NULL},
                {SYSTEM ", \"network\": {\"mode\": \"host\"}, \"ready\": {\"exec\": [[\"true\"]]}", NULL},
                {SYSTEM ", \"network\": {\"mode\": \"host\"}, \"command\": [\"/x\"], "
                        "\"ready\": {\"exec\": [[\"true\"]]}",
                 "ready.exec or seed of a command in network.mode host needs root: "},
                {SYSTEM ", \"network\": {\"mode\": \"namespace\", \"namespace\": \"vpn\"}",
                 "network.mode namespace needs root: "},
                {SYSTEM ", \"network\": {\"mode\": \"bridge\", \"interface\": \"br0\"}",
                 "network.mode bridge, macvlan or interface needs root: "},
                {SYSTEM ", \"network\": {\"mode\": \"macvlan\", \"interface\": \"eth0\"}",
                 "network.mode bridge, macvlan or interface needs root: "},
                {SYSTEM ", \"network\": {\"internet\": true, \"hostAccess\": [80]}", NULL},
                {SYSTEM
                 ", \"volumes\": [{\"source\": \"src\", \"target\": \"/src\", \"owner\": \"www-data\"}]",
                 "an account as the owner of a volume needs root: "},
                {SYSTEM ", \"hooks\": {\"afterReady\": [[\"true\"]]}", NULL},
        };
        char *names[] = {(char *) "web", NULL};

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("%s", table[i].keys);
                expect(table[i].keys, names, table[i].expected);
        }
}

TEST(of_those_that_are_started_only) {
        char *none[] = {NULL}, *other[] = {(char *) "gone", (char *) "db", NULL};

        expect(SYSTEM, none, NULL);
        expect(SYSTEM, other, "nspawnArgs needs root: ");
}

/* The table in docs/SPEC.md, whose code marks are left out. */
TEST(the_document_lists_them) {
        _cleanup_close_ int fd = open(FC_SOURCE_DIR "/docs/SPEC.md", O_RDONLY | O_CLOEXEC);
        static const char head[] = "| Needs root | Why |\n|---|---|\n";
        _cleanup_free_ char *text = NULL, *expected = xstrdup(head);
        const char *key, *why;
        char *out, *found;

        ASSERT_OK(fs_read_fd(fd, "SPEC.md", 1024 * 1024, &text, NULL, NULL));
        out = text;
        for (const char *p = text; *p; p++)
                if (*p != '`')
                        *out++ = *p;
        *out = '\0';
        for (size_t i = 0; (key = without_root_key(i, &why)); i++) {
                char *more = xasprintf("%s| %s | %s |\n", expected, key, why);

                free(expected);
                expected = more;
        }
        found = strstr(text, head);
        ASSERT_TRUE(found);
        /* Up to the empty line behind it. */
        out = strstr(found, "\n\n");
        ASSERT_TRUE(out);
        out[1] = '\0';
        ASSERT_STREQ(found, expected);
}
