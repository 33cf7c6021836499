/* SPDX-License-Identifier: Apache-2.0
 * rfc3339.c: see rfc3339.h. */
#include "attest/rfc3339.h"

#include <errno.h>
#include <stdio.h>

enum { DAY_S = 86400 };

/* Days since 1970-01-01 in the proleptic Gregorian calendar; the year is made to begin in March, so
 * that the leap day is its last. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

int time_from_parts(int64_t *out, const int parts[6])
{
    int year = parts[0];
    int month = parts[1];
    int day = parts[2];
    if (year < 1 || year > 9999 || month < 1 || month > 12)
        return -EINVAL;
    if (day < 1 || day > days_in_month(year, month))
        return -EINVAL;
    if (parts[3] < 0 || parts[3] > 23 || parts[4] < 0 || parts[4] > 59 || parts[5] < 0 ||
        parts[5] > 60)
        return -EINVAL;
    *out = days_from_civil(year, month, day) * DAY_S + parts[3] * 3600 + parts[4] * 60 + parts[5];
    return 0;
}

/* Reads `count` digits at *at; -1 when there are none. */
static int digits(struct span text, size_t *at, size_t count)
{
    int value = 0;
    if (text.size - *at < count)
        return -1;
    for (size_t i = 0; i < count; i++) {
        uint8_t c = text.data[*at + i];
        if (c < '0' || c > '9')
            return -1;
        value = value * 10 + (c - '0');
    }
    *at += count;
    return value;
}

static bool one_of(struct span text, size_t *at, const char *allowed)
{
    if (*at >= text.size || !text.data[*at] || !strchr(allowed, text.data[*at]))
        return false;
    ++*at;
    return true;
}

/* "Z" or "+hh:mm"; the offset's seconds, or -EINVAL. */
static int parse_offset(struct span text, size_t *at, int64_t *seconds)
{
    *seconds = 0;
    if (one_of(text, at, "Zz"))
        return 0;
    if (!one_of(text, at, "+-"))
        return -EINVAL;
    int sign = text.data[*at - 1] == '-' ? -1 : 1;
    int hours = digits(text, at, 2);
    if (hours < 0 || hours > 23 || !one_of(text, at, ":"))
        return -EINVAL;
    int minutes = digits(text, at, 2);
    if (minutes < 0 || minutes > 59)
        return -EINVAL;
    *seconds = sign * (hours * 3600 + minutes * 60);
    return 0;
}

int rfc3339_parse(int64_t *out, struct span text)
{
    static const char *const separators[] = {"-", "-", "Tt", ":", ":"};
    int parts[6];
    size_t at = 0;
    for (int i = 0; i < 6; i++) {
        parts[i] = digits(text, &at, i == 0 ? 4 : 2);
        if (parts[i] < 0 || (i < 5 && !one_of(text, &at, separators[i])))
            return -EINVAL;
    }
    if (one_of(text, &at, ".")) {
        if (digits(text, &at, 1) < 0)
            return -EINVAL;
        while (digits(text, &at, 1) >= 0)
            continue;
    }
    int64_t offset;
    int64_t local;
    if (parse_offset(text, &at, &offset) || at != text.size || time_from_parts(&local, parts))
        return -EINVAL;
    *out = local - offset;
    return 0;
}

char *rfc3339_write(char out[RFC3339_SIZE], int64_t at)
{
    int64_t day = at / DAY_S - (at % DAY_S < 0);
    int64_t second = at - day * DAY_S;
    /* The inverse of days_from_civil(). */
    int64_t shifted = day + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t doe = shifted - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int64_t month = mp < 10 ? mp + 3 : mp - 9;
    int64_t year = yoe + era * 400 + (month <= 2);
    if (year < 0 || year > 9999) {
        snprintf(out, RFC3339_SIZE, "(no date)");
        return out;
    }
    snprintf(out, RFC3339_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)year & 0x3fffu,
             (unsigned)month & 15u, (unsigned)(doy - (153 * mp + 2) / 5 + 1) & 31u,
             (unsigned)(second / 3600) & 31u, (unsigned)(second % 3600 / 60) & 63u,
             (unsigned)(second % 60) & 63u);
    return out;
}
