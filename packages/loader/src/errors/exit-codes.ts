/** Exit codes of the `packetlog` command; documented in --help and in docs/errors.md. */
export const EXIT = {
  /** Ended as asked. */
  ok: 0,
  /** A fault of PacketLog or of the machine. */
  failed: 1,
  /** Wrong option, value or configuration. */
  usage: 2,
  /** Another XDP program is on the interface. */
  busy: 3,
  /** Not root, or a capability is missing. */
  privilege: 4,
  /** The interface or the namespace does not exist. */
  not_found: 5,
  /** The kernel or a library lacks what is needed. */
  unsupported: 6,
  /** The address to listen on cannot be had. */
  listen: 7,
  /** A change of the rules was refused: it would shut somebody out. */
  lockout: 8,
  /** The rules differ from what was asked for, or were changed to be that (`rules apply --check`, `--detailed-exitcodes`). */
  changed: 9,
} as const;

export type ExitReason = keyof typeof EXIT;
