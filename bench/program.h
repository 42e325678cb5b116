/* SPDX-License-Identifier: Apache-2.0 */
/* A loaded program and its maps, found by the program's id: who loaded it need not be this process.
 */
#ifndef BENCH_PROGRAM_H
#define BENCH_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Prints the step and what went wrong (an errno, negative or not) and ends the process. */
void die(const char *step, int error) __attribute__((noreturn));

/* The program's descriptor. */
int program_by_id(uint32_t id);

/* The descriptor of the program's map whose name begins so (the kernel keeps 15 characters), or -1.
 */
int map_of_program(int program, const char *name);

/* Array of maps: the descriptor of the map at this place. */
int inner_map(int outer, uint32_t place);

uint32_t map_entries(int map);

/* mmap(2), shared; `bytes` are rounded up to pages. */
void *map_memory(int fd, size_t offset, size_t bytes, bool writable);

#endif
