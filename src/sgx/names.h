/* SPDX-License-Identifier: Apache-2.0
 * names.h: the words that people use for SGX's bits and numbers. */
#ifndef CELLA_SGX_NAMES_H
#define CELLA_SGX_NAMES_H

#include <stdint.h>

struct sgx_name {
    uint64_t value; /* a bit or a number */
    const char *name;
};

/* Each table ends with a name of NULL. */
extern const struct sgx_name sgx_attribute_names[];
extern const struct sgx_name sgx_xfrm_names[];
extern const struct sgx_name sgx_misc_names[];
extern const struct sgx_name sgx_page_type_names[];
extern const struct sgx_name sgx_key_names[];
extern const struct sgx_name sgx_error_names[];

/* The name of a number, or "unknown". */
const char *sgx_name_of(const struct sgx_name *table, uint64_t value);

#endif
