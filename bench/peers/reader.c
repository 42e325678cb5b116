/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader in C of a loaded PacketLog program.
 *
 *   reader PROGRAM_ID perf|poll|shared|span|array
 *
 * Prints {} when it is ready. Then for each line on standard input: `go` begins to read, `stop`
 * reads what is left and prints {"records": n, "cpu_ns": n}, of the reading thread alone. Ends with
 * its input.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <bpf/libbpf.h>
#include "../program.h"
#include "ways.h"

static const struct way *const ways[] = {&way_perf, &way_poll, &way_shared, &way_span, &way_array};

struct reading {
	const struct way *way;
	void *state;
	atomic_bool stop;
	uint64_t records;
	uint64_t cpu_ns;
};

static void *read_until_told(void *context)
{
	struct reading *reading = context;
	struct timespec used;

	while (!atomic_load_explicit(&reading->stop, memory_order_relaxed))
		reading->records += reading->way->read(reading->state);
	reading->records += reading->way->finish(reading->state);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	reading->cpu_ns = used.tv_sec * 1000000000ULL + used.tv_nsec;
	return NULL;
}

static void serve(const struct way *way, void *state)
{
	struct reading reading = {.way = way, .state = state};
	pthread_t thread;
	char line[64];

	while (fgets(line, sizeof(line), stdin)) {
		if (!strcmp(line, "go\n")) {
			reading.records = 0;
			reading.stop = false;
			if (pthread_create(&thread, NULL, read_until_told, &reading))
				die("pthread_create", 1);
			puts("{}");
		} else {
			reading.stop = true;
			pthread_join(thread, NULL);
			printf("{\"records\": %lu, \"cpu_ns\": %lu}\n", reading.records,
			       reading.cpu_ns);
		}
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc == 3 && i < sizeof(ways) / sizeof(*ways); i++) {
		void *state;

		if (strcmp(ways[i]->name, argv[2]))
			continue;
		state = ways[i]->open(program_by_id(strtoul(argv[1], NULL, 10)),
				      libbpf_num_possible_cpus());
		puts("{}");
		fflush(stdout);
		serve(ways[i], state);
		return 0;
	}
	fprintf(stderr, "reader PROGRAM_ID perf|poll|shared|span|array\n");
	return 2;
}
