/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/macro.h"
#include "completion/known-words.h"

static const struct {
        const char *word, *hint;
} known_words[] = {
        {"attach", "'shell NAME' opens a shell inside, 'up -a' follows what containers say"},
        {"bash", "'shell NAME' opens a shell inside"},
        {"build", "'up' builds what has changed"},
        {"commit", "'snapshot save LABEL' keeps what containers hold"},
        {"connect", "'shell NAME' opens a shell inside"},
        {"console", "'logs NAME' shows the console, 'shell NAME' opens a shell inside"},
        {"create", "'up' makes what is missing"},
        {"destroy", "'rm' removes what containers keep"},
        {"delete", "'rm' removes what containers keep"},
        {"diff", "'up --dry-run' shows what would change, and why"},
        {"enter", "'shell NAME' opens a shell inside"},
        {"halt", "'down' stops containers"},
        {"images",
         "there are none to fetch: 'system' says what a root is made of, 'status --size' shows them"},
        {"info", "'status' shows what runs, 'doctor' what the host has"},
        {"inspect", "'status --json' shows what runs, 'config' what is declared"},
        {"journalctl", "'logs' shows journals"},
        {"list", "'status' shows this project's containers, 'ls' the projects of the machine"},
        {"login", "'shell NAME' opens a shell inside"},
        {"network", "'status -o wide' shows addresses, 'port' ports; 'network.networks' of a container "
                    "names its networks"},
        {"poweroff", "'down' stops containers"},
        {"prune", "'gc' removes what deleted checkouts have left, 'rm' what containers keep"},
        {"pull", "there is nothing to fetch: 'up' builds what has changed"},
        {"push", "there is nothing to publish"},
        {"reboot", "'restart' restarts containers"},
        {"recreate", "'reset' starts over with a fresh root"},
        {"reload", "'up' applies what has changed"},
        {"remove", "'rm' removes what containers keep"},
        {"restore", "'snapshot restore LABEL' puts back what was saved"},
        {"save", "'snapshot save LABEL' keeps what containers hold"},
        {"scale", "each container is one: declare another"},
        {"show", "'status' shows what runs, 'config' what is declared"},
        {"ssh", "'shell NAME' opens a shell inside"},
        {"switch", "'up' applies what has changed"},
        {"terminate", "'down' stops containers"},
        {"update", "'up' applies what has changed"},
        {"volume", "'status --size' shows volumes, 'rm --volumes' removes them"},
        {"volumes", "'status --size' shows volumes, 'rm --volumes' removes them"},
};

const char *known_word_hint(const char *word) {
        for (size_t i = 0; i < ELEMENTSOF(known_words); i++)
                if (streq(known_words[i].word, word))
                        return known_words[i].hint;
        return NULL;
}

static const struct {
        const char *option, *hint;
} known_options[] = {
        {"--abort-on-container-exit", "'up -a' stays until all have ended"},
        {"--ansi", "NO_COLOR=1 is without colours, --progress plain without redrawing"},
        {"--env-file", "a container's 'envFile' names one"},
        {"--file", "--spec FILE names the specification"},
        {"--filter", "names choose containers: status NAME.."},
        {"--fresh-root", "'reset NAME' starts over with a fresh root, of its image as it is now"},
        {"--image", "a container's 'system' says what it is made of"},
        {"--index", "each container is one"},
        {"--name", "names are those of the specification: flake-containers config"},
        {"--no-ansi", "NO_COLOR=1 is without colours, --progress plain without redrawing"},
        {"--no-build", "nothing is built where nothing has changed"},
        {"--no-cache", "'reset NAME' starts over with a fresh root"},
        {"--no-color", "NO_COLOR=1 is without colours"},
        {"--no-deps", "'restart NAME' and 'down NAME' keep to NAME, 'up NAME' starts what it depends on"},
        {"--no-recreate", "'up' leaves alone what runs as it should"},
        {"--privileged", "'capabilities' and 'devices' of a container say what it may"},
        {"--profile", "name what is to come up: flake-containers up NAME.."},
        {"--project", "a project is its directory: --root DIR, or -C DIR"},
        {"--project-directory", "a project is its directory: --root DIR, or -C DIR"},
        {"--project-name", "a project is its directory: --root DIR, or -C DIR"},
        {"--protocol", "a port of UDP is PORT/udp"},
        {"--publish",
         "'up --publish PORT' does it for once, 'publish NAME PORT' while it runs, 'ports' always"},
        {"--pull", "there is nothing to fetch: 'up' builds what has changed"},
        {"--rm",
         "'ephemeral' gives a container a root that is gone at its end, 'rm' removes what one keeps"},
        {"--rmi", "'gc' removes images that are made and that no container uses any more"},
        {"--scale", "each container is one: declare another"},
        {"--services", "'config --services' prints the names"},
        {"--watch", "'watch' runs 'up' again whenever something has changed"},
        {"-f", "--spec FILE names the specification"},
        {"-p", "a project is its directory: --root DIR, or -C DIR"},
};

const char *known_option_hint(const char *option) {
        for (size_t i = 0; i < ELEMENTSOF(known_options); i++)
                if (streq(known_options[i].option, option))
                        return known_options[i].hint;
        return NULL;
}
