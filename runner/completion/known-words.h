/* SPDX-License-Identifier: MIT */
#pragma once

/* Commands that other programs have (docker compose, machinectl, nixos-container, vagrant), and what is done
 * here instead. */

/* NULL: not one of them. */
const char *known_word_hint(const char *word);

/* Likewise an option, as in "-f" or "--file". */
const char *known_option_hint(const char *option);
