/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Counters per interface and CPU: exact, never sampled, the base of the ledger.
 *
 * Each has one writer: XDP runs with softirqs disabled, so a CPU never interrupts itself here and
 * plain additions suffice. The loader maps the array and sums over CPUs without a system call.
 */
#ifndef PACKETLOG_COUNTERS_H
#define PACKETLOG_COUNTERS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "knobs.h"

#define PACKETLOG_SLOTS	     64
#define PACKETLOG_SLOT_TABLE 65536
#define PACKETLOG_REASONS    16

/* Every packet touches the first cache line only. */
struct interface_counters {
	__u64 seen;
	__u64 bytes;
	__u64 permitted;
	__u64 denied;
	__u64 emitted;
	__u64 sampled_out;
	__u64 filtered_out;
	__u64 ring_full;
	/* from the second line on: rarely written */
	__u64 aborted;
	__u64 denied_bytes;
	__u64 reserved[6];
	__u64 reasons[PACKETLOG_REASONS]; /* by enum packet_log_reason; [0] stays 0 */
};

_Static_assert(sizeof(struct interface_counters) == 256, "four cache lines");

/* slot * cpu_count + cpu; the loader sets max_entries to slots * possible CPUs. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, PACKETLOG_SLOTS);
	__type(key, __u32);
	__type(value, struct interface_counters);
} interface_counters SEC(".maps");

/*
 * Bits of an entry of the slot table besides the slot: the link layer of the interface's frames,
 * and whether the record names the slot's owner. Entries 1 to 63 are watched interfaces with
 * Ethernet headers, the usual case; 0 is an unwatched interface.
 */
#define PACKETLOG_SLOT_MASK   (PACKETLOG_SLOTS - 1)
#define PACKETLOG_LINK_IP     0x40 /* no link header: frames begin with the IP header */
#define PACKETLOG_LINK_MEMBER 0x80 /* Ethernet; the record names the slot's owner (a bond) */

/*
 * Entry of an interface, by the low 16 bits of its ifindex: one byte load instead of a hash lookup.
 * The loader sets it before it attaches, and rejects two interfaces that would share an entry. Slot
 * 0 counts packets of interfaces without an entry; rules without an interface apply there.
 */
struct interface_slots {
	__u8 entries[PACKETLOG_SLOT_TABLE];
	__u32 owners[PACKETLOG_SLOTS]; /* ifindex, for PACKETLOG_LINK_MEMBER */
};

struct interface_slots interface_slots SEC(".data.slots") = {};

static __always_inline __u32 slot_entry_of(__u32 ifindex)
{
	return interface_slots.entries[ifindex & (PACKETLOG_SLOT_TABLE - 1)];
}

/* Whether the interface is watched, has Ethernet headers and no other owner: one comparison. */
static __always_inline int is_plain_entry(__u32 entry)
{
	return entry - 1 < PACKETLOG_SLOT_MASK;
}

/* The ifindex for the record. Stores the number of an unwatched interface for the loader. */
static __always_inline __u32 record_ifindex(__u32 entry, __u32 ifindex)
{
	if (entry & PACKETLOG_LINK_MEMBER)
		return interface_slots.owners[entry & PACKETLOG_SLOT_MASK];
	if (!entry)
		runtime.unwatched_ifindex = ifindex;
	return ifindex;
}

/* NULL only if the map has the wrong size; the packet then passes, and `unaccounted` counts it. */
static __always_inline struct interface_counters *counters_of(__u32 slot, __u32 cpu)
{
	__u32 index = slot * knobs.cpu_count + cpu;
	struct interface_counters *counters = bpf_map_lookup_elem(&interface_counters, &index);

	if (!counters)
		__sync_fetch_and_add(&runtime.unaccounted, 1);
	return counters;
}

#endif
