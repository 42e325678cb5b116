// @ts-check
/** What the replay case replays, in the guest and on the host: a small capture of two kinds of links, and rules. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pcapngFile } from '../../../lab/capture-file.ts';
import { bareFixtures, fixtures } from '../../../parser/fixtures.ts';

/** Some of the fixtures: a guest's serial port is slow. */
const ONE_OF = 5;
/** Longest frame: every program takes it, also one for a single buffer. */
const MAX_BYTES = 1514;
const START_NS = 1_700_000_000_000_000_000n;
const STEP_NS = 1_000_000n;
const INTERFACES = [
  { name: 'lan0', linkType: 1 },
  { name: 'lan1', linkType: 1 },
  { name: 'tun0', linkType: 101 },
];

const frames = [
  ...fixtures
    .filter(({ frame }, i) => i % ONE_OF === 0 && frame.length <= MAX_BYTES)
    .map(({ frame }, i) => ({ bytes: frame, from: i % 2, isOutgoing: i % 16 === 7 })),
  ...bareFixtures.map(({ frame }) => ({ bytes: frame, from: 2 })),
].map((frame, i) => ({ ...frame, timestampNs: START_NS + BigInt(i) * STEP_NS }));

/** Ends in the middle of the capture. */
const END_MS = Number((START_NS + (BigInt(frames.length) * STEP_NS) / 2n) / 1_000_000n);
const RULES = {
  version: 1,
  sets: { some: { entries: ['2001:db8::1', '198.51.100.0/24'] } },
  rules: [
    { id: 1, action: 'deny', source: '192.0.2.0/24', protocol: 'udp', destination_port: 8080 },
    { id: 2, action: 'permit', source: '192.0.2.1', interface: 'lan1' },
    { id: 3, action: 'observe', source: 'any', protocol: 'tcp' },
    { id: 4, action: 'deny', source: 'set:some', expires_at: new Date(END_MS).toISOString() },
    { id: 5, action: 'deny', source: '::/0', interface: 'tun0' },
  ],
};

export const FRAMES = frames.length;

/** Writes the files into a directory, and returns the arguments for packetlog. @param {string} directory */
export function replayArguments(directory) {
  const [capture, rules] = [join(directory, 'small.pcapng'), join(directory, 'rules.json')];
  writeFileSync(capture, pcapngFile(INTERFACES, frames));
  writeFileSync(rules, JSON.stringify(RULES));
  return ['replay', capture, '--rules', rules, '--print', 'json'];
}
