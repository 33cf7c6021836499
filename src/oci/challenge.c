/* SPDX-License-Identifier: Apache-2.0
 * challenge.c: reads WWW-Authenticate.
 *
 *   challenges = challenge *( "," challenge )
 *   challenge  = scheme [ SP ( token68 / param *( "," param ) ) ]
 *   param      = token "=" ( token / quoted-string )              [RFC 9110 11.2, 11.6.1] */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "oci/auth.h"

static const char TOKEN_CHARS[] =
    "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

enum { WORD_SIZE = 32 };

struct reader {
    const char *at;
    bool bad;
};

static void skip_blanks(struct reader *r)
{
    r->at += strspn(r->at, " \t");
}

static void read_token(struct reader *r, char *to, size_t room)
{
    size_t size = strspn(r->at, TOKEN_CHARS);
    size_t kept = size < room ? size : room - 1;
    memcpy(to, r->at, kept);
    to[kept] = 0;
    r->at += size;
    r->bad |= size == 0;
}

/* A value that does not fit is bad, not cut: half a URL must not be asked. */
static void read_value(struct reader *r, char *to, size_t room)
{
    if (*r->at != '"') {
        r->bad |= strspn(r->at, TOKEN_CHARS) >= room;
        read_token(r, to, room);
        return;
    }
    size_t size = 0;
    for (r->at++; *r->at && *r->at != '"'; r->at++) {
        if (*r->at == '\\' && r->at[1])
            r->at++;
        if (size + 1 < room)
            to[size++] = *r->at;
        else
            r->bad = true;
    }
    to[size] = 0;
    r->bad |= *r->at != '"';
    if (*r->at)
        r->at++;
}

/* Reads the parameters that belong to the scheme just read. */
static void read_params(struct reader *r, struct oci_challenge *c)
{
    for (;;) {
        skip_blanks(r);
        const char *start = r->at;
        char name[WORD_SIZE];
        size_t size = strspn(r->at, TOKEN_CHARS);
        if (size == 0 || r->at[size + strspn(r->at + size, " \t")] != '=')
            return; /* the next word is a scheme, or the end */
        read_token(r, name, sizeof name);
        skip_blanks(r);
        r->at++; /* '=' */
        skip_blanks(r);
        char ignored[OCI_REALM_SIZE];
        if (strcasecmp(name, "realm") == 0)
            read_value(r, c->realm, sizeof c->realm);
        else if (strcasecmp(name, "service") == 0)
            read_value(r, c->service, sizeof c->service);
        else if (strcasecmp(name, "scope") == 0)
            read_value(r, c->scope, sizeof c->scope);
        else
            read_value(r, ignored, sizeof ignored);
        skip_blanks(r);
        if (r->bad || *r->at != ',' || r->at == start)
            return;
        r->at++;
    }
}

static enum oci_scheme scheme_of(const char *word)
{
    if (strcasecmp(word, "Bearer") == 0)
        return OCI_AUTH_BEARER;
    return strcasecmp(word, "Basic") == 0 ? OCI_AUTH_BASIC : OCI_AUTH_NONE;
}

int oci_challenge_parse(struct oci_challenge *c, const char *header, struct err *e)
{
    struct reader r = {.at = header};
    memset(c, 0, sizeof *c);
    do {
        struct oci_challenge one = {0};
        char word[WORD_SIZE];
        r.at += strspn(r.at, " \t,");
        if (!*r.at)
            break;
        read_token(&r, word, sizeof word);
        one.scheme = scheme_of(word);
        read_params(&r, &one);
        if (one.scheme > c->scheme)
            *c = one;
        skip_blanks(&r);
    } while (!r.bad && *r.at);
    if (r.bad || (c->scheme == OCI_AUTH_BEARER && !c->realm[0]))
        return fail(e, -EBADMSG, "oci: the registry's WWW-Authenticate is malformed: \"%.100s\"",
                    header);
    return 0;
}
