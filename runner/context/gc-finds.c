/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/strv.h"
#include "context/gc-finds.h"

void gc_done(Gc *gc) {
        facts_done(&gc->facts);
        strv_free(gc->machines);
        strv_free(gc->bridges);
        strv_free(gc->gone);
        for (size_t i = 0; i < gc->n_things; i++) {
                free(gc->things[i].name);
                free(gc->things[i].why);
        }
        free(gc->things);
        strv_free(gc->notes);
        *gc = (Gc){};
}

void gc_say(Gc *gc, const char *kind, const char *name, const char *why) {
        *XGROW(gc->things, gc->n_things) = (GcThing){kind, xstrdup(name), xstrdup(why)};
}
