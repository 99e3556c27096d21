/* SPDX-License-Identifier: MIT */

/* The keys of a service: which are carried over elsewhere, and why the others are not. */

#include "base/alloc.h"
#include "import/service.h"

enum { FORM_TEXT = 1 << JSON_STRING, FORM_LIST = 1 << JSON_ARRAY, FORM_MAPPING = 1 << JSON_OBJECT };

static const struct {
        const char *key, *why; /* NULL: it is carried over */
        unsigned forms;        /* in which it is */
} keys[] = {
        {"annotations", "nothing here reads them"},
        {"attach", "up --attach follows what all containers say"},
        {"blkio_config", "there is resources.IOWeight"},
        {"build", NULL, FORM_TEXT | FORM_MAPPING},
        {"cap_add", NULL, FORM_LIST},
        {"cap_drop", NULL, FORM_LIST},
        {"cgroup", "each container has a control group of its own"},
        {"cgroup_parent", "each container has a control group of its own"},
        {"command", NULL, FORM_TEXT | FORM_LIST},
        {"configs", NULL, FORM_LIST},
        {"container_name", "a container is called as its service, and so the others find it"},
        {"cpu_count", "there is resources.CPUQuota"},
        {"cpu_percent", "there is resources.CPUQuota"},
        {"cpu_period", "there is resources.CPUQuota"},
        {"cpu_quota", "there is resources.CPUQuota"},
        {"cpu_rt_period", "there is resources.CPUQuota"},
        {"cpu_rt_runtime", "there is resources.CPUQuota"},
        {"cpu_shares", "there is resources.CPUWeight"},
        {"cpus", NULL, FORM_TEXT},
        {"cpuset", "there is resources.CPUQuota"},
        {"credential_spec", "it is Windows'"},
        {"depends_on", NULL, FORM_LIST | FORM_MAPPING},
        {"deploy", NULL, FORM_MAPPING},
        {"develop", "flake-containers watch applies a change of the specification; sources are a volume"},
        {"device_cgroup_rules", "there is devices"},
        {"devices", NULL, FORM_LIST},
        {"dns", "names are the project's; with network.internet the host's resolver is asked"},
        {"dns_opt", "names are the project's; with network.internet the host's resolver is asked"},
        {"dns_search", "names are the project's; with network.internet the host's resolver is asked"},
        {"domainname", "the host name is the container's"},
        {"entrypoint", NULL, FORM_TEXT | FORM_LIST},
        {"env_file", NULL, FORM_TEXT | FORM_LIST | FORM_MAPPING},
        {"environment", NULL, FORM_LIST | FORM_MAPPING},
        {"expose", "containers of one network reach all ports of each other"},
        {"extends", "write here what it would take from there"},
        {"external_links", "containers of other projects are reached by their published ports"},
        {"extra_hosts", "a name of the host is host.containers, or host.docker.internal, with "
                        "network.hostAccess = [ PORT ]"},
        {"gpus", "name the device nodes in devices"},
        {"group_add", "groups are the system's inside"},
        {"healthcheck", NULL, FORM_MAPPING},
        {"hostname", "the host name is the container's name"},
        {"image", NULL, FORM_TEXT},
        {"init", "there is one in any case"},
        {"ipc", "each container has its own"},
        {"isolation", "it is Windows'"},
        {"label_file", "nothing here reads labels"},
        {"labels", "nothing here reads them"},
        {"links", "containers of one network find each other by name"},
        {"logging", "flake-containers logs reads each container's journal"},
        {"mac_address", NULL, FORM_TEXT},
        {"mem_limit", NULL, FORM_TEXT},
        {"mem_reservation", "there is resources.MemoryHigh"},
        {"mem_swappiness", "there is resources.MemorySwapMax"},
        {"memswap_limit", "there is resources.MemorySwapMax"},
        {"models", "nothing here runs models"},
        {"network_mode", NULL, FORM_TEXT},
        {"networks", NULL, FORM_LIST | FORM_MAPPING},
        {"oom_kill_disable", "the kernel decides"},
        {"oom_score_adj", "the kernel decides"},
        {"pid", "each container has its own"},
        {"pids_limit", NULL, FORM_TEXT},
        {"platform", "it is this machine's"},
        {"ports", NULL, FORM_LIST},
        {"post_start", "there is seed, which runs once, and hooks.afterReady, on the host"},
        {"pre_stop", "there is hooks.beforeDown, on the host"},
        {"privileged", "name what it needs in capabilities.add and devices"},
        {"profiles", NULL, FORM_LIST},
        {"provider", "nothing here asks another program for a service"},
        {"pull_policy", "nothing is fetched by us"},
        {"read_only", "there is ephemeral, whose root is thrown away"},
        {"restart", NULL, FORM_TEXT},
        {"runtime", "it is systemd-nspawn"},
        {"scale", "each container is one: declare another"},
        {"secrets", NULL, FORM_LIST},
        {"security_opt", "containers have ids of their own, and few capabilities"},
        {"shm_size", "systemd-nspawn makes /dev/shm"},
        {"stdin_open", "flake-containers shell and exec have a terminal"},
        {"stop_grace_period", NULL, FORM_TEXT},
        {"stop_signal", NULL, FORM_TEXT},
        {"storage_opt", "a root lies on the disk"},
        {"sysctls", "they are the host's, or what a service inside sets"},
        {"tmpfs", NULL, FORM_TEXT | FORM_LIST},
        {"tty", "flake-containers shell and exec have a terminal"},
        {"ulimits", NULL, FORM_MAPPING},
        {"use_api_socket", "there is no daemon of docker's"},
        {"user", NULL, FORM_TEXT},
        {"userns_mode", "there is users = \"host\""},
        {"uts", "each container has its own"},
        {"volumes", NULL, FORM_LIST},
        {"volumes_from", "name the volumes in each"},
        {"working_dir", NULL, FORM_TEXT},
};

static size_t find_key(const char *key) {
        size_t i = 0;

        while (i < ELEMENTSOF(keys) && !streq(keys[i].key, key))
                i++;
        return i;
}

static bool has_form(size_t key, const Json *value) {
        return keys[key].forms & 1U << json_type(value);
}

const Json *service_get(const Service *s, const char *key) {
        const Json *value = tree_get(s->tree, key);

        return value && has_form(find_key(key), value) ? value : NULL;
}

void service_each(Service *s, const char *key, ServiceItem take) {
        const Json *value = service_get(s, key);
        _cleanup_free_ char *place = service_place(s, key);
        size_t n = 0;

        if (!value)
                return;
        if (json_type(value) == JSON_STRING) {
                take(s, NULL, value, place);
                return;
        }
        JSON_FOREACH (item, value) {
                bool mapping = json_type(value) == JSON_OBJECT;
                _cleanup_free_ char *where =
                        mapping ? json_path_member(place, json_key(item)) : json_path_index(place, n++);

                take(s, mapping ? json_key(item) : NULL, item, where);
        }
}

void service_note_rest(Service *s) {
        JSON_FOREACH (member, s->tree) {
                const char *key = json_key(member);
                size_t i = find_key(key);

                if (i == ELEMENTSOF(keys)) {
                        if (!startswith(key, "x-"))
                                service_note(s, key, "not carried over: compose has no such key");
                } else if (!keys[i].why && json_type(member) != JSON_NULL && !has_form(i, member))
                        service_note(s, key, "not carried over: it is %s",
                                     json_type_to_string(json_type(member)));
                else if (keys[i].why && !tree_is_unset(member) &&
                         !(streq(key, "hostname") && tree_text(member) &&
                           streq(tree_text(member), s->container->name)))
                        service_note(s, key, "not carried over: %s", keys[i].why);
        }
}
