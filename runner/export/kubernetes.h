/* SPDX-License-Identifier: MIT */
#pragma once

/* Objects of Kubernetes' API, in YAML, which podman-kube-play(1) takes as well: a pod for each container,
 * since only a bare pod has a `restartPolicy` as ours; a service without an address, by which others find
 * it; a policy for one that is not to reach the internet; claims of named volumes. And a script that makes
 * secrets, where there are some. */

#include "export/files.h"

void kubernetes_print(const ExportRequest *r, ExportFiles *files);
