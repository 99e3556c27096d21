/* SPDX-License-Identifier: MIT */
#pragma once

/* A tree as text that people go on with: JSON, or an expression of Nix. What is short stands on one line. */

#include <stdio.h>

#include "base/json.h"

typedef enum TreeStyle { TREE_JSON, TREE_NIX } TreeStyle;

/* @indent: of the line that it begins on, in blanks. */
void tree_text_write(FILE *f, const Json *tree, TreeStyle style, size_t indent);

/* Of an object each member on lines of its own, without the braces. */
void tree_text_write_members(FILE *f, const Json *object, TreeStyle style, size_t indent);

/* A literal of Nix that stands for exactly this text; owned by the caller. */
char *nix_string(const char *text);

/* The name of an attribute, in quotes where it needs them; owned by the caller. */
char *nix_name(const char *name);
