// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * PacketLog: counts every frame that reaches the hook, looks up its rule, writes a record, and
 * passes or drops it.
 *
 * Uses only UAPI headers and no CO-RE, so it loads without kernel BTF, from Linux 5.10 on.
 * It fails open: a frame passes unless a rule or the default policy denies it, and the record of a
 * frame that cannot be parsed has the reason.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "packet_log.h"
#include "knobs.h"
#include "counters.h"
#include "parse_frame.h"
#include "array_ring.h"
#include "rule_verdict.h"
#include "kernel_ring.h"
#include "perf_events.h"

/* Keeps struct packet_log in the object's BTF, where a test compares it with the layout table. */
const struct packet_log *packet_log_btf __attribute__((unused));

enum transport { TRANSPORT_ARRAY, TRANSPORT_RING, TRANSPORT_PERF };

static __always_inline enum emitted emit(struct xdp_md *ctx, const struct packet *packet, __u32 cpu,
					 __u64 action, __u64 reason, const enum transport transport)
{
	switch (transport) {
	case TRANSPORT_ARRAY:
		return emit_array(packet, cpu, action, reason);
	case TRANSPORT_RING:
		return emit_ring(packet, cpu, action, reason);
	default:
		return emit_perf(ctx, packet, action, reason);
	}
}

static __always_inline int log_packet(struct xdp_md *ctx, __u64 frame_length,
				      const enum transport transport)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	__u32 ifindex = ctx->ingress_ifindex;
	__u32 entry = slot_entry_of(ifindex);
	__u32 slot = entry & PACKETLOG_SLOT_MASK;
	__u32 cpu = bpf_get_smp_processor_id();
	struct interface_counters *counters = counters_of(slot, cpu);
	enum packet_log_action action = PACKET_LOG_ACTION_PERMIT;
	struct packet packet;
	__u64 reason;

	if (!counters)
		return XDP_PASS;
	counters->seen++;
	counters->bytes += frame_length;

	clear_packet(&packet);
	packet.length = frame_length;
	packet.ifindex = is_plain_entry(entry) ? ifindex : record_ifindex(entry, ifindex);
	reason = parse_frame(data, data_end, entry & PACKETLOG_LINK_IP, &packet);
	if (reason)
		counters->reasons[reason & (PACKETLOG_REASONS - 1)]++;
	if (has_rules())
		action = apply_rules(ctx, &packet, slot, cpu, &reason);

	if (action == PACKET_LOG_ACTION_DENY) {
		counters->denied++;
		counters->denied_bytes += frame_length;
	} else {
		counters->permitted++;
	}
	if (action == PACKET_LOG_ACTION_DENY ? !knobs.log_denies : !knobs.log_permits) {
		counters->filtered_out++;
	} else {
		switch (emit(ctx, &packet, cpu, action, reason, transport)) {
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
	}
	return action == PACKET_LOG_ACTION_DENY ? XDP_DROP : XDP_PASS;
}

/*
 * Two programs for each transport: for frames in one buffer, and in several (jumbo MTU; the helper
 * and the section need Linux 5.18). The loader loads only those it uses, so an old kernel never
 * sees map types or helpers that it lacks.
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
