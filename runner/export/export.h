/* SPDX-License-Identifier: MIT */
#pragma once

/* A specification in the forms of other engines: an OCI image, Kubernetes' objects, podman's quadlets,
 * Nomad's jobs. Pure: documents are text here, and ops/export.h writes them. What a form cannot say is
 * refused by keys.h, never left out, unless the user has named its key. */

#include "export/files.h"

/* All documents of a format that is text: of any but OCI. keys_check() has found nothing. */
void export_documents(const ExportRequest *r, ExportFiles *ret);
