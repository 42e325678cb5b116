/** What the loader reads from outside: see the targets of packages/common/test/support/fuzz-targets.ts. */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { type CheckedRulesRequest, invalidRequest, type RulesVerb, rulesRequestSchemas } from '@packetlog/common';
import { CaptureReader } from '../../src/capture-file/capture-reader.ts';
import { CaptureFileError } from '../../src/capture-file/captured-frame.ts';
import { seenFrame } from '../../src/capture-file/seen-frame.ts';
import { ProcessChannel } from '../../src/ipc/process-channel.ts';
import { CORE_ENCODING, type FromServer, SERVER_ENCODING, type ToServer } from '../../src/ipc/server-messages.ts';
import { adding, addingMany, type Change, choosingPolicy, editing, removing } from '../../src/rules/engine/change.ts';
import { propose } from '../../src/rules/engine/propose.ts';
import { formatAddressList } from '../../src/rules/lists/address-list.ts';
import { parseAddressList } from '../../src/rules/lists/parse-address-list.ts';
import { RulesRejection } from '../../src/rules/ruleset/rejection.ts';
import { EMPTY_RULESET, type Ruleset } from '../../src/rules/ruleset/ruleset.ts';
import { RulesFileError, readDocument, requireReadable, writeDocument } from '../../src/rules/store/rules-document.ts';
import { PLACES_TARGET } from './fuzz-places.ts';
import { SEGMENTS_TARGET } from './fuzz-segments.ts';

export interface FuzzTarget {
  readonly name: string;
  readonly maxBytes: number;
  readonly seeds: readonly (string | Uint8Array)[];
  readonly run: (bytes: Uint8Array) => void;
}

const KIB = 1024;
const NOW_MS = Date.UTC(2030, 0, 1);
const text = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();

/** Parsing never throws; the list that was read is the same when it is written and read again. */
function lists(bytes: Uint8Array): void {
  const { list, badLines, badLineCount } = parseAddressList(bytes);
  ok(badLineCount >= badLines.length);
  const again = parseAddressList(Buffer.from(formatAddressList(list)));
  strictEqual(again.badLineCount, 0);
  strictEqual(formatAddressList(again.list), formatAddressList(list));
}

/** A file is rejected with a reason, or its rules are the same when they are written and read again. */
function rulesFile(bytes: Uint8Array): void {
  try {
    const { file, rules, nextId } = readDocument(text(bytes), NOW_MS);
    const again = readDocument(writeDocument({ ...file, rules, next_id: nextId }), NOW_MS);
    deepStrictEqual(again.rules, rules);
    strictEqual(again.isEdited, false);
  } catch (error) {
    if (!(error instanceof RulesFileError)) throw error;
  }
}

const CALLER = { name: 'admin token', via: 'socket' } as const;
const BASE = propose(EMPTY_RULESET, [changeOf('add_many', { rules: [draft('192.0.2.1'), draft('::/0')] })], NOW_MS);
const RULESET = BASE[0]?.outcome.ruleset as Ruleset;

function draft(source: string) {
  return { action: 'deny', source, reason: 'x' } as const;
}

/** Returns the change that a valid request asks for; undefined: it asks for none that is a pure value. */
function changeOf<Verb extends RulesVerb>(verb: Verb, request: CheckedRulesRequest<Verb>): Change<unknown> {
  switch (verb) {
    case 'add':
      return adding(request as CheckedRulesRequest<'add'>, CALLER);
    case 'add_many':
      return addingMany(request as CheckedRulesRequest<'add_many'>, CALLER);
    case 'edit':
      return editing(request as CheckedRulesRequest<'edit'>, CALLER);
    case 'remove':
      return removing(request as CheckedRulesRequest<'remove'>, CALLER);
    default:
      return choosingPolicy({ default_policy: 'deny' }, CALLER);
  }
}

/** The first line is a verb, the rest a body. Rules that a valid request leads to can be read back from the disk. */
function control(bytes: Uint8Array): void {
  const [line = '', ...rest] = text(bytes).split('\n');
  if (!Object.hasOwn(rulesRequestSchemas, line)) return;
  const verb = line as RulesVerb;
  let body: unknown;
  try {
    body = JSON.parse(rest.join('\n'));
  } catch {
    return;
  }
  const parsed = rulesRequestSchemas[verb].safeParse(body);
  if (!parsed.success) {
    ok(invalidRequest(parsed.error).message.length > 0);
    return;
  }
  try {
    const [applied] = propose(RULESET, [changeOf(verb, parsed.data as never)], NOW_MS);
    requireReadable(applied?.outcome.ruleset as Ruleset, new WeakSet());
  } catch (error) {
    if (!(error instanceof RulesRejection)) throw error;
  }
}

/** A stream that passes on what it gets at once. */
class Wire extends EventEmitter {
  pause(): void {}
  resume(): void {}
  destroy(): void {}
}

/** Whatever the server sends, in whatever pieces: the core gets valid messages, or the end of the channel. */
function ipc(bytes: Uint8Array): void {
  const wire = new Wire();
  let ends = 0;
  const channel = new ProcessChannel<ToServer, FromServer>(wire as unknown as Duplex, CORE_ENCODING, {
    message: (message) => ok(ends === 0 && typeof message.type === 'string'),
    ended: () => void ends++,
  });
  const cut = Math.min(bytes.length, (bytes[0] ?? 0) % 16);
  wire.emit('data', Buffer.from(bytes.subarray(0, cut)));
  wire.emit('data', Buffer.from(bytes.subarray(cut)));
  wire.emit('close');
  channel.destroy();
  strictEqual(ends, 1);
  deepStrictEqual(Object.keys(Object.prototype), []);
}

/** A capture file is read to its end, or rejected with a reason. */
function captureFile(bytes: Uint8Array): void {
  const reader = new CaptureReader();
  try {
    reader.add(bytes);
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) seenFrame(frame);
    reader.end();
  } catch (error) {
    if (!(error instanceof CaptureFileError)) throw error;
  }
}

const rule = { action: 'deny', source: '192.0.2.0/24', protocol: 'tcp', destination_port: '80-90', for: '1h' };
const request = (verb: RulesVerb, body: unknown) => `${verb}\n${JSON.stringify(body)}`;
const framed = (...messages: FromServer[]) =>
  Buffer.concat(
    messages.flatMap((message) => {
      const body = SERVER_ENCODING.encode(message);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(body.byteLength);
      return [length, body];
    }),
  );

/** One frame of 16 bytes, as pcap. */
const PCAP = Buffer.concat([
  Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex'),
  Buffer.from('00000000000000001000000010000000', 'hex'),
  Buffer.alloc(16, 8),
]);
/** A section, an interface with a name, and an enhanced packet, as pcapng. */
const PCAPNG = Buffer.from(
  '0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000' +
    '01000000200000000100000000000400020004006574683000000000' +
    '20000000060000002800000000000000000000000000000008000000080000000800450000140000' +
    '28000000',
  'hex',
);

export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  {
    name: 'lists',
    maxBytes: 64 * KIB,
    seeds: [
      '192.0.2.0/24 ; SBL1\n# comment\n2001:db8::/32\n',
      '1.2.3.4 - 1.2.3.9\n10.0.0.1-10.0.0.7\n::ffff:1.2.3.4\n',
      'create bl hash:net family inet\nadd bl 192.0.2.1 timeout 600\nadd bl 10.0.0.0/8\n',
      '["1.2.3.0/24",{"cidr":"5.6.7.0/24"}]',
      '{"prefixes":[{"ip_prefix":"1.2.3.0/24"},{"ipv6_prefix":"2001:db8::/32"}]}',
      'network,country\n1.2.3.0/24,NZ\n5.6.7.0/24,DE\n',
      '"first","last"\n"1.2.3.0","1.2.3.255"\n',
      'table ip t { set s { type ipv4_addr; flags interval; elements = { 1.2.3.4, 10.0.0.0/8 } } }',
      '-A INPUT -s 192.0.2.1/32 -j DROP\n-A INPUT -s 10.0.0.0/8 -p tcp --dport 22 -j DROP\nCOMMIT\n',
      'ALL: 192.0.2.1, 10.0.0.0/255.0.0.0\nsshd: [2001:db8::]/32\n',
      Buffer.from('1f8b0800000000000003330400b7efdc8301000000', 'hex'),
      Buffer.from('\ufeff192.0.2.1\n', 'utf16le'),
    ],
    run: lists,
  },
  {
    name: 'rules-file',
    maxBytes: 64 * KIB,
    seeds: [
      JSON.stringify({ version: 1, rules: [{ action: 'deny', source: 'set:a', id: 3, interface: 'eth0' }] }),
      writeDocument({ default_policy: 'deny', rules: [], sets: { a: { entries: ['10.0.0.0/8'] } }, protect: ['::1'] }),
      JSON.stringify({ version: 1, rules: [{ action: 'permit', source: 'any', expires_at: '2030-01-31T12:00:00Z' }] }),
    ],
    run: rulesFile,
  },
  {
    name: 'control',
    maxBytes: 64 * KIB,
    seeds: [
      request('add', { rule, force: true }),
      request('add_many', { rules: [rule, { ...rule, interface: 'eth0', reason: 'why' }] }),
      request('edit', { id: 1, changes: { source: '10.0.0.0/8', protocol: 6, expires_at: null } }),
      request('remove', { ids: [1], matching: [{ source: '::/0', action: 'deny' }] }),
      request('policy', { default_policy: 'deny', permits: [{ ...rule, action: 'permit' }] }),
      request('propose_permits', {}),
      request('import', { set: 'a', entries: '1.2.3.4', skip_bad: true }),
      request('apply', { document: { version: 1, rules: [rule], sets: {} }, check: true }),
      request('test', { rules: [rule], sets: { a: '1.2.3.4' }, seconds: 1 }),
      request('audit', { limit: 5 }),
    ],
    run: control,
  },
  {
    name: 'ipc',
    maxBytes: 64 * KIB,
    seeds: [
      framed({ type: 'opened', port: 7411, place_labels: ['a'] }, { type: 'started' }, { type: 'alive' }),
      framed({ type: 'rows-wanted', per_second: null }, { type: 'clients', clients: 2, operators: ['::1'] }),
      framed({ type: 'log', level: 'warn', facts: { a: 'b', c: 1 }, message: 'm' }, { type: 'leaving' }),
      framed({
        type: 'request',
        request: 1,
        what: { about: 'rules', verb: 'add', request: { rule }, client: 1, address: '::1', admin_token: 'x' },
      }),
      framed({ type: 'failed', error: { message: 'm', facts: { step: 's', target: 't', exit: 'listen' } } }),
    ],
    run: ipc,
  },
  { name: 'capture-file', maxBytes: 64 * KIB, seeds: [PCAP, PCAPNG], run: captureFile },
  PLACES_TARGET,
  SEGMENTS_TARGET,
];
