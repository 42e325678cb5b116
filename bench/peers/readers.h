/* SPDX-License-Identifier: Apache-2.0 */
/* The readers that are compared. Each copies every record into its own memory, and nothing more. */
#ifndef BENCH_READERS_H
#define BENCH_READERS_H

#include <stddef.h>
#include <stdint.h>

#define RECORD_BYTES 64

struct reader {
	const char *name;
	/* Called once, with the descriptor of a loaded program. Returns the state for the others.
	 */
	void *(*open)(int program, int cpus);
	/* Waits for records and reads them. Returns their number. */
	uint64_t (*read)(void *state);
	/* Reads the remaining records without waiting. Returns their number. */
	uint64_t (*finish)(void *state);
};

/* perf_buffer__poll, woken at each event. */
extern const struct reader reader_perf;
/* ring_buffer__poll. */
extern const struct reader reader_poll;
/* ring_buffer__poll, of one ring that all CPUs share. */
extern const struct reader reader_shared;
/* Whole spans of the kernel ring each millisecond, never woken. */
extern const struct reader reader_span;
/* The same on PacketLog's array ring. */
extern const struct reader reader_array;

/* The destination of the copies: small enough to stay in the cache, as a batch would. */
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
