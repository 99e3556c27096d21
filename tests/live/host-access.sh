#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# network.hostAccess: what a container reaches of its host's localhost, and what it does not.
# shellcheck disable=SC2016 # the shells inside expand these

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# start_servers ADDRESS/PORT..: servers on the host that say to each client where they are, and give its line back. Sets
# SERVERS.
start_servers() {
        exec {SERVERS_OUT}< <(exec perl -MIO::Select -MIO::Socket::IP -e '
                my $s = IO::Select->new;
                for (@ARGV) { my ($a, $p) = split "/"; $s->add(IO::Socket::IP->new(LocalAddr => $a, LocalPort => $p,
                        Listen => 50, ReuseAddr => 1, V6Only => 1) or die "$_: $@") }
                $| = 1; print "ready\n";
                while (1) { for my $h ($s->can_read) { my $c = $h->accept or next; my $m = <$c>;
                        print $c $h->sockhost, " ", $m; close $c } }' "$@" 2>&1)
        SERVERS=$!
        read -r -t "$WAIT" line <&"$SERVERS_OUT"
        equal "$line" ready "the servers"
}

end_servers() {
        kill "$SERVERS"
        gone "$SERVERS"
        exec {SERVERS_OUT}<&-
}

# say NAME HOST PORT [TEXT]: what comes back, asked by the container's own bash.
say() { fc exec "$1" -- bash -c 'exec 3<>"/dev/tcp/$1/$2" && echo "${3:-hello}" >&3 && cat <&3' bash "${@:2}"; }

# with_access NAME PORTS [MORE OF ITS KEYS]: a container's specification.
with_access() { tiny "$1" '' ", \"network\": {\"hostAccess\": [$2]}${3:-}"; }

testcase_these_ports_and_no_others() {
        project shop
        spec "$(with_access one '5432, 5433, 80, 5435'), $(tiny two)"
        start_servers 127.0.0.1/5432 ::1/5433 127.0.0.1/80 127.0.0.1/5434
        ok fc up
        equal "$(proxy_of one)" "" "what leads to the host before it is asked for"
        ok fc exec one -- getent hosts host.containers
        expect_out '^127\.102\.99\.1 '
        ok say one host.containers 5432
        equal "$OUT" '127.0.0.1 hello'
        ok say one host.docker.internal 5433
        equal "$OUT" '::1 hello'
        ok say one host.containers 80
        # Neither another port of the host nor, of another container, any.
        run say one host.containers 5434
        expect_err 'Connection refused'
        run say two host.containers 5432
        expect_err 'Connection refused'
        run say two one 5432
        expect_err 'Connection refused'
        # None that is not there is waited for, and one that comes is reached.
        run say one host.containers 5435
        equal "$OUT" ''
        end_servers
        start_servers 127.0.0.1/5435
        ok say one host.containers 5435
        equal "$OUT" '127.0.0.1 hello'
        end_servers
        ok fc down
}

# What carries this has no privilege, and comes back; the sockets inside last as long as the payload.
testcase_killed() {
        local proxy

        project shop
        spec "$(with_access one 5432 ', "restart": "on-failure"')"
        start_servers 127.0.0.1/5432
        ok fc up
        ok say one host.containers 5432
        proxy=$(proxy_of one)
        equal "$(sed -n 's/^\(CapEff\|CapBnd\|NoNewPrivs\|Seccomp\):\t//p' "/proc/$proxy/status" | paste -sd ' ')" \
                '0000000000000000 0000000000000000 1 2' "its privileges"
        differ "$(sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' "/proc/$proxy/status")" 0 "its user"
        kill -KILL "$proxy"
        gone "$proxy"
        ok say one host.containers 5432
        equal "$OUT" '127.0.0.1 hello' "after a kill"
        differ "$(proxy_of one)" "$proxy" "what leads to the host"
        # Another payload has another network.
        proxy=$(proxy_of one)
        kill -KILL "$(nspawn_pid_of "$(machine_cgroup one)")"
        gone "$proxy"
        try_until "$WAIT" came_back one 1
        ok say one host.containers 5432
        equal "$OUT" '127.0.0.1 hello' "of another payload"
        end_servers
        ok fc down
}

# It is there before the first instruction of a command, also beside the internet.
testcase_from_the_beginning() {
        project shop
        start_servers 127.0.0.1/5432
        spec "$(tiny one '["/bin/bash", "-c", "exec 3<>/dev/tcp/host.containers/5432 && echo first >&3 && cat <&3"]' \
                ', "network": {"hostAccess": [5432]}, "oneShot": true')"
        ok fc up
        ok fc logs one
        expect_out '127\.0\.0\.1 first'
        ok fc down
        command -v pasta >/dev/null || skip "pasta is not installed"
        spec "$(tiny one '' ', "network": {"hostAccess": [5432], "internet": true}')"
        ok fc up
        ok say one host.containers 5432
        equal "$OUT" '127.0.0.1 hello'
        end_servers
        ok fc down
}

live_main "$@"
