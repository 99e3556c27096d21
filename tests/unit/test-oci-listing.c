/* SPDX-License-Identifier: MIT */

#include "image/oci-listing.h"
#include "test.h"

#define MEMBER "-rw-r--r-- 0/0              30 2024-01-01 00:00 "

TEST(form) {
        static const struct {
                const char *lines[3], *image, *form;
        } table[] = {
                {{MEMBER "oci-layout"}, NULL, "oci-archive"},
                {{MEMBER "./oci-layout"}, "app", "oci-archive"},
                {{MEMBER "oci-layout"}, "app:1.2", "oci-archive"},
                {{MEMBER "manifest.json"}, "app:1.2", "docker-archive"},
                {{MEMBER "manifest.json", MEMBER "oci-layout"}, NULL, "oci-archive"},
                {{MEMBER "oci-layout", MEMBER "manifest.json"}, "1.2", "oci-archive"},
                {{MEMBER "oci-layout", MEMBER "./manifest.json"}, "app:1.2", "docker-archive"},
                /* Of another directory, or not a member at all. */
                {{MEMBER "more/oci-layout", MEMBER "no-oci-layout"}, "app", "docker-archive"},
                {{MEMBER "oci-layout", MEMBER "more/manifest.json"}, "app:1.2", "oci-archive"},
                {{"tar: This does not look like a tar archive oci-layout"}, NULL, "docker-archive"},
                {{"", "oci-layout", "- oci-layout"}, NULL, "docker-archive"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                OciListing listing = {};

                test_set_row("%zu: %s", i, table[i].lines[0]);
                for (size_t j = 0; j < ELEMENTSOF(table[i].lines) && table[i].lines[j]; j++)
                        oci_listing_take(&listing, table[i].lines[j]);
                ASSERT_STREQ(oci_listing_form(&listing, table[i].image), table[i].form);
                ASSERT_TRUE(!listing.special);
        }
}

TEST(special) {
        static const struct {
                const char *line;
                bool special;
        } table[] = {
                {"prw-r--r-- 0/0               0 2024-01-01 00:00 blobs/sha256/a", true},
                {"crw-rw-rw- 0/0             1,3 2024-01-01 00:00 null", true},
                {"brw-rw---- 0/0             8,0 2024-01-01 00:00 sda", true},
                {MEMBER "p", false},
                {"drwxr-xr-t 0/0               0 2024-01-01 00:00 blobs/", false},
                {"lrwxrwxrwx 0/0               0 2024-01-01 00:00 layer.tar -> ../a/layer.tar", false},
                {"hrw-r--r-- 0/0               0 2024-01-01 00:00 b link to a", false},
                {"bzip2: (stdin) is not a bzip2 file.", false},
                {"p", false},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                OciListing listing = {};

                test_set_row("%s", table[i].line);
                oci_listing_take(&listing, table[i].line);
                ASSERT_EQ(listing.special, table[i].special);
        }
}
