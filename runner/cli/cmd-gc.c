/* SPDX-License-Identifier: MIT */

#include "base/json.h"
#include "base/strv.h"
#include "cli/verbs.h"
#include "screen/text.h"
#include "storage/gc.h"

/* @whole: nothing went wrong, so that all of it is known. */
static void gc_print_text(const Gc *gc, bool whole) {
        for (size_t i = 0; i < gc->n_things; i++) {
                const GcThing *thing = &gc->things[i];
                _cleanup_free_ char *name = text_safe(thing->name), *why = text_safe(thing->why);

                (void) printf("%-9s  %s: %s\n", thing->kind, name, why);
        }
        STRV_FOREACH (note, gc->notes) {
                _cleanup_free_ char *text = text_safe(*note);

                (void) fprintf(stderr, "%s\n", text);
        }
        if (gc->n_things == 0 && whole)
                (void) fputs("there is nothing to remove\n", stderr);
}

static void gc_print_json(const Gc *gc) {
        _cleanup_(json_freep) Json *document = json_new_object();
        _cleanup_free_ char *text = NULL;
        Json *things = json_new_array();

        for (size_t i = 0; i < gc->n_things; i++) {
                Json *o = json_new_object();

                json_add_string(o, "kind", gc->things[i].kind);
                json_add_string(o, "name", gc->things[i].name);
                json_add_string(o, "reason", gc->things[i].why);
                json_append(things, o);
        }
        json_add(document, "things", things);
        json_add_strv(document, "leftAlone", gc->notes);
        text = json_print(document, /* pretty= */ true);
        (void) puts(text);
}

static int gc_verb(const ProjectRequest *request, const void *target, char *const *operands, Error *reterr) {
        const Globals *globals = request->globals;
        _cleanup_(gc_done) Gc gc = {.dry_run = globals->dry_run};
        int r;

        gc.progress = globals->quiet ? PROGRESS_QUIET : PROGRESS_AUTO;
        r = globals->progress ? progress_mode_parse(globals->progress, &gc.progress, reterr) : 0;
        if (r < 0)
                return r;
        r = gc_run(&gc, globals->root, reterr);
        /* Also what was removed before something went wrong. */
        if (globals->json)
                gc_print_json(&gc);
        else
                gc_print_text(&gc, r == FC_EXIT_OK);
        return r;
}

const Verb cmd_gc = {
        .name = "gc",
        .synopsis = "",
        .summary = "Remove what deleted projects and crashes have left on this machine",
        .of_machine = true,
        .has_dry_run = true,
        .needs_root = true,
        .run = gc_verb,
};
