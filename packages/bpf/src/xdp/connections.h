/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Which TCP connections are real. A SYN, and everything after it, can be forged; but the kernel has
 * a socket for a connection only after the peer has answered the SYN+ACK with its sequence number.
 * So a connection waits here from its SYN until a later packet finds that socket.
 *
 * The handshake's own ACK arrives before the network stack has processed it, and so may what
 * follows it in the same batch: each later packet looks again, after TRIES once a jiffy.
 *
 * A full set gives up one of its connections at random. Stores are plain: two CPUs that race may
 * lose a connection, which then is not counted.
 */
#ifndef PACKETLOG_CONNECTIONS_H
#define PACKETLOG_CONNECTIONS_H

#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "connection_event.h"
#include "packet.h"
#include "rule_key.h"
#include "rule_lookup.h"

#define CONNECTION_SET_BITS 12
#define CONNECTION_WAYS	    4

/*
 * An entry: 48 bits of the hash, and its state, 0 = free. A pending one has the number of its
 * look-ups, and the jiffy of the last one; a denied one the lower bits of the rule's id.
 */
#define ENTRY_STATE	  3ULL
#define ENTRY_PENDING	  1
#define ENTRY_DENIED	  2
#define ENTRY_TRIES_SHIFT 4
#define ENTRY_TRIES	  15ULL
#define ENTRY_STAMP_SHIFT 8
#define ENTRY_STAMP	  0xffULL
#define ENTRY_RULE_SHIFT  2
#define ENTRY_RULE	  0x3fffULL
#define ENTRY_HASH	  (~0ULL << 16)

#define CONNECTION_TRIES 8

struct connection_state {
	__u64 seed;
	__u64 evicted; /* pending connections, which then are not counted */
	__u64 reserved[6];
	__u64 sets[1 << CONNECTION_SET_BITS][CONNECTION_WAYS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct connection_state);
} connections SEC(".maps");

/* A packet's connection: global functions take numbers, and too few of them. */
struct connection {
	__u64 src_high;
	__u64 src_low;
	__u64 dst_high;
	__u64 dst_low;
	__u64 ports; /* as in struct packet */
	__u64 hash;
	__u64 denied_by; /* of CONNECTION_DENIED: the lower bits of the rule's id */
	struct bpf_sock_tuple tuple;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct connection);
} connection_of_cpu SEC(".maps");

static __always_inline struct connection *current_connection(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&connection_of_cpu, &zero);
}

static __always_inline struct connection_state *connection_state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&connections, &zero);
}

static __always_inline __u64 connection_hash(struct connection *connection, __u64 seed)
{
	__u64 hash = seed, odd = seed | 1;

	hash = (hash ^ connection->src_high) * odd;
	hash ^= hash >> 32;
	hash = (hash ^ connection->src_low) * odd;
	hash ^= hash >> 32;
	hash = (hash ^ connection->dst_high) * odd;
	hash ^= hash >> 32;
	hash = (hash ^ connection->dst_low) * odd;
	hash ^= hash >> 32;
	hash = (hash ^ connection->ports) * odd;
	return hash ^ hash >> 32;
}

static __always_inline __u64 *connection_set(struct connection_state *state, __u64 hash)
{
	return state->sets[within(hash, (1 << CONNECTION_SET_BITS) - 1)];
}

/* The entry with this hash, or NULL. */
static __always_inline __u64 *connection_entry(__u64 *set, __u64 hash)
{
	__u32 way;

#pragma unroll
	for (way = 0; way < CONNECTION_WAYS; way++)
		if (set[way] && !((set[way] ^ hash) & ENTRY_HASH))
			return &set[way];
	return 0;
}

/* An entry to overwrite. */
static __always_inline __u64 *free_entry(struct connection_state *state, __u64 *set)
{
	__u32 way;

#pragma unroll
	for (way = 0; way < CONNECTION_WAYS; way++)
		if (!set[way])
			return &set[way];
	set += within(bpf_get_prandom_u32(), CONNECTION_WAYS - 1);
	if ((*set & ENTRY_STATE) == ENTRY_PENDING)
		state->evicted++;
	return set;
}

/* States of sockets, as bits: include/net/tcp_states.h of the kernel. */
#define SOCKET_SYN_SENT (1 << 2)
/* After the handshake, without TIME_WAIT, which may be of an earlier connection. */
#define SOCKET_VERIFIED (1 << 1 | 1 << 4 | 1 << 5 | 1 << 8 | 1 << 9 | 1 << 11)

/* Fills the tuple of a connection; returns its size. */
static __always_inline __u32 fill_tuple(struct connection *connection, int is_ipv4)
{
	struct bpf_sock_tuple *tuple = &connection->tuple;
	__be16 source = bpf_htons(connection->ports),
	       destination = bpf_htons(connection->ports >> 16);

	if (is_ipv4) {
		tuple->ipv4.saddr = connection->src_low >> 32;
		tuple->ipv4.daddr = connection->dst_low >> 32;
		tuple->ipv4.sport = source;
		tuple->ipv4.dport = destination;
		return sizeof(tuple->ipv4);
	}
	tuple->ipv6.saddr[0] = connection->src_high;
	tuple->ipv6.saddr[1] = connection->src_high >> 32;
	tuple->ipv6.saddr[2] = connection->src_low;
	tuple->ipv6.saddr[3] = connection->src_low >> 32;
	tuple->ipv6.daddr[0] = connection->dst_high;
	tuple->ipv6.daddr[1] = connection->dst_high >> 32;
	tuple->ipv6.daddr[2] = connection->dst_low;
	tuple->ipv6.daddr[3] = connection->dst_low >> 32;
	tuple->ipv6.sport = source;
	tuple->ipv6.dport = destination;
	return sizeof(tuple->ipv6);
}

/* The state of the socket for these addresses and ports as a bit, or of a listening one; 0: none.
 */
static __always_inline __u32 socket_state(struct xdp_md *ctx, struct connection *connection,
					  int is_ipv4)
{
	__u32 size = fill_tuple(connection, is_ipv4), state;
	struct bpf_sock *socket =
		bpf_skc_lookup_tcp(ctx, &connection->tuple, size, BPF_F_CURRENT_NETNS, 0);

	if (!socket)
		return 0;
	state = socket->state;
	bpf_sk_release(socket);
	return 1U << (state & 31);
}

/* What a denied entry means. */
static __always_inline __u64 denied_event(struct connection *connection, __u64 entry)
{
	connection->denied_by = entry >> ENTRY_RULE_SHIFT & ENTRY_RULE;
	return CONNECTION_DENIED;
}

/* The entry of a pending connection after another look-up. */
static __always_inline __u64 tried(__u64 entry, __u64 jiffies)
{
	__u64 tries = entry >> ENTRY_TRIES_SHIFT & ENTRY_TRIES;

	if (tries < CONNECTION_TRIES)
		tries++;
	return (entry & ENTRY_HASH) | (jiffies & ENTRY_STAMP) << ENTRY_STAMP_SHIFT |
	       tries << ENTRY_TRIES_SHIFT | ENTRY_PENDING;
}

#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

/*
 * What a TCP packet, whose connection is the current one, means for limits of connections. A
 * verified connection waits until connection_counted(). Global: the verifier checks it once.
 */
__attribute__((noinline)) __u64 connection_event(struct xdp_md *ctx, __u64 key)
{
	struct connection *connection = current_connection();
	struct connection_state *state = connection_state();
	__u64 flags = key >> KEY_FLAGS_SHIFT & (TCP_SYN | TCP_RST | TCP_ACK);
	int is_syn = (flags & ~TCP_RST) == TCP_SYN;
	__u64 *entry, known, after;
	__u32 socket;

	if (!connection || !state)
		return CONNECTION_NONE;
	connection->hash = connection_hash(connection, state->seed);
	entry = connection_entry(connection_set(state, connection->hash), connection->hash);
	known = entry ? *entry : 0;
	if (is_syn) {
		if ((known & ENTRY_STATE) == ENTRY_PENDING)
			return CONNECTION_NEW;
	} else if (!entry) {
		return CONNECTION_NONE;
	} else if ((known & ENTRY_STATE) == ENTRY_DENIED) {
		/* A reset only ends it, so that the server need not wait for the rest. */
		return flags & TCP_RST ? CONNECTION_NONE : denied_event(connection, known);
	} else {
		after = tried(known, bpf_jiffies64());
		/* In the same jiffy, and not one of the first look-ups. */
		if (after == known)
			return CONNECTION_NONE;
		*entry = after;
	}
	socket = socket_state(ctx, connection, key >> KEY_READABLE_SHIFT & READ_IPV4);
	if (!is_syn)
		return socket & SOCKET_VERIFIED ? CONNECTION_VERIFIED : CONNECTION_NONE;
	/* Forged, or sent again: it would count a connection twice. */
	if (socket & (SOCKET_VERIFIED | SOCKET_SYN_SENT))
		return entry ? denied_event(connection, *entry) : CONNECTION_NONE;
	if (!entry)
		entry = free_entry(state, connection_set(state, connection->hash));
	*entry = (connection->hash & ENTRY_HASH) | ENTRY_PENDING;
	return CONNECTION_NEW;
}

/* The event in a key. */
static __always_inline __u64 event_of(__u64 key)
{
	return key >> KEY_EVENT_SHIFT & 7;
}

/* Whether the current connection was denied by this rule. */
static __always_inline int denies_connection(__u32 rule_id)
{
	struct connection *connection = current_connection();

	return connection && connection->denied_by == (rule_id & ENTRY_RULE);
}

/*
 * Ends the wait of the current connection, which limits have counted. denied_by: the id of the rule
 * that denies the rest of it; 0: none. Global, as connection_event().
 */
__attribute__((noinline)) int connection_counted(__u32 denied_by)
{
	struct connection *connection = current_connection();
	struct connection_state *state = connection_state();
	__u64 *entry;

	if (!connection || !state)
		return 0;
	entry = connection_entry(connection_set(state, connection->hash), connection->hash);
	if (entry)
		*entry = denied_by ? (*entry & ENTRY_HASH) |
					     (denied_by & ENTRY_RULE) << ENTRY_RULE_SHIFT |
					     ENTRY_DENIED
				   : 0;
	return 0;
}

#endif
