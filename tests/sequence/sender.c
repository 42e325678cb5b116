/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends numbered packets to a loaded XDP program by test runs, without any interface.
 *
 *   sender OBJECT PROGRAM_ID flood CPUS COUNT
 *       as fast as possible, COUNT on each CPU ("0,1")
 *   sender OBJECT PROGRAM_ID pingpong CPU COUNT PAUSE_US FILE
 *       one to three at a time, and the next ones up to PAUSE_US after all of them were read, by
 * the reader's counter in FILE (8 bytes): so they arrive at every moment between a reader's last
 *       poll and its sleep. Exits with code 1 if one of them is not read within WAIT_NS.
 *
 * Prints {"sent": [n, ..]}, by CPU, as the numbering program counted.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <linux/bpf.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "../../bench/program.h"
#include "../../bench/traffic/frame.h"

#define MAX_CPUS     64
#define SECOND_NS    1000000000ULL
#define WAIT_NS	     (5 * SECOND_NS)
#define LARGEST_RUN  2000000ULL
#define LARGEST_PING 3
#define SHORT_NS     100000

struct flood {
	int program;
	int cpu;
	uint64_t count;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND_NS + now.tv_nsec;
}

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set))
		die("set affinity", errno);
}

static void run(int program, uint64_t count)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = sizeof(frame),
		    .repeat = count);

	if (bpf_prog_test_run_opts(program, &options))
		die("BPF_PROG_TEST_RUN", errno);
	if (options.retval != XDP_PASS && options.retval != XDP_DROP)
		die("no program handled the packet", EPROTO);
}

static void *flood(void *context)
{
	struct flood *flood = context;
	uint64_t left, count;

	stay_on(flood->cpu);
	for (left = flood->count; left; left -= count) {
		count = left < LARGEST_RUN ? left : LARGEST_RUN;
		run(flood->program, count);
	}
	return NULL;
}

/* Busy-waits for short times: nanosleep would take longer. */
static void pause_for(uint64_t ns)
{
	struct timespec time = {.tv_nsec = ns};
	uint64_t end = now_ns() + ns;

	if (ns > SHORT_NS)
		nanosleep(&time, NULL);
	while (now_ns() < end)
		;
}

static void ping_pong(int program, int cpu, uint64_t count, uint64_t pause_ns, const char *path)
{
	int fd = open(path, O_RDONLY);
	const volatile uint64_t *have_read;
	uint64_t sent = 0, from;
	unsigned int seed = 1;

	if (fd < 0)
		die(path, errno);
	have_read = map_memory(fd, 0, sizeof(*have_read), false);
	stay_on(cpu);
	while (sent < count) {
		int some = 1 + rand_r(&seed) % LARGEST_PING;

		for (; some; some--, sent++)
			run(program, 1);
		for (from = now_ns(); *have_read != sent;) {
			if (now_ns() - from > WAIT_NS) {
				fprintf(stderr,
					"%lu were sent, %lu read: the reader was not woken\n", sent,
					*have_read);
				exit(1);
			}
		}
		pause_for(rand_r(&seed) % pause_ns);
	}
}

/* Loads the numbering program, which tail-calls the program of this id. */
static struct bpf_object *load(const char *path, uint32_t id)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	int behind = program_by_id(id), error;
	__u32 key = 0;

	if (!object)
		die(path, errno);
	error = bpf_object__load(object);
	if (!error)
		error = bpf_map_update_elem(bpf_object__find_map_fd_by_name(object, "next"), &key,
					    &behind, BPF_ANY);
	if (error)
		die("load the numbering program", error);
	return object;
}

static void report(struct bpf_object *object, const int *cpus, int count)
{
	uint64_t sent[libbpf_num_possible_cpus()];
	__u32 key = 0;
	int i;

	if (bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(object, "sent"), &key, sent))
		die("read what was sent", errno);
	printf("{\"sent\": [");
	for (i = 0; i < count; i++)
		printf("%s%lu", i ? ", " : "", sent[cpus[i]]);
	printf("]}\n");
}

int main(int argc, char **argv)
{
	struct flood floods[MAX_CPUS];
	pthread_t threads[MAX_CPUS];
	struct bpf_object *object;
	int cpus[MAX_CPUS];
	int program, count = 0, i;
	char *cpu;

	if (argc != 6 && !(argc == 8 && !strcmp(argv[3], "pingpong"))) {
		fprintf(stderr,
			"sender OBJECT PROGRAM_ID flood|pingpong CPUS COUNT [PAUSE_US FILE]\n");
		return 2;
	}
	object = load(argv[1], strtoul(argv[2], NULL, 10));
	program = bpf_program__fd(bpf_object__find_program_by_name(object, "number"));
	for (cpu = strtok(argv[4], ","); cpu && count < MAX_CPUS; cpu = strtok(NULL, ","))
		cpus[count++] = atoi(cpu);
	if (argc == 8)
		ping_pong(program, cpus[0], strtoull(argv[5], NULL, 10),
			  strtoull(argv[6], NULL, 10) * 1000, argv[7]);
	for (i = 0; argc == 6 && i < count; i++) {
		floods[i] = (struct flood){program, cpus[i], strtoull(argv[5], NULL, 10)};
		if (pthread_create(&threads[i], NULL, flood, &floods[i]))
			die("pthread_create", errno);
	}
	for (i = 0; argc == 6 && i < count; i++)
		pthread_join(threads[i], NULL);
	report(object, cpus, count);
	return 0;
}
