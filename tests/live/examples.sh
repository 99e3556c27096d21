#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The examples, as their readers run them.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# An image that another version of make-images has made is made anew, and stays where that fails: here without a network.
testcase_images_of_another_version() {
        local example images

        project images
        example=$PROJECT/debian images=$PROJECT/debian/images
        mkdir -p "$images/httpserver"
        cp "$LIVE_TOP/examples/debian/make-images" "$example/"
        sha256sum <"$example/make-images" >"$images/.httpserver.version"
        ok "$example/make-images" httpserver
        expect_err 'httpserver: there already'
        echo '# another version' >>"$example/make-images"
        run_status 1 "$example/make-images" httpserver
        expect_err 'httpserver: there, but made by another version of this script'
        expect_err 'httpserver: failed'
        exists "$images/httpserver"
}

live_main "$@"
