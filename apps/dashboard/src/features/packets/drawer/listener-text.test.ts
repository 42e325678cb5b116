import { expect, test } from 'vitest';
import { placeMark, placeText } from '../../../text/place-text.ts';
import { listenerText, plainName } from './listener-text.ts';

test.each([
  [
    { country: 'NZ', country_name: 'New Zealand', asn: 64_496, organisation: 'Example' },
    'New Zealand, AS64496 Example',
    'NZ',
  ],
  [{ country: 'NZ' }, 'NZ', 'NZ'],
  [{ asn: 64_496 }, 'AS64496', 'AS64496'],
  [{}, '', ''],
  [null, '', ''],
  [undefined, '', ''],
])('the place %j reads "%s", in short "%s"', (place, words, mark) => {
  expect(placeText(place)).toBe(words);
  expect(placeMark(place)).toBe(mark);
});

const listener = (pid: number, process: string, port = 443) => ({ ip_protocol: 6, port, pid, process });

test('listeners are named; without one the text reports that there is none', () => {
  expect(listenerText([listener(812, 'nginx')], 6, 443)).toBe('nginx (pid 812) listens on this port.');
  expect(listenerText([listener(1, 'a'), listener(2, 'a'), listener(3, 'b'), listener(9, 'c', 80)], 6, 443)).toBe(
    'a (pids 1, 2), b (pid 3) listen on this port.',
  );
  expect(
    listenerText(
      [1, 2, 3, 4].map((pid) => listener(pid, 'node')),
      6,
      443,
    ),
  ).toContain('node (4 processes)');
  expect(listenerText([listener(812, 'nginx')], 17, 443)).toBe('No process on that machine listens on this port.');
});

test('a name from outside loses characters that could cover other text', () => {
  expect(plainName('a\u202eb\u001b[31m.example')).toBe('a?b?[31m.example');
  expect(plainName('x'.repeat(1000))).toHaveLength(253);
});
