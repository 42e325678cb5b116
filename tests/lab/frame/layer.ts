/** What a transport layer needs from the IP header below it for its checksum: 4 or 16 bytes each. */
export interface PseudoHeader {
  readonly src: Uint8Array;
  readonly dst: Uint8Array;
}

/** One protocol with everything inside it. `type` is its number in the header below. */
export interface Layer {
  readonly type: number;
  bytes(ip?: PseudoHeader): Uint8Array;
}

/** Makes a layer of given bytes, for protocols without a builder. */
export function raw(type: number, bytes: ArrayLike<number> = []): Layer {
  return { type, bytes: () => Uint8Array.from(bytes) };
}
