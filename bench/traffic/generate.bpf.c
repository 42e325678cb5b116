// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * The XDP programs of the traffic generator: generate() redirects frames, pass() passes them,
 * drop() drops them.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "generate.h"

const volatile struct generate_settings settings SEC(".rodata");

__u32 next_source SEC(".data");

/* Redirects the frame to the target with the next of the source addresses from FIRST_SOURCE on. */
#define FIRST_SOURCE 0xc6120000 /* 198.18.0.0 */

SEC("xdp")
int generate(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);
	__u32 source = next_source + 1;

	if ((void *)(ip + 1) > end)
		return XDP_DROP;
	if (source >= settings.sources)
		source = 0;
	next_source = source;
	ip->saddr = bpf_htonl(FIRST_SOURCE + source);
	if (settings.header_sum) {
		__u32 sum = settings.header_sum + (ip->saddr & 0xffff) + (ip->saddr >> 16);

		sum = (sum & 0xffff) + (sum >> 16);
		sum = (sum & 0xffff) + (sum >> 16);
		ip->check = ~sum;
	}
	return bpf_redirect(settings.target_ifindex, 0);
}

/* Passes every frame: the baseline, which measures the cost of the harness. */
SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

/* Drops every frame: the least that a denied packet can cost. */
SEC("xdp")
int drop(struct xdp_md *ctx)
{
	return XDP_DROP;
}

char _license[] SEC("license") = "Dual MIT/GPL";
