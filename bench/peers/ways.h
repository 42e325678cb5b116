/* SPDX-License-Identifier: Apache-2.0 */
/* The ways to read. Each copies every record into memory of its own, and nothing more. */
#ifndef BENCH_WAYS_H
#define BENCH_WAYS_H

#include <stddef.h>
#include <stdint.h>

#define RECORD_BYTES 64

struct way {
	const char *name;
	/* Called once, with the descriptor of a loaded program; what it returns is given to the
	 * others. */
	void *(*open)(int program, int cpus);
	/* Waits a while in its own manner and reads; returns the records read. */
	uint64_t (*read)(void *state);
	/* Reads what is left, without waiting. */
	uint64_t (*finish)(void *state);
};

/* perf_buffer__poll, woken at each event. */
extern const struct way way_perf;
/* ring_buffer__poll. */
extern const struct way way_poll;
/* ring_buffer__poll, of one ring that all CPUs share. */
extern const struct way way_shared;
/* Whole spans of the kernel ring each millisecond, never woken. */
extern const struct way way_span;
/* The same on PacketLog's array ring. */
extern const struct way way_array;

/* Where records are copied to: of a size that stays in the cache, as a batch that is passed on
 * would. */
#define SINK_BYTES (256 * 1024)

struct sink {
	uint8_t bytes[SINK_BYTES];
	size_t used;
};

static inline void sink_put(struct sink *sink, const void *from, size_t bytes)
{
	if (sink->used + bytes > SINK_BYTES)
		sink->used = 0;
	__builtin_memcpy(sink->bytes + sink->used, from, bytes);
	sink->used += bytes;
}

#endif
