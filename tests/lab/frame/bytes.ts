/** Builds the bytes of headers, in network byte order. Each function returns bytes that can be spread into a header. */

export function u16(value: number): readonly [number, number] {
  return [(value >>> 8) & 0xff, value & 0xff];
}

export function u32(value: number): readonly [number, number, number, number] {
  return [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

export function concat(...parts: readonly ArrayLike<number>[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Returns bytes that are never zero and differ from their neighbours, so that a wrong offset shows. */
export function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => 0xa0 | (i % 31) | 1);
}

/** Converts '02:00:00:00:00:01' to 6 bytes. */
export function mac(text: string): Uint8Array {
  const parts = text.split(':');
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text)) throw new Error(`not a MAC address: ${text}`);
  return Uint8Array.from(parts, (part) => Number.parseInt(part, 16));
}
