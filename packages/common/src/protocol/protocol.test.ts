import { describe, expect, it } from 'vitest';
import type * as z from 'zod/mini';
import { ledgerSchema } from './ledger.ts';
import { DEFAULT_ROWS_PER_SECOND, MAX_BATCHES_PER_SECOND, MAX_ROWS_PER_SECOND, PROTOCOL_VERSION } from './limits.ts';
import {
  handshakeSchema,
  helloSchema,
  noticeSchema,
  pauseSchema,
  rejectionSchema,
  subscribeSchema,
  summarySchema,
} from './protocol.ts';

const eth0 = { name: 'eth0', ifindex: 2, mode: 'generic', state: 'attached', mode_reason: 'the driver has no XDP' };
const counters = {
  seen: 10,
  permitted: 8,
  denied: 1,
  aborted: 1,
  emitted: 9,
  sampled_out: 0,
  filtered_out: 0,
  ring_full: 1,
  bytes: 640,
  denied_bytes: 60,
};
const hop = { offered: 9, delivered: 6, dropped: 1, withheld: 1, pending: 1 };

const messages = {
  hello: {
    schema: helloSchema,
    valid: {
      protocol: PROTOCOL_VERSION,
      version: '0.1.0',
      node: 'host',
      boot_id: '5f0c3a52-9f5e-4c9c-8a57-2f1d6a8f0d6e',
      session_id: 'a1',
      started_at_ms: 1_700_000_000_000.5,
      interfaces: [eth0, { name: 'eth1', ifindex: 0, mode: 'native', state: 'gone' }],
      transport: 'array',
      clock: { policy: 'cached', error_ns: 4_000_000 },
      limits: { max_rows_per_second: 20_000 },
    },
  },
  ledger: {
    schema: ledgerSchema,
    valid: {
      at_ms: 1_700_000_000_000,
      interfaces: [{ ...eth0, counters }],
      ring: hop,
      queue: hop,
      client: { ...hop, filtered: 5 },
      reasons: { fragment: 3 },
    },
  },
  summary: {
    schema: summarySchema,
    valid: {
      at_ms: 1_700_000_000_000,
      interval_ms: 1000.25,
      total: { packets: 10, bytes: 640 },
      by_interface: [{ name: 'eth0', packets: 10, bytes: 640 }],
      by_action: { aborted: 1, deny: 1, permit: 8 },
      denied_bytes: 60,
      records: 9,
      max_weight: 1,
      by_protocol: [{ ip_protocol: 6, ether_type: 2048, packets: 9, bytes: 600 }],
      top_sources: [{ addr: '192.0.2.1', packets: 9, bytes: 600 }],
      top_ports: [{ ip_protocol: 6, port: 443, packets: 9, bytes: 600 }],
      top_pairs: [{ src_addr: '192.0.2.1', dst_addr: '192.0.2.2', packets: 9, bytes: 600 }],
      evicted: 0,
    },
  },
  notice: {
    schema: noticeSchema,
    valid: {
      at_ms: 1,
      level: 'warning',
      code: 'loss_began',
      message: 'Records are lost.',
      interface: 'eth0',
      count: 3,
    },
  },
  subscribe: {
    schema: subscribeSchema,
    valid: { max_rows_per_second: 0, max_batches_per_second: 60, filter: 'port 53' },
  },
  pause: { schema: pauseSchema, valid: { paused: true } },
  rejection: { schema: rejectionSchema, valid: { code: 'unauthorized', message: 'Wrong token.' } },
  handshake: { schema: handshakeSchema, valid: { token: 'secret', protocol: PROTOCOL_VERSION } },
} satisfies Record<string, { schema: z.ZodMiniType; valid: Record<string, unknown> }>;

const kinds = Object.entries<{ schema: z.ZodMiniType; valid: Record<string, unknown> }>(messages).map(
  ([kind, message]) => ({
    kind,
    ...message,
  }),
);

describe('every message', () => {
  it.each(kinds)('is accepted if it is valid: $kind', ({ schema, valid }) => {
    expect(schema.parse(valid)).toEqual(valid);
  });

  it.each(kinds)('survives JSON, as socket.io sends it: $kind', ({ schema, valid }) => {
    expect(schema.parse(JSON.parse(JSON.stringify(valid)))).toEqual(valid);
  });

  it.each(kinds)('is rejected if it is not an object: $kind', ({ schema }) => {
    for (const wrong of [null, undefined, 1, 'text', [], true]) expect(schema.safeParse(wrong).success).toBe(false);
  });

  it.each(kinds)('is rejected if a value has a wrong type: $kind', ({ schema, valid }) => {
    for (const key of Object.keys(valid)) {
      expect(schema.safeParse({ ...valid, [key]: { surprise: 1 } }).success, key).toBe(false);
    }
  });

  it.each(kinds)('cannot change a prototype: $kind', ({ schema, valid }) => {
    const hostile: unknown = JSON.parse(
      `{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},${JSON.stringify(valid).slice(1)}`,
    );
    const result = schema.safeParse(hostile);
    expect(Object.prototype).not.toHaveProperty('polluted');
    expect({}).not.toHaveProperty('polluted');
    if (!result.success) return;
    expect(Object.getPrototypeOf(result.data)).toBe(Object.prototype);
    expect(result.data).not.toHaveProperty('polluted');
    expect(result.data).toEqual(valid);
  });
});

describe('a message from a client', () => {
  it('has the default row limit if it sets none', () => {
    expect(subscribeSchema.parse({})).toEqual({
      max_rows_per_second: DEFAULT_ROWS_PER_SECOND,
      max_batches_per_second: MAX_BATCHES_PER_SECOND,
    });
  });

  it('is rejected with unknown keys', () => {
    expect(subscribeSchema.safeParse({ max_rows_per_second: 1, rows: 5 }).success).toBe(false);
    expect(subscribeSchema.safeParse({ filter: { port: 53 } }).success).toBe(false);
    expect(pauseSchema.safeParse({ paused: true, until: 1 }).success).toBe(false);
    expect(subscribeSchema.safeParse(JSON.parse('{"__proto__":{"max_rows_per_second":1}}')).success).toBe(false);
  });

  it.each([-1, 0.5, MAX_ROWS_PER_SECOND + 1, Number.NaN, Number.POSITIVE_INFINITY, '100', null])(
    'is rejected with %j rows per second',
    (max_rows_per_second) => {
      expect(subscribeSchema.safeParse({ max_rows_per_second }).success).toBe(false);
    },
  );

  it.each([0, 0.5, MAX_BATCHES_PER_SECOND + 1, '60'])(
    'is rejected with %j batches per second',
    (max_batches_per_second) => {
      expect(subscribeSchema.safeParse({ max_batches_per_second }).success).toBe(false);
    },
  );

  it('needs a token of 1 to 1024 characters', () => {
    expect(handshakeSchema.safeParse({ token: '' }).success).toBe(false);
    expect(handshakeSchema.safeParse({ token: 'x'.repeat(1024) }).success).toBe(true);
    expect(handshakeSchema.safeParse({ token: 'x'.repeat(1025) }).success).toBe(false);
  });
});

describe('hello', () => {
  it('is rejected from another version of the protocol', () => {
    expect(helloSchema.safeParse({ ...messages.hello.valid, protocol: PROTOCOL_VERSION + 1 }).success).toBe(false);
  });
});
