/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Rule sets: an inner map each, so that putting one in its place is atomic. The layout is
 * described in packages/bpf/src/rule-image.ts; a test holds the names and numbers here against it.
 */
#ifndef PACKETLOG_RULES_H
#define PACKETLOG_RULES_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define RULE_LINE_WORDS	 16
#define RULE_CONFIRMED	 0
#define RULE_PROVISIONAL 1

struct rule_line {
	__u32 words[RULE_LINE_WORDS];
};

/* One for each counter slot and CPU; who writes is the one CPU. */
struct rule_counter {
	__u64 packets;
	__u64 bytes;
	__u64 last_seen_wall_ns;
	__u64 reserved;
};

/* Keeps the structs whole in the object's BTF: of what only a map names, clang declares the name. */
const struct rule_line *rule_line_btf __attribute__((unused));
const struct rule_counter *rule_counter_btf __attribute__((unused));

/* BPF_F_INNER_MAP: images have different sizes. */
struct rule_image {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rule_line);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct rule_image);
} rule_images SEC(".maps");

/* counter_slot * cpu_count + cpu; the loader sets max_entries. Slot 0 belongs to no rule. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rule_counter);
} rule_counters SEC(".maps");

#endif
