# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What a test case says of itself: skipped, failed, and the assertions that fail it. Part of live.bash.

# shellcheck disable=SC2153 # STATUS is set by run

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

# The calls that led here, without those in tests/lib.
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

# sorted_runs REGEX: lines that match, where they follow one another, are sorted.
sorted_runs() {
        awk -v like="$1" '
                function flush(i, j, t) {
                        for (i = 2; i <= n; i++)
                                for (j = i; j > 1 && line[j - 1] > line[j]; j--) {
                                        t = line[j]; line[j] = line[j - 1]; line[j - 1] = t
                                }
                        for (i = 1; i <= n; i++) print line[i]
                        n = 0
                }
                $0 ~ like { line[++n] = $0; next }
                { flush(); print }
                END { flush() }'
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
                -e 's/\[[0-9]+\]/[PID]/g; s/ \(id ([a-z-]+)-[0-9a-f]{4}\): / (id \1-HASH): /' \
                -e 's/([^0-9.])[0-9]+(\.[0-9]+)? ?(s|m)\b/\1SECONDS/g' \
                -e 's/[0-9]+(\.[0-9]+)?(ms|us)\b/SECONDS/g' \
                -e "$nspawn" <<<"$ERR" |
                # Lines of the guest: what is sent to journald in one moment it may take in any order.
                sorted_runs '^      ' |
                awk '!(/^[^ ]+: (booting|waiting)/ && seen[$1, $2]++)')
        if [[ ${FC_UPDATE_SCREENS:-} == 1 ]]; then
                mkdir -p "${file%/*}"
                printf '%s\n' "$masked" >"$file"
        fi
        exists "$file"
        same_files "$file" <(printf '%s\n' "$masked") "the screen is not that of ${file##*/} (- expected, + shown)"
        # Only a terminal gets these.
        [[ $ERR != *$'\e'* ]] || flunk "escape codes without a terminal"
}

# nowhere WORD: no process of the host shows it in its arguments, none but the container's own in its environment, and
# no file that is left behind has it.
nowhere() {
        local file

        for file in /proc/[0-9]*/cmdline; do
                ! grep -a -q -F -- "$1" "$file" 2>/dev/null || flunk "'$1' is in $file: $(tr '\0' ' ' <"$file")"
        done
        # In /run of a container there is a file system of its own, which no command sees.
        file=$(find "$PROJECT/.containers" /run/flake-containers -type f -exec grep -a -l -F -- "$1" {} + 2>/dev/null || :)
        [[ -z $file ]] || flunk "'$1' is in $file"
}
