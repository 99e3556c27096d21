/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "copy/tar.h"

void tar_entry_done(TarEntry *entry) {
        free(entry->path);
        free(entry->link);
        free(entry->extents);
        for (size_t i = 0; i < entry->n_attributes; i++) {
                free(entry->attributes[i].name);
                free(entry->attributes[i].value);
        }
        free(entry->attributes);
        *entry = (TarEntry){0};
}

uint64_t tar_entry_stored(const TarEntry *entry) {
        uint64_t stored = 0;

        for (size_t i = 0; i < entry->n_extents; i++)
                stored += entry->extents[i].size;
        return stored;
}

const char *tar_type_to_string(TarType type) {
        switch (type) {
        case TAR_FILE:
                return "file";
        case TAR_HARD_LINK:
                return "hard link";
        case TAR_LINK:
                return "symbolic link";
        case TAR_DIRECTORY:
                return "directory";
        case TAR_FIFO:
                return "FIFO";
        default:
                return "device";
        }
}

char *tar_normalise(const char *name) {
        _cleanup_free_ char *path = xmalloc0(strlen(name) + 1);
        size_t size = 0;

        while (*name) {
                size_t n = strcspn(name, "/");

                if (n == 2 && name[0] == '.' && name[1] == '.')
                        return NULL;
                if (n > 0 && !(n == 1 && name[0] == '.')) {
                        if (size > 0)
                                path[size++] = '/';
                        memcpy(path + size, name, n);
                        size += n;
                }
                name += n + strspn(name + n, "/");
        }
        return TAKE_PTR(path);
}
