# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the caller's environment says is for the caller's own programs: where things are, what is printed, which
# repository a hook is run for. No test depends on it, or touches what it names. To be sourced first.

unset "${!LC_@}" "${!XDG_@}" "${!GIT_@}" LANG LANGUAGE TMPDIR CI NO_COLOR BASH_ENV CDPATH PAGER EDITOR VISUAL
export LC_ALL=C.UTF-8
umask 022
