/* SPDX-License-Identifier: MIT */
#pragma once

/* The checks of `doctor` for a user who goes without root. */

#include "spec/spec.h"
#include "view/findings.h"

/* @spec: may be NULL */
void doctor_check_rootless(Findings *f, const Spec *spec);
