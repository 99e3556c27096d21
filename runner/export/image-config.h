/* SPDX-License-Identifier: MIT */
#pragma once

/* The documents of an OCI image layout: https://github.com/opencontainers/image-spec. Pure. */

#include "export/request.h"

/* Of a layer: "application/vnd.oci.image.layer.v1.tar". It is not compressed, so its digest is that of its
 * content, which the configuration names; who sends it to a registry compresses it. */
typedef struct ImageBlob {
        char *digest; /* "sha256:..." */
        uint64_t size;
} ImageBlob;

typedef struct ImageLayers {
        ImageBlob *layers; /* the lowest first */
        size_t n;
} ImageLayers;

void image_layers_done(ImageLayers *layers);

/* Without it there is no image. */
#define IMAGE_INDEX "index.json"

#define IMAGE_LAYOUT "{\"imageLayoutVersion\": \"1.0.0\"}\n"

/* What a container of the image is: what it runs, its variables, its user, how it is asked to end.
 * @architecture: in Go's words. Owned by the caller. */
char *image_config_print(const ContainerSpec *c, const char *architecture, const ImageLayers *layers);
char *image_manifest_print(const ImageBlob *config, const ImageLayers *layers);

/* @manifests: of so many images, with their names in the layout, under which skopeo(1) finds them, and those
 * that an engine gives them when it takes them */
char *image_index_print(const ImageBlob *manifests, char *const *names, size_t n);

/* Go's word for what uname(2) calls the machine; NULL: it has none. */
const char *image_architecture(const char *machine);
