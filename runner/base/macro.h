/* SPDX-License-Identifier: MIT */
#pragma once

/* Attributes, cleanup handlers and ownership transfer that every layer uses. */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f)   __attribute__((cleanup(f)))
#define _printf_(m, n) __attribute__((format(printf, m, n)))
#define _must_check_   __attribute__((warn_unused_result))
#define _unused_       __attribute__((unused))

#define ELEMENTSOF(a) (sizeof(a) / sizeof((a)[0]))

/* The struct of which `pointer` is a member. */
#define CONTAINER_OF(pointer, type, member) ((type *) (void *) ((char *) (pointer) -offsetof(type, member)))

#define USEC_PER_SEC  UINT64_C(1000000)
#define USEC_PER_MSEC UINT64_C(1000)

/* Defines x_freep() for a destructor `T *x_free(T *)`, to be used with _cleanup_(). */
#define DEFINE_FREEP(type, func)                                                                            \
        static inline void func##p(type **p) {                                                              \
                (void) func(*p);                                                                            \
        }                                                                                                   \
        struct func##_semicolon

#define TAKE_PTR(p)                                                                                         \
        ({                                                                                                  \
                __typeof__(p) _taken_ = (p);                                                                \
                (p) = NULL;                                                                                 \
                _taken_;                                                                                    \
        })

#define TAKE_FD(fd)                                                                                         \
        ({                                                                                                  \
                int _taken_ = (fd);                                                                         \
                (fd) = -EBADF;                                                                              \
                _taken_;                                                                                    \
        })

static inline void freep(void *p) {
        free(*(void **) p);
}

/* Closes an fd if it is one, keeps errno, returns the value that an unset fd has. */
static inline int safe_close(int fd) {
        if (fd >= 0) {
                int saved = errno;
                (void) close(fd);
                errno = saved;
        }
        return -EBADF;
}

static inline void closep(int *fd) {
        *fd = safe_close(*fd);
}

static inline void fclosep(FILE **f) {
        if (*f)
                (void) fclose(*f);
}

#define _cleanup_free_   _cleanup_(freep)
#define _cleanup_close_  _cleanup_(closep)
#define _cleanup_fclose_ _cleanup_(fclosep)
