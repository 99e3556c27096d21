#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What serves published ports: many connections, slow ones, halves of them, and none that is lost.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"
# shellcheck source=tests/lib/traffic.bash
. "$(dirname "$0")/../lib/traffic.bash"

# serve NAME ADDRESS [VERB]: a server in the container's network, see traffic.c. Sets SERVER.
serve() {
        local leader line

        leader=$(fc --json status | jq -er --arg name "$1" '.containers[] | select(.name == $name) | .leader')
        exec {SERVER_OUT}< <(exec nsenter --target "$leader" --net "$TRAFFIC" "${3:-serve}" "$2" 80 2>&1)
        SERVER=$!
        read -r -t "$WAIT" line <&"$SERVER_OUT"
        equal "$line" listening "the server in $1"
}

stop_serving() {
        kill "$SERVER"
        gone "$SERVER"
        exec {SERVER_OUT}<&-
}

memory_of() { sed -n "s/^$2:[^0-9]*\([0-9]*\) kB/\1/p" "/proc/$1/status"; }

# A service that listens on any one address only; each with an answer after the end of the request.
testcase_addresses_inside() {
        local address

        project shop
        spec "$(tiny one '' ', "ports": ["8080:80"]')"
        ok fc up
        for address in 127.0.0.1 ::1 "$(fc --json status | jq -r '.containers[0].address')"; do
                serve one "$address"
                ok traffic answer 8080
                equal "$OUT" question "the answer of $address"
                stop_serving
        done
        ok fc down
}

testcase_many_short_ones() {
        project shop
        spec "$(tiny one '' ', "ports": ["8080:80"]')"
        ok fc up
        serve one 127.0.0.1
        ok traffic short 8080 10000 32
        # All at full speed, each in its turns.
        ok traffic bulk 8080 50 2000000
        stop_serving
        ok fc down
}

# Memory is for what moves: an idle connection takes some bytes, a slow reader holds up its own writer only.
testcase_idle_and_slow_ones() {
        local proxy before after n=4000

        project shop
        spec "$(tiny one '' ', "ports": ["8080:80"]')"
        ok fc up
        serve one 127.0.0.1
        ok traffic answer 8080
        proxy=$(proxy_of one)
        before=$(memory_of "$proxy" RssAnon)
        keep idle 8080 "$n"
        after=$(memory_of "$proxy" RssAnon)
        note "$(memory_of "$proxy" VmRSS) kB with $n idle connections, $(((after - before) * 1024 / n)) bytes each"
        # With the sanitizers each one has a red zone.
        has_sanitizers || true_that "an idle connection takes less than 300 bytes" test "$(((after - before) * 1024 / n))" -lt 300
        has_sanitizers || true_that "all of them take less than 8 MB" test "$(memory_of "$proxy" VmRSS)" -lt 8192
        let_go
        keep slow 8080 1000
        ok traffic short 8080 1000 8
        note "$(memory_of "$proxy" VmRSS) kB with 1000 that read nothing"
        has_sanitizers || true_that "slow readers take less than 8 MB" test "$(memory_of "$proxy" VmRSS)" -lt 8192
        let_go
        equal "$(proxy_of one)" "$proxy" "the proxy"
        stop_serving
        ok fc down
}

# Connections wait for a service that is not there yet, and for one whose guest reboots.
testcase_none_is_lost_while_the_guest_reboots() {
        local pid

        variant traffic
        cp -- "$TRAFFIC" "$VARIANT/usr/bin/traffic"
        printf '[Service]\nExecStart=/usr/bin/traffic serve 127.0.0.1 81\n' | unit "$VARIANT" traffic.service
        project shop
        spec "$(WEB_IMAGE=$VARIANT web web ', "ports": ["8080:81"]')"
        ok fc up
        ok traffic short 8080 10 1
        # Else the guest's own end would cut off those that the service has accepted.
        ok fc exec web -- systemctl stop traffic.service
        ok fc exec web -- touch /run/before
        "$TRAFFIC" short 8080 10000 64 >"$TMP/all" 2>&1 &
        pid=$!
        run fc exec web -- systemctl reboot
        finished "$pid"
        equal "$(<"$TMP/all")" all "connections"
        ok fc exec web -- test ! -e /run/before
        ok fc down
}

# The first datagram starts the proxy, also when it is the second protocol of a number.
testcase_datagrams() {
        local proxy

        project shop
        spec "$(tiny one '' ', "ports": ["8080:80/udp", "8080:80"]')"
        ok fc up
        expect_err '127\.0\.0\.1:8080/udp'
        equal "$(proxy_of one)" "" "proxies before a client sent something"
        ok fc status
        expect_out '8080->80/udp 8080->80 '
        equal "$(fc port one 80/udp)" "127.0.0.1:8080"
        equal "$(fc port --all one 80/udp | paste -sd ' ')" "127.0.0.1:8080 [::1]:8080"
        equal "$(fc port one 80)" "127.0.0.1:8080"
        equal "$(fc port --all one 80 | wc -l)" 4
        equal "$(fc --json port one 80/udp | jq -r '.[0].protocol')" udp
        serve one 127.0.0.1 userve
        ok traffic upingpong 8080 100 1
        ok traffic upingpong 8080 1 65507
        proxy=$(proxy_of one)
        kill -9 "$proxy"
        gone "$proxy"
        ok traffic upingpong 8080 1 512
        stop_serving
        # They wait for it.
        "$TRAFFIC" upingpong 8080 0 512 >"$TMP/waits" 2>&1 &
        proxy=$!
        serve one ::1 userve
        finished "$proxy"
        equal "$STATUS" 0 "the status of one that waited ($(<"$TMP/waits"))"
        stop_serving
        serve one 127.0.0.1
        ok traffic answer 8080
        stop_serving
        ok fc down
}

# serve_at PATH: a server at a Unix socket, for every user of the container. Sets SERVER.
serve_at() {
        exec {SERVER_OUT}< <(exec "$TRAFFIC" serve "$1" 0 2>&1)
        SERVER=$!
        read -r -t "$WAIT" line <&"$SERVER_OUT"
        equal "$line" listening "the server at $1"
        chmod 666 "$1"
}

# A Unix socket is the developer's alone; its path, and links in it, are those of the container.
testcase_unix_sockets() {
        local root path waits

        project shop
        spec "$(tiny one '' ', "sockets": ["pg:/run/x/.s.PGSQL.5432", {"name": "link", "path": "/run/y/.s.PGSQL.5432"}]')"
        ok fc up
        path=$(fc port one pg)
        equal "$(fc --json status | jq -r '.containers[0].sockets[0] | .name, .host, .container' | paste -sd ' ')" \
                "pg $path /run/x/.s.PGSQL.5432"
        equal "$(basename "$path")" .s.PGSQL.5432 "its name"
        equal "$(stat -c '%u %a' "$path")" "$DEV_UID 600" "owner and mode of the socket"
        equal "$(proxy_of one)" "" "proxies before a client connected"
        root=/proc/$(fc --json status | jq -er '.containers[0].leader')/root
        mkdir -p "$root/run/x" /run/x
        ln -s /run/x "$root/run/y"
        # No service is there yet: it waits.
        as_dev timeout "$FC_TIMEOUT" "$TRAFFIC" answer "$path" >"$TMP/waits" 2>&1 &
        waits=$!
        try_until "$WAIT" is_served
        serve_at "$root/run/x/.s.PGSQL.5432"
        finished "$waits"
        equal "$(<"$TMP/waits")" question "the answer to one that waited"
        ok as_dev timeout "$FC_TIMEOUT" "$TRAFFIC" short "$path" 500 8
        ok as_dev timeout "$FC_TIMEOUT" "$TRAFFIC" bulk "$(fc port one link)" 4 2000000
        run setpriv --reuid 12345 --regid 12345 --clear-groups "$TRAFFIC" answer "$path"
        expect_err 'Permission denied'
        stop_serving
        rmdir /run/x
        ok fc down
        absent "$path"
}

testcase_unix_sockets_with_long_paths() {
        project shop
        spec "$(tiny one '' ', "sockets": ["a23456789-123456789-123456789-123456789-123456789-123456789:/run/a-rather-long-name"]')"
        run_status 2 fc up
        expect_err "one: socket 'a23456789-.*' has [0-9]* bytes, a socket's path at most 107"
        no_machine_left "something was started"
}

testcase_killed() {
        local proxy

        project shop
        spec "$(tiny one '' ', "ports": ["8080:80"]')"
        ok fc up
        serve one 127.0.0.1
        ok traffic short 8080 10 1
        proxy=$(proxy_of one)
        kill -9 "$proxy"
        gone "$proxy"
        ok traffic short 8080 100 4
        differ "$(proxy_of one)" "$proxy" "the proxy"
        stop_serving
        ok fc down
}

is_served() { [[ -n $(proxy_of one) ]]; }

# sockets_on PORT: of the relay and its clients on the host; those in TIME-WAIT are no process's.
sockets_on() { ss -Htan "( sport = :$1 or dport = :$1 )" | grep -cv TIME-WAIT || :; }
no_sockets() { [[ $(sockets_on "$1") == 0 ]]; }

# Clients that connect, say nothing, and stay: they keep neither others from being served nor the container from
# stopping, and their memory is bounded.
testcase_mute_ones() {
        local proxy n=$((($(ulimit -Hn) - 1200) / 2))

        # As many as open files allow, two of which the relay has for each, beside its pipes.
        ((n < 10000)) || n=10000
        project shop
        spec "$(tiny one '' ', "ports": ["8080:80"]')"
        ok fc up
        serve one 127.0.0.1
        keep mute 8080 "$n"
        ok traffic short 8080 1000 8
        proxy=$(proxy_of one)
        # A new one waits behind the ones before it, so they have been accepted, and the service has them.
        true_that "the relay holds all of them" test "$(find "/proc/$proxy/fd" -lname 'socket:*' | wc -l)" -ge "$((2 * n))"
        note "$(memory_of "$proxy" VmRSS) kB with $n that say nothing"
        has_sanitizers || true_that "they take less than 8 MB" test "$(memory_of "$proxy" VmRSS)" -lt 8192
        ok fc down
        let_go
        try_until "$WAIT" no_sockets 8080
        kill "$SERVER" 2>/dev/null || :
        gone "$SERVER"
}

# Clients that do not stop do not keep a container from stopping.
testcase_flood_while_it_stops() {
        local pid

        project shop
        spec "$(tiny one '' ', "ports": ["8080:80"]')"
        ok fc up
        serve one 127.0.0.1
        "$TRAFFIC" short 8080 100000000 16 >"$TMP/flood" 2>&1 &
        pid=$!
        try_until "$WAIT" is_served
        ok fc down
        # Their port is gone.
        finished "$pid"
        run traffic short 8080 1 1
        expect_err 'Connection refused'
        kill "$SERVER" 2>/dev/null || :
        gone "$SERVER"
}

# Nor do those who send datagrams, each a flow of its own.
testcase_flood_of_datagrams_while_it_stops() {
        local pid

        project shop
        spec "$(tiny one '' ', "ports": ["8080:80/udp"]')"
        ok fc up
        serve one 127.0.0.1 userve
        "$TRAFFIC" uflood 8080 300 >"$TMP/flood" 2>&1 &
        pid=$!
        try_until "$WAIT" is_served
        ok fc down
        finished "$pid"
        equal "$(<"$TMP/flood")" refused "what the flood ended with"
        kill "$SERVER" 2>/dev/null || :
        gone "$SERVER"
}

live_main "$@"
