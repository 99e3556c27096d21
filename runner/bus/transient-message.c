/* SPDX-License-Identifier: MIT */

#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strv.h"
#include "bus/guest-bus-internal.h"
#include "bus/transient-message.h"

int transient_message_new(sd_bus *bus, const char *destination, const char *unit, sd_bus_message **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_call(bus, &m, destination, SYSTEMD_PATH, SYSTEMD_MANAGER,
                                           "StartTransientUnit");
        if (r >= 0)
                r = sd_bus_message_append(m, "ss", unit, "fail");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(sv)");
        if (r < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}

int transient_properties_end(sd_bus_message *m) {
        int r = sd_bus_message_close_container(m);

        return r < 0 ? r : sd_bus_message_open_container(m, 'a', "(sa(sv))");
}

int transient_unit_open(sd_bus_message *m, const char *unit) {
        int r;

        r = sd_bus_message_open_container(m, 'r', "sa(sv)");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", unit);
        return r < 0 ? r : sd_bus_message_open_container(m, 'a', "(sv)");
}

int transient_unit_close(sd_bus_message *m) {
        int r = sd_bus_message_close_container(m);

        return r < 0 ? r : sd_bus_message_close_container(m);
}

int transient_message_end(sd_bus_message *m) {
        return sd_bus_message_close_container(m);
}

int transient_open(sd_bus_message *m, const char *property, const char *type) {
        int r;

        r = sd_bus_message_open_container(m, 'r', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", property);
        return r < 0 ? r : sd_bus_message_open_container(m, 'v', type);
}

int transient_close(sd_bus_message *m) {
        int r = sd_bus_message_close_container(m);

        return r < 0 ? r : sd_bus_message_close_container(m);
}

int transient_append(sd_bus_message *m, const char *property, const char *type, ...) {
        va_list ap;
        int r;

        r = transient_open(m, property, type);
        if (r >= 0) {
                va_start(ap, type);
                r = sd_bus_message_appendv(m, type, ap);
                va_end(ap);
        }
        return r < 0 ? r : transient_close(m);
}

int transient_append_strv(sd_bus_message *m, const char *property, char *const *v) {
        int r;

        r = transient_open(m, property, "as");
        if (r >= 0)
                r = sd_bus_message_append_strv(m, (char **) v);
        return r < 0 ? r : transient_close(m);
}

/* "$" as systemd.service(5) has it in command lines; "%" is a unit file's matter only. */
static char **escape_dollars(char *const *argv) {
        char **escaped = NULL;

        STRV_FOREACH (word, argv) {
                char *text = xmalloc0(strlen(*word) * 2 + 1), *out = text;

                for (const char *p = *word; *p; p++) {
                        if (*p == '$')
                                *out++ = '$';
                        *out++ = *p;
                }
                strv_push_take(&escaped, text);
        }
        return escaped;
}

/* Not ExecStartEx with its no-env-expand: systemd 252 writes it into the unit's file by that name, which it
 * does not know when it reads the file again, after a daemon-reload. */
int transient_append_command(sd_bus_message *m, const char *property, const char *path, char *const *argv) {
        _cleanup_strv_ char **escaped = escape_dollars(argv);
        int r;

        r = transient_open(m, property, "a(sasb)");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(sasb)");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'r', "sasb");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", path);
        if (r >= 0)
                r = sd_bus_message_append_strv(m, escaped);
        if (r >= 0)
                r = sd_bus_message_append(m, "b", 0);
        for (int depth = 0; r >= 0 && depth < 2; depth++)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : transient_close(m);
}
