/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fastest C reader of these rings: it polls once a millisecond, copies whole spans and commits
 * once per poll. A reader that follows the writer closely moves each cache line back and forth; one
 * that lags is cheaper for both sides.
 */
#include <stdlib.h>
#include <time.h>
#include "../program.h"
#include "readers.h"

#define PAGE_BYTES  4096
#define STRIDE	    72 /* header and record of the kernel ring */
#define SPAN_BYTES  (64 * 1024)
#define NAP_NS	    1000000
#define ARRAY_LINES 2
#define LINE_WORDS  8

struct ring {
	const uint64_t *producer;
	uint64_t *consumer;
	const uint8_t *data;
	size_t bytes;
	uint64_t position;
};

struct span_state {
	int count;
	struct ring *rings;
	struct sink sink;
};

static void nap(void)
{
	struct timespec length = {.tv_nsec = NAP_NS};

	clock_nanosleep(CLOCK_MONOTONIC, 0, &length, NULL);
}

static struct span_state *new_state(int count)
{
	struct span_state *state = calloc(1, sizeof(*state));

	state->count = count;
	state->rings = calloc(count, sizeof(*state->rings));
	return state;
}

static void *open_span(int program, int cpus)
{
	struct span_state *state = new_state(cpus);
	int outer = map_of_program(program, "permits");
	int cpu;

	for (cpu = 0; cpu < cpus; cpu++) {
		int fd = inner_map(outer, cpu);
		size_t bytes = map_entries(fd);
		uint8_t *rest = map_memory(fd, PAGE_BYTES, PAGE_BYTES + 2 * bytes, false);

		state->rings[cpu] = (struct ring){
			.consumer = map_memory(fd, 0, PAGE_BYTES, true),
			.producer = (uint64_t *)rest,
			.data = rest + PAGE_BYTES,
			.bytes = bytes,
		};
	}
	return state;
}

/* Copies all committed records of a ring. hold: bytes to hold back, so that the kernel never
 * signals.
 */
static uint64_t drain_span(struct ring *ring, struct sink *sink, size_t hold)
{
	uint64_t producer = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);
	uint64_t start = ring->position;

	while (ring->position < producer) {
		const uint8_t *span = ring->data + (ring->position & (ring->bytes - 1));
		size_t left = producer - ring->position;
		size_t limit = left < SPAN_BYTES ? left : SPAN_BYTES;
		size_t length = 0;

		while (length < limit && __atomic_load_n((const uint32_t *)(span + length),
							 __ATOMIC_ACQUIRE) == RECORD_BYTES)
			length += STRIDE;
		if (!length)
			break;
		sink_put(sink, span, length);
		ring->position += length;
	}
	if (ring->position >= hold && ring->position > start)
		__atomic_store_n(ring->consumer, ring->position - hold, __ATOMIC_SEQ_CST);
	return (ring->position - start) / STRIDE;
}

static uint64_t poll_span(struct span_state *state, size_t hold)
{
	uint64_t records = 0;
	int i;

	for (i = 0; i < state->count; i++)
		records += drain_span(&state->rings[i], &state->sink, hold);
	return records;
}

static uint64_t read_span(void *context)
{
	nap();
	return poll_span(context, STRIDE);
}

static uint64_t finish_span(void *context)
{
	return poll_span(context, STRIDE);
}

static void *open_array(int program, int cpus)
{
	struct span_state *state = new_state(cpus);
	int control = map_of_program(program, "array_control");
	int records = map_of_program(program, "array_records");
	/* After the rings of permits lie those of denies, a quarter of their size. */
	size_t ring_bytes = (size_t)map_entries(records) / cpus * RECORD_BYTES / 5 * 4;
	size_t control_bytes = (size_t)cpus * ARRAY_LINES * LINE_WORDS * sizeof(uint64_t);
	uint64_t *lines = map_memory(control, 0, control_bytes, true);
	uint8_t *data = map_memory(records, 0, cpus * ring_bytes, false);
	int cpu;

	for (cpu = 0; cpu < cpus; cpu++) {
		uint64_t *line = lines + cpu * ARRAY_LINES * LINE_WORDS;

		state->rings[cpu] = (struct ring){
			.producer = line,
			.consumer = line + LINE_WORDS,
			.data = data + cpu * ring_bytes,
			.bytes = ring_bytes,
		};
	}
	return state;
}

static uint64_t poll_array(struct span_state *state)
{
	uint64_t records = 0;
	int i;

	for (i = 0; i < state->count; i++) {
		struct ring *ring = &state->rings[i];
		uint64_t end = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);

		records += end - ring->position;
		while (ring->position < end) {
			size_t offset = ring->position * RECORD_BYTES & (ring->bytes - 1);
			size_t length = (end - ring->position) * RECORD_BYTES;

			if (length > SPAN_BYTES)
				length = SPAN_BYTES;
			if (length > ring->bytes - offset)
				length = ring->bytes - offset;
			sink_put(&state->sink, ring->data + offset, length);
			ring->position += length / RECORD_BYTES;
		}
		__atomic_store_n(ring->consumer, end, __ATOMIC_SEQ_CST);
	}
	return records;
}

static uint64_t read_array(void *context)
{
	nap();
	return poll_array(context);
}

static uint64_t finish_array(void *context)
{
	return poll_array(context);
}

const struct reader reader_span = {"span", open_span, read_span, finish_span};
const struct reader reader_array = {"array", open_array, read_array, finish_array};
