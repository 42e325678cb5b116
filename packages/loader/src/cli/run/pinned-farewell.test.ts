import type { Notice } from '@packetlog/common';
import { expect, it } from 'vitest';
import { PinnedFarewell } from './pinned-farewell.ts';

const PATH = '/sys/fs/bpf/packetlog/net_1';
const LEDGER = { interfaces: [{ name: 'eth0', state: 'attached' }] } as never;

function staying(given: string | undefined, contained: boolean) {
  const notices: Notice[] = [];
  return { notices, it: new PinnedFarewell(given, (notice) => notices.push(notice), contained) };
}

it.each([
  ['on the machine', undefined, false],
  ['in a container, in a bpf file system that the operator named', '/host-bpf', true],
])('reports what is pinned %s', (_, given, contained) => {
  const { it, notices } = staying(given, contained);
  expect(it.promised(PATH)).toBe(PATH);
  expect(it.farewell(LEDGER, PATH)).toContain(`stays on eth0 and keeps running without the loader (${PATH}).`);
  expect(notices).toEqual([]);
});

it('promises nothing in a container, and warns once', () => {
  const { it, notices } = staying(undefined, true);
  expect(it.promised(undefined)).toBeUndefined();
  expect(notices).toEqual([]);
  expect(it.promised(PATH)).toBeUndefined();
  expect(it.promised(PATH)).toBeUndefined();
  expect(notices).toMatchObject([
    { level: 'warning', code: 'pinned', message: expect.stringMatching(/^Rules end with this container.*--bpf-fs/) },
  ]);
  expect(it.farewell(LEDGER, PATH)).toContain(`stays on eth0 until this container ends (${PATH})`);
});
