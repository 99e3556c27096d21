/* SPDX-License-Identifier: MIT */
#pragma once

/* An operand of `cp`: "NAME:PATH", "PATH" of the host, or "-". Pure. */

#include "base/error.h"

typedef struct CopyOperand {
        const char *text; /* borrowed */
        bool stream;      /* "-" */
        char *container;  /* NULL: a path of the host */
        const char *path; /* the rest of @text */
} CopyOperand;

void copy_operand_done(CopyOperand *operand);

/* A colon before the first slash stands behind the name of a container; "./a:b" is a file. FC_EXIT_USAGE. */
int copy_operand_parse(const char *text, CopyOperand *ret, Error *reterr);

/* What can be copied to what: FC_EXIT_USAGE. */
int copy_operands_check(const CopyOperand *from, const CopyOperand *to, Error *reterr);
