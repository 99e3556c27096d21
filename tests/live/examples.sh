#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The examples, as their readers run them, see tests/lib/examples.bash. Nix is real, with its daemon; nixpkgs and
# flake-parts are stand-ins (tests/nix/standin), whose NixOS boots Debian's Apache or PostgreSQL from the store.

export LIVE_SCRATCH=disk

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# The store is at /mnt/store, see live_make_host.
export NIX_REMOTE=daemon NIX_STORE_DIR=/mnt/store NIX_STATE_DIR=/mnt/var/nix NIX_LOG_DIR=/mnt/var/log/nix NIX_CONF_DIR=/mnt/etc

# shellcheck source=tests/lib/nix-daemon.bash
. "$LIVE_TOP/tests/lib/nix-daemon.bash"
# shellcheck source=tests/lib/examples.bash
. "$LIVE_TOP/tests/lib/examples.bash"

# need_standins [TREE..]: the inputs of the flakes, made once, and what containers of the stand-in boot, once each.
need_standins() {
        local tree

        need_nix_daemon
        keep_nix_environment
        start_daemon
        INPUTS=$SCRATCH/inputs
        if [[ ! -d $INPUTS ]]; then
                "$LIVE_TOP/tests/nix/standin/make" "$INPUTS" "$FC_BINARY"
                example_program
                # The original's flake has one more.
                mkdir "$INPUTS/flake-root"
                echo '{ outputs = _: { flakeModule = { }; }; }' >"$INPUTS/flake-root/flake.nix"
                sed -i "s|^ *flake-containers.url|    flake-root.url = \"path:$INPUTS/flake-root\";\n&|" "$INPUTS/flake.nix"
        fi
        for tree; do
                [[ -L $NIX_STATE_DIR/gcroots/$tree ]] || add_tree "$tree"
        done
        cat >"$INPUTS/nixpkgs/tree.nix" <<-NIX
		config:
		let
		  of = path: if path == "" then null else builtins.appendContext path { \${path} = { path = true; }; };
		in
		if config.services.postgresql.enable or false then
		  of "$(readlink "$NIX_STATE_DIR/gcroots/database" || :)"
		else if config.services.httpd.enable then
		  of "$(readlink "$NIX_STATE_DIR/gcroots/httpserver" || :)"
		else
		  null
	NIX
}

# add_tree NAME: NAME_tree as a store path, which stays.
add_tree() {
        "$1_tree" "$SCRATCH/tree/source"
        ln -s "$(nix-store --add "$SCRATCH/tree/source")" "$NIX_STATE_DIR/gcroots/$1"
        rm -rf "$SCRATCH/tree"
}

# Debian's Apache, on the folder that the example's NixOS serves.
httpserver_tree() {
        slim_image
        mkdir -p "$1"
        cp -a -- "$SLIM_IMAGE/usr" "$SLIM_IMAGE/etc" "$1/"
        sed -i 's|/var/www/html|/srv/www|; s|<Directory /var/www/>|<Directory /srv/www/>|' \
                "$1"/etc/apache2/{apache2.conf,sites-available/000-default.conf}
        chmod -R a+rX "$1/etc"
}

# Debian's PostgreSQL, which does as NixOS's: a new data base is made, and gets the first data.
database_tree() {
        local bin

        mkdir -p "$1"
        cp -a -- "$FC_IMAGES/db/usr" "$FC_IMAGES/db/etc" "$1/"
        bin=/usr/lib/postgresql/$(ls "$1/usr/lib/postgresql")/bin
        mkdir -p "$1/etc/systemd/system/postgresql.service.d"
        cat >"$1/etc/systemd/system/postgresql.service.d/first.conf" <<-UNIT
		[Service]
		StateDirectory=postgresql
		ExecStartPre=/bin/bash /etc/postgresql-first
		ExecStartPost=/bin/bash -c 'cd /var/lib/postgresql && [[ ! -e first ]] || { psql -U postgres -f /etc/initial.sql && rm first; }'
	UNIT
        cat >"$1/etc/postgresql-first" <<-SCRIPT
		set -e
		cd /var/lib/postgresql
		[[ ! -e data/PG_VERSION ]] || exit 0
		$bin/initdb --pgdata=data --auth=trust --encoding=UTF8 --locale=C.UTF-8
		echo "unix_socket_directories = '/run/postgresql'" >>data/postgresql.auto.conf
		touch first
	SCRIPT
        chmod -R a+rX "$1/etc"
}

testcase_debian() {
        command -v psql redis-cli >/dev/null || skip "psql or redis-cli is not installed"
        example debian
        sed -i "s|\"images/|\"$FC_IMAGES/|" "$PROJECT/flake-containers.json"
        tell debian
}

testcase_shop() {
        command -v psql >/dev/null || skip "psql is not installed"
        command -v python3 >/dev/null || skip "python3 is not installed"
        example shop
        sed -i "s|\"../debian/images/|\"$FC_IMAGES/|" "$PROJECT/flake-containers.json"
        # Nine suites and forty guests.
        tell shop 300
}

testcase_httpserver() {
        need_standins httpserver
        example httpserver
        example_flake flake-containers httpserver-{up,down}
        tell httpserver
        stop_daemon
}

testcase_database() {
        command -v psql >/dev/null || skip "psql is not installed"
        need_standins database
        example database
        example_flake db-{up,down}
        tell database
        stop_daemon
}

testcase_original() {
        thorough || return 0
        need_standins httpserver
        example original
        example_flake flake-containers httpserver-{up,down}
        tell original
        stop_daemon
}

testcase_compose() {
        need_standins
        example compose
        example_flake flake-containers flake-containers.spec app-up
        tell compose
        stop_daemon
}

testcase_jupyter() {
        thorough || return 0
        need_standins
        example jupyter
        example_flake flake-containers flake-containers.spec jupyter-up
        tell jupyter
        stop_daemon
}

testcase_without_flake() {
        need_standins
        example without-flake
        sed -i -e "s|import <nixpkgs>|import $INPUTS/nixpkgs|" \
                -e "s|builtins.getFlake \".*\"|builtins.getFlake \"path:$INPUTS/flake-containers\"|" "$PROJECT/containers.nix"
        as_dev git -C "$PROJECT" add -A
        ok dev nix build --no-link -f containers.nix packages.flake-containers packages.db-up
        tell without-flake
        stop_daemon
}

# An image that another version of make-images has made is made anew, and stays where that fails: here without a network.
testcase_images_of_another_version() {
        local example images

        project images
        example=$PROJECT/debian images=$PROJECT/debian/images
        mkdir -p "$images/httpserver"
        cp "$LIVE_TOP/examples/debian/make-images" "$example/"
        sha256sum <"$example/make-images" >"$images/.httpserver.version"
        ok "$example/make-images" httpserver
        expect_err 'httpserver: there already'
        echo '# another version' >>"$example/make-images"
        run_status 1 "$example/make-images" httpserver
        expect_err 'httpserver: there, but made by another version of this script'
        expect_err 'httpserver: failed'
        exists "$images/httpserver"
}

live_main "$@"
