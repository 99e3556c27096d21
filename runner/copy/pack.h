/* SPDX-License-Identifier: MIT */
#pragma once

/* Writing a file or a directory as tar, by descriptors: no link is followed below it. What can be neither
 * read nor made elsewhere is left out: sockets, FIFOs, devices, and what the kernel mounts (/proc, /sys). */

#include "copy/side.h"

/**
 * copy_pack() - write all of it
 * @fd: of a file or a directory, for reading; is closed
 * @name: of it in the archive; NULL: "."
 *
 * What goes meanwhile is left out, and what gets shorter is filled with zeros; both are noted.
 */
int copy_pack(int fd, const char *name, int out_fd, CopySide *side, Error *reterr);

/**
 * copy_pack_layer() - write a tree of an image
 * @fd: as of copy_pack()
 *
 * With those extended attributes that are the files' own. No end is written: more may follow, and then
 * copy_pack_end().
 */
int copy_pack_layer(int fd, int out_fd, CopySide *side, Error *reterr);

/**
 * copy_pack_layer_member() - write a file, a directory or a link of a directory, as copy_pack_layer()
 * @name: in the directory, without a slash; one that is not there is an error
 * @at: its path in the archive
 */
int copy_pack_layer_member(int dir_fd, const char *name, const char *at, int out_fd, CopySide *side,
                           Error *reterr);
int copy_pack_end(int out_fd, CopySide *side, Error *reterr);
