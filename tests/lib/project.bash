# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Projects of the developer, the specifications in them, and what the kernel says of their containers. Part of live.bash.

# project PATH-BELOW-SCRATCH [OWNER]: makes a project with git and makes it the current one: PROJECT. Owned by the
# developer unless OWNER is root.
project() {
        local owner=${2:-$DEV}

        PROJECT=$SCRATCH/projects/$1
        LIVE_PROJECTS+=("$PROJECT")
        mkdir -p -- "$PROJECT/src"
        printf '<p>page of %s</p>\n' "$1" >"$PROJECT/src/index.html"
        # Before it is the developer's, which takes fewer programs than to become that.
        [[ -e $PROJECT/.git ]] || git init -q -- "$PROJECT"
        chown "$DEV:" -- "$SCRATCH/projects"
        chown -R "$owner:" -- "$PROJECT"
}

# spec_text CONTAINERS: a specification. CONTAINERS is the JSON inside of "containers". Not by jq, whose start takes longer
# than all else here.
spec_text() { printf '{"version": 1, "containers": {%s}}\n' "$1"; }

# spec CONTAINERS: writes the current project's.
spec() {
        spec_text "$1" >"$PROJECT/flake-containers.json"
        # Written once more it is the developer's already.
        [[ ! -O $PROJECT/flake-containers.json ]] || chown --reference="$PROJECT" -- "$PROJECT/flake-containers.json"
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

### What the kernel says about a container of the current project

# proxy_of NAME: the pid of what serves its ports, nothing when none does. Other command lines name the program, too.
proxy_of() { pgrep -f "^[^ ]*/flake-containers/proxy --machine=[^ ]*-$1 " || :; }

# came_back NAME COUNT: it has been restarted so many times, and is ready again.
came_back() { fc --json status | jq -e --arg name "$1" --argjson n "$2" \
        '.containers[] | select(.name == $name) | .ready and .restarts == $n' >/dev/null; }

leader_of() { fc --json status | jq -er --arg name "$1" '.containers[] | select(.name == $name) | .leader'; }

# inside NAME COMMAND..: in the container's network, with the host's programs.
inside() {
        local name=$1

        shift
        nsenter --target "$(leader_of "$name")" --net -- "$@"
}

# address_of NAME OTHER: as NAME knows it.
address_of() { fc exec "$1" -- getent ahostsv4 "$2" | head -n 1 | cut -d ' ' -f 1; }
address6_of() { fc exec "$1" -- getent ahostsv6 "$2" | head -n 1 | cut -d ' ' -f 1; }

# has_ipv6: does the host take part in it?
has_ipv6() { [[ $(cat /proc/sys/net/ipv6/conf/all/disable_ipv6 2>/dev/null) == 0 ]]; }

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
        [[ -z $left ]] || flunk "${1:-a machine is left}: $left"
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
                # The cell's root is the guest's, too.
                if [[ $(stat -L -c %d:%i -- "$dir/root/" 2>/dev/null) == "$tree" && $(<"$dir/comm") != cell ]]; then
                        readlink -- "$dir/ns/pid" || :
                fi
        done | sort -u | wc -l
}

# state_of NAME: "running", "stopped", "crashed", ..
state_of() { fc --json status | jq -er --arg name "$1" '.containers[] | select(.name == $name) | .state'; }

### What is in a project

# project_snapshot: everything of the current project but .containers.
project_snapshot() {
        find "$PROJECT" -path "$PROJECT/.containers" -prune -o -not -path "$PROJECT" -printf '%P %y %u %g %m %s %T@ %l\n' | sort
}

# nothing_made: the program must not have begun anything in the current project.
nothing_made() {
        absent "$PROJECT/.containers"
        no_machine_left "something was started"
}
