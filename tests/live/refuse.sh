#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What the program must not accept, and that it says why, with the right status, before it has begun anything.
# shellcheck disable=SC2016 # dollars that nothing shall expand

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# raw TEXT: writes the specification as it is; printf's escapes make bytes.
raw() {
        # shellcheck disable=SC2059
        printf "$1" >"$PROJECT/flake-containers.json"
}

# wrong_spec TEXT REGEX: it is refused with status 2, the message names the place, and nothing was made.
wrong_spec() {
        raw "$1"
        run fc up
        [[ $STATUS == 2 ]] || flunk "status $STATUS for the specification: $1"
        [[ $ERR =~ $2 ]] || flunk "the message does not say '$2' for the specification: $1"
        nothing_made
}

readonly SYSTEM='"system":{"rootfs":"r"}'

# one CONTAINER-KEYS: a specification with the container "db".
one() { printf '{"version":1,"containers":{"db":{%s}}}' "$1"; }

testcase_spec_syntax() {
        project shop
        wrong_spec '' 'flake-containers\.json'
        wrong_spec '{' 'flake-containers\.json'
        wrong_spec '[]' 'flake-containers\.json'
        wrong_spec '{"version":1,"containers":{}} x' 'flake-containers\.json'
        wrong_spec '\357\273\277{"version":1,"containers":{}}' 'flake-containers\.json'
        wrong_spec '{"version":1,"containers":{"a\\u0000b":{}}}' '.'
        wrong_spec '{"version":1,\000"containers":{}}' '.'
        wrong_spec '{"version":1,"project":{"name":"\377\376"},"containers":{}}' '.'
        wrong_spec '{"version":1,"project":{"name":"a\001b"},"containers":{}}' '.'
        wrong_spec '{"version":1,"project":{"name":"\\ud800"},"containers":{}}' '.'
        wrong_spec "$(printf '[%.0s' {1..5000})" '.'
        wrong_spec '{"version":1,"containers":{"db":'"$(printf '{"a":%.0s' {1..1000})" '.'
        wrong_spec '{"version":01,"containers":{}}' '.'
        run_status 2 fc config
}

testcase_spec_version() {
        project shop
        wrong_spec '{"containers":{}}' 'version'
        wrong_spec '{"version":2,"containers":{}}' 'version'
        wrong_spec '{"version":"1","containers":{}}' 'version'
        wrong_spec '{"version":1.5,"containers":{}}' 'version'
        wrong_spec '{"version":1e400,"containers":{}}' 'version'
        wrong_spec '{"version":9007199254740993,"containers":{}}' 'version'
        wrong_spec '{"version":-1,"containers":{}}' 'version'
        wrong_spec '{"version":null,"containers":{}}' 'version'
}

testcase_spec_keys() {
        project shop
        wrong_spec '{"version":1}' 'containers'
        wrong_spec '{"version":1,"version":1,"containers":{}}' 'version'
        wrong_spec '{"version":1,"containers":{},"extra":1}' 'extra'
        wrong_spec '{"version":1,"Containers":{},"containers":{}}' 'Containers'
        wrong_spec '{"version":1,"containers":{"db":{'"$SYSTEM"'},"db":{'"$SYSTEM"'}}}' 'db'
        wrong_spec '{"version":1,"containers":[]}' 'containers'
        wrong_spec '{"version":1,"containers":{"db":7}}' 'containers\.db'
        wrong_spec "$(one '')" 'containers\.db'
        wrong_spec "$(one '"system":{}')" 'containers\.db\.system'
        wrong_spec "$(one '"system":{"rootfs":7}')" 'containers\.db\.system\.rootfs'
        wrong_spec "$(one '"system":{"rootfs":""}')" 'containers\.db\.system\.rootfs'
        wrong_spec "$(one '"system":{"rootfs":"r","innit":"/sbin/init"}')" 'innit'
        wrong_spec "$(one '"system":{"rootfs":"r","init":"sbin/init"}')" 'init'
        wrong_spec "$(one '"system":{"rootfs":"r","init":"/sbin/init"},"command":["x"]')" 'command'
        wrong_spec "$(one "$SYSTEM"',"command":[]')" 'command'
        wrong_spec "$(one "$SYSTEM"',"command":["a",7]')" 'command\[1\]'
        wrong_spec "$(one "$SYSTEM"',"command":"a"')" 'command'
        wrong_spec "$(one "$SYSTEM"',"command":["a"],"prots":["8080:80"]')" 'prots'
        wrong_spec "$(one "$SYSTEM"',"command":["a"],"users":"everybody"')" 'users'
        wrong_spec "$(one "$SYSTEM"',"command":["a"],"network":{"mode":"nat"}')" 'network\.mode'
        wrong_spec "$(one "$SYSTEM"',"command":["a"],"ready":{"timeout":-1}')" 'ready\.timeout'
        wrong_spec "$(one "$SYSTEM"',"command":["a"],"ready":{"timeout":1e400}')" 'ready\.timeout'
        wrong_spec "$(one "$SYSTEM"',"command":["a"],"stop":{"timeout":"10"}')" 'stop\.timeout'
        wrong_spec "$(one "$SYSTEM"',"command":["a"],"environment":{"A=B":"x"}')" 'environment'
        wrong_spec "$(one "$SYSTEM"',"command":["a"],"environment":{"A":7}')" 'environment'
        wrong_spec "$(one "$SYSTEM"',"command":["a"],"capabilities":{"add":["CAP_FLY"]}')" 'capabilities\.add\[0\]'
        wrong_spec "$(one "$SYSTEM"',"command":["a"],"tmpfs":["relative"]')" 'tmpfs\[0\]'
}

testcase_spec_ports() {
        local port

        project shop
        for port in '"0:80"' '"8080:0"' '"65536:80"' '"8080:65536"' '"-1:80"' '"8080:80:80:80"' '"8080:80/tcpp"' '" 8080:80"' '""' \
                '"a:b"' '"08080:80"' '"1e3:80"' '"localhost:8080:80"' '"300.0.0.1:8080:80"' '"[::1:8080:80"' 7 null '{}' \
                '{"host":8080}' '{"host":8080.5,"container":80}' '{"host":65536,"container":80}' '{"host":8080,"container":80,"x":1}' \
                '{"host":8080,"container":80,"protocol":"sctp"}'; do
                wrong_spec "$(one "$SYSTEM"',"command":["a"],"ports":["8081:81",'"$port"']')" 'containers\.db\.ports\[1\]'
        done
}

testcase_spec_volumes() {
        local volume

        project shop
        for volume in '"src"' '"src:"' '":/x"' '"src:relative"' '"src:/"' '"src:/a/../b"' '"src:/x:rx"' '"src:/x:ro:ro"' '""' 7 '{}' \
                '{"source":"src"}' '{"source":"src","target":"x"}' '{"source":"src","target":"/x","readonly":true}' \
                '{"source":"src","target":"/x","owner":"no one"}' '"@:/x"' '"@../x:/x"' '"@a/b:/x"' '"new\\nline:/x"'; do
                # printf must not see a percent sign or a backslash; there is none in these.
                wrong_spec "$(one "$SYSTEM"',"command":["a"],"volumes":["src:/ok",'"$volume"']')" 'containers\.db\.volumes\[1\]'
        done
}

testcase_spec_names() {
        local name

        project shop
        for name in '' . .. a/b ../a /a -a .a a- A aB a_b 'a b' 'a\\nb' ünï '*' '$x' "$(printf 'a%.0s' {1..64})" "$(printf 'a%.0s' {1..65})"; do
                wrong_spec '{"version":1,"containers":{"'"$name"'":{'"$SYSTEM"',"command":["x"]}}}' 'containers'
        done
        # And on the command line they are only names that no container has.
        spec "$(tiny one)"
        for name in .. a/b ../a /a .a A 'a b' ünï '*' '$x' "$(printf 'a%.0s' {1..65})"; do
                run_status 2 fc up "$name"
                run_status 2 fc down "$name"
                run_status 2 fc exec "$name" -- true
                nothing_made
        done
}

testcase_spec_too_big() {
        project shop
        { printf '{"version":1,"project":{"name":"' && head -c 16000000 /dev/zero | tr '\0' x && printf '"},"containers":{}}'; } \
                >"$PROJECT/flake-containers.json"
        run_status 2 fc up
        nothing_made
        head -c 16000000 /dev/zero >"$PROJECT/flake-containers.json"
        run_status 2 fc up
        nothing_made
}

testcase_spec_is_no_file() {
        project shop
        run_status 2 fc up
        expect_err 'flake-containers\.json'
        mkdir "$PROJECT/flake-containers.json"
        unreadable_spec
        rmdir "$PROJECT/flake-containers.json"
        # No process ever writes into it, so reading it must not wait.
        mkfifo "$PROJECT/flake-containers.json"
        unreadable_spec
        rm "$PROJECT/flake-containers.json"
        ln -s flake-containers.json "$PROJECT/flake-containers.json"
        unreadable_spec
}

unreadable_spec() {
        run fc up
        [[ $STATUS == [12] ]] || flunk "status $STATUS"
        expect_err 'flake-containers\.json'
        nothing_made
}

testcase_no_containers() {
        project shop
        spec ''
        ok fc up
        run_status 2 fc up web
        expect_err "no container 'web' in '.*/flake-containers\.json'
  there are none"
}

testcase_usage() {
        project shop
        spec "$(tiny one)"
        for arguments in 'frobnicate' 'up --frob' '--frob up' 'up one one one --x' 'logs' 'logs -n' 'port' '--progress loud up' '-C' '--root'; do
                # shellcheck disable=SC2086 # several words
                run fc $arguments
                [[ $arguments == logs ]] || equal "$STATUS" 2 "the status of: $arguments"
        done
        run fc
        equal "$STATUS" 2 "the status without a verb"
        ok fc --help
        expect_out 'up'
        expect_out 'exec'
        equal "$ERR" "" "--help on stderr"
        ok fc --version
        ok fc up --help
        run fc upp
        expect_err "did you mean 'up'"
        # A word of other programs, which is near to one that does something else.
        run_status 2 fc restore
        expect_err "'snapshot restore LABEL' puts back what was saved"
        # An option, likewise.
        run_status 2 fc logs --follw
        expect_err "did you mean '--follow'"
        run_status 2 fc up -f other.json
        expect_err '--spec FILE names the specification'
        run_status 2 fc down --frobnicate
        expect_err 'all options: flake-containers down --help'
        run_status 2 fc down onee
        expect_err "did you mean 'one'"
        ok fc up --help
        printf '%s' "$OUT" >"$TMP/help"
        ok fc help up
        equal "$OUT" "$(<"$TMP/help")" "'help up'"
        run_status 2 fc help frobnicate
        nothing_made
}

testcase_folders() {
        project shop
        spec "$(tiny one)"
        run fc -C "$SCRATCH/nowhere" status
        equal "$STATUS" 2
        expect_err 'nowhere'
        run fc --root "$SCRATCH/nowhere" status
        equal "$STATUS" 2
        expect_err 'nowhere'
        run fc --spec "$SCRATCH/nowhere.json" up
        equal "$STATUS" 2
        expect_err 'nowhere\.json'
        nothing_made
}

testcase_no_repository() {
        PROJECT=$SCRATCH/projects/bare-folder
        mkdir -p "$PROJECT"
        spec "$(tiny one)"
        run fc up
        equal "$STATUS" 2
        equal "$(grep -c '^error: ' <<<"$ERR")" 1 "messages"
        (($(wc -l <<<"$ERR") <= 2)) || flunk "more than the message and what to do about it"
        expect_err 'git'
        nothing_made
        # Said outright, it needs no git.
        ok fc --root "$PROJECT" up
        ok fc --root "$PROJECT" down

        git init -q --bare "$SCRATCH/projects/x.git"
        PROJECT=$SCRATCH/projects/x.git
        run fc up
        equal "$STATUS" 2
        expect_err 'bare'
        nothing_made
}

testcase_state_is_a_symbolic_link() {
        project shop
        spec "$(tiny one)"
        mkdir "$SCRATCH/projects/elsewhere"
        ln -s ../elsewhere "$PROJECT/.containers"
        run_status 5 fc up
        expect_err '\.containers'
        equal "$(ls -A "$SCRATCH/projects/elsewhere")" "" "what was made behind the link"
        run_status 5 fc down
        rm "$PROJECT/.containers"

        # One level deeper, too.
        ok fc up
        ok fc down
        mv "$PROJECT/.containers/one" "$SCRATCH/projects/elsewhere/"
        ln -s ../../elsewhere/one "$PROJECT/.containers/one"
        find "$SCRATCH/projects/elsewhere" -printf '%p %T@\n' >"$TMP/before"
        run fc up
        equal "$STATUS" 5
        expect_err 'one'
        find "$SCRATCH/projects/elsewhere" -printf '%p %T@\n' >"$TMP/after"
        same_files "$TMP/before" "$TMP/after" "something was changed behind the link"
}

testcase_state_is_a_file() {
        project shop
        spec "$(tiny one)"
        as_dev touch "$PROJECT/.containers"
        run_status 5 fc up
        expect_err '\.containers'
        equal "$(stat -c %s "$PROJECT/.containers")" 0
}

testcase_state_is_tracked() {
        project shop
        spec "$(tiny one)"
        as_dev mkdir "$PROJECT/.containers"
        as_dev touch "$PROJECT/.containers/notes"
        as_dev git -C "$PROJECT" add -f .containers/notes
        run_status 5 fc up
        expect_err '\.containers'
        expect_err 'git'
        equal "$(ls -A "$PROJECT/.containers")" notes
}

# The repository of another user is not acted on behind their back.
testcase_not_the_owner() {
        project shop root
        spec "$(tiny one)"
        run fc up
        if ((STATUS == 0)); then
                # Allowed then, but nothing of it may be the developer's.
                equal "$(stat -c %U "$PROJECT/.containers")" root
                ok fc down
        else
                nothing_made
        fi
}

# hide PROGRAM..: as if it were not installed. Hidden where it lies, because the program looks in the usual places
# whatever PATH says: it runs below sudo, which sets that anew.
hide() {
        local program path

        touch "$TMP/nothing"
        HIDDEN=()
        for program; do
                path=$(command -v "$program") || continue
                mount --bind "$TMP/nothing" "$path"
                HIDDEN+=("$path")
        done
        hash -r
}

unhide() { umount "${HIDDEN[@]}"; }

# PATH does not count: root executes programs that only root can write to.
testcase_programs_of_path() {
        local program

        project shop
        spec "$(tiny one '' ', "ports": ["8080:80"]')"
        mkdir -p "$TMP/bin"
        for program in bin/systemd-nspawn bin/cp bin/nix bin/git bin/tar; do
                printf '#!/bin/sh\necho "$0" >>%q\nexit 1\n' "$TMP/executed" >"$TMP/$program"
        done
        chmod 755 "$TMP"/bin/*
        (
                PATH=$TMP/bin:$PATH
                ok fc up
                ok fc doctor
                ok fc down
        )
        absent "$TMP/executed"
}

testcase_no_nspawn() {
        project shop
        spec "$(tiny one)"
        hide systemd-nspawn
        run_status 6 fc up
        expect_err 'systemd-container'
        nothing_made
        run fc doctor
        equal "$STATUS" 6 "doctor's status"
        expect_out 'systemd-container'
        unhide
        ok fc doctor
}

# There is no unit where no systemd could start it.
testcase_enable_without_systemd() {
        project shop
        spec "$(tiny one)"
        run_status 6 fc enable
        expect_err 'systemd does not manage this host'
        run_status 6 fc enable --dry-run
        run_status 2 fc enable two
        expect_err "no container 'two'"
        cp "$PROJECT/flake-containers.json" "$TMP/spec"
        jq '.rootless = true' "$TMP/spec" >"$PROJECT/flake-containers.json"
        run_status 5 fc enable
        expect_err 'says that its containers run without root, and this is root'
        cat "$TMP/spec" >"$PROJECT/flake-containers.json"
        ok fc disable
        expect_err 'no unit starts this project when the host boots'
        nothing_made
        ok fc --json status
        equal "$(jq 'has("atBoot")' <<<"$OUT")" false
}

# What the flake module's nixDaemon mounts.
testcase_no_nix_daemon() {
        project shop
        spec "$(tiny one '' ', "volumes": ["/nix/var/nix/daemon-socket:/nix/var/nix/daemon-socket:ro"]')"
        [[ ! -d /nix/var/nix ]] || mount -t tmpfs tmpfs /nix/var/nix
        run_status 2 fc up
        [[ ! -d /nix/var/nix ]] || umount /nix/var/nix
        expect_err "'/nix/var/nix/daemon-socket' does not exist"
        expect_err "for the host's Nix daemon, and there is none"
        refute_err 'mkdir'
}

# systemd-nspawn would say "Failed to generate predictable MAC address", when the container is being started.
testcase_no_machine_id() {
        : >"$TMP/empty"
        mount --bind "$TMP/empty" /etc/machine-id
        project shop
        spec "$(tiny one)"
        run_status 6 fc up
        expect_err "'/etc/machine-id' has no id"
        expect_err 'systemd-machine-id-setup'
        equal "$(state_of one)" stopped
        run_status 6 fc doctor
        expect_out "BAD  *machine id  *'/etc/machine-id' has no id"
        expect_out 'systemd-machine-id-setup'
        # What has no interface needs none.
        spec "$(tiny one '["/bin/sleep", "infinity"]' ', "network": {"mode": "none"}')"
        ok fc up
        ok fc down
        umount /etc/machine-id
        ok fc doctor
        expect_out "ok  *machine id"
}

testcase_no_root_and_no_way_to_it() {
        project shop
        spec "$(tiny one)"
        hide sudo run0 doas pkexec
        run_status 6 as_dev env -C "$PROJECT" "$FC" up
        expect_err 'root'
        expect_err 'sudo'
        nothing_made
        # What needs no root does not ask for it.
        ok as_dev env -C "$PROJECT" "$FC" version
        ok as_dev env -C "$PROJECT" "$FC" --help
        ok as_dev env -C "$PROJECT" "$FC" config
        ok as_dev env -C "$PROJECT" "$FC" up --dry-run
        unhide
}

live_main "$@"
