/* SPDX-License-Identifier: MIT */

#include <string.h>
#include <sys/auxv.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/process.h"
#include "proxy/flow.h"

static const uint64_t lifetimes[_FLOW_KIND_MAX] = {FLOW_SHORT_USEC, FLOW_STREAM_USEC};

/* Of clients that choose their ports to meet in one bucket. */
static uint64_t flow_seed(void) {
        const void *random = (const void *) getauxval(AT_RANDOM); /* NOLINT: an address by contract */
        uint64_t seed = 0;

        if (random)
                memcpy(&seed, random, sizeof(seed));
        return seed;
}

static Flow **flows_bucket(const Flows *flows, const FlowKey *key) {
        uint64_t hash = hash_more(flows->seed, key, sizeof(*key));

        return &flows->buckets[(hash ^ hash >> 32) % FLOW_BUCKETS];
}

/* ---- lists ---- */

static void flow_list_push(FlowList *list, Flow *f) {
        f->earlier = list->last;
        f->later = NULL;
        if (list->last)
                list->last->later = f;
        else
                list->first = f;
        list->last = f;
}

static void flow_list_remove(FlowList *list, Flow *f) {
        if (f->earlier)
                f->earlier->later = f->later;
        else
                list->first = f->later;
        if (f->later)
                f->later->earlier = f->earlier;
        else
                list->last = f->earlier;
}

/* ---- time ---- */

static void flows_on_time(Timer *t) {
        Flows *flows = CONTAINER_OF(t, Flows, timer);
        uint64_t now = now_usec(), next = flows_expire(flows, now);

        if (next > 0)
                loop_set_timer(flows->loop, &flows->timer, next - now);
}

uint64_t flows_expire(Flows *flows, uint64_t now) {
        uint64_t next = 0;

        for (FlowKind kind = 0; kind < _FLOW_KIND_MAX; kind++) {
                Flow *f;

                while ((f = flows->lists[kind].first) && f->last_usec + lifetimes[kind] <= now)
                        flows_end(flows, f);
                if (f && (next == 0 || f->last_usec + lifetimes[kind] < next))
                        next = f->last_usec + lifetimes[kind];
        }
        return next;
}

/* ---- the table ---- */

void flows_init(Flows *flows, Loop *loop, unsigned max, void (*on_change)(Flows *flows, bool more)) {
        *flows = (Flows){
                .loop = loop,
                .timer.on_time = flows_on_time,
                .buckets = xnew0(Flow *, FLOW_BUCKETS),
                .seed = flow_seed(),
                .max = max,
                .on_change = on_change,
        };
}

void flows_done(Flows *flows) {
        while (flows_end_oldest(flows))
                ;
        free(flows->buckets);
        flows->buckets = NULL;
}

Flow *flows_find(const Flows *flows, const FlowKey *key) {
        for (Flow *f = *flows_bucket(flows, key); f; f = f->same_hash)
                if (memcmp(&f->key, key, sizeof(*key)) == 0)
                        return f;
        return NULL;
}

Flow *flows_add(Flows *flows, const FlowKey *key, uint64_t now) {
        Flow **bucket = flows_bucket(flows, key), *f;

        if (flows->n >= flows->max)
                (void) flows_end_oldest(flows);
        f = xmalloc0(sizeof(*f));
        *f = (Flow){.watch.fd = -EBADF, .same_hash = *bucket, .last_usec = now};
        memcpy(&f->key, key, sizeof(*key));
        *bucket = f;
        flow_list_push(&flows->lists[FLOW_SHORT], f);
        flows->n++;
        /* One that runs already is early enough: flows that come later end later. */
        if (flows->timer.usec == 0)
                loop_set_timer(flows->loop, &flows->timer, lifetimes[FLOW_SHORT]);
        flows->on_change(flows, true);
        return f;
}

void flows_touch(Flows *flows, Flow *flow, bool from_client, uint64_t now) {
        flow_list_remove(&flows->lists[flow->kind], flow);
        if (from_client && flow->answered)
                flow->kind = FLOW_STREAM;
        flow->last_usec = now;
        flow_list_push(&flows->lists[flow->kind], flow);
}

void flows_end(Flows *flows, Flow *flow) {
        Flow **f = flows_bucket(flows, &flow->key);

        while (*f != flow)
                f = &(*f)->same_hash;
        *f = flow->same_hash;
        flow_list_remove(&flows->lists[flow->kind], flow);
        if (flow->watch.fd >= 0) {
                loop_remove(flows->loop, &flow->watch);
                (void) close(flow->watch.fd);
        }
        free(flow);
        flows->n--;
        flows->on_change(flows, false);
}

void flows_end_of(Flows *flows, const void *port) {
        for (FlowKind kind = 0; kind < _FLOW_KIND_MAX; kind++)
                for (Flow *f = flows->lists[kind].first, *later; f; f = later) {
                        later = f->later;
                        if (f->key.port == port)
                                flows_end(flows, f);
                }
}

bool flows_end_oldest(Flows *flows) {
        for (FlowKind kind = 0; kind < _FLOW_KIND_MAX; kind++)
                if (flows->lists[kind].first) {
                        flows_end(flows, flows->lists[kind].first);
                        return true;
                }
        return false;
}
