/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/macro.h"
#include "cli/known-words.h"

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
         "there are none to fetch: a root is a directory or a NixOS system, 'status --size' shows them"},
        {"info", "'status' shows what runs, 'doctor' what the host has"},
        {"init", "a template begins a project: nix flake init -t, see README.md"},
        {"inspect", "'status --json' shows what runs, 'config' what is declared"},
        {"journalctl", "'logs' shows journals"},
        {"list", "'status' shows this project's containers, 'ls' the projects of the machine"},
        {"login", "'shell NAME' opens a shell inside"},
        {"network", "'port' shows ports, 'status' addresses; there are no other networks"},
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
