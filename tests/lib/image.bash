# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Root file systems for containers, made from the example's images: no package, no network. Part of live.bash.

# bash and some tools, copied out of an image with the libraries they need: no package, no network.
tiny_image() {
        local from=$FC_IMAGES/httpserver to=$TINY_IMAGE files=() i

        [[ ! -d $to ]] || return 0
        mkdir -p "$to.new"/{dev,etc,proc,root,run,sys,tmp,usr/bin,usr/lib,usr/lib64,usr/sbin,var/log}
        for i in bin lib lib64 sbin; do ln -s "usr/$i" "$to.new/$i"; done
        for i in bash cat chmod chown date echo env false getent grep head hostname id kill ln ls md5sum mkdir mount mv printf ps pwd \
                readlink rm seq setpriv sh sleep stat stty tee touch true tty umount; do
                [[ ! -e $from/usr/bin/$i ]] || files+=("usr/bin/$i")
        done
        # What ldd does, without a shell for each. getent finds the last ones at run time. In the image's root, since the
        # loader is an absolute link, which must not lead to the host's, of perhaps another release.
        # shellcheck disable=SC2016 # the inner shell expands these
        chroot "$from" /bin/bash -c '
                {
                        for i; do LD_TRACE_LOADED_OBJECTS=1 "/$i"; done |
                                sed -n "s/^.*[[:space:]]\/\(lib[^ ]*\) .*/\1/p" | sort -u
                        for i in "$@" usr/lib/*/libnss_{files,dns}.so.2; do [[ ! -e /$i ]] || echo "$i"; done
                } | tar --dereference --mode=u-s -cf - -T -' bash "${files[@]}" | tar -C "$to.new" -xf -
        printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' >"$to.new/etc/passwd"
        printf 'root:x:0:\nnogroup:x:65534:\n' >"$to.new/etc/group"
        printf 'hosts: files\npasswd: files\ngroup: files\n' >"$to.new/etc/nsswitch.conf"
        printf 'ID=tiny\nNAME=tiny\n' >"$to.new/usr/lib/os-release"
        own_image "$to.new"
        mv "$to.new" "$to"
}

# What a boot starts by default: for devices and settings of machines, and for logins, none of which these guests have. Where
# the last one is missing, the file that says that nobody may log in yet is not made either.
readonly SLIM_WITHOUT=(
        cryptsetup.target integritysetup.target veritysetup.target dev-hugepages.mount kmod-static-nodes.service
        proc-sys-fs-binfmt_misc.automount sys-fs-fuse-connections.mount 'sys-kernel-*.mount' systemd-binfmt.service
        systemd-firstboot.service systemd-modules-load.service 'systemd-pcrphase*.service' systemd-random-seed.service
        systemd-repart.service systemd-tmpfiles-setup-dev.service systemd-logind.service
        systemd-user-sessions.service
)

# Of apache's modules those that serving files, and lists of them, does without.
readonly SLIM_MODULES=(
        access_compat.'*' auth_basic.'*' 'authn_*' authz_host.'*' authz_user.'*' deflate.'*' filter.'*' negotiation.'*'
        reqtimeout.'*' setenvif.'*' status.'*'
)

# slim_units FOLDER: settings of units, below the image's /etc.
slim_units() {
        mkdir -p "$1/mount.d" "$1/apache2.service.d"
        # The mounts that nspawn makes go with the namespace. Without this each of them is a umount(8) before, most of which fail.
        printf '[Unit]\nDefaultDependencies=no\n' >"$1/mount.d/slim.conf"
        # What apache's shell scripts come to.
        cat >"$1/apache2.service.d/slim.conf" <<-'TEXT'
		[Service]
		Environment=LANG=C APACHE_RUN_USER=www-data APACHE_RUN_GROUP=www-data APACHE_PID_FILE=/run/apache2/apache2.pid
		Environment=APACHE_RUN_DIR=/run/apache2 APACHE_LOCK_DIR=/run/lock/apache2 APACHE_LOG_DIR=/var/log/apache2
		RuntimeDirectory=apache2 lock/apache2
		ExecStart=
		ExecStart=/usr/sbin/apache2 -k start
		ExecStop=
		ExecReload=
		ExecReload=/usr/sbin/apache2 -k graceful
	TEXT
}

# The httpserver's image without what no test needs. The larger part of its files: each first `up` copies them all. The
# generators and the units of each boot that find nothing to do in it, and the shell scripts around the web server, which
# itself is the real one: half of the processor time of a boot, and a third of what the tests take is boots.
# live/debian, live/services, live/examples and live/init boot images as they are. It is the script's own, so that what is made
# of it can be hard links.
slim_image() {
        local to=$SLIM_IMAGE

        [[ ! -d $to ]] || return 0
        mkdir -p "$to.new"
        tar -C "$FC_IMAGES/httpserver" -cf - --exclude='./usr/share/perl*' --exclude='./usr/lib/*/perl' \
                --exclude='./usr/lib/*/gconv' --exclude='./usr/lib/*/libicu*' \
                --exclude='./usr/share/*-completion*' --exclude='./usr/share/apache2/icons' \
                --exclude='./var/lib/dpkg/info' --exclude='./usr/lib/systemd/system-generators/*' \
                "${SLIM_WITHOUT[@]/#/--exclude=./usr/lib/systemd/system/*.target.wants/}" \
                --exclude='./usr/lib/tmpfiles.d/systemd-nologin.conf' \
                "${SLIM_MODULES[@]/#/--exclude=./etc/apache2/mods-enabled/}" . |
                tar -C "$to.new" --same-owner -xpf -
        slim_units "$to.new/etc/systemd/system"
        own_image "$to.new"
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

# switchable NAME: the same, of which each can be switched to from any other (tests/lib/switch.bash).
switchable() {
        toplevel "$1"
        [[ ! -e $BUILT/bin/switch-to-configuration ]] || return 0
        mkdir "$BUILT/bin"
        touch "$BUILT/etc/NIXOS"
        printf 'systemd 3' >"$BUILT/init-interface-version"
        printf '#!/usr/bin/bash\nout=%s\n' "$TOPLEVEL" | cat - "$LIVE_TOP/tests/lib/switch.bash" >"$BUILT/bin/switch-to-configuration"
        chmod 755 "$BUILT/bin/switch-to-configuration"
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

# begin_cache DIRECTORY: where images are that the program makes; the host's, which shall stay as it is, is another one. Sets
# CACHE.
begin_cache() {
        mkdir -p "$1"
        chmod 700 "$1"
        if is_rootless; then
                CACHE=$SCRATCH/home/.cache/flake-containers
                chown "$DEV:" "$1"
                install -d -o "$DEV" -m 700 "${CACHE%/*}" "$CACHE"
        else
                CACHE=/var/cache/flake-containers
                # apt's stays, which takes seconds to make.
                mkdir -p "$SCRATCH/apt"
                mount --bind /var/cache/apt "$SCRATCH/apt"
                mount -t tmpfs -o mode=755 tmpfs /var/cache
                mkdir /var/cache/apt "$CACHE"
                mount --bind "$SCRATCH/apt" /var/cache/apt
                umount "$SCRATCH/apt"
        fi
        mount --bind "$1" "$CACHE"
}

end_cache() {
        umount "$CACHE"
        is_rootless || umount /var/cache/apt /var/cache
}
