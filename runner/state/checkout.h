/* SPDX-License-Identifier: MIT */
#pragma once

/* A project's directory, told from all others: where it was when it was looked at, and what stays the same
 * when it is renamed, is mounted at a second place, or another one takes its path. A text of it, which root
 * keeps in /run, is what a project's identity hangs on; a file in the project could be copied with it, or be
 * made up by the one who wrote the repository. */

#include "base/error.h"

typedef struct Checkout {
        char *path; /* of the directory, real */
        bool known; /* the rest is */
        uint64_t dev;
        uint64_t ino;
        uint64_t born;    /* in nanoseconds, 0: the file system does not say */
        int handle_type;  /* name_to_handle_at(2) */
        char *handle_hex; /* NULL: the file system has none */
} Checkout;

void checkout_done(Checkout *checkout);

/* @dir_fd: the directory. @path: where it is. @ret: to be emptied by checkout_done(). */
int checkout_look(int dir_fd, const char *path, Checkout *ret, Error *reterr);

/* Owned by the caller. */
char *checkout_print(const Checkout *checkout);

/* Reads such a text, or "PATH\n", as earlier releases wrote it. Return: false when it is neither. Pure. */
bool checkout_parse(const char *text, size_t size, Checkout *ret);

/* The same directory, whatever its path? Never when either is not known. Pure. */
bool checkout_is_same(const Checkout *a, const Checkout *b);

typedef enum CheckoutFate {
        CHECKOUT_THERE,  /* at its path */
        CHECKOUT_MOVED,  /* it has another path now */
        CHECKOUT_GONE,   /* it was removed */
        CHECKOUT_LOST,   /* it is not at its path, and its file system does not tell more */
        CHECKOUT_HIDDEN, /* its file system is not there, or silent, or the path cannot be looked at */
} CheckoutFate;

/**
 * checkout_find() - what has become of it
 * @ret_path: with CHECKOUT_MOVED where it is now, owned by the caller; otherwise NULL
 *
 * Needs root to tell what is not at its path. It looks from a child, for a few seconds: the directory may be
 * on a network file system of another user, whose server is gone.
 */
CheckoutFate checkout_find(const Checkout *checkout, char **ret_path);
