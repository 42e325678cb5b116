// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* The XDP programs of the traffic generator: generate() redirects frames, pass() passes them. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define SOURCES 1000

const volatile __u32 target_ifindex SEC(".rodata");

__u32 next_source SEC(".data");

/* Redirects the frame to the target with the next of 1,000 source addresses from 198.18.0.0 on. */
SEC("xdp")
int generate(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);
	__u32 source = next_source + 1;

	if ((void *)(ip + 1) > end)
		return XDP_DROP;
	if (source >= SOURCES)
		source = 0;
	next_source = source;
	ip->saddr = bpf_htonl(0xc6120000 + source);
	return bpf_redirect(target_ifindex, 0);
}

/* Passes every frame: the baseline, which measures the cost of the harness. */
SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual MIT/GPL";
