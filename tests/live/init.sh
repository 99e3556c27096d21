#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# init and import: a specification to begin with, the developer's, which is never written over another one.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# in_path WITH: a PATH with git in it, and Nix or not.
in_path() {
        mkdir -p "$SCRATCH/$1"
        ln -sf "$(command -v git)" "$SCRATCH/$1/git"
        [[ $1 != nix ]] || printf '#!/bin/sh\nexit 1\n' >"$SCRATCH/$1/nix"
        [[ $1 != nix ]] || chmod 755 "$SCRATCH/$1/nix"
        printf '%s' "$SCRATCH/$1"
}

# dev WITH ARGUMENT..: the program without root, in the project.
dev() { as_dev env -C "$PROJECT" PATH="$(in_path "$1")" "$FC" "${@:2}"; }

testcase_without_nix() {
        project shop
        ok dev none init --dry-run
        absent "$PROJECT/flake-containers.json"
        ok dev none init
        expect_err '^flake-containers\.json: '
        expect_err $'\n''next:  flake-containers up'$'\n'
        equal "$(stat -c %U:%a "$PROJECT/flake-containers.json")" "$DEV:644" "owner and mode"
        ok fc --json config
        equal "$(jq -r '.containers.db.system.debian.packages[]' <<<"$OUT")" postgresql
        # Nothing is written over it, nor beside it.
        sha256sum "$PROJECT/flake-containers.json" >"$TMP/sum"
        for template in debian default; do
                run_status 5 dev none init --template "$template"
                expect_err "'flake-containers.json' is there already"
        done
        run sha256sum --check --quiet "$TMP/sum"
        equal "$STATUS" 0 "the file is as it was:"
        absent "$PROJECT/flake.nix"
}

testcase_with_nix() {
        project shop
        # By root for the developer, as sudo does.
        PATH=$(in_path nix):$PATH ok fc init
        expect_err '^flake\.nix: .*'$'\n''next:  git add flake\.nix'$'\n'
        run cmp "$PROJECT/flake.nix" "$LIVE_TOP/templates/default/flake.nix"
        equal "$STATUS" 0 "the flake is the template:"
        equal "$(stat -c %U "$PROJECT/flake.nix")" "$DEV" "the owner"
        run_status 5 dev nix init --template without-flake-parts
}

testcase_refused() {
        project shop
        ok dev none init --list
        expect_out '(^|'$'\n'')debian +A PostgreSQL'
        equal "$(dev none --json init --list | jq -r '.templates[].name' | xargs)" "default without-flake-parts debian"
        run_status 2 dev none init --template debain
        expect_err "did you mean 'debian'"
        # What a link leads to is not written.
        ln -s "$TMP/elsewhere" "$PROJECT/flake-containers.json"
        chmod 777 "$TMP"
        run_status 5 dev none init
        absent "$TMP/elsewhere"
        rm -r "$PROJECT/.git" "$PROJECT/flake-containers.json"
        run_status 2 dev none init
        expect_err 'git'
        ok dev none --root . init
        exists "$PROJECT/flake-containers.json"
}

# compose FILE: a compose file from standard input, the developer's.
compose() {
        as_dev mkdir -p "$PROJECT/$(dirname "$1")"
        as_dev tee "$PROJECT/$1" >/dev/null
}

testcase_import_writes() {
        project shop
        compose deploy/compose.yaml <<-'YAML'
		services:
		  web:
		    image: nginx
		    volumes: ["../src:/usr/share/nginx/html:ro"]
		    labels: [a=b]
		YAML
        # Of a folder beside the project's root, and printed alone.
        ok dev none import --dry-run deploy/compose.yaml
        equal "$(jq -r '.containers.web.volumes[]' <<<"$OUT")" "src:/var/www/html:ro"
        expect_err 'services\.web\.labels: not carried over: '
        absent "$PROJECT/flake-containers.json"
        # Its relatives are found from where it is written.
        ok dev none -C deploy import
        equal "$(jq -r '.containers.web.volumes[]' "$PROJECT/deploy/flake-containers.json")" "../src:/var/www/html:ro"
        equal "$(stat -c %U:%a "$PROJECT/deploy/flake-containers.json")" "$DEV:644" "owner and mode"
        # What is there is left alone.
        run_status 5 dev none -C deploy import --format flake
        expect_err "'flake-containers.json' is there already"
        absent "$PROJECT/deploy/flake.nix"
        # A flake has the inputs of the template, written by root for the developer.
        PATH=$(in_path nix):$PATH ok fc import deploy/compose.yaml
        equal "$(grep '^  inputs' "$PROJECT/flake.nix")" "$(grep '^  inputs' "$LIVE_TOP/templates/default/flake.nix")"
        run grep -F '# services.web.labels: not carried over: ' "$PROJECT/flake.nix"
        equal "$STATUS" 0 "the note is in the flake:"
        equal "$(stat -c %U "$PROJECT/flake.nix")" "$DEV" "the owner"
}

testcase_import_refused() {
        project shop
        run_status 2 dev none import
        expect_err 'there is no compose\.yaml'
        run_status 2 dev none import --format toml
        expect_err "'toml' must be one of flake, json"
        printf 'services:\n  a: {image: x, image: y}\n' | compose compose.yaml
        run_status 2 dev none import
        expect_err "compose\.yaml: line 2: 'image' is given twice"
        absent "$PROJECT/flake-containers.json"
        mkfifo "$PROJECT/fifo"
        run_status 2 fc import fifo
        expect_err "'fifo' is not a regular file"
        run_status 2 fc import missing.yaml
        expect_err "'missing.yaml' does not exist"
        # The developer's permissions count, whoever runs it.
        printf 'services: {a: {image: x}}\n' >"$PROJECT/secret.yaml"
        chmod 600 "$PROJECT/secret.yaml"
        run_status 6 fc import secret.yaml
}

# From the compose file to an answer. The image is the example's instead of one that is made of the same package.
testcase_import_runs() {
        project shop
        compose compose.yaml <<-'YAML'
		services:
		  cache:
		    image: redis:7
		    command: redis-server --requirepass ${SECRET} --appendonly yes
		    ports: ["6379:6379"]
		    volumes: ["data:/data"]
		volumes: {data: }
		YAML
        echo 'SECRET=s3cret' | compose .env
        ok dev none import
        jq --arg rootfs "$FC_IMAGES/cache" '.containers.cache.system = {rootfs: $rootfs}' "$PROJECT/flake-containers.json" >"$TMP/spec"
        cat "$TMP/spec" >"$PROJECT/flake-containers.json"
        ok fc up
        run redis-cli -p 6379 set a b
        [[ $OUT == *NOAUTH* ]] || flunk "it asks for no password: $OUT"
        ok redis-cli --no-auth-warning -a s3cret -p 6379 set a b
        equal "$OUT" OK
        ok fc down
        # The settings last as long as the data, and longer than the root.
        ok fc reset --yes cache
        ok fc up
        ok redis-cli --no-auth-warning -a s3cret -p 6379 get a
        equal "$OUT" b
        ok fc down
}

live_main "$@"
