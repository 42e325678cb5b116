/** Exit codes of the `packetlog` command; documented in --help and in docs/errors.md. */
export const EXIT = {
  /** Success. */
  ok: 0,
  /** Any other error. */
  failed: 1,
  /** Invalid option, value or configuration. */
  usage: 2,
  /** Another XDP program is on the interface. */
  busy: 3,
  /** Not root, or a capability is missing. */
  privilege: 4,
  /** The interface or the namespace does not exist. */
  not_found: 5,
  /** The kernel or a library lacks a required feature. */
  unsupported: 6,
  /** The address to listen on is not available. */
  listen: 7,
  /** The lockout guard rejected a change of the rules. */
  lockout: 8,
  /**
   * The rules differ from the requested ones, or were changed to match them (`rules apply --check`,
   * `--detailed-exitcodes`).
   */
  changed: 9,
} as const;

export type ExitReason = keyof typeof EXIT;
