/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What the traffic generator tells its XDP program. */
#ifndef BENCH_GENERATE_H
#define BENCH_GENERATE_H

struct generate_settings {
	unsigned int target_ifindex;
	/* Sum of the IP header's 16-bit words without checksum and source address; 0: the checksum
	 * stays wrong. */
	unsigned int header_sum;
	unsigned int sources; /* number of source addresses */
};

#endif
