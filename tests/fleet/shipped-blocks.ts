/** Blocks as nodes ship them, and a node that ships them to a hub until it acknowledges them. */
import { randomBytes } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';
import {
  columnsOf,
  encodeBlock,
  encodePacketLog,
  gzipMember,
  PACKET_LOG_SIZE,
  type PacketLog,
} from '@packetlog/common';
import { encodeMinutes, minuteSumsOf, SHIP_HEADERS, SHIP_PATH, type ShipTable } from '@packetlog/common/fleet';
import { until } from '../lab/until.ts';

export interface Block {
  readonly table: ShipTable;
  readonly rows: number;
  readonly body: Buffer;
}

export const DAY_NS = 86_400_000_000_000n;
/** 2026-01-02 10:00 UTC. */
export const TIME_NS = 1_767_348_000_000_000_000n;

let records = 0n;

/** Returns records of 64 bytes whose times differ, from `timeNs` on. */
export function someRecords(count: number, timeNs = TIME_NS): Uint8Array {
  const bytes = new Uint8Array(count * PACKET_LOG_SIZE);
  for (let i = 0; i < count; i++) encodePacketLog(record(timeNs + ++records * 1000n, i), bytes, i * PACKET_LOG_SIZE);
  return bytes;
}

function record(timestamp_ns: bigint, i: number): PacketLog {
  return {
    timestamp_ns,
    src_addr: `203.0.113.${i % 200}`,
    dst_addr: '192.0.2.1',
    rule_id: i % 3,
    ifindex: 2,
    length: 60 + (i % 1000),
    weight: 1 + (i % 2),
    src_port: 1024 + i,
    dst_port: 22,
    ether_type: 0x0800,
    vlan_id: 0,
    ip_protocol: i % 2 === 0 ? 6 : 17,
    tcp_flags: 2,
    action: 1,
    reason: 1,
  };
}

export function packetsBlock(node: string, bytes: Uint8Array): Block {
  const raw = Buffer.concat(encodeBlock(columnsOf(bytes), node).map((part) => part.bytes));
  return { table: 'packets', rows: bytes.length / PACKET_LOG_SIZE, body: compressed(raw) };
}

export function minutesBlock(node: string, bytes: Uint8Array): Block {
  const sums = minuteSumsOf(columnsOf(bytes));
  return { table: 'minutes', rows: sums.length, body: compressed(encodeMinutes(sums, node)) };
}

export function compressed(raw: Uint8Array): Buffer {
  return Buffer.from(gzipMember(deflateRawSync(raw, { level: 1 }), crc32(raw), raw.length));
}

/** Ships blocks in order, and repeats each until it is acknowledged, as a node does. */
export class Shipper {
  readonly #node: string;
  readonly #url: () => string;
  readonly #stream = randomBytes(32).toString('base64url');
  #sequence = 0;
  /** Rows of `packets` that were acknowledged. */
  acknowledged = 0;
  duplicates = 0;
  full = 0;

  constructor(node: string, url: () => string) {
    this.#node = node;
    this.#url = url;
  }

  async ship(block: Block): Promise<void> {
    const sequence = ++this.#sequence;
    await until(
      async () => {
        const response = await this.post(block, { sequence }).catch(() => undefined);
        if (response?.status === 503) this.full++;
        if (response !== undefined && ![200, 503].includes(response.status))
          throw new Error(`${response.status}: ${await response.text()}`);
        if (response?.status !== 200) return false;
        const { duplicate } = (await response.json()) as { duplicate: boolean };
        if (duplicate) this.duplicates++;
        return true;
      },
      { what: `block ${sequence} of ${this.#node} to be acknowledged` },
    );
    if (block.table === 'packets') this.acknowledged += block.rows;
  }

  post(
    { table, rows, body }: Block,
    { sequence = 1, token = tokenOf(this.#node), stream = this.#stream } = {},
  ): Promise<Response> {
    const headers = {
      Authorization: `Bearer ${token}`,
      'Content-Encoding': 'gzip',
      [SHIP_HEADERS.table]: table,
      [SHIP_HEADERS.stream]: stream,
      [SHIP_HEADERS.sequence]: String(sequence),
      [SHIP_HEADERS.rows]: String(rows),
    };
    return fetch(`${this.#url()}${SHIP_PATH.slice(1)}`, { method: 'POST', headers, body: body as BodyInit });
  }
}

/** See history-process.ts. */
export const tokenOf = (node: string): string => Buffer.from(node).toString('hex').padEnd(43, 'A');
