import { Command, InvalidArgumentError } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { mergeConfig, readFlagVariables, runOptions } from './run-options.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Returns the values merged from the command line, the environment and the file, which is given as parsed JSON. */
function read(
  args: readonly string[],
  env: Record<string, string>,
  file: Record<string, unknown>,
): Record<string, unknown> {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const options = runOptions();
  const command = new Command('run').exitOverride().configureOutput({ writeErr: () => {} });
  for (const option of options) command.addOption(option);
  command.parse([...args], { from: 'user' });
  readFlagVariables(command, options);
  mergeConfig(command, options, file);
  return command.opts();
}

describe('an option', () => {
  const sources = { args: ['--mode', 'native'], env: { PACKETLOG_MODE: 'generic' }, file: { mode: 'auto' } };

  it('is taken from the command line first, then the environment, then the file, then its default', () => {
    expect(read(sources.args, sources.env, sources.file)['mode']).toBe('native');
    expect(read([], sources.env, sources.file)['mode']).toBe('generic');
    vi.unstubAllEnvs();
    expect(read([], {}, { mode: 'native' })['mode']).toBe('native');
    expect(read([], {}, {})['mode']).toBe('auto');
  });

  it.each<[string, Record<string, unknown>, string, unknown]>([
    ['a list', { iface: ['eth0', 'eth1'] }, 'iface', ['eth0', 'eth1']],
    ['one text', { iface: 'eth0' }, 'iface', ['eth0']],
    ['commas', { iface: 'eth0, eth1' }, 'iface', ['eth0', 'eth1']],
    ['a number', { listen: 8080 }, 'listen', { host: 'localhost', port: 8080 }],
    ['off', { listen: 'off' }, 'listen', 'off'],
    ['a size', { 'ring-size': '1MiB' }, 'ringSize', 1024 ** 2],
    ['a truth', { 'count-only': true }, 'countOnly', true],
    ['an untruth', { 'count-only': false }, 'countOnly', false],
    ['a text without a parser', { ui: 'some/where' }, 'ui', 'some/where'],
  ])('can be in the file as %s', (_, file, name, value) => {
    expect(read([], {}, file)[name]).toEqual(value);
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    [
      'an unknown key',
      { ifaces: 'eth0' },
      /unknown key "ifaces"\. Known keys: iface, wait-for-interfaces, mode, .*log-level/,
    ],
    ['the name in the wrong spelling', { ringSize: '1MiB' }, /unknown key "ringSize"/],
    ['a file named in the file', { config: 'other.json' }, /unknown key "config"/],
    ['a prototype', JSON.parse('{"__proto__": {"mode": "native"}}'), /unknown key "__proto__"/],
    ['a value that may not be', { mode: 'fast' }, /Allowed choices are auto, native, generic/],
    ['a filter that cannot be read', { filter: 'dst prot 443' }, /did you mean "port"/],
    ['an object', { iface: { name: 'eth0' } }, /iface: write a string, a number, or a list/],
    ['null', { listen: null }, /listen: write a string/],
    ['a truth for a text', { print: true }, /print: write a string/],
    ['a text for a truth', { 'count-only': 'yes' }, /count-only: write true or false/],
    ['a number for a truth', { 'count-only': 1 }, /count-only: write true or false/],
    ['a list in a list', { iface: [['eth0']] }, /iface: write a string/],
    ['an interface that cannot exist', { iface: ['eth0', 'a b'] }, /cannot exist/],
    ['a list where one is wanted', { mode: ['auto', 'native'] }, /mode: write one value, not a list/],
  ])('is rejected in the file as %s', (_, file, message) => {
    expect(() => read([], {}, file)).toThrow(InvalidArgumentError);
    expect(() => read([], {}, file)).toThrow(message);
  });

  it('with several values is taken from one source only', () => {
    expect(read(['-i', 'a', '-i', 'b,c'], { PACKETLOG_IFACE: 'd' }, { iface: 'e' })['iface']).toEqual(['a', 'b', 'c']);
    expect(read([], { PACKETLOG_IFACE: 'd,f' }, { iface: 'e' })['iface']).toEqual(['d', 'f']);
    expect(read(['-i', String.raw`a\,b,c`], {}, {})['iface']).toEqual(['a,b', 'c']);
  });
});

describe('the environment', () => {
  it.each([
    ['1', true],
    ['true', true],
    ['', undefined],
    ['0', false],
    ['false', false],
    [' Off', false],
  ])('turns --count-only with %j into %s', (value, countOnly) => {
    expect(read([], { PACKETLOG_COUNT_ONLY: value }, {})['countOnly']).toBe(countOnly);
  });

  it('does not change a flag of the command line; a flag that it does not set comes from the file', () => {
    expect(read(['--count-only'], { PACKETLOG_COUNT_ONLY: '0' }, {})['countOnly']).toBe(true);
    expect(read([], { PACKETLOG_COUNT_ONLY: '' }, { 'count-only': true })['countOnly']).toBe(true);
    expect(read([], { PACKETLOG_COUNT_ONLY: '0' }, { 'count-only': true })['countOnly']).toBe(false);
  });
});
