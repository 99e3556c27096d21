#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# with, run: a command of the developer's beside containers, or in one; in the project's own, or in a fresh instance. Whatever
# ends the command, or us, all is put away.
# shellcheck disable=SC2016 # the other shells expand these

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# Answers each connection to port 7 with what the volume says.
readonly SERVER='["/bin/sh", "-c", "while :; do cat /data/note 2>/dev/null | nc -l -p 7; done"]'

instances() { find "$PROJECT/.containers/.fresh" -mindepth 1 -maxdepth 1 2>/dev/null || :; }

# no_instance_left: nothing of one is on the host or in the project.
no_instance_left() {
        equal "$(instances)" "" "what is in .fresh"
        equal "$(find /run/flake-containers -mindepth 1 -maxdepth 1 -name 'shop-*-*' -o -name '*removed*' | grep -E 'shop-[0-9a-f]{8}-' || :)" \
                "" "what is in /run"
        no_machine_left
        absent "$PROJECT/.containers/.trash"
}

one_with_port() { spec "$(tiny one '' ', "ports": ["8080:7"]')"; }

testcase_project() {
        project shop
        spec "$(tiny one '' ', "ports": ["8080:7"]'), $(tiny two), $(tiny three '' ', "dependsOn": {"two": "ready"}')"
        ok fc up two
        # Its status, its streams, its directory and its variables; who it is.
        run_status 7 fc -q with one three -- sh -c 'cat; echo "$ONE_PORT $FC_INSTANCE $PWD $(id -u) $(id -g) $HOME"; exit 7' <<<in
        equal "$OUT" "in
8080  $PROJECT $DEV_UID $DEV_GID $(getent passwd "$DEV" | cut -d: -f6)"
        equal "$ERR" ""
        # What ran before runs on, and nothing else does.
        ok fc with three -- "$FC" status
        expect_out 'one +stopped'
        expect_out 'two +running'
        expect_out 'three +running'
        equal "$(state_of one) $(state_of two) $(state_of three)" "stopped running stopped"
        ok fc down
        # Nothing is started for a command that cannot be.
        run_status 127 fc -q with one -- /no/such/program
        expect_err "error: run '/no/such/program': No such file"
        run_status 126 fc -q with one -- /etc/passwd
        run_status 143 fc -q with one -- sh -c 'kill -TERM $$'
        equal "$(state_of one)" stopped
}

testcase_refusals() {
        project shop
        spec "$(tiny one), $(tiny open '' ', "network": {"mode": "host"}')"
        run_status 2 fc with one
        expect_err "no command given; usage: flake-containers with \[NAME..\] -- CMD"
        run_status 2 fc with one --
        run_status 2 fc with --from label one -- true
        expect_err "option '--from' needs '--fresh'"
        run_status 2 fc with nobody -- true
        expect_err "no container 'nobody'"
        run_status 2 fc with --fresh open -- true
        expect_err "open: it has the host's network"
        run_status 2 fc with --fresh --from label one -- true
        expect_err "there is no snapshot 'label'"
        run_status 2 fc with --dry-run one -- true
        run_status 2 fc run one two -- true
        # What does not become ready is removed as well.
        spec "$(tiny one '["/bin/sh", "-c", "echo last words; exit 3"]' ', "ready": {"tcp": [99]}')"
        run_status 3 fc with --fresh -- touch "$PROJECT/touched"
        expect_err $'ended before it was ready: exit status 3\n +last words\n +to look at it, start it in the project itself: flake-containers up one'
        absent "$PROJECT/touched"
        no_instance_left
}

testcase_fresh() {
        project shop
        spec "$(tiny one "$SERVER" ', "ports": ["8080:7", "127.0.0.1:8081:7"], "volumes": ["@data:/data", "src:/src", "src/index.html:/index.html"]')"
        ok fc up
        ok fc exec one -- sh -c 'echo mine >/data/note'
        # Beside the one that runs: another port, nothing of its data, and none of its own in the developer's files.
        ok fc -q with --fresh -- sh -c 'echo "$ONE_HOST $ONE_PORT $FC_INSTANCE"; ls '"$PROJECT"'/.containers/.fresh'
        [[ $OUT =~ ^127\.0\.0\.1\ ([0-9]+)\ (shop-[0-9a-f]{8})$'\n'"${BASH_REMATCH[2]:-}" ]] || flunk "it says: $OUT"
        differ "${BASH_REMATCH[1]}" 8080 "the port"
        no_instance_of_others
        ok fc -q run one -- sh -c 'ls /data; echo x >/src/made && cat /src/made; echo y >/index.html || echo refused'
        equal "$OUT" $'x\nrefused'
        absent "$PROJECT/src/made"
        ok fc exec one -- cat /data/note
        equal "$OUT" mine
        ok fc down
        no_instance_left
}

# The instance is gone while the project's own container runs.
no_instance_of_others() {
        equal "$(instances)" "" "what is in .fresh"
        equal "$(state_of one)" running
}

# As extra-container's `shell`: a command, or what is read from standard input, beside an instance, with short ways into it.
testcase_session() {
        local told

        project shop
        spec "$(tiny one "$SERVER" ', "ports": ["8080:7"], "volumes": ["@data:/data"]}, "two": {"system": {"rootfs": "'"$TINY_IMAGE"'"}, "command": ["/bin/sleep", "infinity"], "network": {"mode": "none"}')"
        run_status 7 fc -q shell one --fresh --run c sh -c 'echo "$0 $1"; hostname; exit 7' 'a b' '"c"'
        equal "$OUT" $'a b "c"\none'
        no_instance_left
        ok fc -q shell --fresh one -- bash -c 'c cat /etc/hosts; echo "$name $ONE_HOST:$ONE_PORT $FC_INSTANCE $(id -u)"; echo "at $ip"; h'
        told=$'\n([0-9.]+) one .*\none 127\\.0\\.0\\.1:[0-9]+ (shop-[0-9a-f]{8}) '$DEV_UID$'\nat ([0-9.]+)\n'
        [[ $OUT =~ $told ]] || flunk "it says: $OUT"
        equal "${BASH_REMATCH[3]}" "${BASH_REMATCH[1]}" "the address"
        expect_out "All other commands: flake-containers --root '$PROJECT' --instance ${BASH_REMATCH[2]} COMMAND one"
        # Called again in it, it changes what runs; another container's is another one.
        run fc shell --fresh one -- bash -c '
                echo "first $(c sh -c "echo \$AS")"
                sed -i "s/\"volumes\"/\"environment\": {\"AS\": \"changed\"}, \"volumes\"/" "$0/flake-containers.json"
                "$1" --progress plain shell --fresh one --run c sh -c "echo second \$AS"
                "$1" -q shell --fresh two --run c hostname
                echo "third $(c sh -c "echo \$AS") $ip"; exit 5' "$PROJECT" "$FC"
        equal "$STATUS" 5
        expect_out $'first \nsecond changed\ntwo\nthird changed '
        expect_err 'one.* +ready'
        no_instance_left
        # The project's own stays as it is.
        ok fc -q shell -n one --run c sh -c 'echo kept >/data/note'
        equal "$(state_of one)" running
        ok fc -q shell --no-destroy one <<<"c cat /data/note </dev/null; $FC -q shell --no-destroy one --run c cat /data/note </dev/null"
        equal "$OUT" $'kept\nkept'
        equal "$(state_of one)" running
        run_status 2 fc shell one --run true
        expect_err "a command needs '--fresh' or '--no-destroy'"
        run_status 2 fc shell --fresh -n one
        run_status 2 fc shell --from label one
        run_status 2 fc shell --fresh --user root one
        run_status 2 fc shell --update one
        ok fc snapshot save label
        run_status 5 fc -q shell --fresh --from label one <<<"c cat /data/note </dev/null; $FC shell --fresh one </dev/null"
        equal "$OUT" kept
        expect_err 'has begun as a snapshot, and can only be begun anew'
        ok fc down
        no_instance_left
}

# Called again in it, it is ended, and what it was waiting for is.
testcase_session_ends() {
        project shop
        spec "$(tiny one "$SERVER" ', "volumes": ["@data:/data"]')"
        run_status 143 fc -q shell --fresh one -- bash -c '
                sed -i "s/\"volumes\"/\"ready\": {\"exec\": [[\"false\"]]}, \"environment\": {\"A\": \"b\"}, \"volumes\"/" \
                        "$0/flake-containers.json"
                "$1" -q shell --fresh one --run true &
                until child=$(pgrep -P "$!"); do sleep 0.05; done
                kill "$!"
                timeout 30 tail --pid="$child" -s 0.05 -f /dev/null || exit
                wait "$!"' "$PROJECT" "$FC"
        no_instance_left
}

testcase_from_snapshot() {
        project shop
        spec "$(tiny db "$SERVER" ', "volumes": ["@data:/data", "@both:/both"], "seed": [{"run": ["sh", "-c", "echo seeded >/data/note; echo shared >/both/note"]}]'), $(tiny \
                web '' ', "volumes": ["@both:/both"], "dependsOn": {"db": "ready"}')"
        ok fc up
        ok fc exec db -- sh -c 'echo root >/root-note'
        ok fc down
        ok fc snapshot save seeded
        # Neither is it seeded again, nor does what one writes reach another, or the snapshot.
        for _ in 1 2; do
                ok fc run --from seeded db -- sh -c 'cat /data/note /both/note /root-note; for i in /data /both ""; do echo changed >$i/note; echo changed >$i/root-note; done'
                equal "$OUT" $'seeded\nshared\nroot'
                refute_err seeding
        done
        ok fc -q with --fresh --from seeded web -- "$FC" snapshot list
        expect_out seeded
        # What lies below layers is not removed.
        waits --fresh --from seeded web
        run_status 5 fc snapshot rm --yes seeded
        expect_err "a fresh instance has begun as snapshot 'seeded'"
        run_status 5 fc snapshot restore --move seeded
        goes_on 0
        no_instance_left
        ok fc snapshot rm --yes seeded
}

# A NixOS root is a copy of what the snapshot has, since root writes the system's links to it.
testcase_toplevel() {
        toplevel web
        project shop
        spec '"web": {"system": {"toplevel": "'"$TOPLEVEL"'"}}'
        ok fc -q run web -- sh -c 'echo fresh >/kept; cat /kept; readlink /run/current-system'
        equal "$OUT" $'fresh\n'"$TOPLEVEL"
        ok fc up
        ok fc exec web -- sh -c 'test ! -e /kept && echo mine >/kept && chown 33:33 /kept'
        ok fc snapshot save label
        ok fc down
        ok fc -q run --from label web -- sh -c 'stat -c "%u %g" / /kept; cat /kept; echo other >/kept; systemctl is-system-running'
        equal "$OUT" $'0 0\n33 33\nmine\nrunning'
        equal "$(cat "$PROJECT/.containers/snapshots/label/roots/web/kept")" mine
        no_instance_left
}

# Files have the same owners as in the container that was saved, and the developer's directories are not written to.
testcase_owners() {
        project shop
        spec "$(tiny one '' ', "volumes": [{"source": "@data", "target": "/data", "owner": "user"}, {"source": "@acc", "target": "/acc", "owner": 33},
                {"source": "src", "target": "/src", "owner": 33}]')"
        ok fc up
        ok fc exec one -- sh -c 'echo a >/data/a; echo b >/acc/b; chown 33:33 /acc/b'
        ok fc down
        ok fc snapshot save label
        ok fc -q run --from label one -- sh -c 'for i in data/a acc/b src/index.html; do echo more >>/$i; stat -c "%u %g" /$i; done; mv /acc/b /acc/c; rm /src/index.html'
        equal "$OUT" $'0 0\n33 33\n33 33' "the owners"
        equal "$(cat "$PROJECT"/.containers/snapshots/label/volumes/*/? "$PROJECT/src/index.html")" $'b\na\n<p>page of shop</p>'
}

# waits OPTION..: `with` with these, whose command waits; FC_PID is ours. goes_on STATUS: and comes to its end.
waits() {
        rm -f "$PROJECT/"{on,go}
        fc_background "$TMP/with" with "$@" -- sh -c 'echo $$ >on; while [ ! -e go ]; do sleep 0.05; done'
        try_until "$WAIT" test -s "$PROJECT/on"
}
goes_on() {
        touch "$PROJECT/go"
        finished "$FC_PID"
        equal "$STATUS" "$1" "the status ($(<"$TMP/with"))"
}

testcase_ends() {
        local signal

        project shop
        one_with_port
        for signal in INT TERM HUP; do
                fc_background "$TMP/with" with --fresh -- sh -c 'trap "exit 9" '$signal'; echo on >'"$PROJECT/on-$signal"'; while :; do sleep 0.1; done'
                try_until "$WAIT" test -e "$PROJECT/on-$signal"
                kill -"$signal" "$FC_PID"
                finished "$FC_PID"
                equal "$STATUS" 9 "the status after $signal"
                no_instance_left
        done
}

# What ends us cannot be seen by us; another process of ours sees it.
testcase_killed() {
        local command

        project shop
        one_with_port
        waits --fresh
        command=$(<"$PROJECT/on")
        kill -KILL "$FC_PID"
        finished "$FC_PID"
        gone "$command"
        try_until "$WAIT" all_is_gone
        no_instance_left
        # The same for a container of the project's own.
        waits one
        kill -KILL "$FC_PID"
        finished "$FC_PID"
        try_until "$WAIT" is_stopped one
        no_machine_left
}

# The last thing to go.
all_is_gone() { [[ -z $(instances) && ! -e $PROJECT/.containers/.trash ]]; }
is_stopped() { [[ $(state_of "$1") == stopped ]]; }

# kill_both: us, and the process that keeps the containers up.
kill_both() {
        local holder

        holder=$(pgrep -P "$FC_PID" flake-contain)
        kill -KILL "$holder" "$FC_PID"
        finished "$FC_PID"
        gone "$holder"
}

# When nothing is left that could put it away, others do, and tell.
testcase_dead() {
        local name id

        project shop
        one_with_port
        waits --fresh
        name=$(basename "$(instances)")
        ok fc status
        expect_out "fresh instance $name: one"
        ok fc --json status
        equal "$(jq -c '.instances[] | [.name, .dead, .running]' <<<"$OUT")" "[\"$name\",false,[\"one\"]]" "the instances"
        id=$(jq -r '.instances[].id' <<<"$OUT")
        run_status 5 fc rm --all --yes
        expect_err "there are fresh instances: $name"
        # Other commands find their way into it by its name, also without root, and beside others.
        ok fc -q with --fresh -- true
        ok as_dev ls "/run/flake-containers/$id"
        ok as_dev env -C "$PROJECT" "$FC" --instance "$name" env one
        expect_out "ONE_PORT='[0-9]+'"
        ok fc --instance "$name" exec one -- true
        ok fc --json --instance "$name" status
        equal "$(jq -c '[.containers[] | [.name, .running, .notes]]' <<<"$OUT")" '[["one",true,[]]]' "its status"
        equal "$(state_of one)" stopped
        run_status 2 fc --instance "$name" down
        expect_err "'down' has no option '--instance'"
        run_status 7 fc --instance other exec one -- true
        expect_err "there is no fresh instance 'other'"
        # It lives.
        ok fc gc
        refute_out "$name"
        kill_both
        ok fc status
        expect_out "fresh instance $name: its command has ended"
        ok fc gc --dry-run
        expect_out "instance +.*/$name: the command that it was made for has ended"
        equal "$(basename "$(instances)")" "$name" "what is in .fresh"
        ok fc gc
        expect_out "instance +.*/$name: the command that it was made for has ended"
        no_instance_left
        # As after a boot of the host, with nothing in /run; and the next one.
        waits --fresh
        kill_both
        ok fc -q with --fresh -- true
        no_instance_left
        as_dev mkdir -p "$PROJECT/.containers/.fresh/shop-00000000/one"
        ok fc gc
        expect_out 'instance +.*/shop-00000000:'
        no_instance_left
        # And killed before it was known in /run what its directory there is for.
        as_dev mkdir "$PROJECT/.containers/.fresh/shop-00000000"
        id=$(fc --json status | jq -er '.instances[].id')
        mkdir "/run/flake-containers/$id"
        touch "/run/flake-containers/$id/@instance.lock"
        ok fc gc
        expect_out 'instance +.*/shop-00000000:'
        no_instance_left
}

# One that is made while `rm --all` waits, after it has looked, keeps its files.
testcase_rm_beside() {
        project shop
        spec "$(tiny one)"
        ok fc up
        ok fc down
        ok fc -q with --fresh -- true
        rm_waits one
        waits --fresh
        rm_goes_on
        equal "$STATUS" 5 "the status of rm ($(<"$TMP/rm"))"
        line_in "$TMP/rm" 'there are fresh instances: shop-[0-9a-f]{8}$' >/dev/null
        exists "$PROJECT/.containers/one/root"
        ok fc --instance "$(basename "$(instances)")" exec one -- true
        goes_on 0
        no_instance_left
        ok fc rm --all --yes
        absent "$PROJECT/.containers"
}

# What another command has started anew is that one's.
testcase_started_anew() {
        project shop
        spec "$(tiny one), $(tiny two)"
        waits one two
        ok fc restart one
        goes_on 0
        equal "$(state_of one) $(state_of two)" "running stopped"
        ok fc down
}

# They meet nowhere: neither ports, nor networks, nor what they write.
testcase_many() {
        local i pids=()

        project shop
        spec "$(tiny one "$SERVER" ', "ports": ["8080:7", "8081:7/udp"], "volumes": ["@data:/data"]')"
        for i in 1 2 3 4 5 6 7 8; do
                fc_background "$TMP/with-$i" -q with --fresh -- "$FC" --version
                pids+=("$FC_PID")
        done
        for i in "${pids[@]}"; do
                finished "$i"
                equal "$STATUS" 0 "the status ($(cat "$TMP"/with-*))"
        done
        no_instance_left
}

live_main "$@"
