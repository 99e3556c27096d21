#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Several networks in a project, and addresses that the specification gives.
# shellcheck disable=SC2016 # the other programs expand these

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# spec_in NETWORKS CONTAINERS: a specification that says something of the project's networks.
spec_in() {
        spec "$2"
        jq --argjson networks "$1" '.networks = $networks' "$PROJECT/flake-containers.json" >"$TMP/spec.json"
        cat "$TMP/spec.json" >"$PROJECT/flake-containers.json"
}

in_networks() { printf ', "network": {"networks": %s}' "$1"; }

# reaches NAME ADDRESS: nothing listens there, and a kernel says so.
reaches() {
        run fc exec "$1" -- bash -c "exec 3<>/dev/tcp/$2/9"
        expect_err 'refused'
}

knows_not() {
        run fc exec "$1" -- getent hosts "$2"
        equal "$STATUS" 2 "the status of looking for '$2' in '$1'"
}

# never_reaches NAME ADDRESS: also as root inside, by what the bridge of that network has for a neighbour.
never_reaches() {
        local gateway

        run fc exec "$1" -- bash -c "exec 3<>/dev/tcp/$2/9"
        expect_err 'unreachable'
        gateway=$(address_of "$1" "$1")
        inside "$1" ip route add "$2" via "${gateway%.*}.1"
        run inside "$1" bash -c "exec 3<>/dev/tcp/$2/9"
        inside "$1" ip route delete "$2"
        expect_err 'unreachable'
}

shop() {
        spec "$(tiny web '' "$(in_networks '["front"]')"), $(tiny api '' "$(in_networks '["front", "back"]')"),
                $(tiny db '' "$(in_networks "${1:-[\"back\"]}")"), $(tiny alone)"
}

testcase_networks() {
        local db db6=''

        project shop
        shop
        ok fc up
        db=$(address_of db db)
        equal "$(fc --json status | jq -r '.containers[] | select(.name == "db") | .address')" "$db" "db's address in status"
        equal "$(fc exec api -- sh -c 'cd /sys/class/net && echo *')" 'host0 host1 lo' "the interfaces of one in two networks"
        equal "$(networks | wc -l)" 3 "networks"

        reaches web api
        reaches api web
        reaches api db
        reaches db api
        knows_not web db
        knows_not web alone
        knows_not db web
        knows_not alone api
        never_reaches web "$db"
        never_reaches alone "$db"
        if has_ipv6; then
                db6=$(address6_of api db)
                reaches api "$db6"
                run fc exec web -- bash -c "exec 3<>/dev/tcp/$db6/9"
                expect_err 'unreachable'
                inside web ip -6 route add "$db6" via fe80::fc dev host0
                run inside web bash -c "exec 3<>/dev/tcp/$db6/9"
                expect_err 'unreachable'
                inside web ip -6 route delete "$db6"
        fi
        ok fc hosts db
        expect_out "^$db db\\."
        [[ -z $db6 ]] || expect_out "$db6 db\\."
        # The host reaches all.
        run bash -c "exec 3<>/dev/tcp/$db/9"
        expect_err 'refused'

        # Another program's changes.
        ok ip link delete "$(ip -o route get "$db" | sed 's/.* dev \([^ ]*\) .*/\1/')"
        ok fc up
        expect_err 'another program had changed the network'
        run bash -c "exec 3<>/dev/tcp/$db/9"
        expect_err 'refused'

        # Only what changes networks is started again, and the others learn of it.
        shop '["back", "front"]'
        ok fc up
        expect_err 'restarting db'$'\n'
        equal "$(address_of db db)" "$db" "db's address in its first network"
        reaches web db
        reaches db web
        ok fc down
        equal "$(networks)" '' "networks after the end"
}

# Whatever ends the last container.
testcase_killed() {
        project shop
        spec "$(tiny api '' "$(in_networks '["front", "back"]')")"
        ok fc up
        kill -KILL "$(keeper_pid_of "$(machine_cgroup api)")"
        ok fc up
        equal "$(networks | wc -l)" 2 "networks"
        ok fc down
}

# hears_udp NAME: what is sent to port 9 of the host comes to the container's localhost.
hears_udp() {
        exec {LISTENER}< <(exec nsenter --target "$(leader_of "$1")" --net perl -MIO::Socket::IP -e '
                $s = IO::Socket::IP->new(LocalAddr => "127.0.0.1", LocalPort => 9, Proto => "udp") or die "$@";
                $| = 1; print "listening\n"; $s->recv($m, 100); print $m')
        read -r -t "$WAIT" -u "$LISTENER" LINE
        equal "$LINE" listening "the listener"
        echo hello >/dev/udp/127.0.0.1/9
        read -r -t "$WAIT" -u "$LISTENER" LINE
        equal "$LINE" hello "what came"
        exec {LISTENER}<&-
}

testcase_ports() {
        project shop
        spec "$(tiny api '' ', "ports": ["127.0.0.1:9:9/udp"], "network": {"networks": ["front", "back"]}')"
        ok fc up
        hears_udp api
        ok fc down
}

# in_namespace: it is in the one that ip-netns(8) names, and nothing of ours is there.
in_namespace() {
        equal "$(fc exec one -- readlink /proc/self/ns/net)" "net:[$(stat --dereference --format %i /run/netns/vpn)]" "the network namespace"
        equal "$(ip netns exec vpn ip -o link | wc -l)" 1 "its interfaces"
}

testcase_namespace() {
        project shop
        spec "$(tiny one '' ', "ports": ["127.0.0.1:9:9/udp"], "restart": "on-failure", "network": {"mode": "namespace", "namespace": "vpn"}')"
        run_status 6 fc up
        expect_err "no network namespace '/run/netns/vpn'"
        expect_err 'ip netns add vpn'
        no_machine_left "something was started"
        ip netns add vpn
        ip netns exec vpn ip link set lo up
        ok fc up
        in_namespace
        hears_udp one
        # It is opened anew by each start: what has made it may have done so again.
        ip netns delete vpn
        ip netns add vpn
        ok fc restart one
        in_namespace
        ok fc down
        equal "$(ip netns pids vpn)" '' "the processes that are left in it"
        ip netns delete vpn
        umount /run/netns
        rmdir /run/netns
}

# in_network_of NAME OWNER
in_network_of() {
        equal "$(stat -L -c %i "/proc/$(leader_of "$1")/ns/net")" "$(stat -L -c %i "/proc/$(leader_of "$2")/ns/net")" \
                "the network of $1"
}

stopped() { [[ $(state_of "$1") == stopped ]]; }

# A command that takes its time to end while there is a file.
readonly PATIENT='["/bin/bash", "-c", "trap \"echo asked; while [[ -e /wait ]]; do sleep 0.05; done; echo goodbye; exit\" TERM; while :; do sleep infinity & wait; done"]'

said() { fc logs "$1" | grep "$2" >/dev/null; }

testcase_shared_network() {
        local vpn owner own

        project shop
        spec "$(tiny vpn '' ', "ports": ["127.0.0.1:9:9/udp"], "stop": {"timeout": 3}'),
                $(tiny app "$PATIENT" ', "network": {"mode": "container", "container": "vpn"}'), $(tiny other)"
        ok fc up app
        expect_err 'vpn'
        in_network_of app vpn
        ok fc up
        vpn=$(address_of other vpn)
        equal "$(address_of other app)" "$vpn" "the address of one that shares a network"
        equal "$(address_of app other)" "$(address_of other other)" "what it knows of others"
        ok fc hosts app
        expect_out "^$vpn app\\."
        reaches other app
        # By the owner's ports, on their common localhost.
        hears_udp app
        run_status 2 fc publish app 8080:80
        expect_err 'not in a network of the project'

        # What makes the network anew takes along who shares it.
        ok fc restart vpn
        expect_err 'restarting vpn, app'
        in_network_of app vpn
        ok fc --dry-run up
        refute_out restart
        ok fc exec app -- touch /kept
        ok fc reset --yes vpn
        in_network_of app vpn
        ok fc exec app -- rm /kept
        ok fc down app
        ok fc reset --yes vpn
        equal "$(state_of app)" stopped "one that did not run, after the reset of its network's owner"
        ok fc up app

        # It ends in order when the owner ends, whatever ends that; and none of it is left.
        kill -KILL "$(keeper_pid_of "$(machine_cgroup vpn)")"
        try_until "$WAIT" stopped app
        ok fc logs app
        expect_out 'whose network this one shares has ended'
        ok fc up
        in_network_of app vpn
        ok fc down other
        # A command that asks as well does not cut that short.
        ok fc exec app -- touch /wait
        ok fc down vpn
        try_until "$WAIT" said app asked
        fc_background "$TMP/down" down app
        line_in "$TMP/down" 'app: stopping' >/dev/null
        ok fc exec app -- rm /wait
        finished "$FC_PID"
        equal "$STATUS" 0 "the status of down"
        ok fc logs app
        expect_out goodbye
        equal "$(networks)" '' "networks after both"
        ok fc up app
        owner=$(leader_of vpn)
        kill -KILL "$owner"
        try_until "$WAIT" stopped app
        ok fc down
        equal "$(networks)" '' "networks after the end"

        # A fresh instance has both.
        ok fc with --fresh app -- true

        # One that is to share it, and is left as it runs, is called by its own address until then.
        spec "$(tiny vpn), $(tiny app), $(tiny other)"
        ok fc up
        vpn=$(address_of other vpn)
        own=$(address_of other app)
        spec "$(tiny vpn), $(tiny app '' ', "network": {"mode": "container", "container": "vpn"}'), $(tiny other)"
        ok fc up vpn
        equal "$(address_of other app)" "$own" "the address of one that runs with its own"
        ok fc restart vpn
        equal "$(address_of other app)" "$vpn" "its address when it has been started again"
        ok fc down
}

# says NAME WORD: in its console's log.
says() { fc logs "$1" | grep -x ".*$2" >/dev/null; }

# It ends in its own time with its network, which a command that asks it to end as well does not cut short.
testcase_shared_network_ends() {
        local keeper go

        project shop
        spec "$(tiny vpn), $(tiny app '["/bin/sh", "-c", "trap \"echo asked; read x </tmp/go; echo in order; exit 0\" TERM; sleep infinity & wait"]' \
                ', "network": {"mode": "container", "container": "vpn"}')"
        ok fc up
        keeper=$(keeper_pid_of "$(machine_cgroup app)")
        go=/proc/$(leader_of app)/root/tmp/go
        mkfifo -m 666 "$go"
        kill -KILL "$(keeper_pid_of "$(machine_cgroup vpn)")"
        try_until "$WAIT" says app asked
        # As `down` does; systemd has a job for both.
        is_booted || kill -TERM "$keeper"
        timeout "$WAIT" tee "$go" <<<"go" >/dev/null || flunk "it was ended at once"
        try_until "$WAIT" stopped app
        ok fc logs app
        expect_out 'in order'
        ok fc down
}

# attached MODE INTERFACE [MORE KEYS OF THE NETWORK]
attached() { printf ', "network": {"mode": "%s", "interface": "%s"%s}' "$1" "$2" "${3:-}"; }

# no_ports: what a container had of the host's is gone; the kernel takes it away some time after the container.
no_ports() { ! ip -o link show type veth | grep ': fc-' >/dev/null; }

readonly IN_LAN=', "address": "192.168.77.20/24", "gateway": "192.168.77.1", "address6": "fd77::20/64", "gateway6": "fd77::1"'

testcase_bridge() {
        local mac nf

        project shop
        spec "$(tiny one '' ", \"ports\": [\"127.0.0.1:9:9/udp\"]$(attached bridge lan0 "$IN_LAN")")"
        run_status 6 fc up
        expect_err "the host has no network interface 'lan0'"
        expect_err 'ip link add lan0 type bridge'
        run_status 6 fc doctor
        expect_out "one: network: the host has no network interface 'lan0'"
        expect_out 'ip link add lan0 type bridge'
        ip link add lan0 type veth peer name lan1
        run_status 6 fc up
        expect_err "'lan0' is not a bridge"
        expect_err '"mode": "macvlan"'
        no_machine_left "something was started"
        ip link delete lan0

        ip link add lan0 mtu 1400 type bridge
        ip address add 192.168.77.1/24 dev lan0
        ! has_ipv6 || ip address add fd77::1/64 dev lan0 nodad
        ip link set lan0 up
        ok fc up
        equal "$(networks)" '' "networks of the project"
        equal "$(fc exec one -- sh -c 'cd /sys/class/net && echo *')" 'host0 lo' "its interfaces"
        equal "$(fc exec one -- cat /sys/class/net/host0/mtu)" 1400 "the size of its packets"
        equal "$(</sys/class/net/lan0/mtu)" 1400 "the size of the bridge's packets"
        inside one ip route >"$TMP/routes"
        true_that "it has a gateway" grep -q '^default via 192\.168\.77\.1 dev host0' "$TMP/routes"
        reaches one 192.168.77.1
        run bash -c "exec 3<>/dev/tcp/192.168.77.20/9"
        expect_err 'refused'
        if has_ipv6; then
                reaches one fd77::1
                run bash -c "exec 3<>/dev/tcp/fd77::20/9"
                expect_err 'refused'
        fi
        hears_udp one
        if [[ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]]; then
                nf=$(</proc/sys/net/bridge/bridge-nf-call-iptables)
                echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables
                run fc doctor
                expect_out "the host's firewall sees what passes bridge 'lan0'"
                expect_out 'sysctl net.bridge.bridge-nf-call-iptables=0'
                echo 0 >/proc/sys/net/bridge/bridge-nf-call-iptables
                run fc doctor
                refute_out 'firewall sees'
                echo "$nf" >/proc/sys/net/bridge/bridge-nf-call-iptables
        fi
        mac=$(fc exec one -- cat /sys/class/net/host0/address)
        run_status 2 fc publish one 8080:80
        expect_err 'not in a network of the project'
        run_status 2 fc with --fresh one -- true
        expect_err "attached to the host's network interface 'lan0'"

        # Whatever ends it.
        kill -KILL "$(keeper_pid_of "$(machine_cgroup one)")"
        ok fc up
        equal "$(fc exec one -- cat /sys/class/net/host0/address)" "$mac" "its MAC address"
        reaches one 192.168.77.1
        ok fc down
        try_until "$WAIT" no_ports

        # Without an address the system inside asks for one.
        spec "$(tiny one '' "$(attached bridge lan0 ', "mac": "02:00:5E:00:00:0b"')")"
        ok fc up
        equal "$(inside one ip -o -4 address show dev host0)" '' "the address that it asks for by itself"
        equal "$(fc exec one -- cat /sys/class/net/host0/address)" 02:00:5e:00:00:0b "the MAC address"
        inside one ip address add 192.168.77.30/24 dev host0
        reaches one 192.168.77.1
        ok fc down
        try_until "$WAIT" no_ports
        ip link delete lan0
}

# networkd_image NAME [FILE]: where systemd-networkd runs, with FILE as what it is told of host0.
networkd_image() {
        variant "$1"
        ln -s /lib/systemd/system/systemd-networkd.service "$VARIANT/etc/systemd/system/multi-user.target.wants/"
        [[ -z ${2:-} ]] || printf '[Match]\nName=host0\n%s' "$2" >"$VARIANT/etc/systemd/network/10-host0.network"
        WEB_IMAGE=$VARIANT
}

leased() { inside client ip -o -4 address show dev host0 dynamic | awk '{print $4}'; }

# A system that asks for its address by itself, of another one's DHCP server; it is ready when it has it.
testcase_dhcp() {
        local server lease

        project shop
        ip link add lan0 type bridge
        ip link set lan0 up
        networkd_image server $'[Network]\nAddress=192.168.77.1/24\nDHCPServer=yes\n[DHCPServer]\nPoolOffset=100\nPoolSize=50\n'
        server=$(web server "$(attached bridge lan0)")
        networkd_image client
        spec "$server, $(web client "$(attached bridge lan0)"', "dependsOn": {"server": "ready"}, "ready": {"exec":
                [["/bin/grep", "-q", "192.168.77.1..", "/proc/net/fib_trie"]]}')"
        ok fc up
        lease=$(leased)
        [[ $lease == 192.168.77.1??/24 ]] || flunk "the lease: '$lease'"
        reaches client 192.168.77.1
        # To the server it is the same machine.
        ok fc restart client
        equal "$(leased)" "$lease" "the address of the second start"
        equal "$(fc --json status | jq -r '.containers[] | select(.name == "client") | .address')" null "its address in status"
        ok fc down
        try_until "$WAIT" no_ports
        ip link delete lan0
}

testcase_macvlan() {
        project shop
        spec "$(tiny one '' "$(attached macvlan lan0 "$IN_LAN")"),
                $(tiny two '' "$(attached macvlan lan0 ', "address": "192.168.77.21/24"')")"
        run_status 6 fc up
        expect_err "the host has no network interface 'lan0'"
        expect_err 'ip -brief link'
        # What stands for the other end of the wire.
        ip link add lan0 type veth peer name lan1
        ip address add 192.168.77.1/24 dev lan1
        ip link set lan0 up
        ip link set lan1 up
        ok fc up
        equal "$(networks)" '' "networks of the project"
        inside one ip -d link show dev host0 >"$TMP/link"
        true_that "it is a macvlan" grep -q 'macvlan mode bridge' "$TMP/link"
        reaches one 192.168.77.1
        reaches one 192.168.77.21
        run bash -c "exec 3<>/dev/tcp/192.168.77.20/9"
        expect_err 'refused'
        kill -KILL "$(keeper_pid_of "$(machine_cgroup one)")"
        ok fc up
        reaches one 192.168.77.1
        ok fc down

        # One that shares its network and takes its time to end with it is not in the way of its next boot.
        spec "$(tiny one '' "$(attached macvlan lan0 "$IN_LAN")"', "restart": "on-failure"'),
                $(tiny app "$PATIENT" ', "network": {"mode": "container", "container": "one"}')"
        ok fc up
        ok fc exec app -- touch /wait
        kill -KILL "$(leader_of one)"
        try_until "$WAIT" said app asked
        # shellcheck disable=SC2317 # by try_until
        back() { [[ $(fc exec one -- bash -c 'exec 3<>/dev/tcp/192.168.77.1/9' 2>&1) == *refused* ]]; }
        try_until "$WAIT" back
        equal "$(state_of app)" stopping "the state of the one that takes its time"
        ok fc --dry-run up app
        expect_out 'its end has been asked for'
        ok fc exec app -- rm /wait
        ok fc down
        ip link delete lan0
}

# In the place of the host on its interface, which is as before when the container has ended, however it did.
testcase_interface() {
        local before

        project shop
        spec "$(tiny one '' "$(attached interface lan0 "$IN_LAN")"), $(tiny two '' "$(attached macvlan lan0)")"
        run_status 2 fc up
        expect_err "'lan0' is that of 'one'"
        spec "$(tiny one '' "$(attached interface lan0 "$IN_LAN")")"
        run_status 6 fc up
        expect_err "the host has no network interface 'lan0'"
        ip link add lan0 type veth peer name lan1
        ip address add 192.168.77.1/24 dev lan1
        ip link set lan0 up
        ip link set lan1 up
        before=$(ip -d -o link show dev lan0)
        ok fc up
        equal "$(fc exec one -- cat /sys/class/net/host0/address)" "$(</sys/class/net/lan0/address)" "its MAC address"
        reaches one 192.168.77.1
        run bash -c "exec 3<>/dev/tcp/192.168.77.20/9"
        expect_err 'refused'
        # What root inside makes of the address does not last.
        inside one ip link set host0 down
        inside one ip link set host0 address 02:00:00:00:00:0e
        kill -KILL "$(keeper_pid_of "$(machine_cgroup one)")"
        ok fc up
        reaches one 192.168.77.1
        ok fc down
        # shellcheck disable=SC2317 # by try_until
        no_interface_on() { [[ -z $(ip -o link show type macvlan) && $(ip -d -o link show dev lan0) == "$before" ]]; }
        try_until "$WAIT" no_interface_on
        ip link delete lan0
}

# fixed ADDRESS MAC
fixed() { printf ', "network": {"address": "%s", "mac": "%s"}' "$1" "$2"; }

testcase_fixed_addresses() {
        local other

        project shop
        spec "$(tiny db), $(tiny other)"
        ok fc up
        other=$(address_of other other)
        # The subnet of what runs stays.
        spec_in '{"default": {"subnet": "192.168.77.0/24"}}' \
                "$(tiny db '' "$(fixed "192.168.77.${other##*.}" 02:00:5E:00:00:0b)"), $(tiny other)"
        run_status 5 fc up
        expect_err 'other addresses than what runs'
        equal "$(address_of other other)" "$other" "the address of what runs"
        ok fc down

        ok fc up
        equal "$(address_of other db)" "192.168.77.${other##*.}" "the fixed address"
        differ "$(address_of other other)" "192.168.77.${other##*.}" "the address that gives way"
        equal "$(address_of other other | cut -d . -f 1-3)" 192.168.77 "the subnet"
        equal "$(fc exec db -- cat /sys/class/net/host0/address)" 02:00:5e:00:00:0b "the MAC address"
        reaches other db
        run bash -c "exec 3<>/dev/tcp/192.168.77.${other##*.}/9"
        expect_err 'refused'
        # A fresh instance beside it has others.
        ok fc with --fresh db -- sh -c 'true'
        ok fc down

        ip link add other type bridge
        ip address add 192.168.77.200/24 dev other
        ip link set other up
        run_status 5 fc up
        expect_err 'networks\.default\.subnet: 192\.168\.77\.0/24 is taken: this host routes 192\.168\.77'
        no_machine_left "something was started"
        ip link delete other
        ok fc up

        # When the specification does not say it any more, another is chosen, but not for what runs.
        spec "$(tiny db), $(tiny other)"
        run_status 5 fc up
        expect_err 'other addresses than what runs'
        ok fc down
        ok fc up
        differ "$(address_of other other | cut -d . -f 1-3)" 192.168.77 "the subnet that is chosen"
        ok fc down
}

testcase_fixed_ipv6_addresses() {
        local before fixed=', "network": {"address6": "fd77::42", "networks": ["default", "back"]}'

        has_ipv6 || skip "this kernel has no IPv6"
        project shop
        spec "$(tiny db), $(tiny other)"
        ok fc up
        before=$(address6_of other db)
        # What runs has what it was started with.
        spec_in '{"back": {"subnet6": "FD77:0:0:1::/64"}}' "$(tiny db '' "$fixed"), $(tiny other)"
        run_status 5 fc up
        expect_err 'other addresses than what runs'
        equal "$(address6_of other db)" "$before" "the address of what runs"
        ok fc down
        # Where the host routes it elsewhere nothing is started.
        ip link add other type bridge
        ip -6 address add fd77::1:1/112 dev other nodad
        ip link set other up
        run_status 5 fc up
        expect_err 'containers\.db\.network\.address6: fd77::/64 is taken: this host routes fd77::1:'
        no_machine_left "something was started"
        ip link delete other

        ok fc up
        equal "$(address6_of other db)" fd77::42 "the fixed address"
        equal "$(address_of other db | cut -d . -f 4)" 42 "the last number of the IPv4 address"
        [[ $(address6_of db other) == fd77::* ]] || flunk "another one's address is $(address6_of db other)"
        equal "$(inside db ip -6 -o address show dev host1 scope global | awk '{print $4}')" \
                fd77:0:0:1::42/64 "the address in the other network"
        reaches other fd77::42
        reaches db other
        run bash -c 'exec 3<>/dev/tcp/fd77::42/9'
        expect_err 'refused'
        ok fc hosts db
        expect_out 'fd77::42 db\.'
        # Put back when another program has taken it away, and there after a reboot.
        ip -6 route delete fd77::/64
        ok fc up
        expect_err 'another program had changed the network'
        reaches other fd77::42
        ok fc restart db
        reaches other fd77::42
        # A fresh instance beside it has others, of which none is left.
        ok fc with --fresh db -- sh -c 'true'
        ok fc down

        spec "$(tiny db), $(tiny other)"
        ok fc up
        equal "$(address6_of other db | cut -d : -f 1-3)" "$(cut -d : -f 1-3 <<<"$before")" "the network that is derived"
        ok fc down
        equal "$(ip -6 route show | sed -n /^fd77/p)" '' "the host's routes to it"
}

live_main "$@"
