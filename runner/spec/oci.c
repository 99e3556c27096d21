/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "spec/oci.h"
#include "spec/path.h"
#include "spec/value.h"

#define IMAGE_NAME_MAX 255

#define LETTERS_AND_DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static int check_image_name(const char *text, Error *reterr) {
        size_t n = strlen(text);

        if (n > 0 && n <= IMAGE_NAME_MAX && strchr(LETTERS_AND_DIGITS, text[0]) &&
            strspn(text, LETTERS_AND_DIGITS "._/:@+-") == n)
                return 0;
        return error_raise(reterr, FC_EXIT_USAGE,
                           "'%.100s' cannot name an image: allowed are letters, digits, '.', '_', '/', ':', "
                           "'@', '+' and '-', as in 'app:1.2'",
                           text);
}

static int parse_oci_path(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, path_check_host, &((OciSpec *) target)->path, reterr);
}

static int parse_oci_image(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, check_image_name, &((OciSpec *) target)->image, reterr);
}

static const JsonShape image_name_shape = JSON_STRING_LIKE("^[A-Za-z0-9][A-Za-z0-9._/:@+-]{0,254}$");

static const JsonField oci_fields[] = {
        {"path", parse_oci_path, .mandatory = true, .shape = &host_path_shape},
        {"image", parse_oci_image, .shape = &image_name_shape},
};

static const JsonShape oci_object_shape = JSON_OBJECT_OF(oci_fields);

const JsonShape oci_shape = JSON_EITHER_OF(&host_path_shape, &oci_object_shape);

int oci_parse(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = target;

        c->oci = xnew0(OciSpec, 1);
        if (json_type(value) == JSON_STRING)
                return parse_oci_path(value, path, c->oci, reterr);
        return json_dispatch_shape(value, path, &oci_object_shape, c->oci, reterr);
}

Json *oci_print(const OciSpec *oci) {
        Json *json;

        if (!oci->image)
                return json_new_string(oci->path);
        json = json_new_object();
        json_add_string(json, "path", oci->path);
        json_add_string(json, "image", oci->image);
        return json;
}

OciSpec *oci_free(OciSpec *oci) {
        if (!oci)
                return NULL;
        free(oci->path);
        free(oci->image);
        free(oci->input);
        free(oci);
        return NULL;
}
