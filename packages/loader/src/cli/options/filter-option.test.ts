import { parseFilter } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { InterfaceNames } from '../../ipc/interface-table.ts';
import { filterOption, filterWarnings } from './filter-option.ts';

describe('--filter', () => {
  it('is parsed', () => {
    expect(filterOption('tcp port 443')).toEqual(parseFilter('tcp and port 443'));
  });

  it.each([
    ['dst prot 443', '"prot" at column 5: did you mean "port"?', '  dst prot 443', '      ^^^^'],
    ['tcp\tand ', 'At column 9: a term', '  tcp and ', '          ^'],
    ['tcp \u001b[2Jx', 'at column 5', '  tcp \ufffd[2Jx', '      ^^^^^'],
  ])('is shown with a mark under the mistake: %j', (text, message, shown, mark) => {
    const error = thrown(() => filterOption(text));
    const [first, second, third] = error.split('\n');
    expect(first).toContain(message);
    expect([second, third]).toEqual([shown, mark]);
  });

  it('is shown in part when it is long', () => {
    const error = thrown(() => filterOption(`${'tcp or '.repeat(100)}udb or ${'tcp or '.repeat(100)}tcp`));
    const [, shown = '', mark = ''] = error.split('\n');
    expect(shown.slice(mark.indexOf('^'), mark.length)).toBe('udb');
    expect(shown.length).toBeLessThan(120);
  });

  it('gets a warning if it names an interface that is not watched', () => {
    const interfaces = new InterfaceNames();
    interfaces.learn([{ ifindex: 2, name: 'eth0' }]);
    const filter = parseFilter('iface eth0 or not iface "eth\\u001b9"');
    expect(filterWarnings(filter, interfaces)).toEqual([expect.stringContaining('--filter names eth\\x1b9, which')]);
  });
});

function thrown(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  throw new Error('nothing was thrown');
}
