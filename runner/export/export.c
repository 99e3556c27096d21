/* SPDX-License-Identifier: MIT */

#include "export/export.h"
#include "export/kubernetes.h"
#include "export/nomad.h"
#include "export/quadlet.h"

void export_documents(const ExportRequest *r, ExportFiles *ret) {
        *ret = (ExportFiles){0};
        if (r->format == EXPORT_FORMAT_KUBERNETES)
                kubernetes_print(r, ret);
        else if (r->format == EXPORT_FORMAT_NOMAD)
                nomad_print(r, ret);
        else
                quadlet_print(r, ret);
}
