import { expect, test } from 'vitest';
import { listLines, nameFromFile, sizeProblem } from './import-list.ts';

test('counts lines that are neither empty nor comments', () => {
  expect(listLines('# a\n\n192.0.2.1\n  ; b\n 203.0.113.0/24 # c\r\n')).toBe(2);
});

test.each([
  ['firehol_level1.netset', 'firehol_level1'],
  ['my list (2).txt', 'my-list-2-'],
  ['…', ''],
])('the file %s gives the set name "%s"', (file, name) => expect(nameFromFile(file)).toBe(name));

test('a list larger than a message is rejected', () => {
  expect(sizeProblem('192.0.2.1\n'.repeat(4_000))).toBe('');
  expect(sizeProblem('192.0.2.1\n'.repeat(7_000))).toMatch(/packetlog rules import/);
});
