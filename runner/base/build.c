/* SPDX-License-Identifier: MIT */

#include <elf.h>
#include <link.h>
#include <string.h>

#include "base/alloc.h"
#include "base/build.h"
#include "base/macro.h"

static char *to_hex(const uint8_t *bytes, size_t n) {
        char *text = xnew0(char, 2 * n + 1);

        for (size_t i = 0; i < n; i++)
                (void) sprintf(text + 2 * i, "%02x", bytes[i]);
        return text;
}

/* elf(5). Name and content each end at a multiple of @align. */
static char *find_in_notes(const uint8_t *at, size_t size, size_t align) {
        while (size >= sizeof(ElfW(Nhdr))) {
                const ElfW(Nhdr) *note = (const void *) at;
                size_t name = sizeof(*note), content = name + (note->n_namesz + align - 1) / align * align,
                       end = content + (note->n_descsz + align - 1) / align * align;

                if (end > size)
                        return NULL;
                if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof(ELF_NOTE_GNU) &&
                    memcmp(at + name, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) == 0)
                        return to_hex(at + content, note->n_descsz);
                at += end;
                size -= end;
        }
        return NULL;
}

/* The first object is the program. */
static int on_object(struct dl_phdr_info *info, size_t size, void *userdata) {
        char **ret = userdata;

        for (size_t i = 0; i < info->dlpi_phnum && !*ret; i++) {
                const ElfW(Phdr) *p = &info->dlpi_phdr[i];

                if (p->p_type == PT_NOTE)
                        *ret = find_in_notes((const uint8_t *) info->dlpi_addr + p->p_vaddr, p->p_memsz,
                                             p->p_align == 8 ? 8 : 4);
        }
        return 1;
}

char *build_id(void) {
        char *id = NULL;

        (void) dl_iterate_phdr(on_object, &id);
        return id;
}
