/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "context/project-open.h"
#include "export/keys.h"
#include "ops/export-image.h"
#include "ops/export-place.h"
#include "ops/export.h"
#include "spec/dependency.h"

bool export_needs_root(const void *options) {
        const ExportOptions *o = options;

        return streq_ptr(o->format, export_format_to_string(EXPORT_FORMAT_OCI));
}

/* ---- what it is asked for ---- */

static int take_format(const ExportOptions *o, bool dry_run, ExportFormat *ret, Error *reterr) {
        ExportFormat format = o->format ? export_format_from_string(o->format) : _EXPORT_FORMAT_INVALID;

        if (format < 0)
                return o->format ? error_raise(reterr, FC_EXIT_USAGE,
                                               "option '--format': '%s' must be one of " EXPORT_FORMAT_WORDS,
                                               o->format)
                                 : error_raise(reterr, FC_EXIT_USAGE,
                                               "option '--format' is missing: one of " EXPORT_FORMAT_WORDS);
        if (format == EXPORT_FORMAT_OCI && !o->output && !dry_run)
                return error_raise(reterr, FC_EXIT_USAGE, "option '--output' is missing: where images go");
        *ret = format;
        return 0;
}

/* It becomes a part of lines and documents. */
static int check_registry(const char *prefix, Error *reterr) {
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./:_-";

        return !prefix || (*prefix && !prefix[strspn(prefix, allowed)])
                       ? 0
                       : error_raise(
                                 reterr, FC_EXIT_USAGE,
                                 "option '--registry': '%s' is not what the name of an image begins with",
                                 prefix);
}

static int refuse_keys(const ExportRequest *r, Error *reterr) {
        _cleanup_(key_refusals_done) KeyRefusals refusals = {0};
        _cleanup_free_ char *options = NULL;
        int k = keys_check(r, &refusals, reterr);

        if (k < 0 || !refusals.lines)
                return k;
        k = error_raise(reterr, FC_EXIT_USAGE, "the format '%s' cannot say all of this",
                        export_format_to_string(r->format));
        STRV_FOREACH (line, refusals.lines)
                error_add_evidence(reterr, "%s", *line);
        options = strv_join(refusals.keys, " --without ");
        error_add_hint(reterr, "to leave out what it cannot say of them: --without %s", options);
        return k;
}

/* ---- documents ---- */

static int write_documents(ExportPlace *place, const ExportFiles *files, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        int r = user_fs_enter(&place->project->user, &guard, reterr);

        for (size_t i = 0; i < files->n && r >= 0; i++)
                r = fs_write_atomic(place->new_fd, files->files[i].name, files->files[i].text,
                                    strlen(files->files[i].text), 0644, reterr);
        return r;
}

static int print_documents(const ExportFiles *files, Error *reterr) {
        for (size_t i = 0; i < files->n; i++) {
                const ExportFile *file = &files->files[i];

                if (streq(file->name, EXPORT_SCRIPT))
                        (void) fprintf(stderr, "'%s', which makes secrets, is written with --output only\n",
                                       file->name);
                else if (printf("# %s\n%s\n", file->name, file->text) < 0)
                        return error_set(reterr, errno, "print '%s'", file->name);
        }
        return 0;
}

/* It is so by default, which is no reason to refuse all that has an init. */
static void note_unheard(const ExportRequest *r, const Project *project) {
        _cleanup_(progress_freep) Progress *progress = progress_new(project->progress, stderr, NULL);

        STRV_FOREACH (name, r->names) {
                const ContainerSpec *c = spec_find(r->spec, *name);
                _cleanup_free_ char *text = NULL;

                if (!c->ready_notify || c->ready_notify_given)
                        continue;
                text = xasprintf("%s: Nomad does not hear when its init is ready, ignoring", *name);
                progress_note(progress, text);
        }
}

static int export_text(const ExportRequest *r, const Project *project, ExportPlace *place, Error *reterr) {
        _cleanup_(export_files_done) ExportFiles files = {0};
        int k;

        if (r->format == EXPORT_FORMAT_NOMAD)
                note_unheard(r, project);
        export_documents(r, &files);
        if (place->new_fd < 0)
                return print_documents(&files, reterr);
        k = write_documents(place, &files, reterr);
        return k < 0 ? k : export_place_commit(place, reterr);
}

static int export_oci(const ExportRequest *r, Project *project, ExportPlace *place, Error *reterr) {
        _cleanup_(progress_freep) Progress *progress = progress_new(project->progress, stderr, r->names);
        int k = export_images(project, r, place->new_fd, progress, reterr);

        progress_finish(progress);
        return k < 0 ? k : export_place_commit(place, reterr);
}

static void print_images(const ExportRequest *r) {
        STRV_FOREACH (name, r->names) {
                _cleanup_free_ char *image = export_image_name(r, spec_find(r->spec, *name));

                (void) puts(image);
        }
}

int export_project(const ProjectRequest *request, const ExportOptions *o, char *const *operands,
                   Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_(export_place_done) ExportPlace place = EXPORT_PLACE_NULL;
        _cleanup_strv_ char **names = NULL, **order = NULL;
        bool dry_run = request->globals->dry_run;
        ExportRequest e = {.registry = o->registry, .without = o->without, .host_paths = o->host_paths};
        ProjectRequest starts = *request;
        int r = take_format(o, dry_run, &e.format, reterr);

        /* Nothing there chooses among what is exported. */
        starts.starts = true;
        if (r >= 0)
                r = check_registry(o->registry, reterr);
        if (r >= 0)
                r = project_open_selected(&starts, operands, &project, &names, reterr);
        if (r < 0)
                return r;
        order = dependencies_order(project.spec, names);
        e.spec = project.spec;
        e.names = order;
        e.project = project.spec->project_name ? project.spec->project_name : project.id;
        e.root = project.root;
        r = refuse_keys(&e, reterr);
        if (r < 0)
                return r;
        if (dry_run && e.format == EXPORT_FORMAT_OCI) {
                print_images(&e);
                return FC_EXIT_OK;
        }
        if (o->output && !dry_run)
                r = export_place_open(&place, &project, request, o->output, reterr);
        if (r >= 0)
                r = e.format == EXPORT_FORMAT_OCI ? export_oci(&e, &project, &place, reterr)
                                                  : export_text(&e, &project, &place, reterr);
        return r < 0 ? r : FC_EXIT_OK;
}
