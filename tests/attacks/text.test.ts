/** Text from outside reaches terminals, logs and files only as text. Needs root. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ask, done, makeRulesPlace, type RulesPlace } from '../e2e/rules-command.ts';
import { eachWithNetwork } from '../e2e/suite.ts';
import { createPinPlace, type PinPlace } from '../lab/pin-place.ts';
import { type LabProcess, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { exchangeIn } from './exchange-in.ts';

/** Colours, a title, a C1 control, a change of direction, a line that looks like one of the log. */
const HOSTILE = '\u001b[31m\u001b]0;x\u0007\u009b2J\u202e\u061c\u007f\n{"level":60,"msg":"forged"}\r';
const FORMULA = '=cmd|"/c calc"!A1';
const MARKUP = '<img src=x onerror=forged()>';
/** An interface name has at most 15 bytes, and no white space or slash. */
const DEVICE = '\u001b[31m\u009b2J="<b>';
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

describe.skipIf(!requireRoot())('hostile text', () => {
  const suite = eachWithNetwork();
  let place: RulesPlace;
  let pins: PinPlace;
  beforeEach(async () => {
    place = makeRulesPlace();
    pins = await createPinPlace();
  });
  afterEach(async () => {
    await removeDevice();
    await pins.dispose();
    place.remove();
  });

  const env = () => ({ ...place.env, PACKETLOG_BPFFS: pins.path });

  async function started(...args: string[]): Promise<LabProcess> {
    const { server } = suite.network;
    await server.exec('ip', 'link', 'add', DEVICE, 'type', 'veth', 'peer', 'name', 'other0');
    const fixed = ['--iface', 'server0', '--iface', DEVICE, '--listen', '127.0.0.1:7411', '--ui', 'off'];
    const packetlog = suite.own(startPacketlog(server, { args: [...fixed, ...args], env: env() }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    await server.exec('ip', 'link', 'set', DEVICE, 'up');
    return packetlog;
  }

  /** iproute2 does not escape names in its JSON, so the lab could not parse it. */
  const removeDevice = () => suite.network.server.exec('ip', 'link', 'delete', DEVICE).catch(() => '');

  async function command(...args: string[]): Promise<string> {
    const run = suite.own(
      startPacketlog(suite.network.server, { args, env: { ...env(), SUDO_USER: HOSTILE.replace(/\n/, '') } }),
    );
    await run.exited;
    return run.stdout + run.stderr;
  }

  test('in names of interfaces, users and files, in reasons, lists, headers and events: every output is text', async () => {
    const packetlog = await started('--print', 'text');
    await sendUdp(suite.network.client, { address: '192.0.2.2', count: 20 });
    const host = 'Host: localhost:7411';
    await exchangeIn(suite.network.server, 7411, [
      ['GET / HTTP/1.1', `Host: \u009b31m${MARKUP}`],
      ['GET / HTTP/1.1', host, `Origin: http://\u009b2J${FORMULA}`],
      ['GET /\u009b2J HTTP/1.1', host, `User-Agent: \u009b2J${MARKUP}`],
    ]);

    const outputs = new Map<string, string>();
    const file = place.path(`\u001b[31m\u009b2J${MARKUP.replaceAll('/', '')}.txt`);
    writeFileSync(file, '198.51.100.0/24\n');
    for (const reason of [FORMULA, MARKUP, `"';DROP TABLE rules;--`, `\u200e${MARKUP}`]) {
      await done(place, 'add', { rule: { action: 'observe', source: '203.0.113.7', reason, protocol: 'udp' } });
      await done(place, 'remove', { ids: [1] }).catch(() => undefined);
    }
    await done(place, 'import', { set: 'followed', entries: '198.51.100.0/24', file, action: 'observe' });
    for (const reason of [HOSTILE, 'a\u009bb', 'a\u202eb', 'a\nb']) {
      expect(await ask(place, 'add', { rule: { action: 'deny', source: '203.0.113.9', reason } })).toMatchObject({
        ok: false,
      });
    }
    writeFileSync(place.path('bad.txt'), `192.0.2.0/24\n${HOSTILE}\n`);
    for (const args of [
      ['rules', 'list'],
      ['rules', 'list', '--json'],
      ['rules', 'audit'],
      ['rules', 'add', 'deny', HOSTILE],
      ['rules', 'add', 'observe', '203.0.113.10', '--reason', HOSTILE],
      ['rules', 'import', place.path('bad.txt'), '--set', 'bad'],
      ['rules', 'import', '/nowhere/\u001b[31m\u009b2J', '--set', 'bad'],
      ['rules', 'import', place.path('bad.txt'), '--set', HOSTILE],
      ['rules', 'remove', HOSTILE],
      ['rules', HOSTILE],
      ['status'],
      ['status', '--json'],
      ['doctor', '--iface', DEVICE],
      ['doctor', '--iface', DEVICE, '--json'],
      ['capture', '--iface', HOSTILE, '--seconds', '1'],
      ['capture', '--filter', HOSTILE],
      ['run', '--iface', `${DEVICE}\u0007`],
      ['run', '--listen', HOSTILE],
      [HOSTILE],
    ]) {
      outputs.set(args.join(' '), await command(...args));
    }
    await removeDevice();
    await packetlog.untilPrinted(/gone|removed|does not exist/);
    expect(await packetlog.end()).toEqual({ code: 0, signal: null });
    outputs.set('standard error', packetlog.stderr);
    outputs.set('standard output', packetlog.stdout);
    // Messages about arguments quote them with their line feeds.
    const broken = [...outputs].filter(([, text]) => CONTROLS.test(text));
    expect(broken).toEqual([]);
    // The log is one JSON object per line; other lines are for the operator.
    for (const line of packetlog.stderr.split('\n').filter((each) => each.startsWith('{'))) {
      expect(() => JSON.parse(line), line).not.toThrow();
    }
    expect(packetlog.stderr).not.toMatch(/^\{"level":60/m);
    const audit = readFileSync(place.path('audit.ndjson'), 'utf8').trimEnd().split('\n');
    expect(audit.map((line) => JSON.parse(line).what)).not.toContain(undefined);
    expect(audit.join('')).not.toMatch(/"msg":"forged"/);
  });

  test('in an interface name: records as JSON and in the deny log are one object per line', async () => {
    const { server } = suite.network;
    const log = place.path('denied.ndjson');
    const packetlog = await started('--print', 'json', '--log-denies', log);
    await done(place, 'add', { rule: { action: 'deny', source: 'any', interface: 'server0' }, force: true });
    await sendUdp(suite.network.client, { address: '192.0.2.2', count: 5 });
    await packetlog.until(({ stdout }) => stdout.split('"action":"deny"').length > 5, 'the records');
    await server.exec('ip', 'link', 'set', 'other0', 'up');
    await removeDevice();
    await packetlog.end();
    for (const text of [packetlog.stdout, readFileSync(log, 'utf8')]) {
      expect(text).not.toMatch(CONTROLS);
      for (const line of text.trimEnd().split('\n')) expect(() => JSON.parse(line), line).not.toThrow();
    }
    expect(packetlog.stderr).not.toMatch(CONTROLS);
  });
});
