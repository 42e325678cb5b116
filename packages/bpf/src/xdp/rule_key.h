/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What rules match besides the source, in one number: global functions take at most five. */
#ifndef PACKETLOG_RULE_KEY_H
#define PACKETLOG_RULE_KEY_H

/* The protocol is in the low byte; the slot has six bits, and what was read five. */
#define KEY_PORT_SHIFT	   8
#define KEY_SLOT_SHIFT	   24
#define KEY_READABLE_SHIFT 31
#define KEY_EVENT_SHIFT	   37 /* three bits: enum connection_event */
#define KEY_FLAGS_SHIFT	   40
#define KEY_LENGTH_SHIFT   48 /* length of the frame; saturates at 65535 */

#endif
