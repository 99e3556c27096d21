/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "import/tree-text.h"

#define WIDTH 100

char *nix_string(const char *text) {
        char *result = xmalloc0(2 * strlen(text) + 3), *to = result;

        *to++ = '"';
        for (const char *s = text; *s; s++) {
                const char *escaped = *s == '"'                  ? "\\\""
                                      : *s == '\\'               ? "\\\\"
                                      : *s == '\n'               ? "\\n"
                                      : *s == '\r'               ? "\\r"
                                      : *s == '\t'               ? "\\t"
                                      : *s == '$' && s[1] == '{' ? "\\$"
                                                                 : NULL;

                if (escaped)
                        to = stpcpy(to, escaped);
                else
                        *to++ = *s;
        }
        *to = '"';
        return result;
}

char *nix_name(const char *name) {
        static const char *const keywords[] = {"assert", "else", "if",  "in",   "inherit",
                                               "let",    "or",   "rec", "then", "with"};
        static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_",
                          more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789-";

        for (size_t i = 0; i < ELEMENTSOF(keywords); i++)
                if (streq(name, keywords[i]))
                        return nix_string(name);
        return *name && strchr(first, *name) && !name[strspn(name, more)] ? xstrdup(name) : nix_string(name);
}

static bool has_children(const Json *tree) {
        return json_type(tree) == JSON_ARRAY || json_type(tree) == JSON_OBJECT;
}

static void write_scalar(FILE *f, const Json *scalar, TreeStyle style) {
        _cleanup_free_ char *text = style == TREE_NIX && json_type(scalar) == JSON_STRING
                                            ? nix_string(json_string(scalar))
                                            : json_print(scalar, /* pretty= */ false);

        (void) fputs(text, f);
}

/* On one line. */
static void write_flat(FILE *f, const Json *tree, TreeStyle style) {
        bool object = json_type(tree) == JSON_OBJECT, nix = style == TREE_NIX;
        size_t n = 0;

        if (!has_children(tree)) {
                write_scalar(f, tree, style);
                return;
        }
        (void) fputs(object ? "{" : "[", f);
        JSON_FOREACH (child, tree) {
                _cleanup_free_ char *key = NULL;

                (void) fputs(n++ == 0 ? (object || nix ? " " : "") : nix ? " " : ", ", f);
                if (object) {
                        _cleanup_(json_freep) Json *name = json_new_string(json_key(child));

                        key = nix ? nix_name(json_key(child)) : json_print(name, /* pretty= */ false);
                        (void) fprintf(f, "%s%s", key, nix ? " = " : ": ");
                }
                write_flat(f, child, style);
                if (object && nix)
                        (void) fputc(';', f);
        }
        (void) fputs(n > 0 && (object || nix) ? " " : "", f);
        (void) fputs(object ? "}" : "]", f);
}

static char *flat(const Json *tree, TreeStyle style) {
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                abort();
        write_flat(f, tree, style);
        if (fclose(f) != 0)
                abort();
        return text;
}

/* Objects in objects are not. */
static bool is_simple(const Json *tree) {
        if (json_type(tree) == JSON_OBJECT)
                JSON_FOREACH (child, tree)
                        if (json_type(child) == JSON_OBJECT && json_length(child) > 0 &&
                            json_length(tree) > 1)
                                return false;
        return true;
}

static void write_member(FILE *f, const Json *member, bool last, TreeStyle style, size_t indent) {
        _cleanup_(json_freep) Json *quoted = json_new_string(json_key(member));
        _cleanup_free_ char *key =
                style == TREE_NIX ? nix_name(json_key(member)) : json_print(quoted, /* pretty= */ false);

        (void) fprintf(f, "%*s%s", (int) indent, "", key);
        /* a.b = c; */
        while (style == TREE_NIX && json_type(member) == JSON_OBJECT && json_length(member) == 1) {
                _cleanup_free_ char *name = NULL;

                member = json_first(member);
                name = nix_name(json_key(member));
                (void) fprintf(f, ".%s", name);
        }
        (void) fputs(style == TREE_NIX ? " = " : ": ", f);
        tree_text_write(f, member, style, indent);
        (void) fputs(style == TREE_NIX ? ";\n" : last ? "\n" : ",\n", f);
}

void tree_text_write_members(FILE *f, const Json *object, TreeStyle style, size_t indent) {
        JSON_FOREACH (member, object)
                write_member(f, member, !json_next(member), style, indent);
}

void tree_text_write(FILE *f, const Json *tree, TreeStyle style, size_t indent) {
        _cleanup_free_ char *line = flat(tree, style);
        bool object = json_type(tree) == JSON_OBJECT;

        if (!has_children(tree) || json_length(tree) == 0 ||
            (is_simple(tree) && strlen(line) + indent <= WIDTH - 20)) {
                (void) fputs(line, f);
                return;
        }
        (void) fputs(object ? "{\n" : "[\n", f);
        if (object)
                tree_text_write_members(f, tree, style, indent + 2);
        else
                JSON_FOREACH (child, tree) {
                        (void) fprintf(f, "%*s", (int) indent + 2, "");
                        tree_text_write(f, child, style, indent + 2);
                        (void) fputs(style == TREE_JSON && json_next(child) ? ",\n" : "\n", f);
                }
        (void) fprintf(f, "%*s%c", (int) indent, "", object ? '}' : ']');
}
