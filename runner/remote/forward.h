/* SPDX-License-Identifier: MIT */
#pragma once

/* The ports of containers on another machine, at the same numbers of this one's localhost. Nothing is opened
 * to this machine's network, whatever is published on that one's. */

#include "remote/master.h"
#include "screen/progress.h"
#include "spec/spec.h"

/* What is to be carried: texts ADDRESS:PORT:ADDRESS:PORT, as `ssh -L` takes them. */
typedef struct ForwardPorts {
        char **ours;    /* what the specification here publishes */
        char **strange; /* others, which the other machine alone names */
        char **left;    /* such as UDP, which ssh cannot carry: "53/udp" */
        char **chosen;  /* ports of the specification whose number the other machine has told */
} ForwardPorts;

void forward_ports_done(ForwardPorts *ports);

/**
 * forward_read() - what `status --json` tells
 * @spec: of here; NULL: it is not known
 * @fresh: of an instance, whose ports are free ones of 127.0.0.1 whatever the specification says
 * @status: its text, of the other machine: not trusted
 * @ret: added to; emptied by forward_ports_done(), also after a failure
 *
 * A port that is "auto" may be any from 1024 on, and is one at each of its addresses: the other machine does
 * not get all that are free here. Pure. FC_EXIT_INTERNAL where it is not such a text.
 */
int forward_read(const Spec *spec, bool fresh, const char *status, size_t size, ForwardPorts *ret,
                 Error *reterr);

/**
 * forward_set() - have the connection carry these and no others, also when this command has ended
 * @ports: of forward_read(); of those that are strange the ones that are carried already, which an earlier
 *   command has taken for its own, become ours
 *
 * Under the lock "carries", from before @ports were asked for: another command may have changed it. What is
 * carried already is not disturbed. FC_EXIT_CONFLICT when a port is taken here.
 */
int forward_set(const Master *master, ForwardPorts *ports, Error *reterr);

/* Have it carry these as well, as long as this command works. @ports: as there. @ret_added: for
 * forward_drop(), also after a failure; owned by the caller. One that forward_set() has been told of
 * meanwhile is not dropped. */
int forward_add(const Master *master, ForwardPorts *ports, char ***ret_added, Error *reterr);
void forward_drop(const Master *master, char *const *added);

/* Tells of what is not carried. */
void forward_say_left(Progress *progress, const ForwardPorts *ports);
