/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "export/request.h"

static const char *const format_words[_EXPORT_FORMAT_MAX] = {
        [EXPORT_FORMAT_OCI] = "oci",
        [EXPORT_FORMAT_KUBERNETES] = "kubernetes",
        [EXPORT_FORMAT_QUADLET] = "quadlet",
        [EXPORT_FORMAT_NOMAD] = "nomad",
};

const char *export_format_to_string(ExportFormat format) {
        return format_words[format];
}

ExportFormat export_format_from_string(const char *s) {
        for (size_t i = 0; i < ELEMENTSOF(format_words); i++)
                if (streq(s, format_words[i]))
                        return (ExportFormat) i;
        return _EXPORT_FORMAT_INVALID;
}

char *export_image_name(const ExportRequest *r, const ContainerSpec *c) {
        return r->registry ? xasprintf("%s/%s:latest", r->registry, c->name)
                           : xasprintf("localhost/%s/%s:latest", r->project, c->name);
}

char *export_host_path(const ExportRequest *r, const char *path) {
        while (startswith(path, "./"))
                path += 2;
        if (path[0] == '/')
                return xstrdup(path);
        return streq(path, ".") || path[0] == '\0' ? xstrdup(r->root) : xasprintf("%s/%s", r->root, path);
}
