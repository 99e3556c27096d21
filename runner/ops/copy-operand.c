/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "ops/copy-operand.h"
#include "spec/name.h"

void copy_operand_done(CopyOperand *operand) {
        free(operand->container);
        *operand = (CopyOperand){0};
}

int copy_operand_parse(const char *text, CopyOperand *ret, Error *reterr) {
        size_t n = strcspn(text, ":/");
        _cleanup_free_ char *name = NULL;

        if (!text[0])
                return error_raise(reterr, FC_EXIT_USAGE, "'' is not a path");
        if (streq(text, "-")) {
                *ret = (CopyOperand){.text = text, .stream = true, .path = text};
                return 0;
        }
        if (text[n] != ':') {
                *ret = (CopyOperand){.text = text, .path = text};
                return 0;
        }
        name = xstrndup(text, n);
        if (name_check(name, "container", NULL) < 0) {
                (void) error_raise(reterr, FC_EXIT_USAGE,
                                   "'%s': what stands before the colon is not the name of a container",
                                   text);
                error_add_hint(reterr, "for a path of the host: ./%s", text);
                return -EINVAL;
        }
        if (!text[n + 1])
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' has no path; the whole root is '%s/'", text,
                                   text);
        *ret = (CopyOperand){.text = text, .container = TAKE_PTR(name), .path = text + n + 1};
        return 0;
}

int copy_operands_check(const CopyOperand *from, const CopyOperand *to, Error *reterr) {
        if (from->container || to->container)
                return 0;
        (void) error_raise(reterr, FC_EXIT_USAGE, "neither '%s' nor '%s' is in a container", from->text,
                           to->text);
        error_add_hint(reterr, "a path in a container is written NAME:PATH");
        return -EINVAL;
}
