/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The perf event array: for kernels without the other rings, and the classic way to compare with.
 * User space opens one buffer per online CPU and chooses when it is woken.
 */
#ifndef PACKETLOG_PERF_EVENTS_H
#define PACKETLOG_PERF_EVENTS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "clock.h"
#include "packet_log.h"
#include "sampling.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} perf_events SEC(".maps");

/* How full the buffer is cannot be asked: by itself it is never sampled. */
static __always_inline enum emitted emit_perf(struct xdp_md *ctx, struct packet_log *log)
{
	log->weight = sample_weight(0, 1);
	if (!log->weight)
		return SAMPLED_OUT;
	log->timestamp_ns = wall_ns();
	if (bpf_perf_event_output(ctx, &perf_events, BPF_F_CURRENT_CPU, log, sizeof(*log)))
		return RING_FULL;
	return EMITTED;
}

#endif
