/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The perf event array: for kernels without the other rings, and the classic way to compare with.
 * User space opens one buffer per online CPU and chooses when it is woken.
 */
#ifndef PACKETLOG_PERF_EVENTS_H
#define PACKETLOG_PERF_EVENTS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "packet_log.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} perf_events SEC(".maps");

static __always_inline int emit_perf(struct xdp_md *ctx, const struct packet_log *log)
{
	return bpf_perf_event_output(ctx, &perf_events, BPF_F_CURRENT_CPU, (void *)log,
				     sizeof(*log));
}

#endif
