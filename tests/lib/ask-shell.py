#!/usr/bin/python3
# SPDX-License-Identifier: MIT
#
# What a shell completes, asked as a user does: in an interactive shell on a terminal of its own, by a key.
#
#     ask-shell.py bash|zsh SCRIPT
#
# Reads command lines, one a line, and prints for each a line with what its last word may be; where bash knows nothing, it
# leaves the word as it is.

import os
import pathlib
import pty
import select
import sys
import tempfile
import time

DEADLINE = 60  # s, for one answer

# readline puts all that may stand there into the line, and a second key tells the line.
BASH = r"""
PS1=; HISTFILE=; bind 'set enable-bracketed-paste off'; bind 'set completion-ignore-case off'
bind '"\C-t": insert-completions'
answer() { printf '%s\0' "$READLINE_LINE" >&"$ANSWER"; READLINE_LINE=; }
bind -x '"\C-o": answer'
. "$SCRIPT"
printf 'ready\0' >&"$ANSWER"
"""

# compadd is what adds candidates: those that it would, told to the other side; the line is emptied by a key.
ZSH = r"""
PROMPT=; unset HISTFILE; unsetopt zle_bracketed_paste 2>/dev/null
fpath=("${SCRIPT:h}" $fpath); autoload -U compinit; compinit -u -D
compadd() {
        # What asks compadd for something adds nothing.
        if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return $?; fi
        local -a found=()
        local suffix=
        builtin compadd -A found "$@"
        [[ ${@[(i)-S]} -lt $# ]] && suffix=${@[$(( ${@[(i)-S]} + 1 ))]}
        local word
        for word in "${found[@]}"; do printf '%s%s\t' "$word" "$suffix" >&$ANSWER; done
        builtin compadd "$@"
}
# zsh forgets it each time.
told() { printf '\0' >&$ANSWER; comppostfuncs=(told) }
comppostfuncs=(told)
bindkey '^T' complete-word; bindkey '^U' kill-whole-line
zstyle ':completion:*' menu no; LISTMAX=10000; unsetopt beep
printf 'ready\0' >&$ANSWER
"""


class Shell:
    def __init__(self, name, script):
        self.name = name
        self.folder = tempfile.TemporaryDirectory()
        # zsh finds a completion by the name of its file.
        rc = pathlib.Path(self.folder.name, "rc")
        rc.write_text(BASH if name == "bash" else ZSH)
        place = pathlib.Path(self.folder.name, "_flake-containers")
        place.write_text(pathlib.Path(script).read_text())
        read, write = os.pipe()
        os.set_inheritable(write, True)
        environment = {**os.environ, "ANSWER": str(write), "SCRIPT": str(place), "TERM": "dumb", "PWD": os.getcwd()}
        argv = ["bash", "--norc", "--noprofile", "-i"] if name == "bash" else ["zsh", "-f", "-i"]
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execvpe(argv[0], argv, environment)
        os.close(write)
        self.answers = read
        self.send(f". {rc}\r")
        self.answer()

    def send(self, text):
        os.write(self.terminal, text.encode())

    def answer(self):
        said, end, shown = b"", time.monotonic() + DEADLINE, b""
        while not said.endswith(b"\0"):
            left = end - time.monotonic()
            ready = select.select([self.answers, self.terminal], [], [], max(left, 0))[0] if left > 0 else []
            if not ready:
                sys.exit(f"{self.name} does not answer; on its terminal: {shown[-2000:]!r}")
            if self.terminal in ready:
                # What is shown must be read, or the shell waits.
                shown += os.read(self.terminal, 65536)
            if self.answers in ready:
                said += os.read(self.answers, 65536)
        return said[:-1].decode()

    def ask(self, line):
        if self.name == "bash":
            self.send(line + "\x14\x0f")
            # Where nothing may stand there, the word is as it was.
            return self.answer()[line.rindex(" ") + 1:]
        self.send(line + "\x14")
        told = self.answer()
        self.send("\x15")
        return told.replace("\t", " ")


def main():
    shell = Shell(sys.argv[1], sys.argv[2])
    for line in sys.stdin.read().splitlines():
        print(" ".join(sorted(set(shell.ask(line).split()))), flush=True)


main()
