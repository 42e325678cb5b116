/** What it takes to open a finding, and to keep it open. docs/defence.md has the reasons. */

/** Ports of one address that a source probes without a connection. */
export const SCANNED_PORTS = 100;
/** Addresses of one network of 256 that a source probes on one port, without a connection. */
export const SWEPT_ADDRESSES = 64;
/** A scan or sweep must have its evidence within this time. */
export const SCAN_WINDOW_MS = 300_000;
/** A source without evidence for this long begins again. */
export const PAUSE_MS = 60_000;

/** Connection attempts within a minute; half of it keeps the finding open. */
export const LOGIN_ATTEMPTS = 60;
/** Fewer records are too few to extrapolate from a sample. */
export const LOGIN_RECORDS = 20;
/** Bytes from the source for each attempt: a transfer of files sends more, a login that fails sends less. */
export const LOGIN_BYTES = 8192;

/** SYN per second to one service that no connection follows, in two seconds in a row; half of it keeps it open. */
export const SYN_FLOOD = 500;
/** Echo requests per second to one address. */
export const ICMP_FLOOD = 1000;
/** Records in a second: fewer are too few to extrapolate from a sample. */
export const FLOOD_RECORDS = 100;

/** A finding closes this long after its last evidence. */
export const CLOSE_AFTER_MS = 30_000;

/** SYN per second up to which each completed connection is certain to be noticed, see PendingConnections. */
export const CERTAIN_SYNS = 20_000;

/** Work of a second, in units of a packet of a connection; of more records, one of N is evaluated. */
export const MAX_WORK = 1_000_000;
/** Work of a SYN or an echo request, which is looked up in several tables. */
export const SYN_WORK = 10;

/** Ports below this one are no ephemeral ports: nothing but a scan asks for many of them. */
export const FIRST_EPHEMERAL = 1024;
