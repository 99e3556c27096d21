/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/in-root.h"
#include "base/json.h"
#include "image/oci-build.h"
#include "image/oci-entry.h"

#define CONFIG_SIZE_MAX (1024 * 1024)

static const Json *get_typed(const Json *object, const char *key, JsonType type) {
        const Json *value = object ? json_get(object, key) : NULL;

        return value && json_type(value) == type ? value : NULL;
}

/* Those that umoci adds stand for nothing in the image. */
static bool is_of_image(const char *variable) {
        return !startswith(variable, "TERM=") && !startswith(variable, "HOME=");
}

static void add_entry_variables(Json *members, const Json *process) {
        const Json *list = get_typed(process, "env", JSON_ARRAY);
        Json *variables = json_new_object();

        if (list)
                JSON_FOREACH (entry, list) {
                        const char *text = json_type(entry) == JSON_STRING ? json_string(entry) : "",
                                   *equals = strchr(text, '=');
                        _cleanup_free_ char *name = NULL;

                        if (!equals || equals == text || !is_of_image(text))
                                continue;
                        name = xstrndup(text, (size_t) (equals - text));
                        if (!json_get(variables, name))
                                json_add_string(variables, name, equals + 1);
                }
        if (json_length(variables) > 0)
                json_add(members, "environment", variables);
        else
                (void) json_free(variables);
}

static uint64_t get_id(const Json *user, const char *key) {
        const Json *value = get_typed(user, key, JSON_NUMBER);
        uint64_t id = 0;

        if (value)
                (void) json_uint(value, key, 0, UINT32_MAX, &id, NULL);
        return id;
}

static void add_arguments(Json *members, const Json *process) {
        const Json *cwd = get_typed(process, "cwd", JSON_STRING);
        uint64_t uid = get_id(get_typed(process, "user", JSON_OBJECT), "uid");
        Json *arguments = json_new_array();

        if (uid > 0) {
                _cleanup_free_ char *text = xasprintf("--user=%" PRIu64, uid);

                json_append_string(arguments, text);
        }
        if (cwd && !streq(json_string(cwd), "/")) {
                _cleanup_free_ char *text = xasprintf("--chdir=%s", json_string(cwd));

                json_append_string(arguments, text);
        }
        if (json_length(arguments) > 0)
                json_add(members, "nspawnArgs", arguments);
        else
                (void) json_free(arguments);
}

static bool add_command(Json *members, const Json *process) {
        const Json *args = get_typed(process, "args", JSON_ARRAY);
        Json *command;

        if (!args || json_length(args) == 0)
                return false;
        command = json_new_array();
        JSON_FOREACH (arg, args)
                json_append_string(command, json_type(arg) == JSON_STRING ? json_string(arg) : "");
        json_add(members, "command", command);
        return true;
}

char *oci_entry_members(const char *config, size_t size) {
        _cleanup_(json_freep) Json *json = NULL, *members = json_new_object();
        const Json *process;
        char *text;

        if (json_parse(config, size, OCI_CONFIG_NAME, &json, NULL) < 0 || json_type(json) != JSON_OBJECT)
                return NULL;
        process = get_typed(json, "process", JSON_OBJECT);
        if (!process || !add_command(members, process))
                return NULL;
        add_entry_variables(members, process);
        add_arguments(members, process);
        text = json_print(members, /* pretty= */ false);
        /* Without the braces: it is to be pasted. */
        text[strlen(text) - 1] = '\0';
        memmove(text, text + 1, strlen(text));
        return text;
}

int oci_entry_check(int image_fd, const ContainerPlan *plan, Error *reterr) {
        _cleanup_close_ int root_fd = -EBADF, init_fd = -EBADF, file = -EBADF;
        _cleanup_free_ char *config = NULL, *members = NULL;
        size_t size = 0;

        if (!plan->spec->init)
                return 0;
        root_fd = fs_open_beneath(image_fd, "root", O_RDONLY | O_DIRECTORY, 0, reterr);
        if (root_fd < 0)
                return root_fd;
        init_fd = root_open(root_fd, plan->spec->init, O_PATH);
        if (init_fd != -ENOENT)
                return 0;
        if (fs_open_file_beneath_optional(image_fd, OCI_CONFIG_NAME, &file, NULL) >= 0 && file >= 0 &&
            fs_read_fd(file, OCI_CONFIG_NAME, CONFIG_SIZE_MAX, &config, &size, NULL) >= 0)
                members = oci_entry_members(config, size);
        (void) error_raise(reterr, FC_EXIT_USAGE,
                           "OCI image '%s' has no '%s' that could boot: the container needs a 'command'",
                           plan->oci, plan->spec->init);
        if (members)
                error_add_hint(reterr, "what the image runs is: %s", members);
        return -ENOENT;
}
