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

address_of() { fc exec "$1" -- getent ahostsv4 "$2" | head -n 1 | cut -d ' ' -f 1; }

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
        run fc exec one -- getent hosts nobody-here
        differ "$STATUS" 0 "the status of looking for a container that does not exist"
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
        differ "$STATUS" 0 "the status of looking for another project's container"
        differ "$(address_of one one | cut -d . -f 1-3)" "$(cut -d . -f 1-3 <<<"$theirs")" "the two projects' subnet"
        run fc exec one -- timeout 2 bash -c "exec 3<>/dev/tcp/$theirs/80"
        differ "$STATUS" 0 "the status of connecting to another project's container"
        ok fc down
        PROJECT=$SCRATCH/projects/shop
        ok fc down
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
        differ "$STATUS" 0 "the status of connecting to the world"
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

# The bridge lives as long as one container needs it.
testcase_bridge() {
        project shop
        spec "$(tiny one), $(tiny two), $(tiny none '' ', "network": {"mode": "none"}')"
        ok fc up none
        equal "$(ip -o link show type bridge | wc -l)" 0 "bridges without a container that needs one"
        ok fc up
        equal "$(ip -o link show type bridge | wc -l)" 1 "bridges"
        ok fc down one
        equal "$(ip -o link show type bridge | wc -l)" 1 "bridges"
        ok fc down two
        equal "$(ip -o link show type bridge | wc -l)" 0 "bridges"
        ok fc down
}

live_main "$@"
