/* SPDX-License-Identifier: MIT */
#pragma once

/* What depends on what, as text. Pure.
 *
 * All of it that the user has written is names, which are labels of RFC 1123 (spec/name.h), and numeric
 * addresses: in double quotes they mean nothing to Graphviz or Mermaid, and outside of them there is none.
 * */

#include "spec/spec.h"

typedef enum GraphFormat {
        GRAPH_TEXT, /* what starts at once, one group after another, in 80 columns */
        GRAPH_MERMAID,
        GRAPH_DOT,
        GRAPH_JSON,
        _GRAPH_FORMAT_MAX,
        _GRAPH_FORMAT_INVALID = -EINVAL,
} GraphFormat;

GraphFormat graph_format_from_string(const char *s);

/* @names: of containers of the specification, which dependencies_check() has accepted; what they depend on
 * is shown, too. Return: lines that end in newlines, owned by the caller. */
char *graph_text(const Spec *spec, char *const *names, GraphFormat format);
