/* SPDX-License-Identifier: Apache-2.0
 * show.c: see show.h.  Text looks like
 *
 *     type: SIGSTRUCT
 *     attributes: 0x4 (mode64bit)
 *     segments:
 *       - address: 0x0
 *         size: 512
 *
 * Bits are an object { "value": "0x4", "names": [...] } in JSON and one line in text. */
#include "cli/show.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/hex.h"

static void *need(void *memory)
{
    if (!memory) {
        fputs("cella: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return memory;
}

json_t *show_object(void)
{
    return need(json_object());
}

void show_put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, need(value)))
        need(NULL);
}

void show_text(json_t *object, const char *key, const char *text)
{
    show_put(object, key, json_string(text));
}

void show_number(json_t *object, const char *key, uint64_t number)
{
    show_put(object, key, json_integer((json_int_t)number));
}

void show_hex(json_t *object, const char *key, struct span bytes)
{
    auto_free char *text = need(malloc(2 * bytes.size + 1));
    show_text(object, key, hex_write(text, bytes));
}

void show_address(json_t *object, const char *key, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "0x%llx", (unsigned long long)number);
    show_text(object, key, text);
}

void show_bits(json_t *object, const char *key, uint64_t bits, const struct sgx_name *table)
{
    json_t *pair = show_object();
    json_t *names = need(json_array());
    show_address(pair, "value", bits);
    for (; table->name; table++)
        if (bits & table->value)
            json_array_append_new(names, need(json_string(table->name)));
    show_put(pair, "names", names);
    show_put(object, key, pair);
}

static void indent(int depth)
{
    printf("%*s", 2 * depth, "");
}

/* What show_bits() makes. */
static bool is_bits(const json_t *value)
{
    return json_object_size(value) == 2 && json_is_array(json_object_get(value, "names")) &&
           json_is_string(json_object_get(value, "value"));
}

static void print_bits(const json_t *value)
{
    const json_t *names = json_object_get(value, "names");
    fputs(json_string_value(json_object_get(value, "value")), stdout);
    for (size_t i = 0; i < json_array_size(names); i++)
        printf("%s%s", i ? ", " : " (", json_string_value(json_array_get(names, i)));
    fputs(json_array_size(names) ? ")" : "", stdout);
}

static void print_scalar(const json_t *value)
{
    if (is_bits(value))
        print_bits(value);
    else if (json_is_string(value))
        fputs(json_string_value(value), stdout);
    else if (json_is_integer(value))
        printf("%lld", (long long)json_integer_value(value));
    else
        fputs(json_is_true(value) ? "yes" : json_is_false(value) ? "no" : "none", stdout);
}

static void print_object(json_t *object, int depth, bool first_in_line);

/* What stands behind "key:", with the end of the line. */
static void print_value(json_t *value, int depth)
{
    size_t i;
    json_t *item;
    if (json_is_array(value)) {
        putchar('\n');
        json_array_foreach(value, i, item)
        {
            indent(depth + 1);
            fputs("- ", stdout);
            print_object(item, depth + 2, true);
        }
    } else if (json_is_object(value) && !is_bits(value)) {
        putchar('\n');
        print_object(value, depth + 1, false);
    } else {
        putchar(' ');
        print_scalar(value);
        putchar('\n');
    }
}

/* Prints the fields of an object; the first one stands behind what is already on the line when
 * `first_in_line`. */
static void print_object(json_t *object, int depth, bool first_in_line)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        if (!first_in_line)
            indent(depth);
        first_in_line = false;
        printf("%s:", key);
        print_value(value, depth);
    }
}

void show(json_t *value, bool as_json)
{
    if (!as_json) {
        print_object(value, 0, false);
        return;
    }
    auto_free char *text = need(json_dumps(value, JSON_INDENT(2)));
    puts(text);
}
