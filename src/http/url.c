/* SPDX-License-Identifier: Apache-2.0
 * url.c: see url.h. */
#include "http/url.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

int url_append(char *url, size_t room, const char *text)
{
    size_t used = strlen(url);
    size_t size = strlen(text);
    if (size >= room - used)
        return -ENAMETOOLONG;
    memcpy(url + used, text, size + 1);
    return 0;
}

int url_append_escaped(char *url, size_t room, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t start = strlen(url);
    size_t at = start;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        bool plain = isalnum(c) || strchr("-._~", c);
        if (at + (plain ? 1 : 3) >= room) {
            url[start] = 0;
            return -ENAMETOOLONG;
        }
        if (plain) {
            url[at++] = (char)c;
            continue;
        }
        url[at++] = '%';
        url[at++] = digits[c >> 4];
        url[at++] = digits[c & 15];
    }
    url[at] = 0;
    return 0;
}
