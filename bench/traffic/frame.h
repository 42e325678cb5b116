/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_FRAME_H
#define BENCH_FRAME_H

#include <stdint.h>

/*
 * Ethernet, IPv4, UDP 1234 -> 443, 18 bytes: the shortest frame. Its destination is nobody's, so
 * that a stack that gets it drops it at once, behind every tool's hook; the header's checksum is
 * not right for that reason either.
 */
static const uint8_t frame[60] = {
	2, 0, 0,  0,  0, 9, 2,	 0,  0, 0, 0,	1, 8, 0, 0x45, 0,    0, 46,   0, 0,
	0, 0, 64, 17, 0, 0, 198, 18, 0, 1, 192, 0, 2, 2, 0x04, 0xd2, 1, 0xbb, 0, 26,
};

#endif
