/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What a TCP packet means for limits of connections. */
#ifndef PACKETLOG_CONNECTION_EVENT_H
#define PACKETLOG_CONNECTION_EVENT_H

enum connection_event {
	CONNECTION_UNKNOWN, /* not asked */
	CONNECTION_NONE,
	CONNECTION_NEW,	     /* a SYN, which may be forged */
	CONNECTION_VERIFIED, /* the kernel has the connection: its peer answered the SYN+ACK */
	CONNECTION_DENIED,   /* of a connection that a limit denied */
};

#endif
