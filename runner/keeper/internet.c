/* SPDX-License-Identifier: MIT */

#include <signal.h>

#include "base/alloc.h"
#include "base/process.h"
#include "keeper/internet.h"
#include "keeper/netns-helper.h"
#include "keeper/resolver.h"

#define PAUSE_USEC     (500 * USEC_PER_MSEC)
#define PAUSE_MAX_USEC (60 * USEC_PER_SEC)

/* One that has run for so long is no sign that the next will end at once. */
#define LASTING_USEC (60 * USEC_PER_SEC)

struct Internet {
        const KeeperOptions *options;
        sd_event *event;
        pid_t leader;            /* 0: the payload does not run */
        pid_t pasta;             /* 0: it does not run */
        pid_t setter;            /* sets the container's side again */
        ResolverWatch *resolver; /* while the payload runs; may be NULL */
        uint64_t started_usec, pause_usec;
        bool set;               /* the container's side, for the first time */
        bool outdated;          /* there has been another resolver before that */
        sd_event_source *again; /* set: it ended a moment ago */
};

Internet *internet_new(sd_event *event, const KeeperOptions *o) {
        Internet *i = xmalloc0(sizeof(*i));

        *i = (Internet){.options = o, .event = event};
        return i;
}

Internet *internet_free(Internet *i) {
        if (!i)
                return NULL;
        internet_end(i);
        free(i);
        return NULL;
}

static int internet_start_pasta(Internet *i, Error *reterr) {
        i->started_usec = now_usec();
        /* Before pasta reads it, so that it is never older than what pasta has. */
        resolver_watch_take(i->resolver);
        return i->pasta = netns_helper_start_internet(i->options, i->leader, reterr);
}

/* The next one asks the resolver of now. Its connections end; those of the host's programs did mostly, too,
 * when it went to another network. The first one's end would be that of the start, which waits for it. */
static void internet_on_resolver(void *userdata) {
        Internet *i = userdata;

        i->pause_usec = PAUSE_USEC;
        i->outdated = !i->set;
        if (i->outdated)
                return;
        if (i->pasta > 0)
                (void) kill(i->pasta, SIGKILL);
}

int internet_start(Internet *i, pid_t leader, Error *reterr) {
        i->leader = leader;
        i->set = i->outdated = false;
        i->pause_usec = PAUSE_USEC;
        i->resolver = resolver_watch_free(i->resolver);
        i->resolver = resolver_watch_new(i->event, RESOLV_CONF, internet_on_resolver, i);
        return internet_start_pasta(i, reterr);
}

void internet_on_set(Internet *i) {
        i->set = true;
        if (i->outdated)
                internet_on_resolver(i);
}

static void internet_pause(Internet *i);

/* The one before, which may wait for an interface that its pasta has not lived to make, would take this
 * one's. */
static void internet_start_setter(Internet *i) {
        if (i->setter > 0)
                (void) kill(i->setter, SIGKILL);
        i->setter = netns_helper_start(i->options, i->leader, NULL);
        /* Without it pasta leads nowhere: when it has ended both are started again. */
        if (i->setter < 0)
                (void) kill(i->pasta, SIGKILL);
}

static int internet_on_again(sd_event_source *s, uint64_t usec, void *userdata) {
        Internet *i = userdata;

        i->again = sd_event_source_disable_unref(i->again);
        if (internet_start_pasta(i, NULL) > 0)
                internet_start_setter(i);
        else
                internet_pause(i);
        return 0;
}

static void internet_pause(Internet *i) {
        if (now_usec() - i->started_usec >= LASTING_USEC)
                i->pause_usec = PAUSE_USEC;
        (void) sd_event_add_time_relative(i->event, &i->again, CLOCK_MONOTONIC, i->pause_usec, 1,
                                          internet_on_again, i);
        i->pause_usec = i->pause_usec < PAUSE_MAX_USEC / 2 ? 2 * i->pause_usec : PAUSE_MAX_USEC;
}

void internet_end(Internet *i) {
        i->leader = 0;
        i->resolver = resolver_watch_free(i->resolver);
        i->again = sd_event_source_disable_unref(i->again);
        if (i->pasta > 0)
                (void) kill(i->pasta, SIGKILL);
        if (i->setter > 0)
                (void) kill(i->setter, SIGKILL);
        /* It may be reaped when the next payload has a pasta of its own, to which its end means nothing. */
        i->setter = 0;
}

bool internet_reaped(Internet *i, pid_t pid, int status) {
        if (i->setter > 0 && i->setter == pid) {
                i->setter = 0;
                /* As where it could not be started: its time was over before there was an interface. */
                if (status != 0 && i->pasta > 0)
                        (void) kill(i->pasta, SIGKILL);
                return true;
        }
        if (i->pasta <= 0 || i->pasta != pid)
                return false;
        i->pasta = 0;
        if (i->leader > 0)
                internet_pause(i);
        return true;
}
