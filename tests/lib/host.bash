# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The host that a script has to itself: making it, putting it back after a test case, and all that there is on it, one line
# a thing, to compare before and after. Part of live.bash.

# shellcheck disable=SC2034 # for the test cases

# Is there memory enough for what the test cases keep at a time, and for the rest of the machine?
live_memory_will_do() {
        local major minor name kilobytes available=0

        IFS=.- read -r major minor _ </proc/sys/kernel/osrelease
        while read -r name kilobytes _; do [[ $name != MemAvailable: ]] || available=$kilobytes; done </proc/meminfo
        ((major > 6 || (major == 6 && minor >= 3))) && ((available > 6000000))
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

        # What others of this machine have mounted for a while goes from here, too, when they are done: mmdebstrap's, say, or
        # the networks of containers.
        awk '$5 ~ "^((/var)?/tmp|/run/flake-containers)/" { print $5 }' /proc/self/mountinfo | tac | while read -r point; do
                case $LIVE_TOP/ in "$point"/*) continue ;; esac
                case $FC_IMAGES/ in "$point"/*) continue ;; esac
                umount --lazy -- "$(printf %b "$point")"
        done
        mount -t tmpfs -o mode=755 tmpfs /run
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
        mount --bind "${FC_BINARY%/*}" "$LIVE_RUN"
        FC=$LIVE_RUN/${FC_BINARY##*/}
        # The developer must be able to look them up, wherever the clone lies.
        mkdir -p "$LIVE_RUN-seen/images"
        mount --bind "$FC_IMAGES" "$LIVE_RUN-seen/images"
        FC_IMAGES=$LIVE_RUN-seen/images

        # A developer who may use sudo. The accounts are the host's otherwise.
        mkdir -p "$etc" "$SCRATCH/home"
        cp -p /etc/{passwd,group,shadow} "$etc/"
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
                # From here on a mount that a program does not keep in a namespace of its own shows here, as it would on a
                # host whose root is shared, which is how systemd boots.
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
        ! is_rootless || rootless_make_host
}

# After a test case that did not do so itself: nothing may disturb the next one.
live_reset() {
        local link mounts i

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
        # Not by cgroup.kill: Linux 6.18 then kills what is started from there in another cgroup (CLONE_INTO_CGROUP), too.
        ! is_rootless || xargs --no-run-if-empty kill -KILL <"$CGROUP2/command/cgroup.procs" || :
        # Those of projects, and what test cases make.
        for link in /sys/class/net/*; do
                [[ $link != */fc-* && ! -d $link/bridge ]] || ip link delete "${link##*/}" 2>/dev/null || :
        done
        for link in /run/flake-containers/netns/*; do
                [[ ! -e $link ]] || umount -- "$link" 2>/dev/null || :
        done
        # Those of interfaces that are gone.
        for i in 4 6; do
                while read -r link; do
                        [[ $link != *'[detached]'* ]] || ip "-$i" rule delete priority "${link%%:*}" 2>/dev/null || :
                done < <(ip "-$i" rule)
        done
        # What a test case mounted into its project, the last one first.
        mapfile -t mounts </proc/self/mountinfo
        for ((i = ${#mounts[@]} - 1; i >= 0; i--)); do
                [[ ${mounts[i]} == *" $SCRATCH/projects/"* ]] || continue
                read -r _ _ _ _ link _ <<<"${mounts[i]}"
                printf -v link %b "$link"
                [[ $link != "$SCRATCH/projects/"* ]] || umount -- "$link" 2>/dev/null || :
        done
}

# After each test case: the files that it may leave.
live_remove_files() {
        rm -rf --one-file-system /run/flake-containers /run/systemd/nspawn/propagate/* "$SCRATCH/projects" "$SCRATCH/images" \
                "$SCRATCH"/nix/var/nix/gcroots/auto/* "$SCRATCH"/{tmp,run}.*
        ! is_rootless || rootless_make_run
}

# The namespaces of the projects' networks, one a line.
networks() { find /run/flake-containers/netns -type f 2>/dev/null | sort || :; }

has_networks() {
        local link

        for link in /run/flake-containers/netns/*; do [[ ! -f $link ]] || return 0; done
        return 1
}

# uplinks N: the host has as many interfaces that lead there. The kernel takes one away some time after its network.
uplinks() {
        local link count=0

        for link in /sys/class/net/fc-*; do [[ ! -e $link || -d $link/bridge ]] || count=$((count + 1)); done
        ((count == $1))
}

# old_bridge NAME: as releases had one that had it in the host's own namespace: its address is six bytes of the name's hash.
old_bridge() {
        local hash=$((0xcbf29ce484222325)) i first

        for ((i = 0; i < ${#1}; i++)); do
                hash=$(((hash ^ $(printf '%d' "'${1:i:1}")) * 0x100000001b3))
        done
        first=$(((hash & 0xfc) | 2))
        ip link add "$1" type bridge
        ip rule add iif "$1" unreachable priority 200
        ip link set "$1" address "$(printf '%02x:%02x:%02x:%02x:%02x:%02x\n' "$first" $((hash >> 8 & 255)) $((hash >> 16 & 255)) \
                $((hash >> 24 & 255)) $((hash >> 32 & 255)) $((hash >> 40 & 255)))"
}

### Before and after

# host_state: what host_snapshot looks at, but for processes. "# KIND" stands before each kind.
host_state() {
        local lines files=()

        mapfile -t lines </proc/self/mountinfo
        printf '%s\n' '# mount' "${lines[@]}" '# link'
        ip -o -batch - <<<$'link\naddress'
        echo '# route'
        ip -4 -batch - <<<$'route show table all\nrule'
        ip -6 -batch - <<<$'route show table all\nrule'
        if command -v nft >/dev/null; then
                echo '# nft'
                nft list ruleset
        fi
        echo '# listens'
        ss -Hlnt
        if is_booted; then
                echo '# unit'
                systemctl list-units --all --plain --no-legend 'flake-containers-*' 'fc-console-*'
                echo '# machine'
                machinectl list --no-legend
        else
                files=(/etc/systemd /var/lib/machines /etc/hosts /etc/resolv.conf)
        fi
        # nspawn leaves its lock files itself, and ours may stay, with their FIFOs: it cannot be told when a lock's file is
        # safe to remove. So does what says whose they are. The images are below LIVE_RUN, with more files than all the rest.
        # Of what is found each line says its kind.
        echo '# found'
        find "$CGROUP2" /run "${files[@]}" -path "$LIVE_RUN*" -prune -o -path "$CGROUP2*" \( -not -type d -o -printf 'cgroup %p\n' \) -o \
                -path '/run*' -not \( -path /run -o -path '/run/systemd/nspawn/locks*' -o -path '/run/systemd/nspawn-uid/*' -o \
                -path '/run/flake-containers*' \( -type d -o -type f \( -name '*lock*' -o -name '@namespace' -o -name project.path \) -o \
                -type p -name '*.ask' -o -type p -name '*.stop' \) -o \
                -path '/run/sudo*' \) -printf 'run %p %y %l\n' -o \
                -not -path '/run*' -printf 'file %p %y %s %l\n' 2>/dev/null || :
        echo '# sysctl'
        # "grep ''" prints the names with the values.
        grep -s '' /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv{4,6}/conf/{all,default}/{forwarding,rp_filter} \
                /proc/sys/net/ipv4/conf/{all,default}/route_localnet || :
}

# no_broker: a command's broker ends when it sees that the command has.
no_broker() { ! pgrep -f "^$FC " >/dev/null; }

# Everything there is on the script's own host, one line a thing, sorted. Each program that this starts is started for each
# test case, which is where much of the time of all tests would go: so there are few, and one awk for all.
host_snapshot() {
        local dir pid cmdline args processes=() booted=0 own=" 1 $$ $BASHPID ${PPID} "

        has_networks || try_until "$WAIT" uplinks 0
        ! is_rootless || try_until "$WAIT" no_broker
        ! is_booted || booted=1
        # Before a program is started, which would be among them.
        for dir in /proc/[0-9]*; do
                pid=${dir#/proc/}
                [[ $own != *" $pid "* ]] || continue
                { mapfile -d '' -t cmdline <"$dir/cmdline"; } 2>/dev/null || continue
                args="${cmdline[*]}"
                # Those of the test's own; a container's have other names.
                [[ -z $args || $args == *"$LIVE_SCRIPT"* ]] || processes+=("$args")
        done
        # On a host that systemd manages things come and go that are not ours: daemons, their cgroups, what they note in /run.
        # The kernel's own route to a link-local address comes when that has been found to be unique, after a second or two;
        # the address is told. Connections that end take a while to be forgotten; who listens is what counts. A machine gets a
        # link-local address a second or two after its start.
        { printf '%s\n' '# process' "${processes[@]}" && host_state; } | awk -v booted="$booted" '
                /^# [a-z]+$/ { kind = $2; next }
                kind == "mount" { print kind, $5, $4; next }
                kind == "link" && $3 ~ /^inet/ { print "address", $2, $4; next }
                kind == "link" { sub(/@.*/, "", $2); sub(/:$/, "", $2); print kind, $2; next }
                kind == "route" && /^[0-9]+:\t/ { print "rule", $0; next }
                kind == "route" && /^local fe80:/ { next }
                # Of a router that announces itself; the seconds go by.
                kind == "route" { sub(/ expires [0-9]+sec/, "") }
                kind == "listens" { print kind, $4; next }
                kind == "machine" { print kind, $1, $2, $3; next }
                { sub(/ *$/, "") }
                kind != "found" { $0 = kind " " $0 }
                booted && /^run / && !/^run \/run\/(flake-containers|systemd\/(nspawn|transient|machines)\/)/ { next }
                booted && /^(process|cgroup) / && !/flake-containers|nspawn|\/sbin\/init|sleep/ { next }
                { print }' | sort
}
