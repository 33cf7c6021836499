/* SPDX-License-Identifier: Apache-2.0
 * show.h: what a command has found out, built once as JSON and printed as JSON or as text for
 * people, so that both always say the same. */
#ifndef CELLA_CLI_SHOW_H
#define CELLA_CLI_SHOW_H

#include <jansson.h>
#include <stdbool.h>

#include "base/span.h"
#include "sgx/names.h"

static inline void cleanup_json(json_t **value)
{
    json_decref(*value);
}

#define auto_json __attribute__((cleanup(cleanup_json))) json_t *

/* These end the program with a sentence when memory is out; so nobody needs to check. */
json_t *show_object(void);
void show_put(json_t *object, const char *key, json_t *value); /* takes `value` */
void show_text(json_t *object, const char *key, const char *text);
void show_number(json_t *object, const char *key, uint64_t number); /* below 2^63 */
void show_hex(json_t *object, const char *key, struct span bytes);
void show_address(json_t *object, const char *key, uint64_t number); /* "0x..." */
/* "0x..." and, when `table` knows some of the bits, their names. */
void show_bits(json_t *object, const char *key, uint64_t bits, const struct sgx_name *table);

/* Prints to standard output. */
void show(json_t *value, bool as_json);

#endif
