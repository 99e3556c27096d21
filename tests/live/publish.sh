#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# publish and unpublish: ports of a container that runs.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"
# shellcheck source=tests/lib/traffic.bash
. "$(dirname "$0")/../lib/traffic.bash"

listeners() { ss -Hln "${2:---tcp}" "sport = :$1" | awk '{ print $4 }' | sort | paste -sd ' '; }

# serve NAME [VERB]: a server on port 80 in the container's network. Adds to SERVERS.
SERVERS=()
serve() {
        local leader line out

        leader=$(fc --json status | jq -er --arg name "$1" '.containers[] | select(.name == $name) | .leader')
        exec {out}< <(exec nsenter --target "$leader" --net "$TRAFFIC" "${2:-serve}" 127.0.0.1 80 2>&1)
        SERVERS+=("$!")
        read -r -t "$WAIT" line <&"$out"
        equal "$line" listening "the server in $1"
        exec {out}<&-
}

stop_serving() {
        local pid

        for pid in "${SERVERS[@]}"; do
                kill "$pid"
                gone "$pid"
        done
        SERVERS=()
}

refused() { ! "$TRAFFIC" answer "$1" >"$TMP/refused" 2>&1 && grep -q 'Connection refused' "$TMP/refused"; }

testcase_while_it_runs() {
        local proxy

        project shop
        spec "$(tiny one '' ', "restart": "on-failure"')"
        run_status 7 fc publish one 8080:80
        ok fc up
        run_status 2 fc publish one 8080:x
        expect_err "'8080:x': 'x' is not a port number"
        ok fc publish one 8080:80 127.0.0.1:8081:80/udp
        equal "$(paste -sd ' ' <<<"$OUT")" '80 -> 127.0.0.1:8080 80 -> [::1]:8080 80/udp -> 127.0.0.1:8081'
        equal "$(listeners 8080)/$(listeners 8081 --udp)" '127.0.0.1:8080 [::1]:8080/127.0.0.1:8081' 'there listen'
        equal "$(fc port one 80/udp)" 127.0.0.1:8081
        equal "$(fc --json status | jq -c '[.containers[0].ports[].host] | sort')" '[8080,8080,8081]'
        ok as_dev env -C "$PROJECT" "$FC" env one
        expect_out "ONE_PORT='8080'"
        equal "$(proxy_of one)" '' 'what serves them before there is a client'
        serve one
        serve one userve
        ok traffic answer 8080
        ok traffic upingpong 8081 100 512
        # Its keeper stands still with it.
        ok fc pause one
        run_status 5 fc publish one 8082:82
        expect_err paused
        run_status 5 fc unpublish one 8080
        ok fc unpause one
        equal "$(listeners 8082)" '' 'there listen for a paused container'
        ok traffic answer 8080
        # It is no drift, and is not forgotten.
        ok fc up
        expect_err 'one: unchanged +already up'
        refute_out 'definition changed'
        ok traffic answer 8080
        equal "$(fc port --all one 80/tcp | paste -sd ' ')" '127.0.0.1:8080 [::1]:8080'
        run_status 5 fc publish one 8080:81
        expect_err "127\\.0\\.0\\.1:8080 is taken by container 'one' of project '$PROJECT'"
        expect_err '8081 is free: publish the port as "8081:81"'

        proxy=$(proxy_of one | head -n 1)
        kill -KILL "$proxy"
        gone "$proxy"
        ok traffic answer 8080
        # Another payload has them, too.
        stop_serving
        kill -KILL "$(nspawn_pid_of "$(machine_cgroup one)")"
        try_until "$WAIT" came_back one 1
        serve one
        ok traffic answer 8080
        ok fc unpublish one 8080
        equal "$(fc --json port one | jq -c '[.[].host]')" '[8081]'
        true_that 'a connection is refused' refused 8080
        stop_serving
        ok fc down
        equal "$(listeners 8080)$(listeners 8081 --udp)" '' 'there listen'
        ok fc up
        run_status 2 fc unpublish one 8081/udp
        expect_err "one: port 8081/udp was not published"
        equal "$(fc --json port one)" '[]'
        # It may have 100, whatever number of addresses each has.
        ok fc publish one 9000-9098:9000-9098
        ok fc publish one 8080:80
        run_status 2 fc publish one 8081:80
        expect_err 'a container publishes at most 100 ports'
        ok fc down
}

# What was published with it and what is accepted already go on.
testcase_connections_go_on() {
        project shop
        spec "$(tiny one '' ', "ports": ["8079:80"]'), $(tiny two '' ', "network": {"mode": "none"}')"
        ok fc up
        run_status 2 fc publish two 8080:80
        expect_err "container 'two' is not in a network of the project"
        serve one
        ok fc publish one 8080:80 8081:80
        keep idle 8080 50
        ok fc unpublish one 8080
        true_that 'a connection is refused' refused 8080
        ok traffic answer 8081
        ok traffic answer 8079
        # The port is free, for the same container, too.
        try_until "$WAIT" fc publish one 8080:80 >"$TMP/published"
        ok traffic answer 8080
        let_go
        run_status 2 fc unpublish one 8080 8079
        expect_err "port 8079 is published by the specification of 'one'"
        expect_err 'remove it there and run: .* up one'
        ok traffic answer 8080
        stop_serving
        ok fc down
}

# The same keeper has it before and after the container is ready.
testcase_while_it_boots() {
        project shop
        spec "$(fake one '"FAKE_HALT": "3"' ', "ports": ["8079:80"]')"
        fc_background "$TMP/up" up
        line_in "$TMP/up" 'booting' >/dev/null
        kill -KILL "$FC_PID"
        finished "$FC_PID"
        ok fc publish one 8080:80
        # It is ready when it has lost one of these.
        try_until "$WAIT" test -e "$PROJECT/.containers/one/root/heard"
        kill -s RTMIN+3 "$(fc --json status | jq -er '.containers[0].leader')"
        ok fc up
        serve one
        ok traffic answer 8079
        ok traffic answer 8080
        ok fc unpublish one 8080
        true_that 'a connection is refused' refused 8080
        ok traffic answer 8079
        stop_serving
        ok fc down
}

ports_of() { fc --json port "$1" | jq -c '[.[].host] | sort | unique'; }

with_ports() { spec "$(tiny one '' ", \"restart\": \"on-failure\", \"ports\": $1")"; }

# What the specification has otherwise is opened and closed while the container runs.
testcase_specification() {
        local leader cgroup

        project shop
        with_ports '["8079:80", "8080:80"]'
        ok fc up
        leader=$(fc --json status | jq -er '.containers[0].leader')
        serve one
        keep idle 8080 5
        with_ports '["8079:80", "8081:80", "auto:80", "127.0.0.1:8082:80/udp"]'
        ok fc up --dry-run
        expect_out 'one: adjust'
        ok fc status
        expect_out 'definition changed, run up'
        ok fc up
        expect_err 'one: unchanged +ports changed while it runs'
        equal "$(fc --json status | jq -er '.containers[0].leader')" "$leader" 'the PID 1 of the container'
        true_that 'a connection is refused' refused 8080
        let_go
        ok traffic answer 8079
        ok traffic answer 8081
        ok traffic answer "$(fc --json port one | jq '[.[].host | select(. > 60000)][0]')"
        serve one userve
        ok traffic upingpong 8082 10 512
        ok fc up
        expect_err 'one: unchanged +already up'
        # Ports of the specification, for who publishes others.
        run_status 2 fc unpublish one 8081
        expect_err "port 8081 is published by the specification of 'one'"
        # The next payload has the same.
        stop_serving
        cgroup=$(machine_cgroup one)
        kill -KILL "$(nspawn_pid_of "$cgroup")"
        try_until "$WAIT" came_back one 1
        serve one
        ok traffic answer 8079
        ok traffic answer 8081
        true_that 'a connection is refused' refused 8080
        # One that was closed may be opened again, and all be closed.
        leader=$(fc --json status | jq -er '.containers[0].leader')
        with_ports '["8080:80", "127.0.0.1:8082:80/udp"]'
        ok fc up
        equal "$(ports_of one)" '[8080,8082]'
        ok traffic answer 8080
        equal "$(listeners 8079)$(listeners 8081)" '' 'there listen'
        equal "$(fc --json status | jq -er '.containers[0].leader')" "$leader" 'the PID 1 of the container'
        # Not so what clients would be cut off by.
        with_ports '["8080:81", "127.0.0.1:8082:80/udp"]'
        ok fc up --dry-run
        expect_out 'one: restart'
        with_ports '["8080:80"]'
        ok fc up --dry-run
        expect_out 'one: restart'
        stop_serving
        ok fc down
}

# What is refused, or was killed on its way, leaves the ports that it had, or has the new ones the next time.
testcase_specification_fails() {
        local leader state

        project shop
        with_ports '["8079:80"]'
        ok fc up
        leader=$(fc --json status | jq -er '.containers[0].leader')
        serve one
        ok fc publish one 8080:80
        with_ports '["8081:80", "8080:80"]'
        run_status 5 fc up
        expect_err "port 8080 is published already, by 'publish'"
        expect_err 'take that back, and run this again: .* unpublish one 8080'
        equal "$(ports_of one)$(listeners 8081)" '[8079,8080]' 'the ports after what was refused'
        # A command that was killed has told the keeper, and written nothing down.
        state=$(jq '.ports |= map(select(.host != 8080))' "$PROJECT/.containers/one/state.json")
        as_dev tee "$PROJECT/.containers/one/state.json" <<<"$state" >/dev/null
        ok fc up
        equal "$(ports_of one)$(listeners 8079)" '[8080,8081]' 'the ports of the next command'
        ok traffic answer 8080
        ok traffic answer 8081
        # And one that was killed after it had closed one.
        state=$(jq '(.ports[] | select(.host == 8081)).host = 8083 | .definition |= map(sub("host 8081"; "host 8083"))' \
                "$PROJECT/.containers/one/state.json")
        as_dev tee "$PROJECT/.containers/one/state.json" <<<"$state" >/dev/null
        ok fc up
        equal "$(ports_of one)" '[8080,8081]' 'the ports of the next command'
        ok traffic answer 8081
        equal "$(fc --json status | jq -er '.containers[0].leader')" "$leader" 'the PID 1 of the container'
        # A keeper that cannot be asked. (Beside one that is a unit's another would be started.)
        if ! is_booted; then
                find /run/flake-containers -path '*/one/publish' -delete
                with_ports '["8080:80", "8082:80"]'
                run_status 5 fc up
                expect_err 'one: it was started by a release that cannot publish while it runs'
                expect_err 'it runs on with the ports that it had'
                equal "$(ports_of one)$(listeners 8082)" '[8080,8081]' 'the ports when none could be opened'
                ok traffic answer 8081
                ok fc status
                expect_out 'one +running'
                expect_out 'definition changed, run up'
        fi
        stop_serving
        ok fc down
}

# Killed after it has told the keeper, whatever the specification says the next time: it has its ports.
testcase_specification_killed() {
        local n state

        project shop
        with_ports '["8079:80"]'
        ok fc up
        # It writes that it changes ports before it does.
        for ((n = 92; n < 130; n += 6)); do
                with_ports '["8081:80"]'
                run fc_killed "$n"
                with_ports '["8079:80"]'
                if grep -q 'ports half changed' "$PROJECT/.containers/one/state.json"; then break; fi
                ok fc up
        done
        ((n < 130)) || is_booted || flunk "no kill came while it changes ports"
        # What it leaves at the worst: one is open, the other closed, and the state tells nothing of it.
        ok fc up
        with_ports '["8081:80"]'
        ok fc up
        state=$(jq '(.ports[] | select(.host == 8081)).host = 8079 | .definition |= map(sub("host 8081"; "host 8079")) |
                .definition += ["ports half changed"]' "$PROJECT/.containers/one/state.json")
        as_dev tee "$PROJECT/.containers/one/state.json" <<<"$state" >/dev/null
        with_ports '["8079:80"]'
        ok fc up --dry-run
        expect_out 'one: restart'
        expect_out 'its last change of ports was interrupted'
        ok fc up
        equal "$(ports_of one)$(listeners 8081)" '[8079]' 'the ports of the next command'
        serve one
        ok traffic answer 8079
        stop_serving
        ok fc up
        expect_err 'already up'
        ok fc down
}

# fc_killed N: an `up` that is killed at its N-th call from its first look at the project's state.
fc_killed() {
        (
                cd "$PROJECT"
                exec env SUDO_UID="$DEV_UID" SUDO_GID="$DEV_GID" SUDO_USER="$DEV" \
                        "$FC_HELPERS/fault" --from .state.json.new kill "$1" "$FC" up
        )
}

testcase_same_number() {
        local leader

        project shop
        with_ports '["8080:80"]'
        ok fc up
        leader=$(fc --json status | jq -er '.containers[0].leader')
        serve one
        ok fc publish one 127.0.0.2:8080:80
        ok fc unpublish one 8080
        equal "$(listeners 8080)" '127.0.0.1:8080 [::1]:8080' 'there listen'
        ok traffic answer 8080
        # Both opened while it runs.
        ok fc publish one 127.0.0.2:8081:80
        with_ports '["8080:80", "127.0.0.3:8079:80"]'
        ok fc up
        ok fc publish one 8079:80
        ok fc unpublish one 8079
        equal "$(listeners 8079)" '127.0.0.3:8079' 'there listen'
        # The specification's goes, at last to an "auto" port.
        ok fc publish one 127.0.0.2:8080:80
        with_ports '["127.0.0.3:8079:80"]'
        ok fc up
        equal "$(listeners 8080)" '127.0.0.2:8080' 'there listen'
        with_ports '["auto:80"]'
        ok fc up
        ok traffic answer "$(fc --json port one | jq '[.[] | select(.address == "127.0.0.1")][0].host')"
        equal "$(listeners 8079)/$(listeners 8080)/$(listeners 8081)" '/127.0.0.2:8080/127.0.0.2:8081' 'there listen'
        equal "$(fc --json status | jq -er '.containers[0].leader')" "$leader" 'the PID 1 of the container'
        # Which of two is the "auto" one is not known.
        with_ports '["auto:80", "8082:80"]'
        ok fc up
        with_ports '["8082:80"]'
        ok fc up
        expect_err 'restarting one'
        stop_serving
        serve one
        ok traffic answer 8082
        stop_serving
        ok fc down
}

# keeper_again PID [WHICH]: the status of one more that is started like it, with no socket to listen at; "nspawn" or "leader":
# with the number of another process.
keeper_again() {
        local arguments=() argument status=0

        while IFS= read -r -d '' argument; do
                case $argument in
                --publish-fd=* | --forget=*) ;;
                "--${2:-}-pid="*) arguments+=("--$2-pid=$$") ;;
                *) arguments+=("$argument") ;;
                esac
        done <"/proc/$1/cmdline"
        timeout "$WAIT" "${arguments[@]}" >"$TMP/again" 2>&1 || status=$?
        printf '%s\n' "$status"
}

kill_keeper() {
        local keeper

        keeper=$(pgrep -f '/flake-containers/service publish ')
        kill -KILL "$keeper"
        gone "$keeper"
}

# Alone it dies only in a unit, since a supervisor is the container's, too: what was published is there again with the next
# command about it.
testcase_killed() {
        local keeper port

        is_booted || return 0
        project shop
        spec "$(tiny one)"
        ok fc up
        ok fc publish one 8080:80 8081:80/udp
        serve one
        serve one userve
        # The proxies end with it, whatever they serve.
        keep idle 8080 1
        kill_keeper
        ok fc publish one 8082:82
        exec {KEPT_INPUT}>&-
        finished "$KEPT"
        differ "$STATUS" 0 "the status of the connection that was lost"
        ok traffic answer 8080
        ok traffic upingpong 8081 10 512
        # So are those that `up` has opened, with `publish` or another `up`.
        spec "$(tiny one '' ', "ports": ["8079:80"]')"
        ok fc up
        kill_keeper
        ok fc publish one 8083:80
        ok traffic answer 8079
        ok traffic answer 8080
        kill_keeper
        spec "$(tiny one '' ', "ports": ["8079:80", "8084:80"]')"
        ok fc up
        for port in 8079 8080 8083 8084; do
                ok traffic answer "$port"
        done
        spec "$(tiny one)"
        ok fc up
        ok fc unpublish one 8083
        keeper=$(pgrep -f '/flake-containers/service publish ')
        equal "$(keeper_again "$keeper")" 1 'its status without its socket'
        equal "$(keeper_again "$keeper" nspawn) $(keeper_again "$keeper" leader)" '0 0' 'for processes that are not the machine'
        ok fc unpublish one 8080 8081/udp 8082
        # It ends with the last.
        gone "$keeper"
        equal "$(listeners 8080)$(listeners 8081 --udp)$(listeners 8082)" '' 'there listen'
        stop_serving
        ok fc down
}

live_main "$@"
