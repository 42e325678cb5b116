/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a loaded XDP program repeatedly on one frame (BPF_PROG_TEST_RUN), without any interface.
 *
 *   producer PROGRAM_ID CPUS PACKETS PER_SECOND
 *
 * CPUS: "0" or "0,1": a pinned thread and PACKETS for each. PER_SECOND: 0 for as fast as possible,
 * in one call (the kernel takes some 20 ms to prepare it, which are not part of xdp_ns); else one
 * call per packet, in one burst per millisecond. Prints {"elapsed_ns": [..], "xdp_ns": [..]} by
 * CPU, xdp_ns being the kernel's average per packet, and what the program counted during the run:
 * "seen", "emitted", "ring_full".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "../program.h"
#include "frame.h"

#define MAX_CPUS       8
#define SECOND_NS      1000000000ULL
#define BURSTS_PER_SEC 1000
#define COUNTERS_WORDS 32
#define SEEN	       0
#define EMITTED	       4
#define RING_FULL      7
#define LOOPBACK_SLOT  1

struct run {
	int program;
	int cpu;
	uint64_t packets;
	uint64_t per_second;
	pthread_barrier_t *start;
	uint64_t elapsed_ns;
	double xdp_ns;
};

struct counters {
	uint64_t seen;
	uint64_t emitted;
	uint64_t ring_full;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND_NS + now.tv_nsec;
}

static void sleep_until(uint64_t at)
{
	struct timespec when = {.tv_sec = at / SECOND_NS, .tv_nsec = at % SECOND_NS};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL);
}

static void *produce(void *context)
{
	struct run *run = context;
	uint64_t burst = run->per_second > BURSTS_PER_SEC ? run->per_second / BURSTS_PER_SEC : 1;
	uint64_t sent = 0, begin;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(run->cpu, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set))
		die("set affinity", errno);
	pthread_barrier_wait(run->start);
	begin = now_ns();
	while (sent < run->packets) {
		uint64_t count = run->per_second ? 1 : run->packets;
		LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame,
			    .data_size_in = sizeof(frame), .repeat = count);

		if (run->per_second && sent % burst == 0)
			sleep_until(begin + sent * SECOND_NS / run->per_second);
		if (bpf_prog_test_run_opts(run->program, &options))
			die("BPF_PROG_TEST_RUN", errno);
		run->xdp_ns += (double)options.duration * count;
		sent += count;
	}
	run->elapsed_ns = now_ns() - begin;
	run->xdp_ns /= run->packets;
	return NULL;
}

static struct counters read_counters(int map)
{
	struct counters sum = {};
	int cpus = libbpf_num_possible_cpus();
	__u32 key;

	for (key = LOOPBACK_SLOT * cpus; map >= 0 && key < (LOOPBACK_SLOT + 1) * (__u32)cpus;
	     key++) {
		uint64_t words[COUNTERS_WORDS];

		if (bpf_map_lookup_elem(map, &key, words))
			die("read counters", errno);
		sum.seen += words[SEEN];
		sum.emitted += words[EMITTED];
		sum.ring_full += words[RING_FULL];
	}
	return sum;
}

static void print(const struct run *runs, int count, struct counters before, struct counters after)
{
	int i;

	printf("{\"elapsed_ns\": [");
	for (i = 0; i < count; i++)
		printf("%s%lu", i ? ", " : "", runs[i].elapsed_ns);
	printf("], \"xdp_ns\": [");
	for (i = 0; i < count; i++)
		printf("%s%.1f", i ? ", " : "", runs[i].xdp_ns);
	printf("], \"seen\": %lu, \"emitted\": %lu, \"ring_full\": %lu}\n",
	       after.seen - before.seen, after.emitted - before.emitted,
	       after.ring_full - before.ring_full);
}

int main(int argc, char **argv)
{
	struct run runs[MAX_CPUS] = {};
	pthread_t threads[MAX_CPUS];
	pthread_barrier_t start;
	struct counters before;
	int program, counters, count = 0, i;
	char *cpu;

	if (argc != 5) {
		fprintf(stderr, "producer PROGRAM_ID CPUS PACKETS PER_SECOND\n");
		return 2;
	}
	program = program_by_id(strtoul(argv[1], NULL, 10));
	for (cpu = strtok(argv[2], ","); cpu && count < MAX_CPUS; cpu = strtok(NULL, ",")) {
		runs[count++] = (struct run){
			.program = program,
			.cpu = atoi(cpu),
			.packets = strtoull(argv[3], NULL, 10),
			.per_second = strtoull(argv[4], NULL, 10),
			.start = &start,
		};
	}
	/* A program may have no counters; their map is then -1, and all counts are 0. */
	counters = map_of_program(program, "interface_counters");
	before = read_counters(counters);
	pthread_barrier_init(&start, NULL, count);
	for (i = 0; i < count; i++) {
		if (pthread_create(&threads[i], NULL, produce, &runs[i]))
			die("pthread_create", errno);
	}
	for (i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	print(runs, count, before, read_counters(counters));
	return 0;
}
