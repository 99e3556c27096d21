#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# network.internet: what a container reaches by pasta, and what it does not.
# shellcheck disable=SC2016 # the other shells expand these

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# Servers of the tests' internet, on port 7 of all its addresses. TCP: a line comes back as what the server sees: who asks, and
# the line. UDP: the same. Told on port 53: "dns".
SERVER='use IO::Select; use IO::Socket::IP; use Socket qw(getnameinfo NI_NUMERICHOST NIx_NOSERV);
        my @a = @ARGV; my $s = IO::Select->new;
        for my $a (@a) { for my $p ("tcp", "udp") { for my $port (7, 53) {
                $s->add(IO::Socket::IP->new(LocalAddr => $a, LocalPort => $port, Proto => $p, ReuseAddr => 1, V6Only => 1,
                        $p eq "tcp" ? (Listen => 50) : ()) or die "$a $p $port: $@") } } }
        $| = 1; print "ready\n";
        while (1) { for my $h ($s->can_read) {
                if ($h->socktype == SOCK_DGRAM) {
                        my $from = $h->recv(my $m, 70000);
                        $h->send($h->sockport == 53 ? "dns $m" : "$m", 0, $from); next }
                my $c = $h->accept or next; my $m = <$c>; print $c $m =~ /^big/ ? "x" x 3000000 : "tcp $m"; close $c } }'

need_pasta() { command -v pasta >/dev/null || skip "pasta is not installed"; }

# make_internet: a network of its own that is the host's way out: 198.51.100.1 and 2001:db8:1::1. Sets INTERNET.
make_internet() {
        need_pasta
        exec {INTERNET_OUT}< <(exec unshare --net -- sh -c 'ip link set lo up; echo up; exec sleep infinity')
        INTERNET=$!
        read -r -t "$WAIT" <&"$INTERNET_OUT"
        ip link delete out-host 2>/dev/null || :
        # What a test case that fails leaves would be taken for the host's by the next one.
        trap 'ip link delete out-host 2>/dev/null || :' EXIT
        ip link add out-host type veth peer name host0 netns "$INTERNET"
        ip address add 203.0.113.1/24 dev out-host
        ip address add 2001:db8::1/64 dev out-host nodad
        ip link set out-host up
        nsenter --target "$INTERNET" --net sh -c 'ip address add 203.0.113.2/24 dev host0
                ip address add 2001:db8::2/64 dev host0 nodad; ip link set host0 up
                ip address add 198.51.100.1/32 dev lo; ip address add 2001:db8:1::1/128 dev lo'
        ip route add default via 203.0.113.2
        ip -6 route add default via 2001:db8::2
        exec {SERVER_OUT}< <(exec nsenter --target "$INTERNET" --net perl -e "$SERVER" 198.51.100.1 2001:db8:1::1)
        SERVER_PID=$!
        read -r -t "$WAIT" <&"$SERVER_OUT"
}

end_internet() {
        kill "$SERVER_PID" "$INTERNET"
        gone "$SERVER_PID"
        gone "$INTERNET"
        exec {INTERNET_OUT}<&-
        exec {SERVER_OUT}<&-
        ip link delete out-host 2>/dev/null || :
}

# say_tcp NAME HOST PORT TEXT, say_udp likewise: what comes back, asked by the container's own bash.
say_tcp() { fc exec "$1" -- bash -c 'exec 3<>"/dev/tcp/$1/$2" && echo "$3" >&3 && cat <&3' bash "${@:2}"; }
say_udp() { fc exec "$1" -- bash -c 'exec 3<>"/dev/udp/$1/$2" && echo "$3" >&3 && head -n 1 <&3' bash "${@:2}"; }

# A container of the current project, with the internet: NAME [IMAGE].
online() { printf '"%s": {"system": {"rootfs": "%s"}, "command": ["/bin/sleep", "infinity"], "network": {"internet": true}}' "$1" "${2:-$TINY_IMAGE}"; }

# The processes of pasta for the current project's containers.
pasta_of() { pgrep -f "^[^ ]*/pasta .*--address=$(address_of "$1") " || :; }

address_of() { fc --json status | jq -er --arg name "$1" '.containers[] | select(.name == $name) | .address'; }

# inside NAME COMMAND..: in the container's network, with the host's programs.
inside() {
        local leader

        leader=$(fc --json status | jq -er --arg name "$1" '.containers[] | select(.name == $name) | .leader')
        nsenter --target "$leader" --net -- "${@:2}"
}

# resolver ADDRESS: the host's, from now on.
resolver() {
        printf 'nameserver %s\n' "$1" >"$TMP/resolv.conf"
        mountpoint -q /etc/resolv.conf || mount --bind "$TMP/resolv.conf" /etc/resolv.conf
}

# The first of the ids from which containers get users of their own.
own_users() { ! is_rootless && echo 2013265920 || echo $((SUBIDS + 61184 - 1)); }

# One on the host's own localhost, such as systemd-resolved: answers "stub". Sets STUB.
start_stub() {
        exec {STUB_OUT}< <(exec perl -MIO::Socket::IP -e '
                $s = IO::Socket::IP->new(LocalAddr => "127.0.0.53", LocalPort => 53, Proto => "udp") or die $@;
                $| = 1; print "ready\n"; while ($f = $s->recv($m, 1000)) { $s->send("stub $m", 0, $f) }')
        STUB=$!
        read -r -t "$WAIT" <&"$STUB_OUT"
}

end_stub() {
        kill "$STUB"
        gone "$STUB"
        exec {STUB_OUT}<&-
        umount /etc/resolv.conf
}

# ping ADDRESS: an echo request, and the answer.
PING='use Socket qw(:all); my ($err, $to) = getaddrinfo($ARGV[0], "", { flags => AI_NUMERICHOST, socktype => SOCK_RAW });
        my $six = $to->{family} == AF_INET6;
        socket(my $s, $to->{family}, SOCK_RAW, $six ? 58 : 1) or die $!;
        my $p = pack("CCnnna*", $six ? 128 : 8, 0, 0, 7, 1, "echoecho"); my $sum = 0;
        $sum += $_ for unpack("n*", $p); $sum = ($sum >> 16) + ($sum & 0xffff); $sum += $sum >> 16;
        substr($p, 2, 2) = pack("n", ~$sum & 0xffff);
        alarm 10; send($s, $p, 0, $to->{addr}) or die $!;
        while (recv($s, my $m, 1000, 0)) { $m = substr($m, 20) unless $six;
                if (ord($m) == ($six ? 129 : 0)) { print "answer ", substr($m, 8), "\n"; exit } }'

# resolver_says TEXT: what the container is told when it asks for a name.
resolver_says() {
        [[ $(inside in timeout 2 bash -c 'exec 3<>/dev/udp/169.254.1.2/53 && echo name >&3 && head -n 1 <&3' 2>/dev/null) == "$1" ]]
}

testcase_reaches() {
        local pasta

        make_internet
        start_stub
        resolver 127.0.0.53
        echo '0 2147483647' >/proc/sys/net/ipv4/ping_group_range
        project shop
        tiny_image
        spec "$(online in), $(tiny out)"
        ok fc up
        ok say_tcp in 198.51.100.1 7 hello
        equal "$OUT" 'tcp hello' "TCP"
        ok say_tcp in 2001:db8:1::1 7 hello
        equal "$OUT" 'tcp hello' "TCP over IPv6"
        ok say_udp in 198.51.100.1 7 hello
        equal "$OUT" hello "UDP"
        ok say_udp in 2001:db8:1::1 7 hello
        equal "$OUT" hello "UDP over IPv6"
        ok inside in perl -e "$PING" 198.51.100.1
        equal "$OUT" 'answer echoecho' "an echo"
        ok inside in perl -e "$PING" 2001:db8:1::1
        equal "$OUT" 'answer echoecho' "an echo over IPv6"
        ok inside in bash -c 'exec 3<>/dev/tcp/198.51.100.1/7 && echo big >&3 && wc -c <&3'
        equal "$OUT" 3000000 "bytes of a download"
        ok inside in ip link show dev internet0
        expect_out ' mtu 65520 '
        # Names are asked for at the host's resolver, also where that is on its localhost.
        ok fc exec in -- cat /etc/resolv.conf
        equal "$OUT" 'nameserver 169.254.1.2' "the resolver inside"
        ok say_udp in 169.254.1.2 53 name
        equal "$OUT" 'stub name' "the resolver's answer"
        # What leads there has no privilege, and a user of its own.
        pasta=$(pasta_of in)
        true_that "pasta's user is the container's own" test "$(stat -c %u "/proc/$pasta")" -ge "$(own_users)"
        equal "$(sed -n 's/^NoNewPrivs:\t//p; s/^Seccomp:\t//p' "/proc/$pasta/status" | paste -sd ' ')" '1 2' \
                "NoNewPrivs and Seccomp of pasta"
        is_booted || equal "$(sed -n 's/^0:://p' "/proc/$pasta/cgroup")" "$(sed -n 's/^0:://p' "/proc/$(supervisor_pid_of "$(machine_cgroup in)")/cgroup")" \
                "pasta's cgroup"
        # A VPN that comes later brings its own.
        resolver 198.51.100.1
        try_until "$WAIT" resolver_says 'dns name'
        true_that "it answers after that" answers
        # One that does not ask for it stays in the project.
        run say_tcp out 198.51.100.1 7 hello
        equal "$STATUS" 1 "the status of connecting from a container without internet"
        expect_err 'unreachable'
        equal "$(pasta_of out)" "" "pasta of a container without internet"
        ok fc down
        end_stub
        end_internet
}

# knock ADDRESS: in the container, as its root can: what is local is asked for outside.
knock() { inside in bash -c 'exec 3<>"/dev/tcp/$1/7" && echo x >&3 && cat <&3' bash "$1"; }

testcase_not_the_host() {
        local address server

        make_internet
        exec {LOCAL_OUT}< <(exec perl -e "$SERVER" 127.0.0.1 ::1)
        server=$!
        read -r -t "$WAIT" <&"$LOCAL_OUT"
        ok bash -c 'exec 3<>/dev/tcp/127.0.0.1/7 && echo x >&3 && cat <&3'
        equal "$OUT" "tcp x" "the host's answer to itself"
        project shop
        tiny_image
        spec "$(online in)"
        ok fc up
        # pasta's names for the host, and the gateway.
        for address in 169.254.1.1 169.254.1.3 fd66:632d:6f75:74::1 fd66:632d:6f75:75::3; do
                run knock "$address"
                equal "$STATUS" 1 "the status of connecting to $address"
                expect_err 'refused|unreachable|No route'
        done
        inside in sh -c 'ip address flush dev lo; ip route flush table local type local dev lo
                for i in all internet0; do echo 1 >/proc/sys/net/ipv4/conf/$i/route_localnet; done
                ip route add 127.0.0.1 via 169.254.1.1 dev internet0 onlink
                ip -6 route add ::1 via fd66:632d:6f75:74::1 dev internet0'
        for address in 127.0.0.1 ::1; do
                ok inside in ip route get "$address"
                expect_out 'dev internet0'
                run timeout 1 nsenter --target "$(fc --json status | jq -r '.containers[0].leader')" --net -- \
                        bash -c 'exec 3<>"/dev/tcp/$1/7" && echo x >&3 && cat <&3' bash "$address"
                differ "$STATUS" 0 "the status of connecting to $address"
                refute_out 'tcp'
        done
        ok fc down
        kill "$server"
        gone "$server"
        exec {LOCAL_OUT}<&-
        end_internet
}

# gateway_of NAME: the network of what leads to the internet, as pasta holds it.
gateway_of() {
        local fd

        for fd in "/proc/$(pasta_of "$1")/fd"/*; do
                [[ $(readlink "$fd") != net:* ]] || echo "$fd"
        done
}

# in_gateway COMMAND..: there, with the host's programs.
in_gateway() { nsenter --net="$GATEWAY" -- "$@"; }

setting() { in_gateway cat "/proc/sys/net/ipv4/conf/$1"; }

# What the kernel has dropped there since its source was another one.
dropped() { in_gateway cat /proc/net/netstat | awk '/^TcpExt:/ { if (!n) { n = split($0, names); next }
        split($0, values); for (i in names) if (names[i] == "IPReversePathFilter") print values[i] }'; }

# dropped_for TEXT BEFORE: asked from another address there is no answer; has the gateway dropped a question? On a busy machine
# what asks may not have come to it within its time.
dropped_for() {
        run inside in timeout 1 perl -e "$1" 192.0.2.9 198.51.100.1
        differ "$STATUS" 0 "the status of asking from another address"
        (($(dropped) > $2))
}

testcase_own_address_only() {
        local name before ask='use IO::Socket::IP; alarm 10;
                my $s = IO::Socket::IP->new(LocalAddr => $ARGV[0], PeerAddr => $ARGV[1], PeerPort => 7,
                        Proto => $ARGV[2] // "udp") or die $@;
                $s->send("hello") or die $!; $s->recv(my $m, 100) // die $!; print "$m\n"'

        make_internet
        project shop
        tiny_image
        spec "$(online in)"
        ok fc up
        GATEWAY=$(gateway_of in)
        # What a host has set does not count: the highest of "all" and the link's would.
        for name in {all,container0,pasta0}/route_localnet {all,container0}/accept_local all/rp_filter; do
                equal "$(setting "$name")" 0 "$name of the gateway"
        done
        equal "$(setting container0/rp_filter)" 1 "rp_filter of the link"
        inside in ip address add 192.0.2.9/32 dev internet0
        inside in ip address add fd66:632d:6f75:74::9/64 dev internet0 nodad
        # From another address the gateway's own would not be found.
        ok inside in perl -e "$ask" "$(address_of in)" 198.51.100.1
        equal "$OUT" hello "the answer to its own address"
        before=$(dropped)
        try_until "$WAIT" dropped_for "$ask" "$before"
        run inside in perl -e "$ask" fd66:632d:6f75:74::9 2001:db8:1::1 tcp
        differ "$STATUS" 0 "the status of asking from another address over IPv6"
        expect_err 'unreachable|No route'
        # pasta has not taken those for the container's.
        ok inside in perl -e "$ask" "$(address_of in)" 198.51.100.1
        equal "$OUT" hello "the answer"
        ok inside in perl -e "$ask" fd66:632d:6f75:74::2 2001:db8:1::1
        equal "$OUT" hello "the answer over IPv6"
        ok fc down
        end_internet
}

# Some machines keep it for root.
testcase_device_for_root() {
        make_internet
        # Not the machine's own node, which is the same wherever it is seen.
        mount -t tmpfs -o mode=755 tmpfs /dev/net
        mknod -m 0600 /dev/net/tun c 10 200
        project shop
        tiny_image
        spec "$(online in)"
        ok fc up
        ok say_tcp in 198.51.100.1 7 hello
        equal "$OUT" 'tcp hello' "TCP"
        equal "$(stat -c %a /dev/net/tun)" 600 "the mode of the host's node"
        ok fc down
        umount /dev/net
        end_internet
}

answers() { say_tcp in 198.51.100.1 7 hello >/dev/null 2>&1; }

# What `status` tells meanwhile.
is_lost() { [[ $(fc --json status | jq -r '.containers[0].notes[]') == 'no internet: pasta has ended, and is started again' ]]; }

testcase_comes_back() {
        local pasta again keeper

        make_internet
        project shop
        tiny_image
        # What an image has in the way.
        cp -al -- "$TINY_IMAGE" "$SCRATCH/images-linked"
        ln -s ../run/systemd/resolve/stub-resolv.conf "$SCRATCH/images-linked/etc/resolv.conf"
        spec "$(online in "$SCRATCH/images-linked")"
        ok fc up
        ok fc exec in -- cat /etc/resolv.conf
        equal "$OUT" 'nameserver 169.254.1.2' "the resolver inside"
        run fc exec in -- ls /run/systemd/resolve
        differ "$STATUS" 0 "the status of looking for what systemd-nspawn has made"
        pasta=$(pasta_of in)
        # What starts it again is kept from that for a moment.
        keeper=$(sed 's/.*) . \([0-9]*\) .*/\1/' "/proc/$pasta/stat")
        kill -STOP "$keeper"
        kill -KILL "$pasta"
        ok try_until "$WAIT" is_lost
        kill -CONT "$keeper"
        try_until "$WAIT" answers
        ok fc status
        refute_out 'no internet'
        again=$(pasta_of in)
        differ "$again" "$pasta" "pasta's pid"
        ok fc restart
        gone "$again"
        true_that "it answers after a restart" answers
        pasta=$(pasta_of in)
        kill -KILL "$(keeper_pid_of "$(machine_cgroup in)")"
        gone "$pasta"
        ok fc down
        rm -rf "$SCRATCH/images-linked"
        end_internet
}

# What Docker 20.10 makes of a host's rules and settings (Debian 12, iptables-nft), as it was listed there.
testcase_beside_docker() {
        local calls=/proc/sys/net/bridge/bridge-nf-call-iptables forwarding=/proc/sys/net/ipv4/ip_forward before forward

        [[ -e $calls ]] || skip "this kernel has no br_netfilter"
        make_internet
        before=$(<"$calls")
        echo 1 >"$calls"
        forward=$(<"$forwarding")
        echo 1 >"$forwarding"
        nft -f "$LIVE_TOP/tests/live/rules/docker-20.10.nft"
        project shop
        tiny_image
        spec "$(online in)"
        ok fc up
        ok say_tcp in 198.51.100.1 7 hello
        equal "$OUT" 'tcp hello' "TCP"
        ok fc down
        nft -f - <<<'delete table ip filter; delete table ip nat'
        echo "$before" >"$calls"
        echo "$forward" >"$forwarding"
        end_internet
}

# hide PROGRAM: in the place of pasta, until the end of the test case.
hide() { mount --bind "$1" "$(command -v pasta)"; }

testcase_without_pasta() {
        need_pasta
        project shop
        tiny_image
        spec "$(online in)"
        if is_rootless; then
                chmod 600 /dev/net/tun
                run_status 6 fc up
                expect_err "'/dev/net/tun' is for root alone here"
                chmod 666 /dev/net/tun
        fi
        hide /dev/null
        run_status 6 fc doctor
        expect_out 'BAD +internet +pasta is not installed'
        run_status 6 fc up
        expect_err "in: pasta is not installed"
        expect_err 'apt-get install passt'
        no_machine_left
        umount "$(command -v pasta)"
        hide /bin/false
        run_status 3 fc up
        expect_err 'pasta, which leads to the internet, has ended'
        no_machine_left
        umount "$(command -v pasta)"
        # A host that is not connected yet.
        ok fc up
        ok fc down
}

live_main "$@"
