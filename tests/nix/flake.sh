#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What a user of the flake does, by the real nix: show, build, eval, develop, run, init. The inputs are the stand-ins, the
# commands and the specification are ours and real. Containers are started by tests/live/flake.sh.

# shellcheck source=tests/nix/lib.bash
. "$(dirname "$0")/lib.bash"

SYSTEM=$(uname -m)-linux
readonly SYSTEM

# project MODULE: a git repository with a flake of that flake-parts module, as the current folder. A new one each time.
project() {
        inputs
        PROJECT=$(mktemp -d "$SCRATCH/project.XXXXXX")
        cd "$PROJECT"
        cp "$INPUTS/flake.nix" .
        printf '%s\n' "$1" >containers.nix
        git init -q .
        git add .
        ok nix flake lock
        git add flake.lock
}

readonly TWO='{
  flake-containers = {
    enable = true;
    containers.web = {
      ports = [ "8080:80" ];
      volumes = [ "src:/srv/www" ];
      dependsOn = [ "db" ];
      configuration = { pkgs, ... }: { environment.systemPackages = [ pkgs.coreutils ]; };
    };
  };
  perSystem.flake-containers.containers.db = {
    volumes = [ "@data:/var/lib/db" ];
    runCommand = pkgs: "exec sleep infinity";
    ready.timeout = 7;
  };
}'

testcase_show() {
        project "$TWO"
        ok nix flake show --json
        equal "$(jq -c '.packages["'"$SYSTEM"'"] | keys' <<<"$OUT")" \
                '["db-down","db-shell","db-up","flake-containers","web-down","web-shell","web-up"]' "the packages"
        equal "$(jq -r '.devShells["'"$SYSTEM"'"]["flake-containers"].type' <<<"$OUT")" derivation
        # Nix of late leaves out a system that has nothing.
        equal "$(jq -c '.packages["x86_64-darwin"] // {}' <<<"$OUT")" '{}' "what there is for Darwin"
        # What is wrong with a container is the business of who builds it.
        project '{ flake-containers = { enable = true; containers.web = { configuration = throw "looked at"; }; }; }'
        ok nix flake show --json
        equal "$(jq -c '.packages["'"$SYSTEM"'"] | keys' <<<"$OUT")" '["flake-containers","web-down","web-shell","web-up"]'
        fails nix build --no-link .#web-up
        expect_err 'looked at'
}

# It looks at everything, builds no container, and the program reads what it would be told.
testcase_check() {
        local toplevel

        project "$TWO"
        ok nix flake check
        ok nix eval --raw .#web-up.toplevel
        toplevel=$OUT
        ok nix build --no-link ".#checks.$SYSTEM.flake-containers"
        [[ ! -e $toplevel ]] || flunk "the check has built $toplevel"
        project '{ flake-containers.containers.web.configuration = throw "looked at"; }'
        fails nix flake check
        expect_err 'looked at'
        project '{
          flake-containers.containers.web.configuration = { };
          perSystem.flake-containers.check = false;
        }'
        ok nix eval --json ".#checks.$SYSTEM"
        equal "$OUT" '{}' "the checks when there are to be none"
        # What only the program refuses.
        project '{ flake-containers.containers.web = { configuration = { }; volumes = [ "src:/proc/x" ]; }; }'
        fails nix flake check
        expect_err /proc
}

# What `import` makes of compose files: the module takes it, and the program what the module makes of it.
testcase_imported() {
        local name

        for name in django gateway nextcloud shapes; do
                project "{ $(sed -n '/^      flake-containers\.containers = {$/,/^      };$/p' "$TOP/tests/import/$name/flake.nix") }"
                ok nix build --no-link ".#checks.$SYSTEM.flake-containers"
        done
}

testcase_eval() {
        project "$TWO"
        ok nix eval --raw .#web-up.config.networking.hostName
        equal "$OUT" web
        ok nix eval --json .#web-up.config.boot.isContainer
        equal "$OUT" true
}

testcase_spec() {
        project "$TWO"
        ok nix build --out-link spec .#flake-containers.spec
        ok jq -S '.containers | map_values(keys)' spec
        equal "$(jq -c . <<<"$OUT")" \
                '{"db":["command","environment","ready","system","volumes"],"web":["dependsOn","ports","system","volumes"]}'
        # The program takes it as it is.
        ok "$FC_BINARY" --json --spec "$PWD/spec" config
        equal "$(jq -r '.containers.web.ports[0] | "\(.host) \(.container)"' <<<"$OUT")" '8080 80'
        equal "$(jq -r .containers.db.ready.timeout <<<"$OUT")" 7
        equal "$(jq -r .containers.web.system.init <<<"$OUT")" "$(jq -r .containers.web.system.toplevel <<<"$OUT")/init"
        # What it refers to has been built along with it.
        [[ -x $(jq -r '.containers.db.command[0]' spec) ]] || flunk "the command was not built"
        [[ -e $(jq -r .containers.web.system.toplevel spec)/etc/hostname ]] || flunk "the toplevel was not built"
        # One container, and what it needs; the same as the program asks for it.
        ok nix build --out-link db-spec .#db-up.spec
        equal "$(jq -c '.containers | keys' db-spec)" '["db"]'
        ok nix build --out-link with-db .#flake-containers.with.db.spec
        equal "$(realpath with-db)" "$(realpath db-spec)" "what there is for db"
        ok nix build --out-link with-both .#flake-containers.with.db.with.web.spec
        equal "$(jq -cS . with-both)" "$(jq -cS . spec)" "what there is for both"
        ok nix eval --json .#flake-containers.names
        equal "$OUT" '["db","web"]' "the names"
}

# Whatever the module can emit, the program can read: the rows of unit/options.nix that are a whole project.
testcase_program_reads_all() {
        local file=$NIX_TESTS/unit/options.nix

        inputs
        evaluate "(import $file $(standin_inputs)).documents"
        cp "$SCRATCH/out" "$SCRATCH/documents"
        note "$(jq length "$SCRATCH/documents") documents"
        cd "$(mktemp -d "$SCRATCH/reads.XXXXXX")"
        git init -q .
        while IFS=$'\t' read -r name document; do
                printf '%s\n' "$document" >spec.json
                run "$FC_BINARY" --spec "$PWD/spec.json" config
                [[ $STATUS == 0 ]] || flunk "$name: $document"
        done < <(jq -r 'to_entries[] | "\(.key)\t\(.value | tojson)"' "$SCRATCH/documents")
}

testcase_run() {
        project "$TWO"
        ok nix run .#flake-containers -- --json config
        equal "$(jq -c '.containers | keys' <<<"$OUT")" '["db","web"]'
        ok nix run .#web-up -- --help
        expect_out 'up'
        # Arguments arrive as they are.
        run nix run .#db-shell -- --no-such-option 'a b'
        equal "$STATUS" 2
        expect_err '--no-such-option'
}

testcase_develop() {
        need script
        project "$TWO"
        ok nix develop .#flake-containers -c bash -c 'type -P web-up db-down db-shell flake-containers sudo'
        equal "$(wc -l <<<"$OUT")" 5 "the number of commands found"
        equal "$(grep -v "^$NIX_STORE_DIR/" <<<"$OUT" || :)" "" "which of them are not the shell's"
        refute_err 'containers of this project'
        ok nix develop .#flake-containers -c flake-containers --json config
        run nix develop .#flake-containers -c bash -c 'exit 7'
        equal "$STATUS" 7
        # The greeting is for who sits in front of it.
        ok bash -c "printf '%s\n' 'complete -p flake-containers' exit | script -qec 'nix develop .#flake-containers' /dev/null"
        expect_out 'containers of this project'
        expect_out 'web-up'
        expect_out 'complete -F _flake_containers flake-containers'
}

# The shell is of one's own as well, with the commands and without the greeting of two.
testcase_inputs_from() {
        project '{
          flake-containers.containers.web.configuration = throw "looked at";
          perSystem = { config, pkgs, ... }: {
            devShells.default = pkgs.mkShell {
              packages = [ (pkgs.writeShellScriptBin "own" "echo mine") ];
              inputsFrom = [ config.devShells.flake-containers ];
              shellHook = "export OWN=1";
            };
          };
        }'
        # shellcheck disable=SC2016 # expanded inside
        ok nix develop -c bash -c 'own; echo "$OWN"; type -P web-up flake-containers sudo'
        equal "$(wc -l <<<"$OUT")" 5 "the number of lines"
        equal "$(head -n 2 <<<"$OUT")" $'mine\n1'
}

# What direnv itself makes of it.
testcase_direnv() {
        need direnv
        project '{ flake-containers.containers.web.configuration = throw "looked at"; }'
        echo 'use flake .#flake-containers' >.envrc
        ok direnv allow
        ok direnv exec . bash -c 'type -P web-up'
        expect_out "$NIX_STORE_DIR/"
        refute_err 'containers of this project'
}

# As direnv reads it: variables for the shell that is there.
testcase_print_dev_env() {
        project "$TWO"
        ok bash -c 'set -e; source <(nix print-dev-env .#flake-containers); type -P web-up flake-containers; web-up --help >&2'
        equal "$(wc -l <<<"$OUT")" 2 "the number of commands found"
        project '{ perSystem.flake-containers = { sudo = false; containers.db = { }; }; }'
        ok nix develop .#flake-containers -c bash -c 'type -P db-up; type -P sudo || :'
        expect_out /bin/db-up
        equal "$(grep "^$NIX_STORE_DIR/.*/sudo$" <<<"$OUT" || :)" "" "the shell's sudo"
}

# What the shell's sudo hands to the real one, which here only says what it gets.
testcase_sudo() {
        local words want web

        project "$TWO"
        mkdir real
        printf '#!/bin/bash\nprintf "<%%s>" "$@"\n' >real/sudo
        chmod +x real/sudo
        ok nix develop .#flake-containers -c bash -c 'type -P web-up'
        web=$OUT
        while IFS='|' read -r words want; do
                # shellcheck disable=SC2086 # words
                ok env PATH="$PWD/real:$PATH" nix develop .#flake-containers -c sudo $words
                equal "$OUT" "${want//WEB/$web}" "what 'sudo $words' becomes"
        done <<-'ROWS'
		web-up|<WEB>
		web-up -v --dry-run|<WEB><-v><--dry-run>
		-u root web-up|<-u><root><WEB>
		-E -n web-up web-up|<-E><-n><WEB><web-up>
		-- web-up|<--><WEB>
		A=b web-up|<A=b><WEB>
		ls web-up|<ls><web-up>
		-l|<-l>
		web-upp|<web-upp>
		./web-up|<./web-up>
	ROWS
}

# overridden: the options for the current flake's inputs.
overridden() {
        local input

        OVERRIDDEN=(--no-write-lock-file)
        for input in nixpkgs flake-parts flake-root flake-containers; do
                ! grep -q "$input.url" flake.nix || OVERRIDDEN+=(--override-input "$input" "path:$INPUTS/$input")
        done
}

# shown: the current folder is a project whose flake has the commands, and the program reads what they tell it.
shown() {
        git init -q .
        git add .
        overridden
        ok nix flake show --json "${OVERRIDDEN[@]}"
        jq -e '.packages["'"$SYSTEM"'"]["flake-containers"]' <<<"$OUT" >/dev/null || flunk "no flake-containers"
        ok nix build "${OVERRIDDEN[@]}" --out-link result .#flake-containers.spec
        ok "$FC_BINARY" --spec "$PWD/result" config
}

testcase_examples() {
        local example count=0

        inputs
        # All that a flake of the original sees of it.
        mkdir -p "$INPUTS/flake-root"
        echo '{ outputs = _: { flakeModule = { }; }; }' >"$INPUTS/flake-root/flake.nix"
        for example in "$TOP"/examples/*/flake.nix; do
                cd "$(mktemp -d "$SCRATCH/example.XXXXXX")"
                cp -r -- "$(dirname -- "$example")/." .
                note "$(basename -- "$(dirname -- "$example")")"
                shown
                count=$((count + 1))
        done
        ((count > 0)) || flunk "there are no examples"
}

# Each example has a README that shows something, and the way to run that; each stands in the table.
testcase_stories() {
        local folder name

        for folder in "$TOP"/examples/*/; do
                name=$(basename "$folder")
                equal "$(readlink "$folder/try")" ../try "examples/$name/try"
                grep -q '^\$ ' "$folder/README.md" || flunk "examples/$name/README.md shows no command"
                grep -qF "| [\`$name\`]($name/README.md) |" "$TOP/examples/README.md" || flunk "$name is not in the table"
                grep -qE "^testcase_${name//-/_}\(\)" "$TOP/tests/live/examples.sh" || flunk "no test runs examples/$name"
        done
}

testcase_itself() {
        local ours

        inputs
        ours=path:$INPUTS/flake-containers
        ok nix flake check "$ours"
        ok nix eval --json "$ours#packages.$SYSTEM" --apply builtins.attrNames
        equal "$OUT" '["default","flake-containers"]' "its packages"
        ok nix eval --raw "$ours#packages.$SYSTEM.default.name"
        expect_out flake-containers-
        ok nix eval --json "$ours#apps.$SYSTEM.default" --apply 'app: app.program'
        expect_out '/bin/flake-containers'
        ok nix eval --raw "$ours#formatter.$SYSTEM.name"
        # A flake with this one as an input has one node in its lock file.
        ok nix flake metadata --json "$ours"
        equal "$(jq -c '.locks.nodes | keys' <<<"$OUT")" '["root"]' "its inputs"
        ok nix eval --json --impure --expr "
                let
                  nixos = import $INPUTS/nixpkgs/nixos/lib/eval-config.nix {
                    modules = [
                      (builtins.getFlake \"$ours\").nixosModules.default
                      { programs.flake-containers.enable = true; }
                    ];
                  };
                in
                map (package: package.name) nixos.config.environment.systemPackages"
        expect_out flake-containers-
}

# What the README and the templates call it.
testcase_address() {
        ok "$TOP/tests/check-address"
        cp -r "$TOP"/{flake.nix,README.md} "$SCRATCH/"
        mkdir -p "$SCRATCH/tests"
        cp "$TOP/tests/check-address" "$SCRATCH/tests/"
        tar -C "$TOP" --create --exclude=images --exclude=.containers examples templates | tar -C "$SCRATCH" --extract --no-same-owner
        sed -i 's|^ *address = .*|address = "gitlab:group%2Fsub/name";|' "$SCRATCH/flake.nix"
        fails "$SCRATCH/tests/check-address"
        expect_err 'examples/database/flake.nix:8:'
        expect_err 'README.md'
        ok "$SCRATCH/tests/check-address" --fix
        ok "$SCRATCH/tests/check-address"
        ok grep -F '"gitlab:group%2Fsub/name"' "$SCRATCH/examples/without-flake/containers.nix"
        sed -i '/flake-containers.url/d' "$SCRATCH/examples/compose/flake.nix"
        sed -i '/flake-containers.url/d' "$SCRATCH/templates/default/flake.nix"
        fails "$SCRATCH/tests/check-address"
        expect_err 'examples/compose/flake.nix'
        expect_err 'templates/default/flake.nix'
}

# nix -f: no flake, but what our flake has for that.
testcase_without_flake() {
        inputs
        cd "$(mktemp -d "$SCRATCH/without.XXXXXX")"
        cp "$TOP/examples/without-flake/containers.nix" .
        git init -q .
        without() {
                ok nix "$1" -f containers.nix --arg pkgs "import $INPUTS/nixpkgs { }" \
                        --arg flake-containers "builtins.getFlake \"path:$INPUTS/flake-containers\"" "${@:2}"
        }
        without eval --json packages --apply builtins.attrNames
        equal "$OUT" '["db-down","db-shell","db-up","flake-containers"]' "the packages"
        # The program of the test's inputs instead of one to build.
        sed -i "s|    {|    { package = builtins.storePath (builtins.path { path = $INPUTS/runner; name = \"runner\"; }); }\n&|" containers.nix
        without run packages.db-up -- --help
        without run packages.flake-containers -- --json config
        equal "$(jq -c '.containers | keys' <<<"$OUT")" '["db"]'
        without run packages.flake-containers -- config --services
        equal "$OUT" db
}

# A machine of a NixOS test has the commands and a project, and all that they need; the flake is not there.
testcase_test_machine() {
        project '{
          flake-containers.containers.web.configuration = { };
          perSystem = { config, ... }: {
            flake-containers.containers.db = { runCommand = pkgs: "exec sleep infinity"; };
            legacyPackages.machine = config.flake-containers.outputs.testMachine;
          };
        }'
        # shellcheck disable=SC2016 # Nix
        ok nix build --out-link machine --impure --expr '
                let
                  flake = builtins.getFlake "git+file://'"$PWD"'";
                  pkgs = import flake.inputs.nixpkgs { };
                  inherit (import "${flake.inputs.nixpkgs}/nixos/lib/eval-config.nix" {
                    modules = [ flake.legacyPackages.'"$SYSTEM"'.machine { options.virtualisation = pkgs.lib.mkOption { type = pkgs.lib.types.raw; }; } ];
                  }) config;
                in
                pkgs.runCommand "machine" { } "
                  mkdir $out
                  for path in ${toString config.virtualisation.additionalPaths}; do ln -sf $path/bin/* $out/; done
                "'
        equal "$(find machine/ -type l -printf '%f\n' | sort | paste -sd ' ')" \
                "db-down db-shell db-up flake-containers web-down web-shell web-up" "the commands"
        mkdir ../project.machine
        cd ../project.machine
        git init -q .
        ok "$OLDPWD/machine/flake-containers" config --services
        equal "$OUT" $'db\nweb'
}

# A test is a command that knows its containers, and an app. What it says is wrong is said when it is built.
testcase_tests() {
        local want

        # shellcheck disable=SC2016 # Nix
        project '{
          flake-containers.containers = {
            db.runCommand = pkgs: "exec sleep infinity";
            web = { dependsOn = [ "db" ]; configuration = { }; };
            other = { profiles = [ "debug" ]; configuration = throw "looked at"; };
          };
          flake-containers.tests.suite = { containers = [ "web" ]; script = "false; true"; };
          perSystem = { pkgs, ... }: {
            flake-containers.tests = {
              suite.from = "with data";
              words = { script = pkgs: [ "${pkgs.coreutils}/bin/echo" "a b" "\$x" ]; };
            };
          };
        }'
        ok nix flake show --json
        equal "$(jq -c '.apps["'"$SYSTEM"'"] | map_values(.type)' <<<"$OUT")" '{"suite-test":"app","words-test":"app"}'
        equal "$(jq -c '.packages["'"$SYSTEM"'"] | keys | map(select(endswith("-test")))' <<<"$OUT")" '["suite-test","words-test"]'
        ok nix build --out-link test .#suite-test
        equal "$(jq -c '.containers | keys' "$(grep -o '[^ ]*-flake-containers.json' test/bin/suite-test)")" '["db","web"]'
        want="with --fresh --from='with data' web -- [^ ]*/[^ ]*-suite-script \"\\\$@\"\$"
        ok grep -E -- "$want" test/bin/suite-test
        # It ends with the first command that fails.
        run "$(grep -o "[^ ]*-suite-script" test/bin/suite-test)"
        equal "$STATUS" 1 "the script's status"
        ok nix build --out-link test .#words-test
        ok grep -F -- "/bin/echo 'a b' '\$x' \"\$@\"" test/bin/words-test
        ok grep -F -- 'with --fresh db web -- ' test/bin/words-test
        ok nix eval --raw ".#apps.$SYSTEM.words-test.program"
        equal "$OUT" "$(realpath test)/bin/words-test"
        # A project's whole command does not have them.
        ok nix eval --json .#flake-containers.names
        equal "$OUT" '["db","other","web"]'

        project '{
          flake-containers.containers.db.configuration = { };
          flake-containers.tests = {
            none = { containers = [ ]; script = "true"; };
            stranger = { containers = [ "bd" ]; script = "true"; };
            Wrong_1.script = "true";
            set.script = _: { };
          };
        }'
        fails nix build --no-link .#none-test
        expect_err 'flake-containers.tests.none.containers: a test needs at least one container (in containers.nix)'
        fails nix build --no-link .#stranger-test
        expect_err "flake-containers.tests.stranger.containers: there is no container 'bd' (in containers.nix)"
        fails nix build --no-link .#Wrong_1-test
        expect_err 'flake-containers.tests.Wrong_1: the name of a test is one of commands: use 1 to 63'
        fails nix build --no-link .#set-test
        expect_err 'flake-containers.tests.set.script: its function returns a set'
}

# Containers as nodes of a NixOS test: the configuration without what makes a container of it.
testcase_nodes() {
        # shellcheck disable=SC2016 # Nix
        project '{ inputs, ... }: {
          flake-containers = {
            modules = [ { networking.useNetworkd = true; } ];
            specialArgs.greeting = "of the project";
            containers = {
              db = {
                environment.LEVEL = 3;
                ports = [ "5432:5432" ];
                configuration = { greeting, inputs, pkgs, ... }: {
                  imports = [ { environment.etc.greeting.text = assert inputs ? nixpkgs; greeting; } ];
                  environment.systemPackages = [ pkgs.coreutils ];
                };
              };
              web = { specialArgs.greeting = "of its own"; configuration = { greeting, ... }: { environment.etc.greeting.text = greeting; }; };
              job.runCommand = "true";
              made.toplevel = "/nix/store/00000000000000000000000000000000-made";
            };
          };
          perSystem = { config, pkgs, ... }:
            let inherit (config.flake-containers) containers; in
            {
              checks.nodes = inputs.flake-containers.lib.nixosTest {
                inherit pkgs;
                containers = { inherit (containers) db web; };
                nodes.client = { };
                nodes.db.networking.firewall.enable = true;
                testScript = "db.succeed(\"true\")";
              };
              checks.early = inputs.flake-containers.lib.nixosTest {
                inherit pkgs;
                containers.db = containers.db;
                name = "early";
                testScript = "";
                nodes.db = { greeting, ... }: { imports = if greeting == "of the project" then [ { environment.etc.early.text = greeting; } ] else [ ]; };
              };
              checks.job = inputs.flake-containers.lib.nixosTest { inherit pkgs; containers.job = containers.job; testScript = ""; };
              legacyPackages.made = containers.made.build.node;
            };
        }'
        ok nix build --out-link test ".#checks.$SYSTEM.nodes"
        equal "$(<test/script)" 'db.succeed("true")' "the test's script"
        ok nix eval --json ".#checks.$SYSTEM.nodes" --apply 'test: {
          inherit (test) name;
          nodes = builtins.mapAttrs (_: node: {
            container = node.boot.isContainer;
            firewall = node.networking.firewall.enable;
            networkd = node.networking.useNetworkd;
            greeting = node.environment.etc.greeting.text or null;
            level = node.systemd.globalEnvironment.LEVEL or null;
          }) test.nodes;
        }'
        equal "$(jq -c .name <<<"$OUT")" '"vm-test-run-flake-containers"'
        equal "$(jq -cS .nodes.db <<<"$OUT")" \
                '{"container":false,"firewall":true,"greeting":"of the project","level":"3","networkd":true}' db
        equal "$(jq -cS .nodes.web <<<"$OUT")" \
                '{"container":false,"firewall":false,"greeting":"of its own","level":null,"networkd":true}' web
        equal "$(jq -cS .nodes.client <<<"$OUT")" \
                '{"container":false,"firewall":true,"greeting":null,"level":null,"networkd":false}' client
        # An argument of the project's is there before modules are.
        ok nix eval --raw ".#checks.$SYSTEM.early.nodes.db.environment.etc.early.text"
        equal "$OUT" "of the project"
        fails nix eval ".#checks.$SYSTEM.job.drvPath"
        expect_err 'flake-containers.containers.job.runCommand: a command instead of an init runs in a container only'
        fails nix eval ".#legacyPackages.$SYSTEM.made"
        expect_err 'flake-containers.containers.made.toplevel: it is a system already'
}

# What a new project begins with works as it is.
testcase_templates() {
        local name

        inputs
        ok nix eval --json "path:$INPUTS/flake-containers#templates" --apply builtins.attrNames
        equal "$OUT" '["default","without-flake-parts"]' "the templates"
        for name in default without-flake-parts; do
                note "$name"
                cd "$(mktemp -d "$SCRATCH/template.XXXXXX")"
                git init -q .
                ok nix flake init -t "path:$INPUTS/flake-containers#$name"
                [[ ! -e flake.lock ]] || flunk "it has a lock file, which is the project's to make"
                ok diff -r --exclude=.git . "$TOP/templates/$name"
                shown
                equal "$(jq -c '[.containers.db.ports[].host, .containers.db.ready.tcp]' result)" '[5432,[5432]]' "what db is"
                # What is made there does not belong to the project.
                mkdir .containers
                touch .containers/state.json
                ok git status --porcelain --untracked-files=all
                equal "$OUT" $'A  .gitignore\nA  flake.nix' "the status in git"
        done
        (($(wc -l <"$TOP/templates/default/flake.nix") <= 25)) || flunk "the default has more than 25 lines"
}

# It is the same one that a shell finds, and is built along with the specification.
testcase_package_as_command() {
        project '{ flake-containers.containers.hi.runCommand = pkgs: pkgs.writeShellScriptBin "hi" "echo hi there"; }'
        ok nix build --out-link spec .#hi-up.spec
        ok "$(jq -r '.containers.hi.command[0]' spec)"
        equal "$OUT" "hi there"
}

testcase_no_linux() {
        project '{ flake-containers.containers.web = { }; }'
        sed -i '/-linux"$/d' flake.nix
        ok nix eval --json .#packages.x86_64-darwin
        equal "$OUT" '{}' "the packages"
        expect_err 'has no Linux'
        project '{ flake-containers.containers.web = { }; }'
        ok nix eval --json .#packages.x86_64-darwin
        refute_err 'has no Linux'
}

testcase_broken() {
        project '{ flake-containers = { enable = true; containers.web = { prots = [ ]; }; }; }'
        fails nix build --no-link .#web-up
        expect_err 'web.prots'
        project '{ flake-containers = { enable = true; containers.web = { ports = [ "http" ]; volumes = [ "src" ]; }; }; }'
        fails nix build --no-link .#web-up
        expect_err "containers.web.ports: 'http'"
        expect_err "containers.web.volumes"
        # The file is the project's, not the one in the store.
        expect_err "(in containers.nix)"
        # An assertion says it, so no trace of the module system is in the way.
        refute_err 'modules.nix'
}

nix_main "$@"
