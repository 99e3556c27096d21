# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the scripts in tests/soak have in common: live tests (tests/lib/live.bash) that look for faults that no other
# test covers. They draw their steps by lot, from a seed that they print; as much of it as fits into a run of all tests,
# or as the environment says:
#
#     FC_SOAK_SEED      draws the same again
#     FC_SOAK_ROUNDS    how much, in the script's own measure (each says which)
#     FC_SOAK_SECONDS   begin nothing new after that time, but for what a test case needs to say anything
#     FC_SOAK_HANG      how long a command may take before it counts as one that hangs [15]
#
# After each thing that is tried an oracle looks whether the program tells the truth: soak_agree(), soak_recovers().

# shellcheck source=tests/lib/live.bash
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib/live.bash"

# Longer than that no command may take, whatever was done to it.
readonly SOAK_HANG=${FC_SOAK_HANG:-15}
# A container that is not ready by then is one that hangs: the command that waits is ended before.
readonly SOAK_READY=$((SOAK_HANG * 4))

# soak_begin ROUNDS [LEAST]: to be called first in a test case. Sets ROUNDS. LEAST: so many, however late it is.
soak_begin() {
        SOAK_SEED=${FC_SOAK_SEED:-$((SRANDOM % 1000000))}
        RANDOM=$((SOAK_SEED % 32768))
        ROUNDS=${FC_SOAK_ROUNDS:-$1}
        SOAK_LEAST=${2:-1}
        ((ROUNDS >= SOAK_LEAST)) || ROUNDS=$SOAK_LEAST
        SOAK_END=''
        SOAK_DONE=0
        SOAK_NOW=nothing
        note "FC_SOAK_SEED=$SOAK_SEED FC_SOAK_ROUNDS=$ROUNDS"
}

# soak_next WHAT: before each thing that is tried; fails when the time is up. The clock starts with the first.
soak_next() {
        SOAK_END=${SOAK_END:-$((SECONDS + ${FC_SOAK_SECONDS:-1000000}))}
        ((SOAK_DONE < SOAK_LEAST || SECONDS < SOAK_END)) || return 1
        SOAK_NOW=$*
        SOAK_DONE=$((SOAK_DONE + 1))
}

# soak_round WHAT: the same, and fails when ROUNDS are done.
soak_round() { ((SOAK_DONE < ROUNDS)) && soak_next "$@"; }

# soak_flunk TEXT..: with what was tried, and the seed to do so again.
soak_flunk() { flunk "$* [seed $SOAK_SEED, number $SOAK_DONE: $SOAK_NOW]"; }

# pick WORD..: one of them, by lot. Sets PICKED; no output, since a subshell would not go on in the series.
pick() {
        local i=$((RANDOM % $#))

        shift "$i"
        # shellcheck disable=SC2034 # for the scripts
        PICKED=$1
}

# soak_run SECONDS COMMAND..: in the project's folder, as a developer's sudo would start it.
soak_run() {
        local seconds=$1

        shift
        (
                cd "$PROJECT"
                exec env SUDO_UID="$DEV_UID" SUDO_GID="$DEV_GID" SUDO_USER="$DEV" timeout --kill-after=5 "$seconds" "$@"
        )
}

# bounded ARGUMENT..: the program like fc, which may not take longer than SOAK_HANG. Sets STATUS, OUT and ERR.
bounded() {
        run soak_run "$SOAK_HANG" "$FC" "$@"
        ((STATUS != 124 && STATUS != 137)) || soak_flunk "'$*' hangs: not done in $SOAK_HANG s"
        ((STATUS < 128 || STATUS == 130)) || soak_flunk "'$*' was killed: status $STATUS"
}

### The oracle

# state_is_true STATE GUESTS: `status` and the kernel agree.
state_is_true() {
        case $1 in
        # The command that waited for it to be ready is gone: the next `up` waits again. Frozen: the guard that thaws it
        # when a command is killed was killed with it, as fault does with all that it traces; the next `up` thaws.
        running | degraded | starting | frozen) (($2 == 1)) ;;
        stopped | crashed | failed | completed) (($2 == 0)) ;;
        *) return 1 ;; # it is on its way
        esac
}

# guests NAME..: sets GUESTS, how many use each container's root.
guests() { mapfile -t GUESTS < <("$FC_HELPERS/guests" "${@/#/$PROJECT/.containers/}"); }

# soak_agree: status and kernel tell the same, at the latest when what was under way has been done; never two guests on a
# tree. Sets STATES, an array of "NAME STATE READY".
soak_agree() {
        local end=$((SECONDS + SOAK_HANG)) name state i true names=()

        while :; do
                bounded --json status
                ((STATUS == 0)) || soak_flunk "status says $STATUS"
                mapfile -t STATES < <(jq -r '.containers[] | "\(.name) \(.state) \(.ready)"' <<<"$OUT")
                names=("${STATES[@]%% *}")
                guests "${names[@]/%//root}"
                true=1
                for i in "${!STATES[@]}"; do
                        read -r name state _ <<<"${STATES[i]}"
                        ((GUESTS[i] <= 1)) || two_guests "$name"
                        state_is_true "$state" "${GUESTS[i]}" || true=0
                done
                ((!true)) || return 0
                # Between the two looks something may have happened.
                ((SECONDS < end)) || soak_flunk "status lies, or something never ends: ${STATES[*]}, guests: ${GUESTS[*]}"
                after 20
        done
}

# nspawn's children have its root until they execute something: only those that stay count.
two_guests() {
        local i

        for i in 1 2 3 4 5; do
                after 20
                guests "$1/root"
                ((GUESTS[0] > 1)) || return 0
        done
        soak_flunk "${GUESTS[0]} guests on the tree of '$1'"
}

# is_told STATE READY EVENT: what was heard last, or "none", is the same story as what `status` says.
is_told() {
        case "$1 $2" in
        'running true') [[ $3 == @(ready|recovered|booted) ]] ;;
        # Parts of a start before the container itself is touched.
        stopped*) [[ $3 == @(stopped|ended|completed|removed|skipped|failed|crashed|none|building|image|volume|restoring|restored|waiting) ]] ;;
        completed*) [[ $3 == @(completed|ended) ]] ;;
        crashed* | failed*) [[ $3 == @(crashed|failed|ended) ]] ;;
        *) ;; # on its way, or not as it should be
        esac
}

# soak_events: sets EVENTS, an array by container of what was heard last of it.
soak_events() {
        local name event

        run fc --json events
        declare -gA EVENTS=()
        while read -r name event; do
                EVENTS[$name]=$event
        done < <(jq -rs 'reduce .[] as $e ({}; .[$e.container] = $e.event) | to_entries[] | "\(.key) \(.value)"' <<<"$OUT")
}

# soak_told: `status`, as soak_agree has left it, and the events tell the same.
soak_told() {
        local line name state ready

        soak_events
        for line in "${STATES[@]}"; do
                read -r name state ready <<<"$line"
                is_told "$state" "$ready" "${EVENTS[$name]:-none}" ||
                        soak_flunk "'$name' is $state, and the last event is '${EVENTS[$name]:-none}'"
        done
}

# soak_states STATE READY EVENT..: all containers are in that state, and the last that was heard of each is such an event.
soak_states() {
        local want="$1 $2" line name

        for line in "${STATES[@]}"; do
                [[ ${line#* } == "$want" ]] || soak_flunk "'$line', not '$want'"
        done
        shift 2
        soak_events
        for name in "${!EVENTS[@]}"; do
                [[ " $* " == *" ${EVENTS[$name]} "* ]] ||
                        soak_flunk "the last event of '$name' is '${EVENTS[$name]}', not one of: $*"
        done
}

# soak_recovers: the next `up` puts everything right, whatever happened, and says the truth about it.
soak_recovers() {
        bounded up
        ((STATUS == 0)) || soak_flunk "the next up fails: $STATUS"
        soak_agree
        soak_states running true ready recovered
}

# soak_stops: the next `down` ends everything, and nothing is left.
soak_stops() {
        bounded down
        ((STATUS == 0)) || soak_flunk "the next down fails: $STATUS"
        soak_agree
        soak_states stopped false stopped ended crashed failed
        soak_nothing_left
}

# The cheap part of what run_testcase compares at the end.
soak_nothing_left() {
        local left

        left=$(machines_left)
        [[ -z $left ]] || soak_flunk "cgroups are left: $left"
        left=$(networks)
        [[ -z $left ]] || soak_flunk "a network is left: $left"
        ! is_booted || return 0
        left=$(pgrep -fa '/libexec/flake-containers/|systemd-nspawn' || :)
        [[ -z $left ]] || soak_flunk "processes are left: $left"
}

# soak_mark, soak_marked: data in a root, in its named volume and in a directory of a project_with_two().
soak_mark() {
        MARK=$RANDOM$RANDOM
        printf '%s\n' "$MARK" >"$PROJECT/.containers/one/root/kept"
        printf '%s\n' "$MARK" >"$PROJECT/.containers/volumes/state/kept"
        printf '%s\n' "$MARK" >"$PROJECT/data/kept"
}

# mark_in FOLDER: what it has there, or "none".
mark_in() {
        if [[ -f $PROJECT/$1/kept ]]; then
                cat "$PROJECT/$1/kept"
        else
                echo none
        fi
}

# soak_marked KEPT: what there must be in root and volume: "same" as it was; "fresh": the root may be a new one; "either":
# both have OLD_MARK, or both what they had. What was made by the user is always there.
soak_marked() {
        local found

        [[ -n ${MARK:-} ]] || return 0
        [[ $(mark_in data) == "$MARK" ]] || soak_flunk "data is lost: data/kept"
        found="$(mark_in .containers/one/root) $(mark_in .containers/volumes/state)"
        case $1:$found in
        *":$MARK $MARK" | "fresh:none $MARK") ;;
        "either:${OLD_MARK:-} ${OLD_MARK:-}") ;;
        *) soak_flunk "root and volume have '$found', and '$MARK' was to be there ($1)" ;;
        esac
}

# project_with_two: small, but with all that needs care: a port, a volume, a network, one that depends on another.
project_with_two() {
        MARK=''
        project shop
        mkdir -p "$PROJECT/data"
        chown --reference="$PROJECT" "$PROJECT/data"
        spec "$(tiny one '' ', "ports": ["8080:80"], "volumes": ["data:/data", "@state:/state"], "ready": {"timeout": '"$SOAK_READY"'}'),
                $(tiny two '["/bin/sh", "-c", "trap \"exit 0\" TERM; sleep infinity & wait"]' \
                        ', "dependsOn": {"one": "ready"}, "ready": {"timeout": '"$SOAK_READY"'}')"
}
