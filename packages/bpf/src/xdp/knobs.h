/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What the loader tells the program. Each struct is alone in its section, hence in its map,
 * at offset 0; packages/bpf/src/state.ts mirrors them and a test holds both against the BTF.
 */
#ifndef PACKETLOG_KNOBS_H
#define PACKETLOG_KNOBS_H

#include <linux/types.h>
#include <bpf/bpf_helpers.h>

/* Read-only once loaded: the verifier removes what a knob turns off. */
struct packetlog_knobs {
	__u32 cpu_count;    /* possible CPUs, not online ones */
	__u32 log_permits;  /* 0: count only, write no record of permitted packets */
	__u32 log_denies;   /* the same of denied packets */
	__u32 ring_records; /* of the array ring for permits, for each CPU: a power of two */
	__u32 deny_records; /* of the array ring for denies */
	__u32 clock;	    /* enum clock_policy */
	__u32 sample; /* record 1 of so many packets, a power of two; 0: by how full the ring is */
};

/* Written by the loader while the program runs. */
struct packetlog_live {
	__u64 clock_offset_ns; /* CLOCK_REALTIME - CLOCK_MONOTONIC */
	__u64 unaccounted;     /* packets that found no counters: always 0, or a bug */
	/* Written by the program: the last interface without a slot that a packet arrived on. */
	__u64 unwatched_ifindex;
};

const volatile struct packetlog_knobs knobs SEC(".rodata.knobs") = {
	.cpu_count = 1,
	.log_permits = 1,
	.log_denies = 1,
	.ring_records = 1,
	.deny_records = 1,
	.sample = 1,
};

struct packetlog_live live SEC(".data.live") = {};

#endif
