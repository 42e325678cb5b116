import { describe, expect, it } from 'vitest';
import { interfaceNameProblem, printableName } from './interface-name.ts';

describe('interfaceNameProblem', () => {
  it.each([
    'eth0',
    'br-1',
    'wg0.5',
    '...',
    'a@b',
    '<b>`id`$(x)',
    '\u001b[31m',
    'überlang',
    'a\'b"c',
    '-rf',
    '%d',
    'fifteen-letters',
    'an-alternative-name-of-a-device',
    'eth0@if5',
  ])('accepts %j, which the kernel accepts', (name) => {
    expect(interfaceNameProblem(name)).toBeUndefined();
  });

  it.each([
    ['', 'is empty'],
    ['x'.repeat(128), 'is longer than 127 bytes'],
    ['é'.repeat(64), 'is longer than 127 bytes'],
    ['.', 'is "." or ".."'],
    ['..', 'is "." or ".."'],
    ['a b', 'contains a space, a slash, a colon or a NUL'],
    ['a\tb', 'contains a space, a slash, a colon or a NUL'],
    ['a\nb', 'contains a space, a slash, a colon or a NUL'],
    ['../etc', 'contains a space, a slash, a colon or a NUL'],
    ['eth0:1', 'contains a space, a slash, a colon or a NUL'],
    ['eth\0x', 'contains a space, a slash, a colon or a NUL'],
  ])('rejects %j: it %s', (name, problem) => {
    expect(interfaceNameProblem(name)).toBe(problem);
  });
});

describe('printableName', () => {
  it.each([
    ['eth0', 'eth0'],
    ['<b>`id`$(x)', '<b>`id`$(x)'],
    ['\u001b[31mred', '\\x1b[31mred'],
    ['\u001b]0;t\u0007', '\\x1b]0;t\\x07'],
    ['a\u009b31mb', 'a\\x9b31mb'],
    ['a\u007f\rb', 'a\\x7f\\x0db'],
    ['über', 'über'],
    ['[x]', '[x]'],
    ['a\u202eb\u2066c', 'a\\u202eb\\u2066c'],
    ['a\u2028b', 'a\\u2028b'],
    ['a\u061cb', 'a\\u061cb'],
  ])('shows %j as %s', (name, shown) => {
    expect(printableName(name)).toBe(shown);
  });
});
