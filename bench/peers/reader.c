/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the records of a loaded PacketLog program, in C.
 *
 *   reader PROGRAM_ID perf|poll|shared|span|array
 *
 * Prints {} when it is ready. Then it accepts lines on standard input: `go` starts reading, `stop`
 * reads the remaining records and prints {"records": n, "cpu_ns": n}, the CPU time of the reading
 * thread alone. Exits at the end of its input.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <bpf/libbpf.h>
#include "../program.h"
#include "readers.h"

static const struct reader *const readers[] = {&reader_perf, &reader_poll, &reader_shared,
					       &reader_span, &reader_array};

struct reading {
	const struct reader *reader;
	void *state;
	atomic_bool stop;
	uint64_t records;
	uint64_t cpu_ns;
};

static void *read_until_stop(void *context)
{
	struct reading *reading = context;
	struct timespec used;

	while (!atomic_load_explicit(&reading->stop, memory_order_relaxed))
		reading->records += reading->reader->read(reading->state);
	reading->records += reading->reader->finish(reading->state);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	reading->cpu_ns = used.tv_sec * 1000000000ULL + used.tv_nsec;
	return NULL;
}

static void serve(const struct reader *reader, void *state)
{
	struct reading reading = {.reader = reader, .state = state};
	pthread_t thread;
	char line[64];

	while (fgets(line, sizeof(line), stdin)) {
		if (!strcmp(line, "go\n")) {
			reading.records = 0;
			reading.stop = false;
			if (pthread_create(&thread, NULL, read_until_stop, &reading))
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

	for (i = 0; argc == 3 && i < sizeof(readers) / sizeof(*readers); i++) {
		void *state;

		if (strcmp(readers[i]->name, argv[2]))
			continue;
		state = readers[i]->open(program_by_id(strtoul(argv[1], NULL, 10)),
					 libbpf_num_possible_cpus());
		puts("{}");
		fflush(stdout);
		serve(readers[i], state);
		return 0;
	}
	fprintf(stderr, "reader PROGRAM_ID perf|poll|shared|span|array\n");
	return 2;
}
