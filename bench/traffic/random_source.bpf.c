// SPDX-License-Identifier: Apache-2.0
/*
 * For test runs, which repeat one frame: sets another IPv4 source each time, at random, of a number
 * of sources or from a list, and then runs another program or looks the source up in the kernel's
 * longest-prefix trie.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} next SEC(".maps");

struct lpm_key {
	__u32 bits;
	__be32 address;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 2000000);
	__type(key, struct lpm_key);
	__type(value, __u32);
} trie SEC(".maps");

__u64 seed SEC(".data.seed") = 88172645463325252ULL;

/* Sources from FIRST_SOURCE on; 0: any address. */
__u64 source_count SEC(".data.source_count") = 0;

#define FIRST_SOURCE 0xc6000000 /* 198.0.0.0 */

#define LISTED 262144

/* Addresses of a list, unordered. */
__be32 listed[LISTED] SEC(".data.listed") = {};
__u64 listed_used SEC(".data.listed_used") = 0;

/* xorshift64; 0: the frame is too short. */
static __always_inline __be32 next_source(struct xdp_md *ctx)
{
	struct iphdr *ip = (void *)(long)ctx->data + ETH_HLEN;

	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return 0;
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	if (source_count)
		ip->saddr = bpf_htonl(FIRST_SOURCE + (__u32)((seed >> 32) * source_count >> 32));
	else
		ip->saddr = seed >> 32;
	return ip->saddr;
}

SEC("xdp")
int source_alone(struct xdp_md *ctx)
{
	return next_source(ctx) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int source_and_program(struct xdp_md *ctx)
{
	if (next_source(ctx))
		bpf_tail_call(ctx, &next, 0);
	return XDP_ABORTED;
}

SEC("xdp")
int listed_and_program(struct xdp_md *ctx)
{
	struct iphdr *ip = (void *)(long)ctx->data + ETH_HLEN;

	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	ip->saddr = listed[listed_used++ & (LISTED - 1)];
	bpf_tail_call(ctx, &next, 0);
	return XDP_ABORTED;
}

SEC("xdp")
int source_and_trie(struct xdp_md *ctx)
{
	struct lpm_key key = {.bits = 32, .address = next_source(ctx)};

	return bpf_map_lookup_elem(&trie, &key) ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "Dual MIT/GPL";
