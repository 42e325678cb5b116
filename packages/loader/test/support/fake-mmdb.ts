/** Writes MMDB files as https://maxmind.github.io/MaxMind-DB/ describes them: IPv6 trees, records of 24 bits. For tests. */
import { parseNetwork } from '@packetlog/common';

/** `Uint8Array`: encoded already. */
type Value = string | number | Uint8Array | { readonly [key: string]: Value };

const RECORD_BITS = 24;
const MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');

/** `entries`: by network, the more specific ones last. */
export function mmdb(databaseType: string, entries: Readonly<Record<string, Value>>, ipVersion: 4 | 6 = 6): Buffer {
  const tree = new Tree();
  const data: Buffer[] = [];
  let length = 0;
  for (const [network, value] of Object.entries(entries)) {
    const bytes = encode(value);
    tree.put(bitsOf(network, ipVersion), length);
    data.push(bytes);
    length += bytes.length;
  }
  const metadata = {
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: Date.UTC(2026, 0, 31) / 1000,
    database_type: databaseType,
    ip_version: ipVersion,
    node_count: tree.nodes.length,
    record_size: RECORD_BITS,
  };
  return Buffer.concat([tree.encode(), Buffer.alloc(16), ...data, MARKER, encode(metadata)]);
}

type Branch = { node: number } | { data: number } | undefined;

class Tree {
  readonly nodes: [Branch, Branch][] = [[undefined, undefined]];

  put(bits: readonly (0 | 1)[], data: number): void {
    let node = 0;
    for (const [depth, bit] of bits.entries()) {
      const branches = this.nodes[node] as [Branch, Branch];
      if (depth === bits.length - 1) {
        branches[bit] = { data };
        return;
      }
      let next = branches[bit];
      if (next === undefined || 'data' in next) {
        // What was said of the wider network goes on for the rest of it.
        next = { node: this.nodes.push([next, next]) - 1 };
        branches[bit] = next;
      }
      node = next.node;
    }
  }

  encode(): Buffer {
    const bytes = Buffer.alloc((this.nodes.length * RECORD_BITS) / 4);
    for (const [node, branches] of this.nodes.entries())
      for (const [side, branch] of branches.entries()) bytes.writeUIntBE(this.#record(branch), node * 6 + side * 3, 3);
    return bytes;
  }

  #record(branch: Branch): number {
    if (branch === undefined) return this.nodes.length;
    return 'node' in branch ? branch.node : this.nodes.length + 16 + branch.data;
  }
}

/** IPv4 lies below ::/96. */
function bitsOf(text: string, ipVersion: 4 | 6): (0 | 1)[] {
  const { family, bytes, bits } = parseNetwork(text);
  if (family === 4) bytes.fill(0, 10, 12);
  const all = Array.from({ length: bits }, (_, i) => (((bytes[i >> 3] as number) >> (7 - (i & 7))) & 1) as 0 | 1);
  return ipVersion === 4 ? all.slice(96) : all;
}

function encode(value: Value): Buffer {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    return Buffer.concat([control(2, text.length), text]);
  }
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(6, 4), bytes]);
  }
  const pairs = Object.entries(value).flatMap(([key, each]) => [encode(key), encode(each)]);
  return Buffer.concat([control(7, pairs.length / 2), ...pairs]);
}

const LAUGHS = 10;

/**
 * An entry with a country and a list, of which each element points to the same next list, and so on: a few hundred
 * bytes that stand for LAUGHS to the power of `depth` texts. It must be the first entry of the file.
 */
export function laughingEntry(country: string, depth: number): Uint8Array {
  const head = Buffer.concat([control(7, 2), encode('country_code'), encode(country), encode('x')]);
  const lists: Buffer[] = [];
  for (let level = 0, at = head.length; level < depth; level++) {
    at += 2 + 2 * LAUGHS;
    const pointer = Buffer.of((1 << 5) | (at >> 8), at & 0xff);
    lists.push(Buffer.of(LAUGHS, 11 - 7), ...new Array<Buffer>(LAUGHS).fill(pointer));
  }
  return Buffer.concat([head, ...lists, encode('ha')]);
}

/** Type and length, up to 284. */
function control(type: number, length: number): Buffer {
  return length < 29 ? Buffer.of((type << 5) | length) : Buffer.of((type << 5) | 29, length - 29);
}
