/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "state/snapshot-manifest.h"
#include "test.h"

#define NAME ".containers/snapshots/x/manifest.json"

static SnapshotManifest *parse(const char *text, Error *error) {
        SnapshotManifest *m = NULL;

        (void) snapshot_manifest_parse(text, strlen(text), NAME, &m, error);
        return m;
}

static SnapshotManifest *make_manifest(void) {
        SnapshotManifest *m = xmalloc0(sizeof(*m));
        SnapshotContainer *c;
        SnapshotVolume *v;

        m->saved_usec = UINT64_C(1790000000123456);
        m->whole = true;
        c = XGROW(m->containers, m->n_containers);
        *c = (SnapshotContainer){xstrdup("db"), true, true, 500, NULL};
        strv_push(&c->definition, "image /x \377\001");
        c = XGROW(m->containers, m->n_containers);
        *c = (SnapshotContainer){xstrdup("web"), false, false, 0, NULL};
        v = XGROW(m->volumes, m->n_volumes);
        *v = (SnapshotVolume){xstrdup("data"), 70, NULL};
        strv_push(&v->containers, "db");
        v = XGROW(m->volumes, m->n_volumes);
        *v = (SnapshotVolume){xstrdup("old"), 8, NULL};
        return m;
}

TEST(comes_back_the_same) {
        _cleanup_(snapshot_manifest_freep) SnapshotManifest *m = make_manifest(), *again = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text = snapshot_manifest_print(m), *text_again = NULL;

        again = parse(text, &error);
        ASSERT_TRUE(again && !error_is_set(&error));
        text_again = snapshot_manifest_print(again);
        ASSERT_STREQ(text_again, text);
        ASSERT_STREQ(again->containers[0].definition[0], "image /x \377\001");
        ASSERT_EQ(snapshot_manifest_bytes(again), 578);
}

/* Of a volume what its containers have; one that belongs to none is part of the whole only. */
TEST(a_part_of_it) {
        static const char *const db[] = {"db", NULL}, *const web[] = {"web", NULL};
        _cleanup_(snapshot_manifest_freep) SnapshotManifest *m = make_manifest(), *some = NULL, *none = NULL;

        some = snapshot_manifest_select(m, (char *const *) (uintptr_t) db);
        ASSERT_TRUE(!some->whole && some->n_containers == 1 && some->n_volumes == 1);
        ASSERT_STREQ(some->volumes[0].name, "data");
        ASSERT_TRUE(snapshot_manifest_container(some, "db")->root);
        ASSERT_TRUE(!snapshot_manifest_container(some, "web"));
        none = snapshot_manifest_select(m, (char *const *) (uintptr_t) web);
        ASSERT_TRUE(none->n_containers == 1 && none->n_volumes == 0 && !none->containers[0].root);
}

#define CONTAINER(name)                                                                                     \
        "{\"name\":\"" name "\",\"root\":true,\"running\":false,\"bytes\":1,\"definition\":[]}"
#define VOLUME(name) "{\"name\":\"" name "\",\"bytes\":1,\"containers\":[]}"
#define MANIFEST(containers, volumes)                                                                       \
        "{\"version\":1,\"savedUsec\":5,\"whole\":true,\"containers\":[" containers                         \
        "],\"volumes\":[" volumes "]}"

TEST(damaged) {
        static const struct {
                const char *text, *message;
        } table[] = {
                {"", "damaged"},
                {"[]", "damaged"},
                {"{}", "damaged"},
                {"{\"version\":2}", "later flake-containers"},
                {MANIFEST(CONTAINER("../x"), ""), "containers[0].name"},
                {MANIFEST(CONTAINER("volumes"), ""), "containers[0].name"},
                {MANIFEST(CONTAINER(""), ""), "containers[0].name"},
                {MANIFEST(CONTAINER("a") "," CONTAINER("a"), ""), "'a' is there twice"},
                {MANIFEST("", VOLUME("a/b")), "volumes[0].name"},
                {MANIFEST("", VOLUME("a") "," VOLUME("a")), "'a' is there twice"},
                {MANIFEST("", "{\"name\":\"a\",\"bytes\":-1,\"containers\":[]}"), "volumes[0].bytes"},
                {MANIFEST("", "{\"name\":\"a\",\"bytes\":1,\"containers\":[\"A\"]}"),
                 "volumes[0].containers[0]"},
                {MANIFEST("{\"name\":\"a\"}", ""), "containers[0]"},
                {MANIFEST("7", ""), "containers[0]"},
                {"{\"version\":1,\"savedUsec\":0,\"whole\":true,\"containers\":[],\"volumes\":[]}",
                 "savedUsec"},
                {"{\"version\":1,\"savedUsec\":5,\"whole\":1,\"containers\":[],\"volumes\":[]}", "whole"},
                {"{\"version\":1,\"savedUsec\":5,\"whole\":true,\"containers\":[],\"volumes\":[],\"x\":1}",
                 "x"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%zu", i);
                ASSERT_TRUE(!parse(table[i].text, &error));
                ASSERT_EQ(error.exit, FC_EXIT_CONFLICT);
                ASSERT_TRUE(strstr(error.message, NAME) && strstr(error.message, table[i].message));
        }
}
