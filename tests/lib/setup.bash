# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What examples/debian/quickstart and tests/run have in common: saying what they do, installing Debian packages,
# building as the one whose clone it is. To be sourced with TOP set.

# One line per step, so that a reader always knows what is being waited for.
step() { printf '==> %s\n' "$*"; }

detail() { printf '    %s\n' "$*"; }

# fail STATUS TEXT..: the only way to give up.
fail() {
        local status=$1

        shift
        printf '%s: %s\n' "${0##*/}" "$*" >&2
        exit "$status"
}

# setup_require_root WHY
setup_require_root() {
        ((EUID == 0)) || fail 6 "needs root, $1; run: sudo $0"
        # Some ways to become root keep a user's PATH.
        PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
}

setup_require_debian() {
        command -v apt-get dpkg-query >/dev/null ||
                fail 6 "installs packages with apt-get, which this system does not have; README.md says what to install"
}

# setup_missing PACKAGE..: the ones that are not installed, a line each.
setup_missing() {
        local package

        declare -A have=()
        while read -r package; do
                have[$package]=1
        done < <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p')
        for package; do
                [[ -n ${have[$package]:-} ]] || printf '%s\n' "$package"
        done
}

setup_apt_get() {
        DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -q -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

# What of apt-get's output a reader wants to see: how much it is, and each package that was asked for.
setup_show_apt() {
        local package

        declare -A wanted=()
        for package; do wanted[$package]=1; done
        while IFS= read -r line; do
                case $line in
                *' newly installed, '* | 'Need to get '*) detail "$line" ;;
                'Setting up '*)
                        package=${line#Setting up }
                        package=${package%% *}
                        [[ -z ${wanted[${package%:*}]:-} ]] || detail "${line%...}"
                        ;;
                esac
        done
}

# setup_require PACKAGE..: for a user, who installs nothing.
setup_require() {
        local missing=()

        mapfile -t missing < <(setup_missing "$@")
        ((${#missing[@]} == 0)) || fail 6 "packages are missing; run: sudo apt-get install --no-install-recommends ${missing[*]}"
        detail "all there"
}

# setup_install PACKAGE..: installs those that are missing. The lists are fetched only when they do not do: on most
# machines they are good enough, and fetching them is slow.
setup_install() {
        local missing=() log

        mapfile -t missing < <(setup_missing "$@")
        if ((${#missing[@]} == 0)); then
                detail "all there"
                return
        fi
        detail "installing ${missing[*]}"
        log=$(mktemp)
        if ! setup_apt_get install --yes --no-install-recommends "${missing[@]}" 2>&1 |
                tee "$log" | setup_show_apt "${missing[@]}"; then
                detail "apt-get update, because the lists here are missing or out of date"
                if ! { setup_apt_get update && setup_apt_get install --yes --no-install-recommends "${missing[@]}"; } 2>&1 |
                        tee "$log" | setup_show_apt "${missing[@]}"; then
                        tail -n 20 "$log" >&2
                        rm -f "$log"
                        fail 6 "apt-get could not install: ${missing[*]}"
                fi
        fi
        rm -f "$log"
}

# setup_as_owner COMMAND..: as the user who called sudo, so that what it writes into the clone is theirs. As root when
# there is no such user or they could not write there (a build folder that root made before).
setup_as_owner() {
        local as=() home

        if [[ -n ${SUDO_UID:-} && -n ${SUDO_GID:-} && $SUDO_UID != 0 ]]; then
                home=$(getent passwd "$SUDO_UID" | cut -d: -f6)
                as=(setpriv --reuid "$SUDO_UID" --regid "$SUDO_GID" --init-groups -- env "HOME=${home:-/}")
                # Before anything is built the folder above must take it.
                if ! "${as[@]}" test -w "$TOP/build" && { [[ -e $TOP/build ]] || ! "${as[@]}" test -w "$TOP"; }; then
                        as=()
                fi
        fi
        "${as[@]}" "$@"
}

# setup_cmake FOLDER OPTION..: configures and builds; quick when there is nothing to do. An option given anew reaches a
# folder that is configured already.
setup_cmake() {
        local folder=$1 generator=()

        shift
        # A clone that was moved or copied along with its build folder: the paths in there are another's.
        if [[ -f $folder/CMakeCache.txt ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$TOP" "$folder/CMakeCache.txt"; then
                detail "$folder was configured for another place, starting anew"
                rm -rf -- "$folder/CMakeCache.txt" "$folder/CMakeFiles"
        fi
        [[ -f $folder/CMakeCache.txt ]] || generator=(-G Ninja)
        if [[ ! -f $folder/.configured || "$(<"$folder/.configured")" != "$*" || -n ${generator[*]} ]]; then
                setup_as_owner cmake --log-level=NOTICE -S "$TOP" -B "$folder" "${generator[@]}" "$@" | sed 's/^/    /' ||
                        fail 1 "cmake could not configure $folder, see above"
                setup_as_owner tee "$folder/.configured" <<<"$*" >/dev/null
        fi
        setup_as_owner cmake --build "$folder" 2>&1 | setup_show_build || fail 1 "building in $folder failed, see above"
}

# Of a build's progress four lines; all else, which is what compilers and linkers have to say, as it is.
setup_show_build() {
        awk '
                /^\[[0-9]+\/[0-9]+\] (Building|Linking|Generating|Creating) / {
                        split($1, n, /[][\/]/)
                        quarter = int(4 * n[2] / n[3])
                        if (quarter > shown) {
                                printf "    %s of %s\n", n[2], n[3]
                                fflush()
                                shown = quarter
                        }
                        next
                }
                { print "    " $0; fflush() }'
}
