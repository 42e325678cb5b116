/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The perf event array: for kernels without the other rings, and as the baseline of benchmarks.
 * User space opens two buffers per online CPU and sets when it is woken.
 */
#ifndef PACKETLOG_PERF_EVENTS_H
#define PACKETLOG_PERF_EVENTS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "clock.h"
#include "packet.h"
#include "sampling.h"

struct perf_of_cpu {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
};

struct perf_of_cpu perf_permits SEC(".maps");
struct perf_of_cpu perf_denies SEC(".maps");

/* Writes a sample. No helper returns the buffer's fill level, so only a fixed rate samples here. */
static __always_inline enum emitted emit_perf(struct xdp_md *ctx, const struct packet *packet,
					      __u64 action, __u64 reason)
{
	__u32 weight = sample_weight(0, 1);
	struct packet_log record;
	long error;

	if (!weight)
		return SAMPLED_OUT;
	write_record(&record, packet, weight, action, reason, record_wall_ns_of_cpu());
	if (action == PACKET_LOG_ACTION_DENY)
		error = bpf_perf_event_output(ctx, &perf_denies, BPF_F_CURRENT_CPU, &record,
					      sizeof(record));
	else
		error = bpf_perf_event_output(ctx, &perf_permits, BPF_F_CURRENT_CPU, &record,
					      sizeof(record));
	return error ? RING_FULL : EMITTED;
}

#endif
