/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "spec/volume-owner.h"

/* 65535 is "no id" to programs that have 16 bits for one. */
#define ID_MAX 65534

#define NAME_MAX_SIZE 32

static const char *const owner_words[_VOLUME_OWNER_MAX] = {
        [VOLUME_OWNER_USER] = "user",
        [VOLUME_OWNER_CONTAINER] = "container",
        [VOLUME_OWNER_HOST] = "host",
};

#define ACCOUNT_REGEX "[A-Za-z_][A-Za-z0-9_.-]{0,31}"

const JsonShape account_name_shape = JSON_STRING_LIKE("^" ACCOUNT_REGEX "$");

static const JsonShape id_shape = JSON_NUMBER_FROM(0, ID_MAX),
                       owner_text_shape = JSON_STRING_LIKE("^(" ACCOUNT_REGEX
                                                           "|(0|[1-9][0-9]{0,4}):(0|[1-9][0-9]{0,4}))$");

const JsonShape volume_owner_shape = JSON_EITHER_OF(&id_shape, &owner_text_shape);

/* As the numbers are written here: no sign, no zero in front. Return: what follows, NULL: it is not one. */
static const char *parse_id(const char *text, uint32_t *ret) {
        uint32_t value = 0;
        size_t n = strspn(text, "0123456789");

        if (n == 0 || n > 5 || (n > 1 && text[0] == '0'))
                return NULL;
        for (size_t i = 0; i < n; i++)
                value = value * 10 + (uint32_t) (text[i] - '0');
        if (value > ID_MAX)
                return NULL;
        *ret = value;
        return text + n;
}

bool volume_owner_ids(const char *account, uint32_t *ret_uid, uint32_t *ret_gid, bool *ret_has_gid) {
        uint32_t uid, gid;
        const char *rest = parse_id(account, &uid);

        if (!rest)
                return false;
        gid = uid;
        *ret_has_gid = *rest == ':';
        if (*ret_has_gid)
                rest = parse_id(rest + 1, &gid);
        if (!rest || *rest)
                return false;
        *ret_uid = uid;
        *ret_gid = gid;
        return true;
}

/* What useradd(8) of any distribution makes. */
bool volume_owner_is_name(const char *text) {
        static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
        size_t n = strlen(text);

        if (n == 0 || n > NAME_MAX_SIZE || !strchr(letters, text[0]))
                return false;
        for (const char *p = text; *p; p++)
                if (!strchr(letters, *p) && !strchr("0123456789.-", *p))
                        return false;
        return true;
}

static int owner_parse_text(const char *text, const char *path, Volume *volume, Error *reterr) {
        uint32_t uid, gid;
        bool has_gid;

        for (int i = 0; i < _VOLUME_OWNER_MAX; i++)
                if (owner_words[i] && streq(text, owner_words[i])) {
                        volume->owner = (VolumeOwner) i;
                        return 0;
                }
        /* A number that is a string would be another way to write the same. */
        if (!volume_owner_is_name(text) && !(volume_owner_ids(text, &uid, &gid, &has_gid) && has_gid))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "%s: must be 'user', 'container', 'host', an account's name, its number "
                                   "(0 to %d) or 'UID:GID', is '%.100s'",
                                   path, ID_MAX, text);
        volume->owner = VOLUME_OWNER_ACCOUNT;
        volume->account = xstrdup(text);
        return 0;
}

int volume_owner_parse(const Json *value, const char *path, Volume *volume, Error *reterr) {
        uint64_t id;
        int r;

        if (json_type(value) == JSON_NUMBER) {
                r = json_uint(value, path, 0, ID_MAX, &id, reterr);
                if (r < 0)
                        return r;
                volume->owner = VOLUME_OWNER_ACCOUNT;
                volume->account = xasprintf("%u", (unsigned) id);
                return 0;
        }
        r = json_expect(value, JSON_STRING, path, reterr);
        return r < 0 ? r : owner_parse_text(json_string(value), path, volume, reterr);
}

void volume_owner_print(Json *json, const Volume *volume) {
        uint32_t uid, gid;
        bool has_gid;

        if (volume->owner != VOLUME_OWNER_ACCOUNT)
                json_add_string(json, "owner", owner_words[volume->owner]);
        else if (volume_owner_ids(volume->account, &uid, &gid, &has_gid) && !has_gid)
                json_add_uint(json, "owner", uid);
        else
                json_add_string(json, "owner", volume->account);
}

int volume_owner_check(const ContainerSpec *c, const Volume *volume, const char *path, Error *reterr) {
        uint32_t uid, gid;
        bool has_gid;
        int r;

        if (volume->owner != VOLUME_OWNER_ACCOUNT || !c->toplevel || streq(volume->account, "root") ||
            volume_owner_ids(volume->account, &uid, &gid, &has_gid))
                return 0;
        r = error_raise(
                reterr, FC_EXIT_USAGE,
                "%s.owner: a NixOS system makes its accounts when it boots, so '%s' has no number yet", path,
                volume->account);
        error_add_hint(reterr, "give its numbers, as in \"owner\": \"1000:100\"");
        return r;
}
