/* SPDX-License-Identifier: Apache-2.0
 * format.h: printf for trusted code: %d %i %u %x %X %c %s %p %%, with the flags - and 0, width,
 * precision (also *), and the sizes hh h l ll z t j.  Nothing else; an unknown directive is copied
 * as it stands. */
#ifndef CELLA_ENCLAVE_FORMAT_H
#define CELLA_ENCLAVE_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* As vsnprintf: writes at most `size` bytes with the final zero, returns what all of it would take.
 */
int format_text(char *out, size_t size, const char *format, va_list args);

#endif
