/* SPDX-License-Identifier: MIT */
#pragma once

/* Libraries that are loaded when one of their functions is first called, not linked.
 *
 * What is linked is loaded by every command, with all that is behind it: libsystemd and its six libraries
 * take more time than all else that `status` does before main(), and `status` calls none of them. A header
 * of ours stands for the library's: it includes that, and says of each function that is used
 *
 *     #define sd_event_new LIBRARY_FUNCTION(systemd_library, sd_event_new)
 *
 * after which callers are written as the library's manual has it. One that has been forgotten there is not
 * found by the linker. */

#include "base/error.h"

typedef struct Library {
        const char *soname;
        const char *path; /* where it was when this was built, for hosts without a common directory (Nix) */
        const char *hint; /* what to do when it is not there */
        void *handle;
} Library;

/* For who can say more of its lack than library_function() does. */
int library_open(Library *library, Error *reterr);

/* Ends the program when there is no such library or function, with FC_EXIT_HOST, as the dynamic linker would
 * have. */
void *library_function(Library *library, const char *name);

/* From here on nothing more is loaded into this process: it is about to see a container's files, where a
 * library is whatever its root has put there. */
void library_seal(void);

#define LIBRARY_FUNCTION(library, name)                                                                     \
        (*({                                                                                                \
                static __typeof__(&name) function_;                                                         \
                                                                                                            \
                if (!function_)                                                                             \
                        function_ = (__typeof__(&name)) library_function(&(library), #name);                \
                function_;                                                                                  \
        }))

/* clang's sanitizer would put zones of its own between the notes. */
#ifdef __clang__
#define LIBRARY_NOTE_PLAIN no_sanitize("address")
#else
#define LIBRARY_NOTE_PLAIN
#endif

/* Says in the program's file that it loads a library, for tools that make packages:
 * https://systemd.io/ELF_DLOPEN_METADATA. @priority: "required", "recommended" or "suggested". */
#define LIBRARY_NOTE(feature, priority, soname)                                                             \
        __attribute__((used, aligned(4), section(".note.dlopen"),                                           \
                       LIBRARY_NOTE_PLAIN)) static const struct {                                           \
                struct {                                                                                    \
                        uint32_t n_namesz, n_descsz, n_type;                                                \
                } header;                                                                                   \
                char name[4];                                                                               \
                _Alignas(uint32_t) char text[sizeof(LIBRARY_NOTE_TEXT(feature, priority, soname))];         \
        } library_note = {                                                                                  \
                {sizeof("FDO"), sizeof(LIBRARY_NOTE_TEXT(feature, priority, soname)), 0x407c0c0a},          \
                "FDO",                                                                                      \
                LIBRARY_NOTE_TEXT(feature, priority, soname),                                               \
        }
#define LIBRARY_NOTE_TEXT(feature, priority, soname)                                                        \
        "[{\"feature\":\"" feature "\",\"priority\":\"" priority "\",\"soname\":[\"" soname "\"]}]"
