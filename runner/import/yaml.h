/* SPDX-License-Identifier: MIT */
#pragma once

/* A YAML document as a tree of JSON, by libyaml, which is loaded when it is needed: one verb alone reads
 * YAML.
 *
 * Each scalar is a string as it stands, but for a plain "null", "~" or nothing, which is null: what `no`,
 * `0.5` and `22:22` mean is what the reader of the key makes of them. Anchors are copied to where they
 * are named, and merge keys (`<<`) are applied. */

#include "base/json.h"

#define YAML_SIZE_MAX     (1024 * 1024)
#define YAML_DEPTH_MAX    32
#define YAML_NODES_MAX    20000 /* with all copies of anchors */
#define YAML_CHILDREN_MAX 512   /* of one list or mapping */
#define YAML_ANCHORS_MAX  1000

/**
 * yaml_parse() - read a whole document
 * @text: need not be NUL-terminated
 * @ret: owned by the caller; null for an empty document
 *
 * FC_EXIT_USAGE, "line L: ...": no YAML, a key that is given twice or is not a word, an anchor that is not
 * there,
 * a tag, more than one document, more than the limits. FC_EXIT_HOST when there is no libyaml.
 */
int yaml_parse(const char *text, size_t size, Json **ret, Error *reterr);
