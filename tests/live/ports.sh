#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Published ports: where they listen, who else has them, and what happens then.

# shellcheck disable=SC2016 # perl expands these
# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

listeners() { ss -Hlnt "sport = :$1" | awk '{ print $4 }' | sort | paste -sd ' '; }

testcase_addresses() {
        project shop
        spec "$(web web ', "ports": ["8080:80", "127.0.0.5:8081:80", {"host": 8082, "container": 80, "address": "::1"}]')"
        ok fc up
        equal "$(listeners 8080)" "127.0.0.1:8080 [::1]:8080" "8080 listens on"
        equal "$(listeners 8081)" "127.0.0.5:8081" "8081 listens on"
        equal "$(listeners 8082)" "[::1]:8082" "8082 listens on"
        ok page 8081 127.0.0.5
        ok page 8082 '[::1]'
        ok fc down
        equal "$(listeners 8080)$(listeners 8081)$(listeners 8082)" "" "after down there listen"
}

# What `env` prints leads there, for each kind of shell, without root.
testcase_variables() {
        local exports='"exports": {"SITE": "http://${host}:${port}/?${name}=$$1", "WEB_PORT": "declared"}'

        project shop
        spec "$(web web ", \"ports\": [\"auto:80\", \"8081:81\"], \"ready\": {\"units\": [\"apache2.service\"]}, $exports"), $(tiny my-job '' \
                ', "network": {"mode": "none"}, "exports": {"IT_S": "it'"'"'s"}')"
        ok as_dev env -C "$PROJECT" "$FC" env
        equal "$OUT$ERR" "" "the variables of what does not run"
        run_status 7 as_dev env -C "$PROJECT" "$FC" env web
        ok fc up
        ok as_dev env -C "$PROJECT" "$FC" env
        equal "$(eval "$OUT"; curl -s -o /dev/null -w '%{http_code}' "$WEB_URL"; printf ' %s %s' "$WEB_PORT" "$IT_S")" "200 declared it's"
        equal "$(eval "$OUT"; echo "$SITE")" "http://127.0.0.1:$(fc port web 80 | sed -n 's/^127.0.0.1://p')/?web=\$1"
        ok as_dev env -C "$PROJECT" "$FC" env --json web
        equal "$(jq -r '"\(.WEB_HOST) \(.WEB_PORT_81) \(.IT_S)"' <<<"$OUT")" "127.0.0.1 8081 null"
        ok as_dev env -C "$PROJECT" "$FC" env --format dotenv my-job
        equal "$OUT" "IT_S=\"it's\""
        ok as_dev env -C "$PROJECT" "$FC" env -f fish my-job
        equal "$OUT" "set -gx IT_S 'it\\'s'"
        run_status 2 fc env --format bash
        expect_err "'bash' must be one of sh, fish, json, dotenv"
        run_status 2 fc env --json --format sh
        # Another template is no reason to start anything again.
        sed -i 's/declared/other/' "$PROJECT/flake-containers.json"
        ok fc up
        expect_err 'web: unchanged'
        ok fc env web
        expect_out "WEB_PORT='other'"
        ok fc down
}

testcase_what_is_no_port() {
        local text

        project shop
        spec "$(web web)"
        for text in 0 65536 -1 80/x 'a b' '' ' 80' 99999999999999999999; do
                run_status 2 fc port web -- "$text"
                expect_err "not a port from 1 to 65535|a protocol is 'tcp' or 'udp'"
        done
        run_status 7 fc port web 80
}

# Until the next start, and by the rules of the specification.
testcase_for_once() {
        project shop
        spec "$(tiny one '' ', "ports": ["8080:80"]'), $(tiny two '' ', "network": {"mode": "none"}')"
        run_status 2 fc up -p 8081:81
        expect_err "--publish: '8081:81': of which container\\? Expected NAME:HOST:CONTAINER"
        run_status 2 fc up one -p two:8081:81
        expect_err "--publish: 'two:8081:81': 'two' is not one of the containers that are started"
        run_status 2 fc up -p two:8081:81
        expect_err "--publish: containers.two.ports: nothing can be published with network mode 'none'"
        run_status 2 fc up one -p 8080:81
        expect_err '--publish: .*host port 8080 on 127.0.0.1 is taken already, by containers.one.ports\[0\]'
        run_status 2 fc up one -p 8081:x
        expect_err "--publish: '8081:x': 'x' is not a port number"
        hold_port 127.0.0.1:8082
        run_status 5 fc up one -p 8082:82
        expect_err "127\.0\.0\.1:8082 is taken by 'perl' \\(pid $HOLDER\\)"
        expect_err '8083 is free: publish the port as "8083:82"'
        release_port
        no_machine_left "something was started"

        ok fc up one --publish one:8081:81 -p 8082:82
        ok fc port one
        equal "$(grep -c '^8[012] -> 127' <<<"$OUT")" 3 "the ports"
        equal "$(listeners 8082)" "127.0.0.1:8082 [::1]:8082" "8082 listens on"
        # The same again is the same.
        ok fc up one -p 8081:81 -p one:8082:82
        expect_err 'one: unchanged +already up'
        ok fc up one
        equal "$(listeners 8080)/$(listeners 8081)$(listeners 8082)" "127.0.0.1:8080 [::1]:8080/" "then there listen"
        ok fc down
}

# A service that listens on nothing but its own localhost is reachable, too.
testcase_localhost_inside() {
        variant local-only
        # Not a changed file: those are shared with the image. ports.conf is read by name, so the folder gets a new one.
        rm "$VARIANT/etc/apache2/ports.conf"
        echo 'Listen 127.0.0.1:80' >"$VARIANT/etc/apache2/ports.conf"
        project shop
        spec "$(WEB_IMAGE=$VARIANT web web ', "ports": ["8080:80"]')"
        ok fc up
        ok page 8080
        ok fc down
}

testcase_busy() {
        hold_port 127.0.0.1:8080
        project shop
        spec "$(web web ', "ports": ["8080:80"]'), $(tiny one)"
        run_status 5 fc up web
        expect_err '127\.0\.0\.1:8080'
        expect_err 'perl'
        expect_err "$HOLDER"
        equal "$(state_of web)" stopped "after the refusal the state"
        no_machine_left "something was started"
        equal "$(listeners 8080)" "127.0.0.1:8080" "on 8080 listens"
        absent "$PROJECT/.containers/web/root"

        release_port
        ok fc up web
        ok page 8080
        ok fc down
}

# What stands in the way of several containers is told at once, a range of ports is bound like its ports.
testcase_busy_ranges() {
        local first second

        hold_port 127.0.0.1:8081
        first=$HOLDER second=$HOLDER_OUT
        hold_port 127.0.0.1:8090
        project shop
        spec "$(tiny one '' ', "ports": ["8080-8082:80-82"]'), $(tiny two '' ', "ports": ["8090:80"]')"
        run_status 5 fc up
        expect_err 'error: 2 ports are taken'
        expect_err "one: 127\\.0\\.0\\.1:8081 is taken by 'perl' \\(pid $first\\)"
        expect_err "two: 127\\.0\\.0\\.1:8090 is taken by 'perl' \\(pid $HOLDER\\)"
        expect_err 'one: 8083 is free: publish the port as "8083:81"'
        expect_err 'two: 8091 is free: publish the port as "8091:80"'
        no_machine_left "something was started"
        equal "$(listeners 8080)$(listeners 8082)" "" "after the refusal there listen"
        release_port
        HOLDER=$first HOLDER_OUT=$second
        release_port
        ok fc up
        ok fc port one
        equal "$(grep -c '^8[012] -> ' <<<"$OUT")" 6 "the ports of the range"
        equal "$(listeners 8082)" "127.0.0.1:8082 [::1]:8082" "8082 listens on"
        ok fc down
}

testcase_busy_on_one_address() {
        hold_port 127.0.0.1:8080
        project shop
        spec "$(tiny one '' ', "ports": ["127.0.0.2:8080:80"]')"
        ok fc up
        ok fc down
        release_port
}

# The other one is named by what the developer knows it as: project and container.
testcase_held_by_other_project() {
        local other

        project blog
        other=$PROJECT
        spec "$(web web ', "ports": ["8080:80"]')"
        ok fc up
        project shop
        spec "$(web shopfront ', "ports": ["8080:80"]')"
        run_status 5 fc up
        expect_err '8080'
        expect_err 'web'
        true_that "the message names the other project" grep -qF -e "$other" -e blog <<<"$ERR"
        equal "$(state_of shopfront)" stopped
        PROJECT=$other
        ok page 8080
        ok fc down
}

testcase_same_port_twice() {
        project shop
        spec "$(tiny one '' ', "ports": ["8080:80"]'), $(tiny two '' ', "ports": ["8080:81"]')"
        run_status 2 fc up
        expect_err "containers\\.two\\.ports\\[0\\]: host port 8080 on 127.0.0.1 is taken already, by containers\\.one\\.ports\\[0\\]"
        no_machine_left "something was started"
}

# Two checkouts whose folders have the same name, at the same time.
testcase_same_name_side_by_side() {
        project a/shop
        spec "$(web web ', "ports": ["8080:80"], "volumes": ["src:/var/www/html"]')"
        project b/shop
        spec "$(web web ', "ports": ["8081:80"], "volumes": ["src:/var/www/html"]')"
        ok fc up
        PROJECT=$SCRATCH/projects/a/shop
        ok fc up
        equal "$(page 8080)" '<p>page of a/shop</p>'
        equal "$(page 8081)" '<p>page of b/shop</p>'
        ok fc down
        equal "$(page 8081)" '<p>page of b/shop</p>' "after the other was stopped the page"
        run page 8080
        equal "$STATUS" 7 "the status of the stopped one"
        PROJECT=$SCRATCH/projects/b/shop
        ok fc down
}

testcase_after_guest_reboot() {
        project shop
        spec "$(web web ', "ports": ["8080:80"]')"
        ok fc up
        ok fc exec web -- touch /run/before
        # The session ends with the guest, so its status says nothing.
        run fc exec web -- systemctl reboot
        # The port stays ours in between; once the guest is back it is answered again.
        try_until "$WAIT" answers_after_reboot
        equal "$(state_of web)" running
        ok fc down
}

answers_after_reboot() {
        fc exec web -- test ! -e /run/before >/dev/null 2>&1 && page 8080 >/dev/null 2>&1
}

# serve_at_once NAME N: something in the container's network that answers when it has N connections, and not before.
serve_at_once() {
        local leader

        leader=$(fc --json status | jq -er --arg name "$1" '.containers[] | select(.name == $name) | .leader')
        exec {SERVER_OUT}< <(exec nsenter --target "$leader" --net perl -MIO::Socket::INET -e '
                $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1:80", Listen => 4096) or die "$!";
                $| = 1; print "listening\n";
                push @c, scalar $s->accept while @c < $ARGV[0];
                for (@c) { sysread $_, $line, 6; syswrite $_, "got $line"; close $_ }' "$2" 2>&1)
        SERVER=$!
        read -r -t "$WAIT" line <&"$SERVER_OUT"
        equal "$line" listening "the server in $1"
}

testcase_a_thousand_at_once() {
        project shop
        spec "$(tiny one '' ', "ports": ["127.0.0.1:8080:80"]')"
        ok fc up
        serve_at_once one 1000
        ok timeout "$FC_TIMEOUT" perl -MIO::Socket::INET -e '
                push @c, IO::Socket::INET->new(PeerAddr => "127.0.0.1:8080") || die "$!" while @c < 1000;
                syswrite $_, "hello\n" for @c;
                for (@c) { sysread $_, $line, 10 or next; $n++ if $line eq "got hello\n" }
                print "$n\n"'
        equal "$OUT" 1000 "answers"
        gone "$SERVER"
        exec {SERVER_OUT}<&-
        ok fc down
}

testcase_many_connections() {
        local i pids=() failed=0

        project shop
        spec "$(web web ', "ports": ["8080:80"], "volumes": ["src:/var/www/html"]')"
        as_dev dd if=/dev/urandom of="$PROJECT/src/big" bs=1M count=8 status=none
        ok fc up
        for ((i = 0; i < 20; i++)); do
                curl -sS --noproxy '*' --max-time 30 -o "$TMP/got.$i" http://127.0.0.1:8080/big &
                pids+=($!)
        done
        for i in "${pids[@]}"; do wait "$i" || failed=1; done
        equal "$failed" 0 "20 at once"
        equal "$(sha256sum "$TMP"/got.* "$PROJECT/src/big" | cut -d ' ' -f 1 | sort -u | wc -l)" 1 "different files received"
        ok fc down
}

live_main "$@"
