/* SPDX-License-Identifier: MIT */
#pragma once

/* Copies the contents and the attributes of one file, from descriptor to descriptor. */

#include <stdbool.h>
#include <sys/stat.h>

/* Asked between blocks: is the copy to end? Return: 0, or a negative errno that ends it. */
typedef int (*FileCopyCheck)(void);

/* The contents of a regular file, holes included; shared with the original where the file system can do
 * that. @no_clone: remembers that it cannot. Return: 0 or a negative errno. */
int file_copy_data(int from_fd, int to_fd, const struct stat *st, bool *no_clone, FileCopyCheck check);

/* Owner, mode, extended attributes (capabilities and ACLs are such) and times. Attributes that the file
 * system cannot store are left out. Return: 0 or a negative errno. */
int file_copy_attributes(int from_fd, int to_fd, const struct stat *st);

/* The extended attributes of @name in both directories, which may be a symbolic link or a special file: it
 * is not followed, and not opened. */
int file_copy_xattrs_at(int from_dir_fd, int to_dir_fd, const char *name);
