# A NixOS machine, with systemd as PID 1, and NixOS containers in it: what the tests elsewhere, which have no nixpkgs,
# can only do with other roots.
{ pkgs }:
let
  inherit (import ../../flake-module/lib.nix) evalContainers;

  # A project, before and after a change of one container's configuration.
  project =
    greeting:
    evalContainers {
      inherit pkgs;
      modules = [
        {
          containers = {
            web = {
              dependsOn = [ "db" ];
              ports = [ "8080:80" ];
              ready.http = [ 80 ];
              configuration.services.nginx = {
                enable = true;
                virtualHosts.localhost.root = pkgs.writeTextDir "index.html" greeting;
              };
            };
            db = {
              ready.exec = [
                [
                  "pg_isready"
                  "--quiet"
                ]
              ];
              configuration.services.postgresql.enable = true;
            };
            # No init: a script, which a signal has to end.
            files = {
              ports = [ "8000:8000" ];
              ready.tcp = [ 8000 ];
              volumes = [ ".:/work:ro" ];
              runCommand = pkgs: ''
                cd /work
                ${pkgs.python3}/bin/python -m http.server 8000
              '';
            };
          };
        }
      ];
    };

  inherit (project "first") testMachine;
  before = (project "first").packages;
  after = (project "second").packages;
in
pkgs.testers.runNixOSTest {
  name = "flake-containers";

  nodes.machine = {
    imports = [ testMachine ];
    environment.systemPackages = [ pkgs.curl ];
    virtualisation = {
      memorySize = 2048;
      additionalPaths = builtins.attrValues after;
    };
  };

  testScript = ''
    def run(program, arguments=""):
        return machine.succeed(f"cd /project && timeout 120 {program} {arguments} 2>&1")

    def page():
        return machine.succeed("curl -sS --fail http://127.0.0.1:8080/")

    machine.wait_for_unit("multi-user.target")

    with subtest("up returns when the page loads, and db is up before"):
        run("${before.web-up}/bin/web-up")
        assert page() == "first"
        assert "running" in run("${before.flake-containers}/bin/flake-containers", "status db")

    with subtest("a second up has nothing to do"):
        assert "already up" in run("${before.web-up}/bin/web-up")

    with subtest("exec: names, exit status"):
        run("${before.flake-containers}/bin/flake-containers", "exec web -- getent hosts db")
        assert run("${before.flake-containers}/bin/flake-containers", "exec web -- hostname").strip() == "web"
        machine.fail("cd /project && ${before.flake-containers}/bin/flake-containers exec web -- false")

    with subtest("the running system is safe from the garbage collector"):
        machine.succeed("test -e /project/.containers/web/system/init")

    with subtest("a changed configuration is applied, and nothing else is"):
        run("${after.flake-containers}/bin/flake-containers", "up web")
        assert page() == "second"

    with subtest("a command instead of an init ends at once"):
        run("${before.files-up}/bin/files-up")
        machine.succeed("curl -sS --fail http://127.0.0.1:8000/.git/HEAD")
        run("timeout 5 ${before.files-down}/bin/files-down")

    with subtest("down stops, and keeps what there is"):
        run("${after.flake-containers}/bin/flake-containers", "down")
        machine.fail("curl -sS http://127.0.0.1:8080/")
        machine.succeed("test -d /project/.containers/db/root/var/lib/postgresql")
        machine.fail("ip -o link | grep fc-")
  '';
}
