// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Writes the next number into the frame, then tail-calls the program in `next`. So a test run of
 * the kernel (BPF_PROG_TEST_RUN, which repeats one frame) gives millions of different packets to an
 * unmodified program.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

/* The frame holds the number in three places, to detect a torn record. As in checker.mjs. */
#define MIX 0x9e3779b1

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} next SEC(".maps");

/* Packets that each CPU has sent. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} sent SEC(".maps");

SEC("xdp")
int number(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);
	struct udphdr *udp = (void *)(ip + 1);
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&sent, &key);
	__u32 n;

	if (!count || (void *)(udp + 1) > end)
		return XDP_ABORTED;
	n = (*count)++;
	ip->saddr = n;
	ip->daddr = n * MIX;
	udp->source = bpf_htons(bpf_get_smp_processor_id());
	udp->dest = bpf_htons((__u16)~n);
	bpf_tail_call(ctx, &next, 0);
	return XDP_ABORTED;
}

char _license[] SEC("license") = "Dual MIT/GPL";
