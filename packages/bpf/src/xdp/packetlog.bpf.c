// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * PacketLog: count every frame that reaches the hook, write a record of it, let it pass.
 *
 * Only UAPI headers and no CO-RE, so it loads without kernel BTF, from Linux 5.10 on.
 * It fails open: a frame that cannot be parsed passes, says why in its record, and is counted.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "packet_log.h"
#include "knobs.h"
#include "counters.h"
#include "parse_frame.h"
#include "array_ring.h"
#include "kernel_ring.h"
#include "perf_events.h"
#include "rules.h"

/* Keeps struct packet_log in the object's BTF, where a test compares it with the layout table. */
const struct packet_log *packet_log_btf __attribute__((unused));

enum transport { TRANSPORT_ARRAY, TRANSPORT_RING, TRANSPORT_PERF };

static __always_inline enum emitted emit(struct xdp_md *ctx, struct packet_log *log,
					 const enum transport transport)
{
	switch (transport) {
	case TRANSPORT_ARRAY:
		return emit_array(log);
	case TRANSPORT_RING:
		return emit_ring(log);
	default:
		return emit_perf(ctx, log);
	}
}

static __always_inline int log_packet(struct xdp_md *ctx, __u64 frame_length,
				      const enum transport transport)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	struct interface_counters *counters;
	struct packet_log log = {};

	counters = counters_of(ctx->ingress_ifindex);
	if (!counters)
		return XDP_PASS;
	counters->seen++;
	counters->bytes += frame_length;

	log.reason = parse_frame(data, data_end, &log);
	if (log.reason)
		counters->reasons[log.reason & (PACKETLOG_REASONS - 1)]++;

	log.action = PACKET_LOG_ACTION_PERMIT;
	counters->permitted++;

	if (!knobs.log_permits) {
		counters->filtered_out++;
		return XDP_PASS;
	}
	log.ifindex = ctx->ingress_ifindex;
	log.length = frame_length > 0xffff ? 0xffff : frame_length;
	switch (emit(ctx, &log, transport)) {
	case EMITTED:
		counters->emitted++;
		break;
	case SAMPLED_OUT:
		counters->sampled_out++;
		break;
	case RING_FULL:
		counters->ring_full++;
		break;
	}
	return XDP_PASS;
}

/*
 * A program for each way out, for frames in one buffer and in several (jumbo MTU; the helper and
 * the section need Linux 5.18). The loader loads the two that it uses: an old kernel need not
 * know what the others are made of.
 */
#define PACKETLOG_PROGRAMS(name, transport)                                                        \
	SEC("xdp")                                                                                 \
	int packetlog_##name(struct xdp_md *ctx)                                                   \
	{                                                                                          \
		return log_packet(ctx, ctx->data_end - ctx->data, transport);                      \
	}                                                                                          \
	SEC("xdp.frags")                                                                           \
	int packetlog_##name##_frags(struct xdp_md *ctx)                                           \
	{                                                                                          \
		return log_packet(ctx, bpf_xdp_get_buff_len(ctx), transport);                      \
	}

PACKETLOG_PROGRAMS(array, TRANSPORT_ARRAY)
PACKETLOG_PROGRAMS(ring, TRANSPORT_RING)
PACKETLOG_PROGRAMS(perf, TRANSPORT_PERF)

char _license[] SEC("license") = "Dual MIT/GPL";
