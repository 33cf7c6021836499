/* SPDX-License-Identifier: Apache-2.0
 * script.c: see script.h. */
#include "launch/script.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

bool is_script(struct span head)
{
    return head.size >= 2 && head.data[0] == '#' && head.data[1] == '!';
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* Without the blanks around it. */
static struct span trim(struct span s)
{
    while (s.size && is_blank(s.data[0]))
        s = span_of(s.data + 1, s.size - 1);
    while (s.size && is_blank(s.data[s.size - 1]))
        s.size--;
    return s;
}

int script_parse(struct script *s, struct span head, struct err *e)
{
    memset(s, 0, sizeof *s);
    size_t room = head.size < SCRIPT_LINE ? head.size : SCRIPT_LINE;
    const uint8_t *end = memchr(head.data, '\n', room);
    if (!end && room == SCRIPT_LINE)
        return fail(e, -ENOEXEC, "its #! line is longer than %d bytes", SCRIPT_LINE);
    struct span line = span_of(head.data + 2, (end ? (size_t)(end - head.data) : room) - 2);
    const uint8_t *zero = memchr(line.data, 0, line.size);
    if (zero)
        line.size = (size_t)(zero - line.data);
    line = trim(line);
    size_t name = 0;
    while (name < line.size && !is_blank(line.data[name]))
        name++;
    if (name == 0)
        return fail(e, -ENOEXEC, "its #! line names no interpreter");
    memcpy(s->interp, line.data, name);
    struct span arg = trim(span_of(line.data + name, line.size - name));
    s->has_arg = arg.size != 0;
    if (s->has_arg)
        memcpy(s->arg, arg.data, arg.size);
    return 0;
}
