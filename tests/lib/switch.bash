# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: MIT
#
# The bin/switch-to-configuration of a toplevel that tests/lib/live.bash makes. What it needs, says and exits with, and in
# what order, is that of nixpkgs: nixos/modules/system/activation/switch-to-configuration.pl, and in Rust
# pkgs/by-name/sw/switch-to-configuration-ng/src/main.rs, which writes the same. `out` is set above.

set -u
export PATH=/usr/bin:/usr/sbin
status=0
say() { printf '%s\n' "$*" >&2; }

list() {
        local IFS=,

        printf '%s' "$*" | sed 's/,/, /g'
}

[[ ${1:-} == test ]] || exit 1
[[ -f /etc/NIXOS ]] || { say "This is not a NixOS installation!" && exit 1; }

# One at a time, and the second does not wait.
mkdir -p /run/nixos
exec 9>>/run/nixos/switch-to-configuration.lock
flock --nonblock 9 || { say "Could not acquire lock" && exit 11; }
[[ ${NIXOS_NO_SYNC:-} == 1 ]] || sync -f "${out%/*}"
# Since 26.05 what both systems name has to be the same.
inhibitors=/run/current-system/switch-inhibitors
if [[ -e $inhibitors && -e $out/switch-inhibitors ]] && ! cmp -s "$inhibitors" "$out/switch-inhibitors"; then
        say "There are changes to critical components of the system" && exit 1
fi
[[ ! -x $out/pre-switch ]] || "$out/pre-switch" || { say "Pre-switch checks failed" && exit 1; }

if ! cmp -s /run/current-system/init-interface-version "$out/init-interface-version"; then
        say "Warning: the new NixOS configuration has an 'init' that is
incompatible with the current configuration.  The new configuration
won't take effect until you reboot the system."
        exit 100
fi

# What says what a unit is, and not what it does, is no change of it.
same_unit() { cmp -s <(grep -vE '^(Description|Documentation)=' "$1") <(grep -vE '^(Description|Documentation)=' "$2"); }

# What one that was interrupted had stopped.
readonly LIST=/run/nixos/start-list
stop=() skip=() restart=() start=() targets=()
[[ ! -e $LIST ]] || mapfile -t start <"$LIST"

# Units that are active and not the same any more. Targets are started again, and not spoken of.
mapfile -t active < <(systemctl list-units --full --plain --no-legend --state active,activating,failed | cut -d ' ' -f 1)
for unit in "${active[@]}"; do
        old=/etc/systemd/system/$unit new=$out/etc/systemd/system/$unit
        [[ -e $old ]] || continue
        if [[ ! -e $new ]]; then
                stop+=("$unit")
        elif [[ $unit == *.target ]]; then
                targets+=("$unit")
        elif ! same_unit "$old" "$new"; then
                if grep -qx 'X-RestartIfChanged=false' "$new"; then
                        skip+=("$unit")
                elif grep -qx 'X-StopIfChanged=false' "$new"; then
                        restart+=("$unit")
                else
                        stop+=("$unit")
                        start+=("$unit")
                        echo "$unit" >>"$LIST"
                fi
        fi
done
if ((${#stop[@]} > 0)); then
        say "stopping the following units: $(list "${stop[@]}")"
        systemctl stop -- "${stop[@]}"
fi
((${#skip[@]} == 0)) || say "NOT restarting the following changed units: $(list "${skip[@]}")"

say "activating the configuration..."
ln -sfn "$out/etc" /etc/static
for file in /etc/static/systemd/*; do ln -sfn "$file" "/etc/systemd/${file##*/}"; done
ln -sfn "$out" /run/current-system
[[ ! -x $out/activate ]] || "$out/activate" "$out" || status=2

# The real one compares /proc/1/exe.
if [[ -e $out/other-systemd ]]; then
        say "restarting systemd..."
        systemctl daemon-reexec || status=2
fi
systemctl reset-failed
systemctl daemon-reload || status=3
if ((${#restart[@]} > 0)); then
        say "restarting the following units: $(list "${restart[@]}")"
        systemctl restart -- "${restart[@]}" || status=4
fi
((${#start[@]} == 0)) || say "starting the following units: $(list "${start[@]}")"
systemctl start -- multi-user.target "${targets[@]}" "${start[@]}" || status=4
rm -f "$LIST"

mapfile -t failed < <(systemctl list-units --full --plain --no-legend --state failed | cut -d ' ' -f 1)
if ((${#failed[@]} > 0)); then
        say "warning: the following units failed: $(list "${failed[@]}")"
        systemctl status --no-pager --full "${failed[@]}" >&2
        status=4
fi
exit "$status"
