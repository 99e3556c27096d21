# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the tests in tests/live have in common. A script sources this, defines functions testcase_* and ends with
# `live_main "$@"`; arguments choose test cases by name.
#
# The real program runs real containers as root, on the real kernel, but in a "host" of the script's own: namespaces
# for processes, mounts, network, IPC and cgroups, an empty /run, and an /etc/passwd with a developer in it. So the
# developer's machine keeps out of the tests (a port in use, another project's bridge), the tests keep out of it,
# nothing survives them whatever happens, and "the host is as it was before" can be compared in full.
#
#   FC_BINARY     the program; its libexec/ lies beside it
#   FC_HELPERS    folder of the helper programs (tests/live/wait-for.c)
#   FC_IMAGES     folder with the example's images
#   FC_TEST_TMP   where scratch folders are made [/var/tmp]
#   LIVE_SCRATCH  "disk": really there; "memory": in a tmpfs of the script's own. Each first `up` copies a root file
#                 system of 200 MB, so this is where the time goes. Unset: in memory where that is big enough and the
#                 kernel can map the owners of its files (since Linux 6.3). Scripts about files say "disk".
#   FC_LIVE_HOST  "booted": this machine is there for the tests alone, and systemd is its PID 1 (tests/host): no
#                 namespaces, and containers are units
#   LIVE_NIX      1: what is at /mnt, Nix's store, is also at /nix, which this machine may lack
#   FC_TEST_KEEP  not empty: leave the scratch folder of a failed script
#   MUST_RUN      1: what would be skipped has failed

set -Eeuo pipefail
shopt -s inherit_errexit

LIVE_SCRIPT=$(realpath -- "$0")
LIVE_NAME=$(basename -- "$LIVE_SCRIPT" .sh)
LIVE_TOP=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
readonly LIVE_SCRIPT LIVE_NAME LIVE_TOP

# shellcheck source=tests/lib/environment.bash
. "$LIVE_TOP/tests/lib/environment.bash"
# shellcheck source=tests/lib/testcases.bash
. "$LIVE_TOP/tests/lib/testcases.bash"
# shellcheck source=tests/lib/scratch.bash
. "$LIVE_TOP/tests/lib/scratch.bash"

# The developer in the tests' /etc/passwd, who owns the projects.
readonly DEV=fcdev DEV_UID=54321 DEV_GID=54321

# A container needs well below a second of work; this is for machines that are busy with something else.
readonly FC_TIMEOUT=${FC_TIMEOUT:-120}
readonly WAIT=30

### Outcomes

# The script's own output, also where a function's is redirected.
exec {LIVE_OUT}>&1

note() { printf '    %s\n' "$*" >&"$LIVE_OUT"; }

indent() { sed "s/^/$1/"; }

# skip REASON: leaves the test case, or the script when called outside of one.
skip() {
        if [[ ${MUST_RUN:-} == 1 ]]; then
                note "cannot run here, and MUST_RUN is set: $*"
                exit 1
        fi
        note "skipped: $*"
        exit 77
}

is_booted() { [[ ${FC_LIVE_HOST:-} == booted ]]; }

# supervisor_only: leaves a test case about what a host that systemd manages does not have.
supervisor_only() {
        is_booted || return 0
        note "not here: about the supervisor"
        exit 77
}

# The calls that led here, without this file's own.
live_trace() {
        local i

        for ((i = 1; i < ${#FUNCNAME[@]}; i++)); do
                if [[ ${BASH_SOURCE[i]} -ef $LIVE_SCRIPT ]]; then
                        note "  at ${LIVE_SCRIPT##*/}:${BASH_LINENO[i - 1]} in ${FUNCNAME[i]}"
                fi
        done
}

# flunk TEXT..: the test case has failed. With the last command that `run` ran, for the reader.
flunk() {
        trap - ERR
        note "FAILED: $*"
        live_trace
        if [[ -n ${RAN:-} ]]; then
                note "last run: $RAN -> $STATUS"
                head -n 60 <<<"$OUT" | indent '      out| ' >&"$LIVE_OUT"
                head -n 60 <<<"$ERR" | indent '      err| ' >&"$LIVE_OUT"
        fi
        exit 1
}

live_on_error() {
        local status=$?

        trap - ERR
        note "FAILED: status $status of: $1"
        live_trace
        exit 1
}

### Running things

# run COMMAND..: sets STATUS, OUT and ERR, never fails by itself.
run() {
        local files=$SCRATCH/run.$BASHPID

        RAN=$*
        STATUS=0
        "$@" >"$files.out" 2>"$files.err" || STATUS=$?
        # NUL bytes cannot be kept, about which bash complains; no test needs them.
        {
                OUT=$(<"$files.out")
                ERR=$(<"$files.err")
        } 2>/dev/null
}

# run_status STATUS COMMAND..: run, and that must be its status.
run_status() {
        local want=$1

        shift
        run "$@"
        [[ $STATUS == "$want" ]] || flunk "status $STATUS, not $want"
}

ok() { run_status 0 "$@"; }

# takes_at_most SECONDS COMMAND..: run, measured.
takes_at_most() {
        local limit=$1 started=${EPOCHREALTIME/[.,]/} ms

        shift
        run "$@"
        ms=$(((${EPOCHREALTIME/[.,]/} - started) / 1000))
        note "$ms ms, status $STATUS: $*"
        ((ms <= limit * 1000)) || flunk "it took $ms ms, not at most $limit s"
}

# fc ARGUMENT..: the program, in the project's folder, as a developer's sudo would start it.
fc() {
        (
                cd "$PROJECT"
                exec env SUDO_UID="$DEV_UID" SUDO_GID="$DEV_GID" SUDO_USER="$DEV" \
                        timeout --kill-after=10 "$FC_TIMEOUT" "$FC" "$@"
        )
}

# fc_background OUTPUT ARGUMENT..: the same without waiting for it; FC_PID is the program itself, so that signals reach it. Like a
# command typed at a terminal it does not ignore SIGINT, which bash would make it do otherwise.
fc_background() {
        local output=$1

        shift
        (
                cd "$PROJECT"
                exec env --default-signal=INT,QUIT SUDO_UID="$DEV_UID" SUDO_GID="$DEV_GID" SUDO_USER="$DEV" "$FC" "$@"
        ) >"$output" 2>&1 &
        FC_PID=$!
}

# finished PID: waits for a background command; sets STATUS.
finished() {
        STATUS=0
        # bash reports on stderr what was killed, as soon as it hears of it; that is the tests' daily bread.
        {
                "$FC_HELPERS/wait-for" "$FC_TIMEOUT" exit "$1" || flunk "process $1 still runs after $FC_TIMEOUT s"
                wait "$1" || STATUS=$?
        } 2>/dev/null
}

# as_dev COMMAND..: as the developer, without any privilege.
as_dev() {
        setpriv --reuid "$DEV_UID" --regid "$DEV_GID" --init-groups -- env HOME="$SCRATCH/home" USER="$DEV" LOGNAME="$DEV" \
                "$@"
}

### Assertions

equal() { [[ $1 == "$2" ]] || flunk "${3:-value} is '$1', not '$2'"; }
differ() { [[ $1 != "$2" ]] || flunk "${3:-value} is '$1' still"; }
# expect_out REGEX, expect_err REGEX: extended regular expressions over the whole of it.
expect_out() { [[ $OUT =~ $1 ]] || flunk "stdout has nothing like: $1"; }
expect_err() { [[ $ERR =~ $1 ]] || flunk "stderr has nothing like: $1"; }
refute_out() { [[ ! $OUT =~ $1 ]] || flunk "stdout has: ${BASH_REMATCH[0]}"; }
refute_err() { [[ ! $ERR =~ $1 ]] || flunk "stderr has: ${BASH_REMATCH[0]}"; }
exists() { [[ -e $1 || -L $1 ]] || flunk "$1 does not exist"; }
absent() { [[ ! -e $1 && ! -L $1 ]] || flunk "$1 exists"; }
# true_that TEXT COMMAND..
true_that() {
        local text=$1

        shift
        "$@" || flunk "not so: $text"
}

# same_files WANT GOT TEXT: shows the difference.
same_files() {
        local difference

        difference=$(diff -U0 -- "$1" "$2" | tail -n +3) || :
        [[ -z $difference ]] || flunk "$3:"$'\n'"$(indent '      ' <<<"$difference")"
}

# screen NAME: what the last `run` printed on stderr is tests/live/screens/NAME.expected, with all that differs from run
# to run masked; of what a container is busy with only the first, and the lines of its journal sorted. Where that must be
# written anew: FC_UPDATE_SCREENS=1.
screen() {
        local file=$LIVE_TOP/tests/live/screens/$1.expected masked nspawn=''

        # Registered with machined, nspawn makes one more remark.
        ! is_booted || nspawn='/Network interface name .* has been changed to/d'
        masked=$(sed -E \
                -e "s|$SLIM_IMAGE|IMAGES/httpserver|g; s|$SCRATCH|SCRATCH|g; s|$FC_IMAGES|IMAGES|g" \
                -e 's/[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?/TIME/g' \
                -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2} TIME( UTC)?/DATE/g' \
                -e 's/\[[0-9]+\]/[PID]/g' \
                -e 's/([^0-9.])[0-9]+(\.[0-9]+)? ?(s|m)\b/\1SECONDS/g' \
                -e 's/[0-9]+(\.[0-9]+)?(ms|us)\b/SECONDS/g' \
                -e "$nspawn" <<<"$ERR" |
                awk '
                        # Lines of the guest: what is sent to journald in one moment it may take in any order.
                        function flush(i, j, t) {
                                for (i = 2; i <= n; i++)
                                        for (j = i; j > 1 && line[j - 1] > line[j]; j--) {
                                                t = line[j]; line[j] = line[j - 1]; line[j - 1] = t
                                        }
                                for (i = 1; i <= n; i++) print line[i]
                                n = 0
                        }
                        /^      / { line[++n] = $0; next }
                        { flush() }
                        !(/^[^ ]+: (booting|waiting)/ && seen[$1, $2]++)
                        END { flush() }')
        if [[ ${FC_UPDATE_SCREENS:-} == 1 ]]; then
                mkdir -p "${file%/*}"
                printf '%s\n' "$masked" >"$file"
        fi
        exists "$file"
        same_files "$file" <(printf '%s\n' "$masked") "the screen is not that of ${file##*/} (- expected, + shown)"
        # Nobody but a terminal gets these.
        [[ $ERR != *$'\e'* ]] || flunk "escape codes without a terminal"
}

### Waiting, always for an event and never longer than WAIT

# line_in FILE REGEX [SECONDS]: until a line of a growing file matches; prints that line.
line_in() {
        local file=$1 regex=$2 seconds=${3:-$WAIT} tail fd line='' found=0

        touch -- "$file"
        exec {fd}< <(exec timeout "$seconds" tail -n +1 -f -- "$file" 2>/dev/null)
        tail=$!
        # Not by the shell: some files have a million lines.
        if line=$(grep -aE -m 1 -- "$regex" <&"$fd"); then found=1; fi
        kill "$tail" 2>/dev/null || :
        # What it leaves is looked for at the end of the test.
        wait "$tail" 2>/dev/null || :
        exec {fd}<&-
        ((found)) || flunk "no line like '$regex' within $seconds s in: $(tail -n 20 -- "$file")"
        printf '%s\n' "$line"
}

gone() { "$FC_HELPERS/wait-for" "$WAIT" exit "$1" || flunk "process $1 still runs after $WAIT s"; }

# after MILLISECONDS: for tests whose subject is a moment ("killed 30 ms after the start"), never to wait for something.
after() {
        local nothing

        read -r -t "$(printf '%d.%03d' "$(($1 / 1000))" "$(($1 % 1000))")" nothing <&"$LIVE_NOTHING" || :
        : "${nothing:-}"
}

# try_until SECONDS COMMAND..: the last resort, where the only way to see the event is to look again.
try_until() {
        local end=$((SECONDS + $1))

        shift
        until "$@"; do
                ((SECONDS < end)) || flunk "not within the time: $*"
                after 20
        done
}

### Projects

# project PATH-BELOW-SCRATCH [OWNER]: makes a project with git and makes it the current one: PROJECT. Owned by the
# developer unless OWNER is root.
project() {
        local owner=${2:-$DEV}

        PROJECT=$SCRATCH/projects/$1
        LIVE_PROJECTS+=("$PROJECT")
        mkdir -p -- "$SCRATCH/projects" "$PROJECT/src"
        chown "$DEV:" -- "$SCRATCH/projects"
        printf '<p>page of %s</p>\n' "$1" >"$PROJECT/src/index.html"
        chown -R "$owner:" -- "$PROJECT"
        if [[ $owner == "$DEV" ]]; then
                as_dev git init -q -- "$PROJECT"
        else
                git init -q -- "$PROJECT"
        fi
}

# spec CONTAINERS: writes the current project's specification. CONTAINERS is the JSON inside of "containers".
spec() {
        jq -n --argjson containers "{$1}" '{version: 1, containers: $containers}' >"$PROJECT/flake-containers.json"
        chown --reference="$PROJECT" -- "$PROJECT/flake-containers.json"
}

# What goes into spec: NAME [MORE JSON KEYS, each with a comma before it]
web() {
        [[ -n ${WEB_IMAGE:-} ]] || slim_image
        printf '"%s": {"system": {"rootfs": "%s", "init": "/sbin/init"}%s}' "$1" "${WEB_IMAGE:-$SLIM_IMAGE}" "${2:-}"
}

# A container that only runs a command, in a root file system of a few megabytes: starts in a fraction of the time.
tiny() {
        tiny_image
        printf '"%s": {"system": {"rootfs": "%s"}, "command": %s%s}' "$1" "$TINY_IMAGE" \
                "${2:-[\"/bin/sleep\", \"infinity\"]}" "${3:-}"
}

# A guest whose systemd behaves as badly as it is told to, see tests/live/fake-manager.c: NAME ENVIRONMENT [MORE JSON
# KEYS], where ENVIRONMENT is the inside of a JSON object.
fake() {
        FAKE_IMAGE=$SCRATCH/fake
        if [[ ! -d $FAKE_IMAGE ]]; then
                tiny_image
                cp -a -- "$TINY_IMAGE" "$FAKE_IMAGE.new"
                mkdir -p "$FAKE_IMAGE.new/usr/lib/systemd"
                cp -- "$FC_HELPERS/fake-manager" "$FAKE_IMAGE.new/usr/lib/systemd/systemd"
                mv "$FAKE_IMAGE.new" "$FAKE_IMAGE"
        fi
        printf '"%s": {"system": {"rootfs": "%s", "init": "/usr/lib/systemd/systemd"}, "environment": {%s}%s}' \
                "$1" "$FAKE_IMAGE" "$2" "${3:-}"
}

# bash and some tools, copied out of an image with the libraries they need: no package, no network.
tiny_image() {
        local from=$FC_IMAGES/httpserver to=$TINY_IMAGE programs=() libraries=() files=() i

        [[ ! -d $to ]] || return 0
        mkdir -p "$to.new"/{dev,etc,proc,root,run,sys,tmp,usr/bin,usr/lib,usr/lib64,usr/sbin,var/log}
        for i in bin lib lib64 sbin; do ln -s "usr/$i" "$to.new/$i"; done
        for i in bash cat chmod chown date echo env false getent grep head hostname id kill ln ls md5sum mkdir mount mv printf ps pwd \
                readlink rm seq setpriv sh sleep stat stty tee touch true tty umount; do
                [[ ! -e $from/usr/bin/$i ]] || programs+=("/usr/bin/$i")
        done
        cp -L -t "$to.new/usr/bin" -- "${programs[@]/#/$from}"
        mapfile -t libraries < <(chroot "$from" ldd "${programs[@]}" |
                sed -n 's/^.*[[:space:]]\(\/lib[^ ]*\) .*/\1/p' | sort -u)
        # The loader is an absolute link, which must not lead to the host's, of perhaps another release.
        mapfile -t files < <(chroot "$from" realpath -- "${libraries[@]}")
        for i in "${!libraries[@]}"; do
                mkdir -p "$to.new/usr${libraries[i]%/*}"
                cp -- "$from${files[i]}" "$to.new/usr${libraries[i]}"
        done
        # getent finds these at run time.
        for i in "$from"/usr/lib/*/libnss_{files,dns}.so.2; do
                [[ ! -e $i ]] || cp -L -- "$i" "$to.new${i#"$from"}"
        done
        printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' >"$to.new/etc/passwd"
        printf 'root:x:0:\nnogroup:x:65534:\n' >"$to.new/etc/group"
        printf 'hosts: files\npasswd: files\ngroup: files\n' >"$to.new/etc/nsswitch.conf"
        printf 'ID=tiny\nNAME=tiny\n' >"$to.new/usr/lib/os-release"
        mv "$to.new" "$to"
}

# The httpserver's image without what no test needs, which is the larger part of its files: each first `up` copies them
# all. It is the script's own, so that what is made of it can be hard links.
slim_image() {
        local to=$SLIM_IMAGE

        [[ ! -d $to ]] || return 0
        mkdir -p "$to.new"
        tar -C "$FC_IMAGES/httpserver" -cf - --exclude='./usr/share/perl*' --exclude='./usr/lib/*/perl' \
                --exclude='./usr/lib/*/gconv' --exclude='./usr/lib/*/libicu*' \
                --exclude='./usr/share/*-completion*' --exclude='./usr/share/apache2/icons' \
                --exclude='./var/lib/dpkg/info' . | tar -C "$to.new" --same-owner -xpf -
        mv "$to.new" "$to"
}

# variant NAME: a copy of the slim image that may get more files, and no changed ones: the files are hard links. Sets
# VARIANT.
variant() {
        VARIANT=$SCRATCH/images/$1
        slim_image
        mkdir -p "$SCRATCH/images"
        cp -al -- "$SLIM_IMAGE" "$VARIANT"
}

# toplevel NAME: something like what Nix builds of a NixOS configuration, in the script's own store, with the programs
# of the httpserver image. Sets TOPLEVEL, and BUILT for where a test case can write to it: files are hard links.
toplevel() {
        TOPLEVEL=$STORE/$(printf '%s' "$1" | md5sum | cut -c 1-32)-nixos-system-$1
        BUILT=$SCRATCH/nix/store/${TOPLEVEL##*/}
        [[ ! -d $BUILT ]] || return 0
        slim_image
        mkdir "$BUILT"
        # By this name, since hard links do not lead from one mount to another.
        cp -al -- "$SLIM_IMAGE/usr" "$BUILT/usr"
        cp -a -- "$SLIM_IMAGE/etc" "$BUILT/etc"
        rm -f "$BUILT"/etc/{hosts,hostname,machine-id,resolv.conf}
        ln -s usr "$BUILT/sw"
        cp -- "$FC_HELPERS/stage1" "$BUILT/stage1"
        printf '#!%s/stage1\nsystemConfig=%s\n' "$TOPLEVEL" "$TOPLEVEL" |
                cat - "$LIVE_TOP/tests/lib/stage2.bash" >"$BUILT/init"
        chmod 755 "$BUILT/init"
}

# unit IMAGE NAME: a unit from stdin, wanted by multi-user.target.
unit() {
        local folder=$1/etc/systemd/system

        cat >"$folder/$2"
        ln -s "/etc/systemd/system/$2" "$folder/multi-user.target.wants/$2"
}

# job_unit IMAGE NAME COMMAND: a unit that runs COMMAND at boot and waits for it.
job_unit() {
        printf '[Service]\nType=oneshot\nExecStart=%s\n' "$3" | unit "$1" "$2"
}

# page PORT [ADDRESS] [CURL OPTION..]
page() {
        local port=$1 address=${2:-127.0.0.1}

        shift "$(($# < 2 ? $# : 2))"
        curl --silent --show-error --fail --globoff --noproxy '*' --max-time 20 "$@" "http://$address:$port/"
}

### What the kernel says about a container of the current project

machine_cgroup() {
        local machine

        machine=$(fc --json status | jq -er --arg name "$1" '.containers[] | select(.name == $name) | .machine')
        if is_booted; then
                printf '%s/machine.slice/flake-containers-%s.service\n' "$CGROUP2" "$machine"
        else
                printf '%s/flake-containers/%s\n' "$CGROUP2" "$machine"
        fi
}

# *_pid_of CGROUP. nspawn_cgroup CGROUP: where nspawn makes its own.
nspawn_cgroup() { if is_booted; then printf '%s\n' "$1"; else printf '%s/nspawn\n' "$1"; fi; }
supervisor_pid_of() { head -n 1 "$1/runner/cgroup.procs"; }
# keeper_pid_of: the process whose death is the container's.
keeper_pid_of() { if is_booted; then nspawn_pid_of "$1"; else supervisor_pid_of "$1"; fi; }
nspawn_pid_of() { head -n 1 "$(nspawn_cgroup "$1")/supervisor/cgroup.procs"; }
payload_pids_of() { find "$(nspawn_cgroup "$1")/payload" -name cgroup.procs -exec cat {} + 2>/dev/null; }

# machines_left: what still is of machines, of whatever project.
machines_left() {
        find "$CGROUP2" -mindepth 1 -type d \( -path "$CGROUP2/flake-containers*" -o -path "*/flake-containers-*.service*" \) 2>/dev/null || :
}

no_machine_left() {
        local left

        left=$(machines_left)
        [[ -z $left ]] || flunk "$1: $left"
}

# payloads_on NAME: how many guests use the container's root file system, told by their PID namespaces. A number
# above 1 is the way to lose data.
payloads_on() {
        local tree dir

        tree=$(stat -c %d:%i -- "$PROJECT/.containers/$1/root") || {
                echo 0
                return
        }
        for dir in /proc/[0-9]*; do
                if [[ $(stat -L -c %d:%i -- "$dir/root/" 2>/dev/null) == "$tree" ]]; then
                        readlink -- "$dir/ns/pid" || :
                fi
        done | sort -u | wc -l
}

# state_of NAME: "running", "stopped", "crashed", ..
state_of() { fc --json status | jq -er --arg name "$1" '.containers[] | select(.name == $name) | .state'; }

### The host, before and after

# On a host that systemd manages things come and go that are not ours: daemons, their cgroups, what they note in /run.
host_filter() {
        local lines

        if ! is_booted; then
                # No program: it would be among the processes.
                mapfile -t lines
                printf '%s\n' "${lines[@]}"
        elif [[ $1 == run ]]; then
                grep -E '^run /run/(flake-containers|systemd/(nspawn|transient|machines)/)' || :
        else
                grep -E "^$1 .*(flake-containers|nspawn|socket-proxyd|/sbin/init|sleep)" | grep -v '^process grep ' || :
        fi
}

# Everything there is on the script's own host, one line a thing, sorted within its kind.
host_snapshot() {
        local dir pid cmdline args own=" 1 $$ $BASHPID ${PPID} "

        for dir in /proc/[0-9]*; do
                pid=${dir#/proc/}
                [[ $own != *" $pid "* ]] || continue
                { mapfile -d '' -t cmdline <"$dir/cmdline"; } 2>/dev/null || continue
                args="${cmdline[*]}"
                # Those of the test's own; a container's have other names.
                [[ -z $args || $args == *"$LIVE_SCRIPT"* || $args == sort ]] || printf 'process %s\n' "$args"
        done | sort | host_filter process
        awk '{ print "mount", $5, $4 }' /proc/self/mountinfo | sort
        ip -o link | awk '{ sub(/@.*/, "", $2); sub(/:$/, "", $2); print "link", $2 }' | sort
        ip -o address | awk '{ print "address", $2, $4 }' | sort
        # The kernel's own route to a link-local address comes when that has been found to be unique, after a second or two;
        # the address is above.
        { ip -4 route show table all && ip -6 route show table all; } | sed '/^local fe80:/d; s/^/route /; s/ *$//' | sort
        { ip -4 rule && ip -6 rule; } | sed 's/^/rule /' | sort
        if command -v nft >/dev/null; then nft list ruleset | sed 's/^/nft /'; fi
        # Connections that end take a while to be forgotten; who listens is what counts.
        ss -Hlnt | awk '{ print "listens", $4 }' | sort
        { find "$CGROUP2" -mindepth 1 -type d -printf 'cgroup /%P\n' 2>/dev/null || :; } | sort | host_filter cgroup
        if is_booted; then
                systemctl list-units --all --plain --no-legend 'flake-containers-*' 'fc-console-*' | sed 's/^/unit /'
                # Without addresses: a second or two after the start comes a link-local one.
                machinectl list --no-legend | awk '{ print "machine", $1, $2, $3 }'
        fi
        # nspawn leaves its lock files itself, and ours may stay: nobody can tell when a lock's file is safe to remove.
        { find /run -mindepth 1 -not -path '/run/systemd/nspawn/locks*' -not -path '/run/systemd/nspawn-uid/*' \
                -not \( -path '/run/flake-containers*' \( -type d -o -type f -name '*lock*' \) \) \
                -not -path '/run/sudo*' -not -path "$LIVE_RUN*" -printf 'run %p %y %l\n' 2>/dev/null || :; } | sort | host_filter run
        is_booted || find /etc/systemd /var/lib/machines /etc/hosts /etc/resolv.conf -printf 'file %p %y %s %l\n' 2>/dev/null | sort
        # "grep ''" prints the names with the values.
        grep -s '' /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv{4,6}/conf/{all,default}/{forwarding,rp_filter} \
                /proc/sys/net/ipv4/conf/{all,default}/route_localnet | sed 's/^/sysctl /' || :
}

# project_snapshot: everything of the current project but .containers.
project_snapshot() {
        find "$PROJECT" -path "$PROJECT/.containers" -prune -o -not -path "$PROJECT" -printf '%P %y %u %g %m %s %T@ %l\n' | sort
}

# nothing_made: the program must not have begun anything in the current project.
nothing_made() {
        absent "$PROJECT/.containers"
        no_machine_left "something was started"
}

### The script's own host

live_require() {
        local program

        ((EUID == 0)) || skip "needs root"
        [[ -n ${FC_BINARY:-} && -x ${FC_BINARY:-} ]] || skip "FC_BINARY names no program; tests/run sets it"
        [[ -n ${FC_HELPERS:-} && -x $FC_HELPERS/wait-for ]] || skip "FC_HELPERS has no wait-for; tests/run sets it"
        for program in systemd-nspawn unshare setpriv git jq curl ip ss; do
                command -v "$program" >/dev/null || skip "$program is not installed"
        done
        FC_IMAGES=${FC_IMAGES:-$LIVE_TOP/examples/debian/images}
        [[ -d $FC_IMAGES/httpserver ]] || skip "there is no $FC_IMAGES/httpserver; examples/debian/make-images makes it"
        scratch_cgroup2 || skip "no cgroup2 is mounted"
        export FC_IMAGES CGROUP2_MOUNT
}

# Outside: makes the namespaces, waits, cleans up.
live_outside() {
        local status=0

        live_require
        scratch_make fc-live
        # Whatever ends this script ends the others' PID namespace, and so all of it.
        trap live_outside_end EXIT
        trap 'exit 130' INT TERM HUP
        export SCRATCH
        # In the machine's own root, since a mount needs something to be mounted on.
        [[ -z ${LIVE_NIX:-} || -d /nix ]] || { mkdir /nix && LIVE_MADE=/nix; }

        if is_booted; then
                LIVE_INSIDE=1 bash -c 'exec "$@"' bash "$LIVE_SCRIPT" "$@" {SCRATCH_LOCK}<&- </dev/null &
        else
                # The shell in between is PID 1 of the namespace: it collects orphans, and a script that is PID 1 itself
                # would ignore signals.
                # shellcheck disable=SC2016 # expanded inside
                LIVE_INSIDE=1 bash -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' bash "$SCRATCH_CGROUP" \
                        setpriv --pdeathsig KILL \
                        unshare --kill-child --fork --pid --mount --net --ipc --uts --cgroup \
                        bash -c '"$@"; exit $?' bash "$LIVE_SCRIPT" "$@" {SCRATCH_LOCK}<&- </dev/null &
        fi
        wait $! || status=$?
        exit "$status"
}

# shellcheck disable=SC2317 # called by the trap
live_outside_end() {
        local status=$?

        # A booted host goes as a whole.
        [[ -z ${LIVE_MADE:-} ]] || is_booted || rmdir -- "$LIVE_MADE" || :
        [[ -z ${FC_TEST_KEEP:-} || $status == 0 ]] || return
        ! is_booted || umount --recursive --lazy -- "$SCRATCH" 2>/dev/null || :
        scratch_remove
}

# Is there memory enough for what the test cases keep at a time, and for the rest of the machine?
live_memory_will_do() {
        local major minor

        IFS=.- read -r major minor _ < <(uname -r)
        ((major > 6 || (major == 6 && minor >= 3))) && (($(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo) > 6000000))
}

# Inside: namespaces look like a host, with a /proc, /sys and /run of their own.
live_isolate() {
        local cgroups point

        mount -t proc proc /proc
        # sysfs shows the network that was current when it was mounted. The cgroups go with the old one, and come back:
        # version 1 as it is, version 2 with the new root.
        cgroups=$SCRATCH/cgroups
        mkdir "$cgroups"
        mount --rbind /sys/fs/cgroup "$cgroups"
        mount -t sysfs sysfs /sys
        mount --rbind "$cgroups" /sys/fs/cgroup
        umount -R "$cgroups"
        rmdir "$cgroups"
        umount --lazy "$CGROUP2_MOUNT"
        mount -t cgroup2 cgroup2 "$CGROUP2_MOUNT"

        mount -t tmpfs -o mode=755 tmpfs /run

        # What others of this machine have mounted for a while goes from here, too, when they are done: mmdebstrap's, say.
        awk '$5 ~ "^(/var)?/tmp/" { print $5 }' /proc/self/mountinfo | tac | while read -r point; do
                case $LIVE_TOP/ in "$point"/*) continue ;; esac
                case $FC_IMAGES/ in "$point"/*) continue ;; esac
                umount --lazy -- "$(printf %b "$point")"
        done
}

# Inside, before anything else: makes the host look as described at the top.
live_make_host() {
        local etc=$SCRATCH/etc file

        CGROUP2=$CGROUP2_MOUNT
        is_booted || live_isolate
        if [[ ${LIVE_SCRATCH:-} == memory ]] || { [[ -z ${LIVE_SCRATCH:-} ]] && live_memory_will_do; }; then
                mount -t tmpfs -o mode=755,size=4g tmpfs "$SCRATCH"
        fi
        # nspawn makes these itself, and leaves them.
        mkdir -p /run/lock /run/systemd/nspawn/{propagate,unix-export,locks} /run/systemd/nspawn-uid "$LIVE_RUN"
        mount --bind "$(dirname -- "$FC_BINARY")" "$LIVE_RUN"
        FC=$LIVE_RUN/$(basename -- "$FC_BINARY")

        # A developer who may use sudo. The accounts are the host's otherwise.
        mkdir -p "$etc" "$SCRATCH/home"
        for file in passwd group shadow; do
                cp -p "/etc/$file" "$etc/$file"
        done
        echo "$DEV:x:$DEV_UID:$DEV_GID:Developer:$SCRATCH/home:/bin/bash" >>"$etc/passwd"
        echo "$DEV:x:$DEV_GID:" >>"$etc/group"
        echo "$DEV:*:19000:0:99999:7:::" >>"$etc/shadow"
        for file in passwd group shadow; do mount --bind "$etc/$file" "/etc/$file"; done
        if [[ -e /etc/sudoers ]]; then
                printf 'Defaults env_reset,secure_path="/usr/sbin:/usr/bin:/sbin:/bin"\nroot ALL=(ALL:ALL) ALL\n%s ALL=(ALL:ALL) NOPASSWD: ALL\n' \
                        "$DEV" >"$etc/sudoers"
                chmod 440 "$etc/sudoers"
                mount --bind "$etc/sudoers" /etc/sudoers
        fi
        chown "$DEV_UID:$DEV_GID" "$SCRATCH/home"
        export HOME=$SCRATCH/home
        unset "${!SUDO_@}" NOTIFY_SOCKET

        if ! is_booted; then
                # From here on a mount that somebody fails to keep to themselves shows here, as it would on a host whose
                # root is shared, which is how systemd boots.
                mount --make-rshared /
                ip link set lo up
        fi
        # A Nix store. Not in the scratch folder, which lies in /var/tmp: units with PrivateTmp= would not see it.
        STORE=/mnt/store
        mkdir -p "$SCRATCH"/nix/{store,var/nix/gcroots/auto}
        mount --bind "$SCRATCH/nix" /mnt
        [[ -z ${LIVE_NIX:-} ]] || mount --bind "$SCRATCH/nix" /nix
        # A file descriptor on which nothing ever comes, to wait on. See try_until.
        mkfifo "$SCRATCH/nothing"
        exec {LIVE_NOTHING}<>"$SCRATCH/nothing"
}

# After a test case, as far as it did not do so itself: nothing may disturb the next one.
live_reset() {
        local link

        if is_booted; then
                # systemd waits for ever for what it starts in a cgroup that is frozen.
                for link in "$CGROUP2"/machine.slice{,/flake-containers-*}/cgroup.freeze; do
                        [[ ! -e $link ]] || echo 0 >"$link"
                done
                systemctl thaw 'flake-containers-*' 2>/dev/null || :
                systemctl kill --signal=KILL 'flake-containers-*' 2>/dev/null || :
                systemctl stop 'flake-containers-*' 2>/dev/null || :
        fi
        if [[ -d $CGROUP2/flake-containers ]]; then
                echo 1 >"$CGROUP2/flake-containers/cgroup.kill" || :
                "$FC_HELPERS/wait-for" "$WAIT" empty "$CGROUP2/flake-containers" || :
                find "$CGROUP2/flake-containers" -depth -type d -exec rmdir {} + 2>/dev/null || :
        fi
        while read -r link; do
                ip link delete "$link" 2>/dev/null || :
        done < <(ip -o link show type bridge | sed -n 's/^[0-9]*: \([^:@]*\).*/\1/p')
        # Those of bridges that are gone.
        while read -r link; do
                ip "-${link%% *}" rule delete priority "${link#* }" 2>/dev/null || :
        done < <(for link in 4 6; do ip "-$link" rule | sed -n "s/^\([0-9]*\):.*\[detached\].*/$link \1/p"; done)
        # What a test case mounted into its project, the last one first.
        sed -n "s|^.* \($SCRATCH/projects/[^ ]*\) .*|\1|p" /proc/self/mountinfo | tac | while read -r link; do
                umount "$link" 2>/dev/null || :
        done
        rm -rf --one-file-system /run/flake-containers /run/systemd/nspawn/propagate/*
        rm -rf --one-file-system "$SCRATCH/projects" "$SCRATCH/images" "$SCRATCH"/nix/var/nix/gcroots/auto/*
}

run_testcase() {
        trap 'live_on_error "$BASH_COMMAND"' ERR
        # shellcheck disable=SC2034 # FC_PID is for the test cases
        PROJECT='' RAN='' STATUS=0 OUT='' ERR='' FC_PID='' LIVE_PROJECTS=()
        TMP=$(mktemp -d "$SCRATCH/tmp.XXXXXX")
        chmod 755 "$TMP"
        host_snapshot >"$TMP/host-before"
        "$1"
        # Each test case stops what it started, and then the host must be as before.
        host_snapshot >"$TMP/host-after"
        same_files "$TMP/host-before" "$TMP/host-after" "the host is not as it was before (- before, + after)"
}

live_inside() {
        LIVE_RUN=/run/flake-containers-build
        live_make_host
        TINY_IMAGE=$SCRATCH/tiny
        SLIM_IMAGE=$SCRATCH/httpserver
        testcases_run "$LIVE_NAME" "$@"
}

after_testcase() {
        [[ -z ${FC_TEST_KEEP:-} || $1 == 0 || $1 == 77 ]] || return
        live_reset
        rm -rf --one-file-system "$SCRATCH"/{tmp,run}.*
}

live_main() {
        if [[ -n ${LIVE_INSIDE:-} ]]; then
                unset LIVE_INSIDE
                live_inside "$@"
        else
                live_outside "$@"
        fi
}
