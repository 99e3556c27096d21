/* SPDX-License-Identifier: MIT */
#pragma once

/* The checks of `doctor` for a user who goes without root. */

#include "ops/findings.h"
#include "spec/spec.h"

/* @spec: may be NULL */
void doctor_check_rootless(Findings *f, const Spec *spec);
