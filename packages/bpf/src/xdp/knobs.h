/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Settings from the loader, and values that both write at run time. Each struct is alone in its
 * section, hence in its map, at offset 0. packages/bpf/src/state.ts mirrors them, and a test
 * compares both with the BTF.
 */
#ifndef PACKETLOG_KNOBS_H
#define PACKETLOG_KNOBS_H

#include <linux/types.h>
#include <bpf/bpf_helpers.h>

/* Read-only once loaded: the verifier removes the code that a knob turns off. */
struct packetlog_knobs {
	__u32 cpu_count;    /* possible CPUs, not online ones */
	__u32 log_permits;  /* 0: count only, write no record of permitted packets */
	__u32 log_denies;   /* the same of denied packets */
	__u32 ring_records; /* of the array ring for permits, for each CPU: a power of two */
	__u32 deny_records; /* of the array ring for denies */
	__u32 clock;	    /* enum clock_policy */
	__u32 sample; /* record 1 of N packets, N a power of two; 0: N by the ring's fill level */
};

/* Written while the program runs, by the loader unless said. */
struct packetlog_runtime {
	__u64 clock_offset_ns; /* CLOCK_REALTIME - CLOCK_MONOTONIC */
	__u64 unaccounted; /* by the program: packets without counters; 0 unless there is a bug */
	__u64 unwatched_ifindex; /* by the program: interface of the last packet without a slot */
};

const volatile struct packetlog_knobs knobs SEC(".rodata.knobs") = {
	.cpu_count = 1,
	.log_permits = 1,
	.log_denies = 1,
	.ring_records = 1,
	.deny_records = 1,
	.sample = 1,
};

/* The section names the pin of the map: another name would keep a loader from adopting older pins.
 */
struct packetlog_runtime runtime SEC(".data.live") = {};

#endif
