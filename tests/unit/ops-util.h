/* SPDX-License-Identifier: MIT */
#pragma once

/* What the tests of decisions need: specifications as text, and the plans of their containers. */

#include "base/alloc.h"
#include "context/network.h"
#include "spec/spec-parse.h"
#include "test.h"

#define OPS_BOOT  "00000000000000000000000000000001"
#define OPS_OTHER "00000000000000020000000000000001"

/* This boot, without root before the user's last session has ended. */
#define OPS_SESSION "00000000000000000000000000000002"

/* @containers: the members of "containers". Owned by the caller. */
_unused_ static Spec *ops_spec(const char *containers) {
        _cleanup_free_ char *text = xasprintf("{\"version\": 1, \"containers\": {%s}}", containers);
        _cleanup_(error_done) Error error = ERROR_NULL;
        Spec *spec = NULL;

        ASSERT_OK(spec_parse(text, strlen(text), &spec, &error), &error);
        return spec;
}

/* A project that lies nowhere: what is computed from its names only. */
_unused_ static Project ops_project(const Spec *spec) {
        static const Globals globals;

        return (Project){
                .globals = &globals,
                .root = (char *) "/project",
                .id = (char *) "project-0001",
                .spec = (Spec *) spec,
                .spec_path = (char *) "/project/flake-containers.json",
                .facts.boot_id = (char *) OPS_BOOT,
                .state = STATE_DIR_NULL,
        };
}

_unused_ static ContainerPlan *ops_plan(const Project *project, const char *container) {
        ProjectNetwork first = {.name = "default", .bridge = (char *) "fc-bridge"};
        Network network = {.networks = &first, .n_networks = 1, .state = project_state_new()};
        ContainerPlan *plan = network_plan(&network, project, spec_find(project->spec, container));

        (void) project_state_free(network.state);
        return plan;
}

/* As it is written when a container is started by that plan. */
_unused_ static ContainerState *ops_state(const ContainerPlan *plan, const char *boot_id, Phase phase) {
        ContainerState *state = container_state_new();

        state->machine = xstrdup(plan->machine);
        state->boot_id = xstrdup(boot_id);
        state->definition = strv_copy(plan->definition);
        state->phase = phase;
        return state;
}
