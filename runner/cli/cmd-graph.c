/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "cli/verbs.h"
#include "view/format-option.h"
#include "view/graph-text.h"

typedef struct GraphOptions {
        char *format;
} GraphOptions;

static const Option graph_options[] = {
        {"format", 0, OPTION_STRING, offsetof(GraphOptions, format), "DRAWING",
         "text, mermaid, dot or json [text]"},
};

static int graph_run(const ProjectRequest *request, const void *target, char *const *operands,
                     Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_strv_ char **names = NULL;
        _cleanup_free_ char *text = NULL;
        const GraphOptions *o = target;
        bool json = request->globals->json;
        const char *word = format_option_word(o->format, json, "text");
        GraphFormat format = graph_format_from_string(word);
        int r;

        r = format_option_check(word, format >= 0, json, "text, mermaid, dot, json", reterr);
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
