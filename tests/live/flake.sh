#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The way of a Nix user: a flake, and its commands by `nix run` and `nix develop`. Nix is real, with its daemon, as a
# developer without privileges uses it; nixpkgs and flake-parts are stand-ins (tests/nix/standin), whose NixOS boots a
# Debian tree from the store.

export LIVE_SCRATCH=disk

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# The store is at /mnt/store, see live_make_host.
export NIX_REMOTE=daemon NIX_STORE_DIR=/mnt/store NIX_STATE_DIR=/mnt/var/nix NIX_LOG_DIR=/mnt/var/log/nix NIX_CONF_DIR=/mnt/etc

# shellcheck source=tests/lib/nix-daemon.bash
. "$LIVE_TOP/tests/lib/nix-daemon.bash"

need_nix() {
        need_nix_daemon
        keep_nix_environment
        [[ -d $SCRATCH/inputs ]] || "$LIVE_TOP/tests/nix/standin/make" "$SCRATCH/inputs" "$FC_BINARY"
        start_daemon
        if [[ -L $SCRATCH/tree ]]; then TREE=$(readlink "$SCRATCH/tree"); else add_tree; fi
}

# Debian's httpserver as a store path: what of it is in a NixOS toplevel's closure as well. By the name that flake inputs
# have, so that Nix takes it as it is.
add_tree() {
        local tree=$SCRATCH/tree.new/source

        slim_image
        mkdir -p "$tree"
        cp -al -- "$SLIM_IMAGE/usr" "$tree/usr"
        cp -a -- "$SLIM_IMAGE/etc" "$tree/etc"
        chmod -R a+rX "$tree/etc"
        TREE=$(nix-store --add "$tree")
        # All test cases share it.
        ln -s "$TREE" "$SCRATCH/tree"
        ln -s "$SCRATCH/tree" "$NIX_STATE_DIR/gcroots/tree"
        rm -rf "$SCRATCH/tree.new"
}

# flake MODULE: the current project's flake, of a flake-parts module that may use `tree`. What Nix says of a flake's place
# since 2.14 it says in any case.
flake() {
        local folder self

        folder=$(as_dev git -C "$PROJECT" rev-parse --show-prefix)
        folder=${folder%/}
        self="inputs.self // { _type = \"flake\"; outPath = inputs.self.sourceInfo.outPath + \"${folder:+/$folder}\"; }"
        sed -e "s|    runner = {|    tree = { url = \"path:$TREE\"; flake = false; };\n&|" \
                -e "s|mkFlake { inherit inputs; }|mkFlake { inherit inputs; self = $self; }|" \
                "$SCRATCH/inputs/flake.nix" >"$PROJECT/flake.nix"
        printf '{ inputs, ... }:\nlet tree = inputs.tree; in\n%s\n' "$1" >"$PROJECT/containers.nix"
        chown "$DEV:" "$PROJECT"/{flake,containers}.nix
        as_dev git -C "$PROJECT" add -A
        ok as_dev env -C "$PROJECT" nix flake lock
        as_dev git -C "$PROJECT" add -A
}

readonly HTTPSERVER='{
  flake-containers = {
    enable = true;
    containers.httpserver = {
      ports = [ "8080:80" ];
      volumes = [ "src:/var/www/html" ];
      configuration.standin.tree = tree;
    };
  };
}'

shell() { dev nix run .#httpserver-shell; }

# toplevel_of NAME: the store path that the flake has for a container.
toplevel_of() { dev nix eval --raw ".#$1-up.toplevel"; }

testcase_run() {
        need_nix
        project shop
        flake "$HTTPSERVER"
        ok dev nix run .#httpserver-up
        equal "$(page 8080)" "<p>page of shop</p>"
        equal "$(stat -c %U "$PROJECT/.containers")" "$DEV" "the owner of .containers"
        ok dev nix run .#httpserver-up
        expect_err 'unchanged|already up'
        absent "$PROJECT/.containers/httpserver/root/stage2-trouble"
        ok fleet exec httpserver -- readlink /run/current-system
        equal "$OUT" "$(toplevel_of httpserver)" "the system inside"
        # A login shell reads commands where there is no terminal.
        run_status 5 shell <<<'hostname; exit 5'
        expect_out '^httpserver$'
        ok dev nix run .#httpserver-down
        run page 8080
        equal "$STATUS" 7 "curl's status after down"
        # Nothing of root's outside of .containers.
        equal "$(find "$PROJECT" -path "$PROJECT/.containers" -prune -o -not -user "$DEV" -print)" "" "files of others"
        stop_daemon
}

testcase_develop() {
        need_nix
        project shop
        flake "$HTTPSERVER"
        # It elevates itself.
        ok dev nix develop .#flake-containers -c httpserver-up
        equal "$(page 8080)" "<p>page of shop</p>"
        ok dev nix develop .#flake-containers -c httpserver-down
        # sudo has a PATH of its own here (live_make_host), in which our commands are not.
        run dev sudo httpserver-up
        equal "$STATUS" 1 "the status of a command that sudo should not find"
        ok dev nix develop .#flake-containers -c sudo httpserver-up
        equal "$(page 8080)" "<p>page of shop</p>"
        equal "$(stat -c %U "$PROJECT/.containers")" "$DEV" "the owner of .containers"
        ok dev nix develop .#flake-containers -c sudo -n httpserver-down
        ok dev nix develop .#flake-containers -c sudo flake-containers status
        expect_out 'httpserver +stopped'
        # Not the user's files, and nothing of the user's home to root.
        equal "$(find "$PROJECT" "$SCRATCH/home" -path "$PROJECT/.containers/httpserver" -prune -o -not -user "$DEV" -print)" "" \
                "files of others"
        stop_daemon
}

# in_shell COMMAND..: in the shell as it was when the developer entered it, whatever has changed since.
# shellcheck disable=SC2016 # expanded inside
in_shell() { dev bash -c 'set -e; source "$0"; "$@"' "$PROJECT/../shell" "$@"; }

# The shell gets not old: its commands are of the flake as it is when they are run. They need nothing of what is broken,
# and what only works on what runs needs nothing at all.
testcase_shell() {
        need_nix
        project shop
        flake "$HTTPSERVER"
        # All that entering it builds is there already, so that nothing of the containers can be.
        sed -i 's/configuration.standin.tree = tree/configuration = throw "looked at"/' "$PROJECT/containers.nix"
        ok dev nix print-dev-env .#flake-containers
        as_dev tee "$PROJECT/../shell" <<<"$OUT" >/dev/null
        run_status 2 in_shell httpserver-up
        expect_err 'looked at'

        flake "${HTTPSERVER/containers.httpserver/containers.broken.configuration = throw \"looked at\"; containers.httpserver}"
        ok in_shell httpserver-up
        equal "$(page 8080)" "<p>page of shop</p>"
        ok in_shell sudo httpserver-up
        expect_err 'unchanged'
        run_status 2 in_shell flake-containers up
        expect_err 'looked at'
        # Another port: neither the shell nor anything in it is made anew.
        flake "${HTTPSERVER/8080/8081}"
        ok in_shell sudo -n httpserver-up
        equal "$(page 8081)" "<p>page of shop</p>"

        # From here on nothing can be evaluated.
        echo 'not a flake (' >"$PROJECT/flake.nix"
        ok in_shell flake-containers status
        expect_out 'httpserver +running +yes'
        equal "$(in_shell httpserver-shell <<<hostname)" httpserver "the host name by httpserver-shell"
        ok in_shell flake-containers logs -n 1
        ok in_shell flake-containers port httpserver 80
        expect_out '127.0.0.1:8081'
        run_status 2 in_shell httpserver-up
        ok in_shell httpserver-down
        ok in_shell flake-containers status
        expect_out 'httpserver +stopped'
        stop_daemon
}

# A command that does not start a container does not know its contents.
testcase_run_without_evaluation() {
        need_nix
        project shop
        flake "$HTTPSERVER"
        ok dev nix run .#httpserver-up
        flake "${HTTPSERVER/standin.tree = tree/standin.tree = throw \"looked at\"}"
        run dev nix run .#httpserver-up
        equal "$STATUS" 1 "the status of a broken flake's httpserver-up"
        expect_err 'looked at'
        ok fleet status
        expect_out 'httpserver +running +yes'
        equal "$(shell <<<hostname)" httpserver "the host name by httpserver-shell"
        ok dev nix run .#httpserver-down
        stop_daemon
}

# A flake's command in another project: it is not mistaken for that one's.
testcase_elsewhere() {
        local there

        thorough || return 0
        need_nix
        project theirs
        flake "$HTTPSERVER"
        there=$PROJECT
        ok dev nix build --out-link up .#httpserver-up
        project ours
        flake "${HTTPSERVER/80:80/81:80}"
        echo '# Ours.' >>"$PROJECT/flake.nix"
        ok dev nix run .#httpserver-up
        run_status 5 dev nix run "git+file://$there#httpserver-up"
        expect_err "'$PROJECT' is not the project of this command: its flake.nix is another one"
        run_status 5 dev nix run "path:$there#httpserver-up"
        equal "$(page 8081)" "<p>page of ours</p>"
        # Meant, it is done.
        ok dev "$there/up/bin/httpserver-up" --root "$PROJECT" --dry-run
        expect_out 'httpserver: adjust'
        ok dev nix run .#httpserver-down
        # Where there is no flake, and no repository.
        as_dev git init -q "$SCRATCH/projects/none"
        run_status 2 as_dev env -C "$SCRATCH/projects/none" nix run "git+file://$there#httpserver-up"
        expect_err "there is no '$SCRATCH/projects/none/flake.nix'"
        run_status 2 as_dev env -C "$SCRATCH/home" nix run "git+file://$there#httpserver-up"
        expect_err "is in no git repository"
        stop_daemon
}

# In a folder of the repository; by its own commands also from elsewhere in it.
testcase_subdir() {
        local top

        thorough || return 0
        need_nix
        project shop
        top=$PROJECT
        as_dev mkdir -p "$top/services/src" "$top/other"
        cp "$top/src/index.html" "$top/services/src/"
        PROJECT=$top/services
        flake "$HTTPSERVER"
        as_dev cp -r "$PROJECT"/{flake.nix,flake.lock,containers.nix} "$top/other/"
        as_dev git -C "$top" add -A
        PROJECT=$top
        ok dev nix run ./services#httpserver-up
        exists "$top/services/.containers/httpserver"
        absent "$top/.containers"
        equal "$(page 8080)" "<p>page of shop</p>"
        ok dev nix develop ./services#flake-containers -c env -C other httpserver-up
        expect_err 'unchanged'
        ok dev nix run ./services#flake-containers -- status
        expect_out 'httpserver +running'
        ok dev env -C other nix run ../services#httpserver-down
        absent "$top/other/.containers"
        # What is copied without git does not say where it was. (And Nix would copy all that containers keep.)
        rm -rf "$top/services/.containers"
        ok dev env -C services nix run "path:$top/services#httpserver-up" -- --dry-run
        expect_out 'httpserver: start'
        stop_daemon
}

# The program as the system has it, which knows of the flake only what it builds.
testcase_installed() {
        thorough || return 0
        need_nix
        project shop
        flake "$HTTPSERVER"
        as_dev mkdir "$PROJECT/deep"
        ok dev env -C deep "$FC" up
        equal "$(page 8080)" "<p>page of shop</p>"
        # What it has built stays.
        ok nix-store --gc
        ok dev "$FC" status
        expect_out 'httpserver +running'
        ok dev "$FC" exec httpserver -- hostname
        equal "$OUT" httpserver
        # It is the same container, whichever way one comes to it.
        ok dev nix run .#httpserver-up
        expect_err 'unchanged'
        ok dev "$FC" down
        flake "${HTTPSERVER/ports/prots}"
        run_status 2 dev "$FC" up
        expect_err 'httpserver.prots'
        # What was built last is there still, and needs no Nix, as when the host boots.
        ok nix-store --gc
        stop_daemon
        ok dev "$FC" up --no-build
        equal "$(page 8080)" "<p>page of shop</p>"
        ok dev "$FC" down
}

said_times() { [[ $(grep -c -- "$2" "$1" || :) == "$3" ]]; }

# What git tracks is applied as it changes, evaluated as the developer; an error is waited on.
testcase_watch() {
        local pid

        need_nix
        project shop
        flake "$HTTPSERVER"
        (
                cd "$PROJECT"
                exec setpriv --reuid "$DEV_UID" --regid "$DEV_GID" --init-groups -- env --default-signal=INT,QUIT \
                        HOME="$SCRATCH/home" USER="$DEV" LOGNAME="$DEV" TMPDIR="$SCRATCH/home" "$FC" watch
        ) >"$TMP/watch" 2>&1 </dev/null &
        pid=$!
        # As long as an `up` may take, which it does.
        try_until "$FC_TIMEOUT" said_times "$TMP/watch" 'waiting for a change; ' 1
        equal "$(page 8080)" "<p>page of shop</p>"
        # Nix does not see it.
        as_dev touch "$PROJECT/untracked" "$PROJECT/src/untracked"
        sed -i 's/8080/8081/' "$PROJECT/containers.nix"
        try_until "$FC_TIMEOUT" said_times "$TMP/watch" 'waiting for a change; ' 2
        line_in "$TMP/watch" 'httpserver: unchanged +ports changed while it runs' >/dev/null
        equal "$(page 8081)" "<p>page of shop</p>"
        sed -i 's/ports/prots/' "$PROJECT/containers.nix"
        line_in "$TMP/watch" "'up' has failed with exit status 2, waiting for a change" >/dev/null
        line_in "$TMP/watch" 'httpserver\.prots' >/dev/null
        sed -i 's/prots/ports/' "$PROJECT/containers.nix"
        try_until "$WAIT" said_times "$TMP/watch" 'waiting for a change; ' 3
        # A file in a folder that is new, once git tracks it.
        as_dev mkdir "$PROJECT/nix"
        as_dev tee "$PROJECT/nix/more.nix" <<<'{ }' >/dev/null
        as_dev git -C "$PROJECT" add nix
        try_until "$WAIT" said_times "$TMP/watch" 'waiting for a change; ' 4
        sed -i 's/{ }/{ } # changed/' "$PROJECT/nix/more.nix"
        try_until "$WAIT" said_times "$TMP/watch" 'waiting for a change; ' 5
        equal "$(find "$PROJECT" -path "$PROJECT/.containers" -prune -o -not -user "$DEV" -print)" "" "files of others"
        kill -INT "$pid"
        finished "$pid"
        equal "$STATUS" 0 'the status of a watch that was ended'
        ok fleet status
        expect_out 'httpserver +running'
        ok dev nix run .#httpserver-down
        stop_daemon
}

# What runs, or could be started again, stays in the store; what is deleted does not.
testcase_garbage() {
        local toplevel

        need_nix
        project shop
        flake "$HTTPSERVER"
        ok dev nix run .#httpserver-up
        toplevel=$(toplevel_of httpserver)
        equal "$(readlink "$PROJECT/.containers/httpserver/system")" "$toplevel" "the link to the system"
        ok nix-store --gc
        exists "$toplevel/init"
        equal "$(page 8080)" "<p>page of shop</p>"
        # With a program of elsewhere, since the commands are gone.
        ok dev "$FC" status
        expect_out 'httpserver +running +yes'
        ok dev "$FC" exec httpserver -- hostname
        ok dev "$FC" wait httpserver
        ok fleet exec httpserver -- systemctl is-system-running
        ok fleet down
        ok nix-store --gc
        exists "$toplevel/init"
        # To delete the state, by whatever means, deletes the root.
        rm -rf "$PROJECT/.containers/httpserver"
        ok nix-store --gc
        absent "$toplevel"
        stop_daemon
}

# Another configuration is another system on the same root.
testcase_changed() {
        local first

        need_nix
        project shop
        flake "$HTTPSERVER"
        ok dev "$FC" up
        first=$(toplevel_of httpserver)
        ok fleet exec httpserver -- touch /var/lib/kept
        flake "${HTTPSERVER/standin.tree = tree/standin.tree = tree; configuration.networking.firewall.allowedTCPPorts = [ 80 ]}"
        differ "$(toplevel_of httpserver)" "$first" "the toplevel of another configuration"
        ok dev nix run .#httpserver-up -- --dry-run
        expect_out "no longer: system.toplevel $first"
        ok dev nix run .#httpserver-up
        ok fleet exec httpserver -- readlink /run/current-system
        equal "$OUT" "$(toplevel_of httpserver)" "the system inside"
        ok fleet exec httpserver -- test -e /var/lib/kept
        # The specification built as a whole is older than the running container: `status` reports no change.
        ok dev "$FC" status
        expect_out 'httpserver +running'
        refute_out 'definition changed'
        ok dev nix run .#httpserver-down
        stop_daemon
}

# Of the store there is what the system refers to, as Nix knows it, and nothing else.
testcase_closure() {
        need_nix
        project shop
        flake "${HTTPSERVER/ports =/store = \"closure\"; ports =}"
        ok dev nix run .#httpserver-up
        equal "$(page 8080)" "<p>page of shop</p>"
        ok nix-store --query --requisites "$(toplevel_of httpserver)"
        sort <<<"${OUT//"$NIX_STORE_DIR/"/}" >"$TMP/wanted"
        ok fleet exec httpserver -- ls "$NIX_STORE_DIR"
        # And a text with what else the specification names.
        grep -v -e '-httpserver-references$' <<<"$OUT" | sort >"$TMP/found"
        same_files "$TMP/wanted" "$TMP/found" "the store inside (- wanted, + found)"
        absent "$PROJECT/.containers/httpserver/root/stage2-trouble"
        ok dev nix run .#httpserver-down
        stop_daemon
}

# Several containers: NAME-up brings what NAME needs, and is done when all of it is.
testcase_together() {
        thorough || return 0
        need_nix
        project shop
        # shellcheck disable=SC2016 # expanded inside
        as_dev tee "$PROJECT/seed" <<<'echo "seeded for $WORD" >/srv/data/page; exit "${STATUS:-0}"' >/dev/null
        # shellcheck disable=SC2016 # Nix
        flake '{
          flake-containers.enable = true;
          perSystem = { pkgs, config, ... }:
            let
              toplevel = (pkgs.nixos { networking.hostName = "seed"; standin.tree = tree; }).config.system.build.toplevel;
              seed = pkgs.runCommand "seed" { } "mkdir $out; ln -s ${toplevel}/{stage1,usr} $out/; cp ${./seed} $out/seed";
            in
            {
              flake-containers.containers = {
                seed = {
                  inherit toplevel;
                  oneShot = true;
                  volumes = [ "src:/srv/data" ];
                  environment.WORD = "all";
                  runCommand = [ "${seed}/stage1" "${seed}/seed" ];
                };
                web = {
                  ports = [ "8080:80" ];
                  volumes = [ "src:/var/www/html:ro" ];
                  configuration.standin.tree = tree;
                  dependsOn.seed = "completed";
                  ready = {
                    http = [ { port = 80; path = "/page"; } ];
                    units = [ "apache2.service" ];
                  };
                };
                other = {
                  inherit toplevel;
                  dependsOn = [ "web" ];
                };
              };
            };
        }'
        ok dev nix run .#web-up
        equal "$(curl --silent --fail http://127.0.0.1:8080/page)" "seeded for all" "the page that the other has made"
        # What was not asked for nothing knows of.
        ok fleet --json status
        equal "$(jq -r '[.containers[] | "\(.name) \(.state)"] | sort | join(", ")' <<<"$OUT")" \
                "seed completed, web running" "the containers"
        ok dev nix run .#web-down
        stop_daemon
}

# A prebuilt system, and commands instead of an init.
testcase_toplevel_and_command() {
        need_nix
        project shop
        # shellcheck disable=SC2016 # expanded inside
        as_dev tee "$PROJECT/job" <<<'echo "$WORD"; exec sleep infinity' >/dev/null
        # shellcheck disable=SC2016 # Nix
        flake '{
          flake-containers.enable = true;
          perSystem = { pkgs, config, ... }:
            let
              toplevel = (pkgs.nixos { networking.hostName = "web"; standin.tree = tree; }).config.system.build.toplevel;
              # stage1 finds Debian beside the script that it runs.
              job = pkgs.runCommand "job" { } "mkdir $out; ln -s ${toplevel}/{stage1,usr} $out/; cp ${./job} $out/job";
            in
            {
              flake-containers.containers = {
                web = {
                  toplevel = "${toplevel}";
                  ports = [ "8080:80" ];
                  volumes = [ "src:/var/www/html" ];
                };
                job = {
                  toplevel = "${toplevel}";
                  runCommand = [ "${job}/stage1" "${job}/job" ];
                  environment.WORD = "a \"b\" $c %n";
                };
              };
              flake-containers.tests.page = {
                containers = [ "web" ];
                script = "curl --silent --fail \"http://$WEB_HOST:$WEB_PORT/\"; id -un; exit \"$1\"";
              };
            };
        }'
        ok fleet up
        equal "$(page 8080)" "<p>page of shop</p>"
        # shellcheck disable=SC2016 # verbatim
        line_in "$PROJECT/.containers/job/console.log" '^a "b" \$c %n' >/dev/null
        # NAME-up has what NAME needs, and leaves the other alone.
        ok dev nix run .#web-up
        ok dev nix run .#web-down
        ok fleet status
        expect_out 'web +stopped'
        expect_out 'job +running'
        ok fleet down
        # The flake's test has an instance of its own of what it names, and nothing of it is left.
        run_status 7 dev nix run .#page-test -- 7
        equal "$OUT" "<p>page of shop</p>"$'\n'"$DEV" "what the test says"
        equal "$(find "$PROJECT/.containers/.fresh" -mindepth 1)" "" "what is in .fresh"
        stop_daemon
}

live_main "$@"
