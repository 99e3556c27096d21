/* SPDX-License-Identifier: MIT */
#pragma once

/* What `cp` does: which places its operands stand for, and the copy. */

#include "context/project.h"
#include "ops/copy-operand.h"

/* Return: 0, or a negative errno. What was left out is told on standard error. */
int copy_between(const ProjectRequest *request, const CopyOperand *from, const CopyOperand *to,
                 Error *reterr);
