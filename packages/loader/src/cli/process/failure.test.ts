import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { expect, it } from 'vitest';
import { privilegeAdvice } from '../../errors/privilege.ts';
import { fromPlain, SetupError, toPlain } from '../../errors/setup-error.ts';
import { failureOf } from './failure.ts';

const caught = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return error;
  }
};
const missing = caught(() => readFileSync('/proc/self/not-there'));
const denied = Object.assign(new Error("EACCES: permission denied, scandir '/sys/fs/bpf'"), {
  code: 'EACCES',
  syscall: 'scandir',
  path: '/sys/fs/bpf',
});

it.each([
  ['requested help', new CommanderError(0, 'commander.help', ''), '', 0],
  ['a wrong option', new CommanderError(1, 'commander.unknownOption', ''), '', 2],
  [
    'an expected one',
    new SetupError({ step: 'load', target: 'program', problem: 'why', next: 'Do this.', detail: 'log', exit: 'busy' }),
    'packetlog: load program: why. Do this.\nlog\n',
    3,
  ],
  [
    'what the system rejected',
    missing,
    'packetlog: open /proc/self/not-there: ENOENT: no such file or directory.\n',
    1,
  ],
  [
    'what only root may do',
    denied,
    `packetlog: scandir /sys/fs/bpf: EACCES: permission denied. ${privilegeAdvice()}\n`,
    4,
  ],
  [
    'the same, from the drain thread',
    fromPlain(structuredClone(toPlain(denied))),
    `packetlog: scandir /sys/fs/bpf: EACCES: permission denied. ${privilegeAdvice()}\n`,
    4,
  ],
])('%s becomes a sentence and an exit code', (_, error, text, code) => {
  expect(failureOf(error)).toEqual({ text, code });
});

it('asks to report an unexpected error, with its stack', () => {
  const { text, code } = failureOf(new TypeError('x is not a function'));
  expect(code).toBe(1);
  expect(text).toMatch(/^packetlog: unexpected: TypeError: x is not a function\n +at .*\nPlease report this\.\n$/s);
});
