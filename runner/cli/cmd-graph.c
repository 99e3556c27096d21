/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "cli/verbs.h"
#include "ops/graph-text.h"

typedef struct GraphOptions {
        char *format;
} GraphOptions;

static const Option graph_options[] = {
        {"format", 0, OPTION_STRING, offsetof(GraphOptions, format), "DRAWING",
         "text, mermaid, dot or json [text]"},
};

static int graph_find_format(const GraphOptions *o, bool json, GraphFormat *ret, Error *reterr) {
        GraphFormat format = o->format ? graph_format_from_string(o->format)
                             : json    ? GRAPH_JSON
                                       : GRAPH_TEXT;

        if (format < 0)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "option '--format': '%s' must be one of text, mermaid, dot, json",
                                   o->format);
        if (json && format != GRAPH_JSON)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "options '--json' and '--format=%s' exclude each other", o->format);
        *ret = format;
        return 0;
}

static int graph_run(const ProjectRequest *request, const void *target, char *const *operands,
                     Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_strv_ char **names = NULL;
        _cleanup_free_ char *text = NULL;
        GraphFormat format;
        int r;

        r = graph_find_format(target, request->globals->json, &format, reterr);
        if (r >= 0)
                r = project_open_selected(request, operands, &project, &names, reterr);
        if (r < 0)
                return r;
        text = graph_text(project.spec, names, format);
        return fputs(text, stdout) < 0 ? error_set(reterr, errno, "print the graph") : FC_EXIT_OK;
}

const Verb cmd_graph = {
        .name = "graph",
        .synopsis = "[NAME..]",
        .summary = "Show which containers wait for which, and for what",
        .options = graph_options,
        .n_options = ELEMENTSOF(graph_options),
        .target_size = sizeof(GraphOptions),
        .max_operands = SIZE_MAX,
        .builds = true,
        .run = graph_run,
};
