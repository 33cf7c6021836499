/* SPDX-License-Identifier: Apache-2.0
 * klib_raw.h: the memory functions of the kernel; every file of libos/ includes it first
 * (-include). They use general registers only, as the application's vector registers stay live
 * while the kernel runs, and have names of their own, so that no C library's take their place.  gcc
 * uses the names given here for the calls that it makes up itself, too. */
#ifndef CELLA_LIBOS_LIB_KLIB_RAW_H
#define CELLA_LIBOS_LIB_KLIB_RAW_H

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *to, const void *from, size_t size) __asm__("k_memcpy");
void *memmove(void *to, const void *from, size_t size) __asm__("k_memmove");
void *memset(void *to, int value, size_t size) __asm__("k_memset");
int memcmp(const void *a, const void *b, size_t size) __asm__("k_memcmp");
void *memchr(const void *in, int value, size_t size) __asm__("k_memchr");
size_t strlen(const char *text) __asm__("k_strlen");
size_t strnlen(const char *text, size_t size) __asm__("k_strnlen");
int strcmp(const char *a, const char *b) __asm__("k_strcmp");
int strncmp(const char *a, const char *b, size_t size) __asm__("k_strncmp");
char *strchr(const char *text, int c) __asm__("k_strchr");
char *strrchr(const char *text, int c) __asm__("k_strrchr");

#include <string.h>

#endif
#endif
