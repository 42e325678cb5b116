import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SetupError } from '../errors/setup-error.ts';
import { attempt, CHECK_IDS, type Check, fail, ok, warn } from './doctor-check.ts';
import { reportText } from './report.ts';

const ESCAPE = '\x1b';
const WARNING = warn('memory', { problem: 'packetlog may use 96 MiB of memory here', next: 'Raise the limit.' });
const FAILURE = fail('listen', new SetupError({ step: 'listen on', target: ':80', problem: 'taken', exit: 'listen' }));

describe('the report', () => {
  it('has one line per check, with the fix below it, and a summary', () => {
    expect(reportText([ok('btf', 'The kernel has BTF'), WARNING, FAILURE])).toEqual([
      'ok    btf              The kernel has BTF.',
      'warn  memory           packetlog may use 96 MiB of memory here.',
      '                       Fix: Raise the limit.',
      'fail  listen           listen on :80: taken.',
      '',
      '1 ok, 1 warn, 1 fail. packetlog run would fail with these options.',
    ]);
  });

  it('is at most 80 columns wide, except for a word that is longer', () => {
    const long = ok('rules', `${'word '.repeat(60)}${'x'.repeat(90)} end`);
    const lines = reportText([long]);
    expect(lines.filter((line) => line.length > 80).map((line) => line.trim())).toEqual(['x'.repeat(90)]);
    expect(lines[1]).toMatch(/^ {23}word/);
  });

  it.each<[string, Check[], RegExp]>([
    ['nothing fails', [WARNING], /would start with these options\.$/],
    [
      'a loader already runs',
      [warn('loader', { problem: 'in use', next: 'End it.' })],
      /packetlog already runs: see packetlog status\.$/,
    ],
  ])('says what to expect if %s', (_, checks, summary) => {
    expect(reportText(checks).at(-1)).toMatch(summary);
  });

  it('colors the state only on request', () => {
    expect(reportText([WARNING]).join('')).not.toContain(ESCAPE);
    expect(reportText([WARNING], true)[0]).toContain(`${ESCAPE}[33mwarn  ${ESCAPE}[0mmemory`);
  });
});

describe('a check', () => {
  it('that throws what run would throw fails with the same words', () => {
    const error = new SetupError({ step: 'use', target: '/x', problem: 'no', next: 'Do this.', exit: 'usage' });
    const [check] = attempt('rules', () => {
      throw error;
    });
    expect(check).toEqual({ id: 'rules', state: 'fail', finding: 'use /x: no.', fix: 'Do this.' });
    expect(`${check?.finding} ${check?.fix}`).toBe(error.message);
  });

  it('that may not read a file is not made, and a bug is not hidden', () => {
    const denied = Object.assign(new Error('EACCES: x'), { code: 'EACCES', syscall: 'open', path: '/x' });
    const [check] = attempt('rules', () => {
      throw denied;
    });
    expect(check).toMatchObject({ state: 'warn', finding: 'Not checked: EACCES: x.' });
    expect(check?.fix).toContain('sudo packetlog doctor');
    const bug = () => {
      throw new TypeError('x');
    };
    expect(() => attempt('rules', bug)).toThrow(TypeError);
  });

  it('is described in docs/doctor.md, every one', () => {
    const text = readFileSync(new URL('../../../../docs/doctor.md', import.meta.url), 'utf8');
    const described = [...text.matchAll(/^\| `(\w+)` \|/gm)].map(([, id]) => id);
    expect(described).toEqual([...CHECK_IDS]);
  });
});
