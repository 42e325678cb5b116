// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * The usual way to limit sources in XDP, to compare with: an LRU hash with a level for each IPv4
 * source, by the same algorithm and clock as PacketLog's limits.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define SOURCES	 1000000
#define PER_S	 100
#define SECOND	 1000000000ULL
#define COST_NS	 (SECOND / PER_S)
#define BURST_NS SECOND

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SOURCES);
	__type(key, __be32);
	__type(value, __u64); /* theoretical arrival time */
} arrivals SEC(".maps");

/* Of a jiffy; set by the loader. */
const volatile __u64 tick_ns SEC(".rodata.tick_ns") = 4000000;

/* Drops what is over 100 packets per second of a source. */
SEC("xdp")
int lru_limit(struct xdp_md *ctx)
{
	struct ethhdr *ethernet = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(ethernet + 1);
	__u64 now = bpf_jiffies64() * tick_ns, level;
	__u64 *arrival;

	if ((void *)(ip + 1) > (void *)(long)ctx->data_end ||
	    ethernet->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	arrival = bpf_map_lookup_elem(&arrivals, &ip->saddr);
	if (!arrival) {
		__u64 first = now + COST_NS;

		bpf_map_update_elem(&arrivals, &ip->saddr, &first, BPF_ANY);
		return XDP_PASS;
	}
	level = *arrival > now ? *arrival - now : 0;
	if (level + COST_NS > BURST_NS + tick_ns)
		return XDP_DROP;
	*arrival = now + level + COST_NS;
	return XDP_PASS;
}

/* Passes every frame: what a test run costs without a limit. */
SEC("xdp")
int no_limit(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual MIT/GPL";
