/* SPDX-License-Identifier: Apache-2.0 */
/* The readers of libbpf, which call a function for each record. */
#include <errno.h>
#include <stdlib.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "../program.h"
#include "readers.h"

#define PERF_PAGES 1024

/* Longest wait of a poll without records: `stop` takes effect up to that much later. */
#define POLL_MS 20

struct callback_state {
	struct perf_buffer *perf;
	struct ring_buffer *rings;
	uint64_t records;
	struct sink sink;
};

static uint64_t take_count(struct callback_state *state)
{
	uint64_t records = state->records;

	state->records = 0;
	return records;
}

static void on_sample(void *context, int cpu, void *data, __u32 size)
{
	struct callback_state *state = context;

	(void)cpu;
	(void)size;
	sink_put(&state->sink, data, RECORD_BYTES);
	state->records++;
}

static void *open_perf(int program, int cpus)
{
	struct callback_state *state = calloc(1, sizeof(*state));

	(void)cpus;
	state->perf = perf_buffer__new(map_of_program(program, "perf_permits"), PERF_PAGES,
				       on_sample, NULL, state, NULL);
	if (!state->perf)
		die("perf_buffer__new", 1);
	return state;
}

static uint64_t read_perf(void *context)
{
	struct callback_state *state = context;

	perf_buffer__poll(state->perf, POLL_MS);
	return take_count(state);
}

static uint64_t finish_perf(void *context)
{
	struct callback_state *state = context;

	perf_buffer__consume(state->perf);
	return take_count(state);
}

static int on_record(void *context, void *data, size_t size)
{
	struct callback_state *state = context;

	(void)size;
	sink_put(&state->sink, data, RECORD_BYTES);
	state->records++;
	return 0;
}

static void *open_poll(int program, int cpus)
{
	struct callback_state *state = calloc(1, sizeof(*state));
	int outer = map_of_program(program, "permits");
	int cpu;

	state->rings = ring_buffer__new(inner_map(outer, 0), on_record, state, NULL);
	if (!state->rings)
		die("ring_buffer__new", 1);
	for (cpu = 1; cpu < cpus; cpu++)
		ring_buffer__add(state->rings, inner_map(outer, cpu), on_record, state);
	return state;
}

/* One ring for all CPUs, as most programs have: replaces the rings of the other CPUs. */
static void *open_shared(int program, int cpus)
{
	int outer = map_of_program(program, "permits");
	int ring = inner_map(outer, 0);
	int cpu;

	for (cpu = 1; cpu < cpus; cpu++) {
		if (bpf_map_update_elem(outer, &cpu, &ring, 0))
			die("share ring", errno);
	}
	return open_poll(program, 1);
}

static uint64_t read_poll(void *context)
{
	struct callback_state *state = context;

	ring_buffer__poll(state->rings, POLL_MS);
	return take_count(state);
}

static uint64_t finish_poll(void *context)
{
	struct callback_state *state = context;

	ring_buffer__consume(state->rings);
	return take_count(state);
}

const struct reader reader_perf = {"perf", open_perf, read_perf, finish_perf};
const struct reader reader_poll = {"poll", open_poll, read_poll, finish_poll};
const struct reader reader_shared = {"shared", open_shared, read_poll, finish_poll};
