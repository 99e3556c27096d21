#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Root file systems that are unpacked from images of OCI and of docker (system.oci), which skopeo and umoci make here of the
# tests' own.

# shellcheck disable=SC2016 # the container's shell expands these
# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# begin: a cache of this test's alone.
begin() {
        command -v umoci >/dev/null || skip "umoci is not installed"
        command -v skopeo >/dev/null || skip "skopeo is not installed"
        rm -rf "$SCRATCH/cache"
        begin_cache "$SCRATCH/cache"
        project shop
        mkdir "$PROJECT/images"
        [[ -e $SCRATCH/app ]] || a_layout "$SCRATCH/app"
        cp -r "$SCRATCH/app" "$PROJECT/images/app"
        chown -R "$DEV" "$PROJECT/images"
}

end() { end_cache; }

# a_layout DIRECTORY: what a build has made: two layers, the second of which takes away a file of the first.
a_layout() {
        tiny_image
        umoci init --layout "$1"
        umoci new --image "$1:app"
        umoci insert --image "$1:app" "$TINY_IMAGE" /
        mkdir -p "$TMP/more"
        printf 'of the second layer\n' >"$TMP/more/word"
        chmod 4755 "$TMP/more/word"
        umoci insert --image "$1:app" "$TMP/more" /srv
        umoci insert --image "$1:app" --whiteout /usr/bin/tee
        umoci config --image "$1:app" --config.entrypoint /bin/bash --config.entrypoint -c --config.cmd 'echo "$WORD"; pwd' \
                --config.env WORD=said --config.workingdir /srv
} >/dev/null 2>&1

# of INPUT [MEMBERS]: a container of it that looks around and ends.
of() {
        printf '"one": {"system": {"oci": %s}, "network": {"mode": "none"}, "oneShot": true, "command":
                ["/bin/bash", "-c", "cat /srv/word; stat -c %%a /srv/word; [ ! -e /usr/bin/tee ] && echo gone"] %s}' "$1" "${2:-}"
}

# runs INPUT [MEMBERS]: one that goes on.
runs() {
        printf '"one": {"system": {"oci": %s}, "network": {"mode": "none"}, "command": ["/bin/sleep", "infinity"] %s}' "$1" "${2:-}"
}

# says WORD: the image says another one.
says() {
        umoci config --image "$PROJECT/images/app:app" --config.env "WORD=$1"
        chown -R "$DEV" "$PROJECT/images"
}

made() { find "$CACHE" -mindepth 1 -maxdepth 1 ! -name '.*.lock' -printf '%P\n' | sort | xargs; }

testcase_forms() {
        local form

        begin
        for form in oci-archive docker-archive; do
                skopeo copy -q "oci:$PROJECT/images/app:app" "$form:$PROJECT/images/$form.tar:app:1"
        done
        for form in app oci-archive.tar docker-archive.tar; do
                spec "$(of "\"images/$form\"")"
                ok fc --progress plain up
                expect_err 'one: building'
                ok fc logs -o cat one
                expect_out $'^of the second layer\n4755\ngone'
                equal "$(find "$CACHE"/*/ -mindepth 1 -maxdepth 1 -printf '%P\n' | sort | xargs)" 'config.json definition root users'
                ok fc rm --yes one
                ok fc gc
                equal "$(made)" '' "images"
        done
        # As the newer docker saves it: of both forms, of which that of OCI does not know the name.
        cp -r "$PROJECT/images/app" "$TMP/both"
        (
                cd "$TMP/both"
                manifest=$(jq -r '.manifests[0].digest' index.json | tr : /)
                jq '[{Config: .config.digest, RepoTags: ["app:1"], Layers: [.layers[].digest]}
                     | walk(if type == "string" then sub("^sha256:"; "blobs/sha256/") else . end)]' "blobs/$manifest" >manifest.json
                tar -cf "$PROJECT/images/both.tar" -- *
        )
        spec "$(of '{"path": "images/both.tar", "image": "app:1"}')"
        ok fc up
        ok fc logs -o cat one
        expect_out $'^of the second layer\n4755\ngone'
        ok fc rm --yes one
        # It says why it may be that it is not read, where that may be why.
        gzip "$PROJECT/images/docker-archive.tar"
        spec "$(of '"images/docker-archive.tar.gz"')"
        run_status 3 fc up
        expect_err 'must not be compressed: gunzip it'
        end
}

# An archive leads neither out of itself, nor to what is not the user's. skopeo unpacks it as root.
testcase_confined() {
        local kind

        begin
        mkdir "$TMP/victim" "$TMP/links" "$TMP/writes"
        ln -s "$TMP/victim" "$TMP/links/more"
        tar -C "$TMP/links" -cf "$PROJECT/images/writes.tar" more
        mkdir "$TMP/writes/more"
        touch "$TMP/writes/more/written"
        tar -C "$TMP/writes" -rf "$PROJECT/images/writes.tar" more/written
        tar -C "$PROJECT/images/app" -rf "$PROJECT/images/writes.tar" .
        spec "$(of '"images/writes.tar"')"
        run_status 3 fc up
        expect_err 'skopeo has ended with exit status'
        absent "$TMP/victim/written"
        # Another user's images.
        cp -r "$PROJECT/images/app" "$TMP/secret"
        chown -R 0:0 "$TMP/secret"
        chmod 700 "$TMP/secret"
        mkdir "$TMP/reads"
        cp "$PROJECT/images/app/oci-layout" "$TMP/reads"
        ln -s "$TMP/secret/index.json" "$TMP/secret/blobs" "$TMP/reads"
        tar -C "$TMP/reads" -cf "$PROJECT/images/reads.tar" .
        spec "$(of '"images/reads.tar"')"
        run_status 3 fc up
        expect_err 'skopeo has ended with exit status'
        # What would be waited for, and the host's devices.
        for kind in p 'c 1 5'; do
                cp -r "$PROJECT/images/app" "$TMP/special"
                # shellcheck disable=SC2086 # words
                mknod "$TMP/special/blobs/sha256/0000" $kind
                tar -C "$TMP/special" -cf "$PROJECT/images/special.tar" .
                rm -r "$TMP/special"
                spec "$(of '"images/special.tar"')"
                run_status 2 fc up
                expect_err "OCI image 'images/special.tar' has a FIFO or a device in it"
        done
        equal "$(made)" '' "images"
        end
}

# What is made already is for those alone who can read what it was made of, and never another one's.
testcase_private() {
        begin
        skopeo copy -q "oci:$PROJECT/images/app:app" "oci-archive:$PROJECT/images/app.tar:app"
        chown 0:0 "$PROJECT/images/app.tar"
        chmod 600 "$PROJECT/images/app.tar"
        spec "$(of "\"$PROJECT/images/app.tar\"")"
        ok "$FC" --root "$PROJECT" up
        ok "$FC" --root "$PROJECT" rm --yes one
        equal "$(made | wc -w)" 1 "images"
        run_status 6 fc up
        expect_err "OCI image '.*/images/app.tar': Permission denied"
        absent "$PROJECT/.containers/one/root"
        # Two definitions of one hash.
        printf 'another' >"$CACHE/$(made)/definition"
        run_status 5 "$FC" --root "$PROJECT" up
        expect_err "'$CACHE/$(made)' is the image of another definition, of the same name"
        exists "$CACHE/$(made)/root/usr/bin/bash"
        end
}

# What becomes of the image is nothing to what runs on a copy of it, nor to the next start.
testcase_gone() {
        local leader members

        begin
        skopeo copy -q "oci:$PROJECT/images/app:app" "oci-archive:$TMP/app.tar:app"
        for members in '' ', "ephemeral": true'; do
                cp "$TMP/app.tar" "$PROJECT/images/app.tar"
                spec "$(runs '"images/app.tar"' "$members")"
                ok fc up
                leader=$(leader_of one)
                if [[ ! $members ]]; then
                        chmod 640 "$PROJECT/images/app.tar"
                        ok fc up
                        expect_err "its root was made of another 'system.oci'"
                        equal "$(leader_of one)" "$leader" "the leader"
                        ok fc status
                        expect_out 'its image has changed, reset starts from it'
                fi
                rm "$PROJECT/images/app.tar"
                ok fc up
                refute_err 'was made of another'
                equal "$(leader_of one)" "$leader" "the leader"
                if [[ ! $members ]]; then
                        ok fc restart
                        refute_err 'was made of another'
                fi
                ok fc down
                ok fc rm --yes one
        done
        run_status 2 fc up
        expect_err "OCI image '.*/images/app.tar' does not exist"
        end
}

# Shared, and made anew when what it is made of has become another one.
testcase_kept() {
        begin
        spec "$(of '{"path": "images/app", "image": "app"}')"
        ok fc --progress plain up
        expect_err 'one: building'
        ok fc rm --yes one
        ok fc --progress plain up
        refute_err 'building'
        says other
        ok fc --progress plain up
        expect_err "its root was made of another 'system.oci', or of another image; .* reset one"
        ok fc --progress plain reset --yes one
        expect_err 'one: building'
        refute_err 'its root was made of another'
        ok fc gc
        equal "$(made | wc -w)" 1 "images"
        # Another container's image stays, and forgets those that have left it.
        spec "$(of '"images/app"'), $(of '"images/app"' | sed 's/"one"/"three"/')"
        ok fc up three
        says third
        ok fc reset --yes one
        equal "$(find "$CACHE"/*/users -type l | wc -l)" 3 "users"
        ok fc gc
        equal "$(made | wc -w)" 2 "images"
        equal "$(find "$CACHE"/*/users -type l | wc -l)" 2 "users"
        ok fc rm --yes three
        ok fc gc
        equal "$(made | wc -w)" 1 "images"
        # Two images in one directory, and none that is meant.
        umoci tag --image "$PROJECT/images/app:app" second
        chown -R "$DEV" "$PROJECT/images"
        spec "$(of '"images/app"' | sed 's/"one"/"two"/')"
        run_status 3 fc up two
        expect_err 'skopeo has ended with exit status'
        equal "$(made | wc -w)" 1 "images"
        absent "$PROJECT/.containers/two/root"
        end
}

# An image of a program has nothing to boot: the error has what stands for what it runs.
testcase_entry() {
        local members

        begin
        spec '"one": {"system": {"oci": "images/app"}, "network": {"mode": "none"}}'
        run_status 2 fc up
        expect_err "OCI image '.*/images/app' has no '/sbin/init' that could boot: the container needs a 'command'"
        members=$(sed -n 's/.*what the image runs is: //p' <<<"$ERR")
        spec "\"one\": {\"system\": {\"oci\": \"images/app\"}, \"network\": {\"mode\": \"none\"}, \"oneShot\": true, $members}"
        ok fc up
        ok fc logs -o cat one
        expect_out $'^said\n/srv$'
        end
}

# What `export` writes is the user's, and an image of the tree, with what the container runs.
testcase_export() {
        local image made

        begin
        cp -a --reflink=auto "$TINY_IMAGE" "$PROJECT/images/root"
        mkdir -m 700 "$PROJECT/images/root/srv"
        ln "$PROJECT/images/root/usr/bin/cat" "$PROJECT/images/root/srv/cat"
        chown 7:8 "$PROJECT/images/root/srv"
        chmod 4755 "$PROJECT/images/root/usr/bin/id"
        /usr/bin/python3 -c 'import os, sys
os.setxattr(sys.argv[1], "security.capability", bytes([1, 0, 0, 2, 0, 0x20] + [0] * 14))' "$PROJECT/images/root/usr/bin/tee"
        spec '"one": {"system": {"rootfs": "images/root"}, "network": {"mode": "none"}, "oneShot": true,
                "environment": {"WORD": "said"}, "command": ["/bin/bash", "-c", "echo \"$WORD\"; pwd"], "nspawnArgs": ["--chdir=/usr"]}'
        ok fc export --format oci --dry-run
        image=$OUT
        ok fc export --format oci --output images/out
        equal "$(find "$PROJECT/images/out" ! -user "${DEV%%:*}" | wc -l)" 0 "files that are not the user's"
        (cd "$PROJECT/images/out/blobs/sha256" && sha256sum -- * | awk '$1 != $2 { exit 1 }') || flunk "a blob has another name than its content"
        run_status 5 fc export --format oci --output images/out
        expect_err "images/out' is not empty"
        # The next one removes what a killed one has left.
        truncate -s 300M "$PROJECT/images/root/srv/large"
        fc_background "$TMP/killed" export --format oci --output images/killed
        try_until "$WAIT" test -e "$PROJECT/images/killed/.flake-containers.new/blobs/sha256/.new"
        kill -KILL "$FC_PID"
        finished "$FC_PID"
        equal "$STATUS" 137 "the killed export"
        rm "$PROJECT/images/root/srv/large"
        ok fc export --format oci --output images/killed
        # And goes on with one that was complete.
        mkdir "$PROJECT/images/killed/.flake-containers.complete"
        mv "$PROJECT/images/killed/index.json" "$PROJECT/images/killed/.flake-containers.complete"
        chown "$DEV" "$PROJECT/images/killed/.flake-containers.complete"
        run_status 5 fc export --format oci --output images/killed
        expect_err "images/killed' is not empty"
        ok test -f "$PROJECT/images/killed/index.json"
        equal "$(find "$PROJECT/images/killed" -type f | wc -l)" "$(find "$PROJECT/images/out" -type f | wc -l)" "files of the image"
        run_status 2 fc export --format kubernetes
        expect_err 'containers\.one\.network\.mode: a pod has a network'
        expect_err 'to leave out what it cannot say of them: --without network'
        # And in again.
        spec '"one": {"system": {"oci": {"path": "images/out", "image": "'"$image"'"}}, "network": {"mode": "none"}}'
        run_status 2 fc up
        expect_err '"command":\["/bin/bash","-c",".*"environment":.*"WORD":"said".*"nspawnArgs":\["--chdir=/usr"\]'
        made=$(find "$CACHE" -mindepth 2 -maxdepth 2 -name root)
        equal "$(tree_of "$made")" "$(tree_of "$PROJECT/images/root")" "the tree"
        end
}

# tree_of DIRECTORY: all that an image keeps of it.
tree_of() {
        /usr/bin/python3 - "$1" <<'END'
import os, sys
top = sys.argv[1]
for place, folders, files in sorted(os.walk(top)):
    for name in sorted(folders + files):
        path = os.path.join(place, name)
        st = os.lstat(path)
        link = os.readlink(path) if os.path.islink(path) else ""
        size = st.st_size if os.path.isfile(path) else 0
        caps = [os.getxattr(path, a, follow_symlinks=False) for a in os.listxattr(path, follow_symlinks=False) if a == "security.capability"]
        print(path[len(top):], oct(st.st_mode), st.st_uid, st.st_gid, size, link, st.st_nlink if files else 0, caps)
END
}

testcase_refused() {
        begin
        spec "$(of '"images/none"')"
        run_status 2 fc up
        expect_err "'.*/images/none'"
        run_status 6 fc doctor
        expect_out "one: its image 'images/none'"
        mkdir "$PROJECT/images/empty"
        spec "$(of '"images/empty"')"
        run_status 2 fc up
        expect_err "OCI image '.*/images/empty' has no 'index.json'"
        # No link leads root to what is not the image's.
        cp -r "$PROJECT/images/app" "$PROJECT/images/links"
        mv "$PROJECT/images/links/blobs" "$TMP/blobs"
        ln -s "$TMP/blobs" "$PROJECT/images/links/blobs"
        chown -R "$DEV" "$PROJECT/images"
        spec "$(of '"images/links"')"
        run_status 5 fc up
        expect_err "OCI image '.*/images/links': 'blobs' is, or goes through, a symbolic link"
        cp -r "$PROJECT/images/app" "$PROJECT/images/fifo"
        mkfifo "$PROJECT/images/fifo/blobs/sha256/0000"
        chown -R "$DEV" "$PROJECT/images"
        spec "$(of '"images/fifo"')"
        run_status 5 fc up
        expect_err "OCI image '.*/images/fifo': '0000' is not a regular file"
        # Something else.
        head -c 100000 /dev/urandom >"$PROJECT/images/noise.tar"
        spec "$(of '"images/noise.tar"')"
        run_status 3 fc up
        expect_err 'skopeo has ended with exit status'
        refute_err 'must not be compressed'
        spec "$(of '"images/app"')"
        mount --bind /dev/null /usr/bin/umoci
        run_status 6 fc up
        expect_err 'umoci, which unpacks OCI images, is not installed'
        expect_err 'apt-get install umoci'
        run_status 6 fc doctor
        expect_out 'one: system\.oci: umoci, which .* is not installed'
        umount /usr/bin/umoci
        mount -t tmpfs tmpfs /etc/containers
        run_status 6 fc up
        expect_err "'/etc/containers/policy.json', which says what skopeo may read, is not there"
        umount /etc/containers
        equal "$(made)" '' "what is left"
        absent "$PROJECT/.containers/one/root"
        # What is made already needs none of them.
        ok fc up
        mount --bind /dev/null /usr/bin/umoci
        fc doctor >"$TMP/doctor" 2>&1 || true
        grep -q 'one: what it is made of is there' "$TMP/doctor" || flunk "doctor says: $(<"$TMP/doctor")"
        umount /usr/bin/umoci
        end
}

live_main "$@"
