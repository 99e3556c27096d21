#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# -H ssh://HOST: a project's containers on another machine, which is a network namespace with a real sshd in it: what listens
# there does not listen here, and what comes back has come through the connection. The developer has an account there, and
# root by sudo.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

readonly THERE=10.99.0.2 URL=ssh://there

# other_machine: makes it. OTHER is its sshd, OTHER_NS what holds its network.
other_machine() {
        local program sshd ssh=$SCRATCH/home/.ssh

        sshd=$(PATH=$PATH:/usr/sbin type -P sshd) || skip "sshd is not installed"
        for program in ssh ssh-keygen rsync sudo; do
                type -P "$program" >/dev/null || skip "$program is not installed"
        done
        unshare --net sleep infinity &
        OTHER_NS=$!
        try_until "$WAIT" other_is_apart
        ip link add there type veth peer name here netns "$OTHER_NS"
        ip address add 10.99.0.1/30 dev there
        ip link set there up
        nsenter --target "$OTHER_NS" --net sh -c "ip address add $THERE/30 dev here; ip link set here up; ip link set lo up"
        mkdir -p /run/sshd "$TMP/sshd"
        rm -rf "$SCRATCH/home"/{.ssh,.cache,.local}
        as_dev mkdir -m 700 "$ssh"
        as_dev ssh-keygen -q -t ed25519 -N '' -f "$ssh/id"
        as_dev cp "$ssh/id.pub" "$ssh/authorized_keys"
        [[ -e $TMP/sshd/key ]] || ssh-keygen -q -t ed25519 -N '' -f "$TMP/sshd/key"
        printf '%s\n' "ListenAddress $THERE" 'Port 2222' "HostKey $TMP/sshd/key" "AuthorizedKeysFile $ssh/authorized_keys" \
                'StrictModes no' 'UsePAM no' 'PidFile none' 'LogLevel ERROR' \
                "SetEnv PATH=${OTHER_PATH:-$LIVE_RUN}:/usr/bin:/bin:/usr/sbin" >"$TMP/sshd/config"
        nsenter --target "$OTHER_NS" --net "$sshd" -D -e -f "$TMP/sshd/config" 2>"$TMP/sshd/log" &
        OTHER=$!
        # What the developer has in ssh's settings is heeded, but for what would be done twice.
        printf '%s\n' 'Host there' "HostName $THERE" 'Port 2222' "IdentityFile $ssh/id" 'StrictHostKeyChecking no' \
                'UserKnownHostsFile /dev/null' 'LocalForward 9999 localhost:9999' 'RemoteCommand false' |
                as_dev tee "$ssh/config" >/dev/null
        try_until "$WAIT" other_listens
}

other_is_apart() { [[ $(readlink "/proc/$OTHER_NS/ns/net") != "$(readlink /proc/self/ns/net)" ]]; }
other_listens() { nsenter --target "$OTHER_NS" --net ss -Hlnt | grep -c ":2222 " >/dev/null; }

no_connection() { ! pgrep -u "$DEV_UID" -x ssh >/dev/null && ! pgrep -x fc-connection >/dev/null; }

# other_end: nothing of a connection is left on either side, and the other machine goes.
other_end() {
        try_until "$WAIT" no_connection
        kill "$OTHER" "$OTHER_NS"
        wait "$OTHER" "$OTHER_NS" 2>/dev/null || :
        try_until "$WAIT" other_is_gone
        ip link delete there 2>/dev/null || :
        rmdir /run/sshd
}
other_is_gone() { ! pgrep -x sshd >/dev/null; }

there() { fc -H "$URL" "$@"; }

# The developer's way, with an agent's socket and settings of their own, without having typed sudo.
dev_there() { as_dev env -C "$PROJECT" timeout --kill-after=10 "$FC_TIMEOUT" "$FC" -H "$URL" "$@"; }

testcase_all() {
        project shop
        spec "$(web web ', "ports": ["8080:80", "8081:81/udp"], "volumes": ["src:/var/www/html:ro", "@data:/data"]')"
        other_machine
        run_status 7 there status
        expect_err "this project is not on 'there' yet"
        ok there up
        expect_err 'port 8081/udp cannot come back over ssh, ignoring'
        # It runs there, and answers here.
        ok there status
        expect_out 'web +running'
        equal "$(ss -Hlnt | grep -c '127.0.0.1:8080 ' || :) $(fc status | grep -c running || :)" "1 0"
        ok page 8080
        equal "$OUT" '<p>page of shop</p>'
        ok there port web 80
        equal "$OUT" 127.0.0.1:8080
        # Words arrive as they are; statuses come back.
        # shellcheck disable=SC2016 # as they are
        run_status 5 there exec web -- sh -c 'printf "%s\n" "$@"; cat; exit 5' sh '$HOME `id`' "it's" '"\ *' $'a\nb' '' '~' <<<input
        equal "$OUT" $'$HOME `id`\nit\'s\n"\\ *\na\nb\n\n~\ninput'
        ok there -q exec web -- sh -c 'echo kept >/data/note'
        ok there logs web
        # What has changed is sent; what has not is left.
        spec "$(web web ', "ports": ["8090:80"], "volumes": ["src:/var/www/html:ro", "@data:/data"]')"
        echo second >"$PROJECT/src/index.html"
        ok dev_there up
        ok page 8090
        equal "$OUT" second
        equal "$(ss -Hlnt | grep -c ':8080 ' || :)" 0
        ok there -q exec web -- cat /data/note
        equal "$OUT" kept
        # A tar archive comes and goes; a path of this machine does not.
        run_status 2 there cp src web:/tmp
        expect_err "'src' is a path of this machine"
        ok there down
        expect_err 'web: stopped'
        equal "$(ss -Hlnt | grep -c ':80[89]0 ' || :)" 0
        no_machine_left
        other_end
}

testcase_with() {
        project shop
        spec "$(web web ', "ports": ["8080:80"], "volumes": ["src:/var/www/html:ro"]')"
        other_machine
        # shellcheck disable=SC2016 # the command's
        run_status 3 there -q with --fresh -- sh -c 'curl -s "http://$WEB_HOST:$WEB_PORT"; pwd; exit 3'
        equal "$OUT" $'<p>page of shop</p>\n'"$PROJECT"
        no_machine_left
        # A port that the other machine alone names.
        mkdir -p "$TMP/bin"
        printf '#!/bin/bash\nif [[ " $* " == *" status "* ]]; then %q "$@" | sed s/8080/9090/g; else exec %q "$@"; fi\n' "$FC" "$FC" \
                >"$TMP/bin/flake-containers"
        chmod 755 "$TMP/bin/flake-containers"
        other_end
        OTHER_PATH=$TMP/bin other_machine
        ok there up
        expect_err 'port 127.0.0.1:9090 is not opened here'
        equal "$(ss -Hlnt | grep -cE ':(80|90)(80|90) ' || :)" 0
        ok there down
        other_end
        other_machine
        # Whatever ends us.
        fc_background "$TMP/with" -H "$URL" -q with web -- sh -c 'echo >on; exec sleep infinity'
        try_until "$FC_TIMEOUT" test -e "$PROJECT/on"
        kill -KILL "$FC_PID"
        finished "$FC_PID"
        try_until "$WAIT" nothing_runs
        try_until "$WAIT" no_connection
        # A port that is taken here.
        hold_port 127.0.0.1:8080
        run_status 5 there up
        expect_err "127.0.0.1:8080 is not free on this machine for the port of 'there'"
        release_port
        ok there up
        ok page 8080
        ok there down
        other_end
}
nothing_runs() { [[ -z $(machines_left) ]]; }

testcase_refusals() {
        project shop
        spec "$(tiny web)"
        run_status 2 fc -H there up
        expect_err "--host: 'there' does not begin with ssh://"
        run_status 2 fc -H ssh://-oProxyCommand=false up
        expect_err "has no name of a host"
        run_status 2 fc -H "$URL" up -v "$PROJECT:/src" web
        expect_err "'--volume=$PROJECT:/src' names a path of this machine"
        run_status 2 fc -H "$URL" up --attach
        expect_err "'--attach' and '--host' do not go together"
        run_status 2 fc -H "$URL" init
        expect_err "'init' works on files of this machine"
        OTHER_PATH=/none other_machine
        run_status 6 there up
        expect_err "there is no flake-containers in PATH on 'there'"
        run_status 6 fc -H ssh://there:9 up
        expect_err "there is no connection to 'there'"
        spec "$(tiny web '' ', "volumes": ["src:/src"]')"
        mkdir -p "$TMP/bin"
        # shellcheck disable=SC2016 # the script's
        printf '#!/bin/sh\necho '\''{"version":"0.0"}'\''\n' >"$TMP/bin/flake-containers"
        chmod 755 "$TMP/bin/flake-containers"
        other_end
        OTHER_PATH=$TMP/bin other_machine
        run_status 6 there up
        expect_err "'there' has flake-containers 0.0, and this is "
        other_end
        OTHER_PATH='' other_machine
        ln -s "$SCRATCH/home" "$PROJECT/link"
        spec "$(tiny web '' ', "volumes": ["link:/src:ro"]')"
        run_status 2 there up
        expect_err "it leads to '"
        spec "$(tiny web '' ', "volumes": ["src:/src"]')"
        run_status 2 there up
        expect_err "web: volume 'src' cannot travel to another machine: what is written to it would be there"
        no_machine_left
        other_end
}

live_main "$@"
