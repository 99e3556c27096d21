#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Containers of one project find and reach each other; those of another do not.
# shellcheck disable=SC2016 # the other shells expand these

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# ask CONTAINER HOST PORT: the status line of an HTTP request made from inside. The images have no curl.
ask() {
        fc exec "$1" -- bash -c 'exec 3<>"/dev/tcp/$1/$2" && printf "GET / HTTP/1.0\r\n\r\n" >&3 && head -n 1 <&3' bash "$2" "$3"
}

testcase_names() {
        project shop
        spec "$(web web), $(web other), $(tiny one)"
        ok fc up
        ok ask other web 80
        expect_out '^HTTP/1.1 200'
        ok ask one other 80
        expect_out '^HTTP/1.1 200'
        # Its own name, too.
        ok ask web web 80
        expect_out '^HTTP/1.1 200'
        ok fc exec web -- hostname
        equal "$OUT" web "the host name inside"
        ok fc exec one -- hostname
        equal "$OUT" one "the host name inside"
        # One that is not there is not found, rather than looked for somewhere else.
        run fc exec one -- getent hosts not-here
        equal "$STATUS" 2 "the status of looking for a container that does not exist"
        ok fc down
}

# What a developer wrote down yesterday still holds today.
testcase_stable_addresses() {
        local first second

        project shop
        spec "$(tiny b), $(tiny c)"
        ok fc up
        first=$(address_of b b) second=$(address_of b c)
        true_that "an address" grep -qE '^[0-9]+(\.[0-9]+){3}$' <<<"$first"
        differ "$first" "$second" "two containers' address"

        spec "$(tiny a), $(tiny b), $(tiny c)"
        ok fc up
        equal "$(address_of a b)" "$first" "b's address, seen from a new container,"
        equal "$(address_of b c)" "$second" "c's address"
        # The ones that ran before the new one came know it as well.
        equal "$(address_of b a)" "$(address_of a a)" "a's address, seen from an old container,"
        ok fc down
        ok fc up
        equal "$(address_of a b)" "$first" "b's address after a restart"
        ok fc down
}

testcase_projects_do_not_meet() {
        local theirs

        project shop
        spec "$(web web)"
        ok fc up
        theirs=$(address_of web web)
        project blog
        spec "$(tiny one)"
        ok fc up
        run fc exec one -- getent hosts web
        equal "$STATUS" 2 "the status of looking for another project's container"
        differ "$(address_of one one | cut -d . -f 1-3)" "$(cut -d . -f 1-3 <<<"$theirs")" "the two projects' subnet"
        run inside one bash -c "exec 3<>/dev/tcp/$theirs/80"
        equal "$STATUS" 1 "the status of connecting to another project's container"
        expect_err 'unreachable'
        ok fc down
        PROJECT=$SCRATCH/projects/shop
        ok fc down
}

# listen PID FILE: writes what arrives at port 9 in a process's network to FILE, up to a line "end".
listen() {
        exec {LISTENER_OUT}< <(exec nsenter --target "$1" --net perl -MIO::Socket::IP -e '
                $s = IO::Socket::IP->new(LocalAddr => "::", LocalPort => 9, Proto => "udp", V6Only => 0) or die "$@";
                $| = 1; print "listening\n"; open $f, ">", $ARGV[0] or die;
                while ($s->recv($m, 100)) { syswrite $f, $m; last if $m eq "end\n" }' "$2" 2>&1)
        LISTENER=$!
        read -r -t "$WAIT" line <&"$LISTENER_OUT"
        equal "$line" listening "the listener"
}

# what_came FILE: when the last has come.
what_came() {
        gone "$LISTENER"
        exec {LISTENER_OUT}<&-
        paste -sd ' ' "$1"
}

# say ADDRESS TEXT: one datagram of this process's network.
say() { perl -MIO::Socket::IP -e '
        IO::Socket::IP->new(PeerAddr => $ARGV[0], PeerPort => 9, Proto => "udp")->send("$ARGV[1]\n")' "$1" "$2"; }

# make_world: a network of its own behind a bridge of the host's. Sets WORLD.
make_world() {
        exec {WORLD_OUT}< <(exec unshare --net -- sh -c 'echo up; exec sleep infinity')
        WORLD=$!
        read -r -t "$WAIT" <&"$WORLD_OUT"
        ip link add world type bridge
        ip address add 192.0.2.1/24 dev world
        ip address add 2001:db8::1/64 dev world nodad
        ip link set world up
        ip link add world-port master world up type veth peer name host0 netns "$WORLD"
        nsenter --target "$WORLD" --net sh -c 'ip address add 192.0.2.2/24 dev host0; ip address add 2001:db8::2/64 dev host0 nodad
                ip link set host0 up; ip route add default via 192.0.2.1; ip -6 route add default via 2001:db8::1'
}

end_world() {
        kill "$WORLD"
        gone "$WORLD"
        exec {WORLD_OUT}<&-
        ip link delete world
        ip link delete world-port 2>/dev/null || :
}

# Sets the routes inside as root in a guest can, and speaks to the world and to the other project. The host speaks first, so
# that neighbours know each other, and last.
try_to_get_out() {
        local network=$1 theirs=$2 neighbour=$3 mac

        # Who answers for the host on the bridge.
        mac=$(nsenter --net="/run/flake-containers/netns/$network" ip -o link show dev bridge | sed 's|.* link/ether \([^ ]*\) .*|\1|')
        inside one ip route replace default via "${GATEWAY:?}"
        inside one ip address replace 2001:db8:1::2/64 dev host0 nodad
        inside one ip -6 neighbour replace fe80::1 lladdr "$mac" dev host0
        inside one ip -6 route replace default via fe80::1 dev host0
        inside one ip neighbour replace "$GATEWAY" lladdr "$mac" dev host0

        listen "$WORLD" "$TMP/world"
        say 192.0.2.2 begin
        say 2001:db8::2 begin6
        inside one bash -c 'exec 2>/dev/null; echo internet >/dev/udp/192.0.2.2/9' || :
        inside one bash -c 'exec 2>/dev/null; echo internet6 >/dev/udp/2001:db8::2/9' || :
        say 192.0.2.2 end
        equal "$(what_came "$TMP/world")" "begin begin6 end" "what came to the world"

        listen "$neighbour" "$TMP/theirs"
        say "$theirs" begin
        inside one bash -c "exec 2>/dev/null; echo neighbour >/dev/udp/$theirs/9" || :
        say "$theirs" end
        equal "$(what_came "$TMP/theirs")" "begin end" "what came to the other project"

        # Another address of the host's, and from beside the host to the container.
        listen "$$" "$TMP/host"
        say 192.0.2.1 begin
        inside one bash -c 'exec 2>/dev/null; echo host >/dev/udp/192.0.2.1/9' || :
        say 192.0.2.1 end
        equal "$(what_came "$TMP/host")" "begin end" "what came to another address of the host's"
        listen "$(leader_of one)" "$TMP/one"
        say "$(address_of one one)" begin
        nsenter --target "$WORLD" --net bash -c "echo world >/dev/udp/$(address_of one one)/9"
        say "$(address_of one one)" end
        equal "$(what_came "$TMP/one")" "begin end" "what came to the container"
}

# Also on a host that forwards for others, whether it did before or comes to later.
testcase_no_way_out() {
        local theirs neighbour order

        make_world
        project blog
        spec "$(tiny other)"
        ok fc up
        neighbour=$(leader_of other) theirs=$(address_of other other)
        for order in before after; do
                project "shop-$order"
                spec "$(tiny one)"
                echo 1 >/proc/sys/net/ipv4/ip_forward
                echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
                if [[ $order == after ]]; then
                        echo 0 >/proc/sys/net/ipv4/ip_forward
                        echo 0 >/proc/sys/net/ipv6/conf/all/forwarding
                fi
                ok fc up
                GATEWAY=$(address_of one one | sed 's/[0-9]*$/1/')
                echo 1 >/proc/sys/net/ipv4/ip_forward
                echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
                try_to_get_out "$(ip -o -4 address show to "$GATEWAY" | awk '{ print $2 }')" "$theirs" "$neighbour"
                ok fc down
        done
        PROJECT=$SCRATCH/projects/blog
        ok fc down
        end_world
        echo 0 >/proc/sys/net/ipv4/ip_forward
        echo 0 >/proc/sys/net/ipv6/conf/all/forwarding
}

# An address that something else on the host has already is not taken.
testcase_subnet_in_use() {
        local mine

        project shop
        spec "$(tiny one)"
        ok fc up
        mine=$(address_of one one)
        ok fc down
        rm -rf "$PROJECT/.containers"

        # A bridge, because a kernel may lack the dummy driver, and bridges we need anyway.
        ip link add other type bridge
        ip address add "${mine%.*}.77/24" dev other
        ip link set other up
        ok fc up
        differ "$(address_of one one | cut -d . -f 1-3)" "${mine%.*}" "the subnet"
        ok fc down
        ip link delete other
}

# remember SUBNET: as a process does that can write to .containers, a guest with such a volume among them.
remember() {
        local file=$PROJECT/.containers/state.json

        jq --arg subnet "$1" '.subnet = $subnet' "$file" >"$TMP/state.json"
        cat "$TMP/state.json" >"$file"
}

# A remembered subnet is not used when it is not for projects, or when the host routes it elsewhere.
testcase_remembered_networks() {
        local subnet

        project shop
        spec "$(tiny one), $(tiny two)"
        ok fc up one
        ok fc down
        for subnet in 8.8.8.0/24 192.168.1.0/24; do
                remember "$subnet"
                ok fc up one
                equal "$(ip -o -4 address show to "$subnet")" '' "the host's addresses in $subnet"
                # What runs is not moved.
                remember "$subnet"
                run_status 5 fc up two
                expect_err 'other addresses than what runs'
                ok fc down one
        done
        ok fc up one

        ip link add other type bridge
        ip address add 10.77.3.1/24 dev other
        ip link set other up
        remember 10.77.3.0/24
        ok fc up two
        equal "$(ip -o -4 address show to 10.77.3.0/24 | awk '{ print $2 }')" other "the interfaces in the host's own network"
        ok fc down
        ip link delete other
}

testcase_host_mode() {
        project shop
        spec "$(tiny one '' ', "network": {"mode": "host"}'), $(web web ', "ports": ["8080:80"]')"
        ok fc up
        equal "$(fc exec one -- readlink /proc/self/ns/net)" "$(readlink /proc/self/ns/net)" "the network namespace"
        # So a published port is simply there.
        ok ask one 127.0.0.1 8080
        expect_out '^HTTP/1.1 200'
        ok fc down
}

testcase_none_mode() {
        project shop
        spec "$(tiny one '' ', "network": {"mode": "none"}'), $(tiny two)"
        ok fc up
        differ "$(fc exec one -- readlink /proc/self/ns/net)" "$(readlink /proc/self/ns/net)" "the network namespace"
        equal "$(fc exec one -- sh -c 'ls /sys/class/net')" lo "the interfaces"
        run fc exec one -- bash -c 'exec 3<>/dev/tcp/192.0.2.1/80'
        equal "$STATUS" 1 "the status of connecting to the world"
        expect_err 'unreachable'
        # Its own loopback works: refused, not unreachable.
        run fc exec one -- bash -c 'exec 3<>/dev/tcp/127.0.0.1/80'
        expect_err 'refused'
        ok fc down
}

# The network is set before the first instruction of a plain command.
testcase_network_before_command() {
        project shop
        # That the command is executed is all that `up` would wait for.
        spec "$(tiny one '["/bin/bash", "-c", "getent ahostsv4 one >/seen; cat /proc/net/route >>/seen; >/done; exec sleep infinity"]' \
                ', "ready": {"exec": [["/bin/sh", "-c", "[ -e /done ]"]]}')"
        ok fc up
        ok fc exec one -- cat /seen
        expect_out '^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+ '
        expect_out $'\n[a-z0-9]+\t[0-9A-F]{8}'
        ok fc down
}

# By IPv6 as by IPv4, from the first instruction on: no other host is asked first whether it has the address.
testcase_ipv6() {
        local address network

        has_ipv6 || skip "this host has no IPv6"
        project shop
        spec "$(web web), $(tiny one '["/bin/bash", "-c", "cat /proc/net/if_inet6 >/seen; >/done; exec sleep infinity"]' \
                ', "ready": {"exec": [["/bin/sh", "-c", "[ -e /done ]"]]}')"
        ok fc up
        address=$(address6_of one web)
        true_that "an address of the project's own network" grep -qE '^fd[0-9a-f:]+::[0-9]+$' <<<"$address"
        equal "${address##*:}" "$(address_of one web | cut -d . -f 4)" "the end of both addresses"
        # The flags are those of an address that may be used: permanent, and that no other host is asked about.
        ok fc exec one -- cat /seen
        expect_out 'fd[0-9a-f]{30} [0-9a-f]+ 40 00 82 +host0'
        ok ask one "$address" 80
        expect_out '^HTTP/1.1 200'
        ok ask one "web.$(fc --json status | jq -r .project.id).containers" 80
        # The host reaches it, by what it would write into its own file as well, and is reached.
        ok fc hosts web
        expect_out "^$(address_of one web) web\\.shop-[0-9a-f]{4}\\.containers shop-[0-9a-f]{4}-web"
        expect_out "$address web\\.shop-[0-9a-f]{4}\\.containers shop-[0-9a-f]{4}-web$"
        equal "$(fc --json hosts web | jq -r '.[0].address6')" "$address" "the address in JSON"
        ok curl --silent --show-error --fail --max-time 10 "http://[$address]/"
        network=${address%::*}
        run inside one bash -c "exec 3<>/dev/tcp/$network:1::1/9"
        expect_err 'refused'
        ok fc down
}

# Without IPv6 everything works by IPv4, and there is no name that leads nowhere.
testcase_without_ipv6() {
        has_ipv6 || skip "this host has no IPv6"
        project shop
        spec "$(web web), $(tiny one)"
        trap 'echo 0 >/proc/sys/net/ipv6/conf/all/disable_ipv6' EXIT
        echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
        ok fc up
        ok ask one web 80
        expect_out '^HTTP/1.1 200'
        ok fc exec one -- cat /etc/hosts /proc/net/if_inet6
        refute_out 'fd[0-9a-f]{2}:|fd[0-9a-f]{30}'
        ok fc hosts
        refute_out 'fd[0-9a-f]{2}:'
        ok fc up
        refute_err mended

        # Switched on later: what runs gets it when it is started again, and is called by it then.
        echo 0 >/proc/sys/net/ipv6/conf/all/disable_ipv6
        ok fc up
        ok fc hosts
        refute_out 'fd[0-9a-f]{2}:'
        ok fc restart web
        ok fc exec one -- cat /etc/hosts
        expect_out 'fd[0-9a-f:]+ web '
        refute_out 'fd[0-9a-f:]+ one '
        ok ask one web 80
        expect_out '^HTTP/1.1 200'
        ok fc down
}

# Each of twenty reaches each by name: what nothing listens for is refused by the other side.
testcase_twenty() {
        local i all=()

        thorough || return 0
        project shop
        for ((i = 1; i <= 20; i++)); do all+=("$(tiny "c$i")"); done
        spec "$(IFS=,; printf '%s' "${all[*]}")"
        ok fc up
        for ((i = 1; i <= 20; i++)); do
                ok fc exec "c$i" -- bash -c 'for ((i = 1; i <= 20; i++)); do (exec 3<>"/dev/tcp/c$i/9") 2>&1 | grep -q refused && echo reached; done; true'
                equal "$(grep -c reached <<<"$OUT")" 20 "how many c$i reaches"
        done
        ok fc down
}

# in_router COMMAND..: where the project's bridge is, with the host's programs.
in_router() { nsenter --net="$(networks)" -- "$@"; }

# count_networks N WHEN: as many namespaces, and as many interfaces of the host that lead into them.
count_networks() {
        equal "$(networks | wc -l)" "$1" "networks $2"
        try_until "$WAIT" uplinks "$1"
        equal "$(ip -o link show type bridge | wc -l)" 0 "bridges of the host $2"
}

# The network lives as long as one container needs it, and the host's own has no bridge.
testcase_network_is_put_away() {
        project shop
        spec "$(tiny one), $(tiny two), $(tiny none '' ', "network": {"mode": "none"}')"
        ok fc up none
        count_networks 0 "without a container that needs one"
        ok fc up
        count_networks 1 "of two containers"
        ok fc down one
        count_networks 1 "of one container"
        ok fc down two
        count_networks 0 "after the last"
        ok fc down
}

# What network managers and people do to it while containers use it.
testcase_network_is_changed() {
        local link address port change changes

        project shop
        # With a name that is too long for an interface's.
        spec "$(web web), $(web a-name-that-is-longer)"
        ok fc up
        link=$(basename "$(networks)")
        address=$(fc --json status | jq -r '.containers[] | select(.name == "web") | .address')
        port=$(in_router ip -o link show master bridge | sed -n 's/^[0-9]*: \(port-[^:@]*\).*/\1/p' | head -n 1)
        changes=("ip address flush dev $link" "ip link set $link down" "ip link delete $link"
                "in_router ip link delete host" "in_router ip link set host down"
                "in_router ip link set $port nomaster" "in_router ip link set $port down" "in_router ip link delete bridge")
        has_ipv6 && changes+=("ip -6 address flush dev $link")
        for change in "${changes[@]}"; do
                ok fc up
                refute_err mended
                # shellcheck disable=SC2086 # its words
                ok $change
                ok fc up
                expect_err "another program had changed the network '$link', mended"
                expect_err 'unchanged  already up'
                ok curl --silent --show-error --fail --max-time 10 "http://$address/"
                ok fc exec a-name-that-is-longer -- bash -c "exec 3<>/dev/tcp/web/80"
        done
        ok fc down
}

# answers_beside WHOSE: what a developer expects of containers, beside another program's rules.
answers_beside() {
        ok ask one web 80
        expect_out '^HTTP/1.1 200' "by name, beside $1"
        ok curl --silent --show-error --fail --max-time 10 "http://$(address_of one web)/"
        ok curl --silent --show-error --fail --max-time 10 http://127.0.0.1:8080/
}

# Rules that these programs really make, NixOS' by its nftables module with filterForward, on a host that forwards and whose
# netfilter sees what its bridges pass on: a bridge of the host's passes nothing on there.
testcase_beside_firewalls() {
        local calls=/proc/sys/net/bridge/bridge-nf-call-iptables forwarding=/proc/sys/net/ipv4/ip_forward file before forward

        [[ -e $calls ]] || skip "this kernel has no br_netfilter"
        before=$(<"$calls")
        forward=$(<"$forwarding")
        echo 1 >"$calls"
        echo 1 >"$forwarding"
        project shop
        spec "$(web web ', "ports": ["8080:80"]'), $(tiny one)"
        for file in "$LIVE_TOP"/tests/live/rules/*.nft; do
                nft -f "$file"
                ok fc up
                answers_beside "$(basename "$file")"
                ok fc down
                nft flush ruleset
        done
        # When they come later, too.
        ok fc up
        nft -f "$LIVE_TOP/tests/live/rules/docker-20.10.nft"
        answers_beside "those that came later"
        nft flush ruleset
        ok fc down
        echo "$before" >"$calls"
        echo "$forward" >"$forwarding"
}

# What a release made that had the bridge in the host's own namespace.
testcase_older_release() {
        local bridge machine

        project shop
        spec "$(tiny one)"
        ok fc up
        bridge=$(basename "$(networks)")
        machine=$(fc --json status | jq -r '.containers[0].machine')
        ok fc down
        try_until "$WAIT" uplinks 0
        old_bridge "$bridge"
        ip link add old-port type veth peer name old-peer
        ip link property add dev old-port altname "vb-$machine"
        ip link set old-port master "$bridge"
        run_status 5 fc up
        expect_err 'an older release has started'
        expect_err 'flake-containers down'
        # In truth nothing runs, so it is put away.
        equal "$(ip -o link show | grep -cv ': lo:' || :)" 0 "the host's interfaces"
        equal "$(ip rule show iif "$bridge")" '' "the bridge's rule"
        old_bridge "$bridge"
        ok fc up
        count_networks 1 "in the place of an old one"
        ok fc down
        try_until "$WAIT" uplinks 0
        # A name of another program's.
        ip link add "$bridge" type veth peer name other
        run_status 5 fc up
        expect_err "interface '$bridge' exists and is not a project's, but a 'veth'"
        ip link delete "$bridge"
        count_networks 0 "at the end"
}

live_main "$@"
