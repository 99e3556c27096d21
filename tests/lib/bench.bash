# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the scripts in tests/bench have in common that do the same with our program and without it, in turns: figures, and
# a table of their medians. To be sourced after setup.bash. WORK (a folder) and FIGURES (a file), which bench_begin sets, and
# ROUND (a number) are to be set before anything is measured.

# bench_begin: makes WORK with a PROJECT in it, to go at the end with what runs of that. The script has fc().
bench_begin() {
        WORK=$(mktemp -d "${FC_TEST_TMP:-/var/tmp}/fc-bench.XXXXXX")
        PROJECT=$WORK/project
        FIGURES=$WORK/figures
        trap bench_end EXIT
        trap 'exit 130' INT TERM HUP
        mkdir -p "$PROJECT"
}

bench_end() {
        fc down >/dev/null 2>&1 || :
        rm -rf --one-file-system -- "$WORK"
}

now() { printf '%s\n' "${EPOCHREALTIME/[.,]/}"; }

# timed NAME COMMAND..: adds the milliseconds that it took to NAME's figures.
timed() {
        local name=$1 start end

        shift
        start=$(now)
        "$@" >"$WORK/output" 2>&1 || fail 3 "$* failed: $(<"$WORK/output")"
        end=$(now)
        figure "$name" "$(awk -v us="$((end - start))" 'BEGIN { printf "%.2f", us / 1000 }')"
}

# The clock itself, two calls of now and no process between them, is printed, and not taken off.
figure() { printf '%s\t%s\t%s\n' "$ROUND" "$1" "$2" >>"$FIGURES"; }

median() { awk -F '\t' -v name="$1" '$2 == name { print $3 }' "$FIGURES" | sort -n | awk '{ v[NR] = $1 } END { if (NR) printf "%.1f", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2; else printf "-" }'; }
range() { awk -F '\t' -v name="$1" '$2 == name { print $3 }' "$FIGURES" | sort -n | awk 'NR == 1 { min = $1 } { max = $1 } END { printf "%.1f..%.1f", min, max }'; }
# The median of the differences within the rounds, which is not the difference of the medians.
difference() {
        awk -F '\t' -v a="$1" -v b="$2" '
                $2 == a { sa[$1] += $3; na[$1]++ } $2 == b { sb[$1] += $3; nb[$1]++ }
                END { for (r in sa) if (r in sb) print sa[r] / na[r] - sb[r] / nb[r] }' "$FIGURES" |
                sort -n | awk '{ v[NR] = $1 } END { if (NR) printf "%+.1f", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2; else printf "-" }'
}

row() { printf '%-34s %9s  %-16s %9s  %-16s %9s   %s\n' "$@"; }

compare() { row "$1" "$(median "$2")" "$(range "$2")" "$(median "$3")" "$(range "$3")" "$(difference "$2" "$3")" "$4"; }

single() { row "$1" "$(median "$2")" "$(range "$2")" "" "" "" "$3"; }

# plan_of NAME: what `up` would give systemd-nspawn for it, for raw-boot: sets ARGV and MOUNTS.
plan_of() {
        local name source

        fc --json up --dry-run "$1" >"$WORK/plan"
        mapfile -d '' -t ARGV < <(jq --raw-output0 '.containers[0].argv[]' "$WORK/plan" 2>/dev/null ||
                jq -j '.containers[0].argv[] | . + "\u0000"' "$WORK/plan")
        # What the supervisor adds to it; the rest is the plan's.
        ARGV=("${ARGV[0]}" --register=no "${ARGV[@]:1}")
        MOUNTS=()
        while IFS=$'\t' read -r name source; do
                [[ -e $source ]] || fail 1 "the plan mounts $name, and where that lies is not known here"
                MOUNTS+=(-m "$name=$source")
        done < <(jq -r '.containers[0].mounts[] | [(.at | sub(".*/"; "")), .source // ""] | @tsv' "$WORK/plan")
}
