/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <bpf/bpf.h>
#include "program.h"

#define MAX_MAPS   64
#define PAGE_BYTES 4096

void die(const char *step, int error)
{
	fprintf(stderr, "%s: %s\n", step, strerror(error < 0 ? -error : error));
	exit(1);
}

int program_by_id(uint32_t id)
{
	int program = bpf_prog_get_fd_by_id(id);

	if (program < 0)
		die("program by id", program);
	return program;
}

int map_of_program(int program, const char *name)
{
	__u32 ids[MAX_MAPS];
	struct bpf_prog_info info = {.nr_map_ids = MAX_MAPS, .map_ids = (uintptr_t)ids};
	__u32 length = sizeof(info), i;

	if (bpf_obj_get_info_by_fd(program, &info, &length))
		die("program info", errno);
	for (i = 0; i < info.nr_map_ids && i < MAX_MAPS; i++) {
		struct bpf_map_info map = {};
		int fd = bpf_map_get_fd_by_id(ids[i]);

		length = sizeof(map);
		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &map, &length) &&
		    !strncmp(map.name, name, BPF_OBJ_NAME_LEN - 1))
			return fd;
	}
	return -1;
}

int inner_map(int outer, uint32_t index)
{
	__u32 id;
	int fd;

	if (bpf_map_lookup_elem(outer, &index, &id))
		die("inner map", errno);
	fd = bpf_map_get_fd_by_id(id);
	if (fd < 0)
		die("inner map", fd);
	return fd;
}

uint32_t map_entries(int map)
{
	struct bpf_map_info info = {};
	__u32 length = sizeof(info);

	if (bpf_obj_get_info_by_fd(map, &info, &length))
		die("map info", errno);
	return info.max_entries;
}

void *map_memory(int fd, size_t offset, size_t bytes, bool writable)
{
	int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
	size_t length = (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
	void *memory = mmap(NULL, length, protection, MAP_SHARED, fd, offset);

	if (memory == MAP_FAILED)
		die("mmap", errno);
	return memory;
}
