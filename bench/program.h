/* SPDX-License-Identifier: Apache-2.0 */
/* A loaded program and its maps, found by the program's id: another process may have loaded it. */
#ifndef BENCH_PROGRAM_H
#define BENCH_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Prints the step and the error (an errno, negative or not) and exits with code 1. */
void die(const char *step, int error) __attribute__((noreturn));

/* Returns a descriptor of the program. */
int program_by_id(uint32_t id);

/* Returns a descriptor of the program's map of this name, by the 15 characters that the kernel
 * keeps, or -1. */
int map_of_program(int program, const char *name);

/* Returns a descriptor of the map at an index of an array of maps. */
int inner_map(int outer, uint32_t index);

uint32_t map_entries(int map);

/* Maps memory of a map, shared; rounds `bytes` up to pages. */
void *map_memory(int fd, size_t offset, size_t bytes, bool writable);

#endif
