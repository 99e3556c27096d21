/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/json.h"
#include "base/size-text.h"
#include "base/time-text.h"
#include "context/project-open.h"
#include "project/snapshot-dir.h"
#include "screen/table.h"
#include "storage/snapshot-list.h"
#include "storage/snapshot-text.h"
#include "storage/snapshot.h"

typedef struct List {
        char **labels;
        SnapshotManifest **manifests; /* one for each */
        size_t n;
} List;

static void list_done(List *l) {
        for (size_t i = 0; i < l->n; i++)
                (void) snapshot_manifest_free(l->manifests[i]);
        free(l->manifests);
        strv_free(l->labels);
}

static int list_load(const Project *project, List *l, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_strv_ char **labels = NULL;
        int r = snapshots_open(&project->state, &fd, reterr);

        if (r >= 0 && fd >= 0)
                r = snapshots_list(fd, &labels, reterr);
        if (r < 0)
                return r;
        STRV_FOREACH (label, labels) {
                SnapshotManifest *m;

                r = snapshot_load(fd, *label, &m, reterr);
                if (r < 0)
                        return r;
                /* Removed meanwhile. */
                if (!m)
                        continue;
                strv_push(&l->labels, *label);
                *XGROW(l->manifests, l->n) = m;
        }
        return 0;
}

static Json *snapshot_json(const char *label, const SnapshotManifest *m) {
        Json *o = json_new_object(), *containers = json_new_array(), *volumes = json_new_array();
        char time[TIMESTAMP_MAX];

        json_add_string(o, "label", label);
        json_add_string(o, "savedAt", timestamp_format(time, m->saved_usec));
        json_add_uint(o, "bytes", snapshot_manifest_bytes(m));
        json_add_bool(o, "whole", m->whole);
        for (size_t i = 0; i < m->n_containers; i++) {
                Json *c = json_new_object();

                json_add_string(c, "name", m->containers[i].name);
                json_add_bool(c, "root", m->containers[i].root);
                json_add_bool(c, "running", m->containers[i].running);
                json_add_uint(c, "bytes", m->containers[i].bytes);
                json_append(containers, c);
        }
        json_add(o, "containers", containers);
        for (size_t i = 0; i < m->n_volumes; i++) {
                Json *v = json_new_object();

                json_add_string(v, "name", m->volumes[i].name);
                json_add_uint(v, "bytes", m->volumes[i].bytes);
                json_append(volumes, v);
        }
        json_add(o, "volumes", volumes);
        return o;
}

int snapshot_list_print_json(const char *const *labels, SnapshotManifest *const *manifests, size_t n,
                             Error *reterr) {
        _cleanup_(json_freep) Json *document = json_new_object();
        _cleanup_free_ char *text = NULL;
        Json *snapshots = json_new_array();

        json_add(document, "snapshots", snapshots);
        for (size_t i = 0; i < n; i++)
                json_append(snapshots, snapshot_json(labels[i], manifests[i]));
        text = json_print(document, /* pretty= */ true);
        return puts(text) < 0 ? error_set(reterr, errno, "print the snapshots") : 0;
}

static int list_print(const List *l, Error *reterr) {
        static const char *const headers[] = {"LABEL", "SAVED", "SIZE", "OF", NULL};
        _cleanup_(table_freep) Table *table = table_new(headers);
        int r;

        for (size_t i = 0; i < l->n; i++) {
                const SnapshotManifest *m = l->manifests[i];
                _cleanup_free_ char *what = snapshot_describe(m);
                char time[TIMESTAMP_MAX], size[FORMAT_SIZE_MAX];
                const char *cells[] = {
                        l->labels[i],
                        timestamp_format(time, m->saved_usec),
                        format_size(size, snapshot_manifest_bytes(m)),
                        what,
                };

                table_add_row(table, cells);
        }
        r = table_print(table, stdout);
        return r < 0 ? error_set(reterr, r, "print the snapshots") : 0;
}

int snapshot_list(const ProjectRequest *request, Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_(list_done) List list = {};
        int r = project_open(request, &project, reterr);

        if (r >= 0)
                r = list_load(&project, &list, reterr);
        if (r < 0)
                return r;
        r = request->globals->json ? snapshot_list_print_json((const char *const *) list.labels,
                                                              list.manifests, list.n, reterr)
                                   : list_print(&list, reterr);
        return r < 0 ? r : FC_EXIT_OK;
}

int snapshot_list_labels(const ProjectRequest *request, Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_strv_ char **labels = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r = project_open(request, &project, reterr);

        if (r >= 0)
                r = snapshots_open(&project.state, &fd, reterr);
        if (r >= 0 && fd >= 0)
                r = snapshots_list(fd, &labels, reterr);
        STRV_FOREACH (label, labels)
                (void) puts(*label);
        return r < 0 ? r : FC_EXIT_OK;
}
