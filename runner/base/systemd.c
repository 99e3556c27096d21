/* SPDX-License-Identifier: MIT */

#include "base/systemd.h"

Library systemd_library = {
        .soname = FC_SYSTEMD_SONAME,
        .path = FC_SYSTEMD_PATH,
        .hint = "install " FC_SYSTEMD_SONAME " (Debian: libsystemd0)",
};
LIBRARY_NOTE("systemd", "required", FC_SYSTEMD_SONAME);
