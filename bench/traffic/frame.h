/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_FRAME_H
#define BENCH_FRAME_H

#include <stdint.h>

/*
 * The shortest frame: Ethernet, IPv4, UDP 1234 -> 443 with 18 bytes. No host has its destination
 * address, so the stack drops it at once, after every tool's hook. The IP checksum is therefore
 * left wrong.
 */
static const uint8_t frame[60] = {
	2, 0, 0,  0,  0, 9, 2,	 0,  0, 0, 0,	1, 8, 0, 0x45, 0,    0, 46,   0, 0,
	0, 0, 64, 17, 0, 0, 198, 18, 0, 1, 192, 0, 2, 2, 0x04, 0xd2, 1, 0xbb, 0, 26,
};

#endif
