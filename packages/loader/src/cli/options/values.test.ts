import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { bytes, interfaceName, linesPerSecond, listenAddress, networkNamespace, origin, ringBytes } from './values.ts';

describe('bytes', () => {
  it.each([
    ['0', 0],
    ['16777216', 2 ** 24],
    ['16MiB', 2 ** 24],
    ['16m', 2 ** 24],
    ['16 MIB', 2 ** 24],
    [' 64k ', 65_536],
    ['1GiB', 2 ** 30],
  ])('reads %j', (text, value) => {
    expect(bytes(text)).toBe(value);
  });

  it.each(['', 'MiB', '1.5MiB', '-1', '16MB', '16 kilo', '0x10', '1e6', '16MiB!'])('rejects %j', (text) => {
    expect(() => bytes(text)).toThrow(InvalidArgumentError);
  });
});

describe('linesPerSecond', () => {
  it.each([
    ['1', 1],
    ['1000', 1000],
    ['250/s', 250],
    ['1000000', 1_000_000],
  ])('reads %s', (text, value) => {
    expect(linesPerSecond(text)).toBe(value);
  });

  it.each(['', '0', '-5', '1.5', '1000001', '10/m', '1e3'])('rejects %j', (text) => {
    expect(() => linesPerSecond(text)).toThrow(InvalidArgumentError);
  });
});

describe('ringBytes', () => {
  it.each([
    ['4KiB', 4096],
    ['4096', 4096],
    ['16MiB', 2 ** 24],
    ['1GiB', 2 ** 30],
  ])('takes %s', (text, value) => {
    expect(ringBytes(text)).toBe(value);
  });

  it.each(['0', '1', '2048', '5000', '3MiB', '2GiB', '99999999999999999999', 'MiB'])('rejects %s', (text) => {
    expect(() => ringBytes(text)).toThrow(InvalidArgumentError);
  });
});

describe('listenAddress', () => {
  it.each<[string, ReturnType<typeof listenAddress>]>([
    ['off', 'off'],
    ['7411', { host: 'localhost', port: 7411 }],
    [':7411', { host: 'localhost', port: 7411 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
    ['0.0.0.0:80', { host: '0.0.0.0', port: 80 }],
    ['[::1]:7411', { host: '[::1]', port: 7411 }],
    ['my-server.example:65535', { host: 'my-server.example', port: 65_535 }],
  ])('reads %s', (text, address) => {
    expect(listenAddress(text)).toEqual(address);
  });

  it.each([
    '',
    'localhost',
    'localhost:',
    '::1:7411',
    '::1',
    'localhost:65536',
    '-1',
    'a b:80',
    'OFF',
    '[::1]',
    'http://x:80',
    '80:80:80',
  ])('rejects %j', (text) => {
    expect(() => listenAddress(text)).toThrow(InvalidArgumentError);
  });
});

describe('interfaceName', () => {
  it('accepts what the kernel accepts', () => {
    expect(interfaceName('<b>`id`$(x)')).toBe('<b>`id`$(x)');
  });

  it.each(['', 'a b', '../x', 'x'.repeat(128)])('rejects %j and says why', (name) => {
    expect(() => interfaceName(name)).toThrow(/An interface name that .+ cannot exist/);
  });
});

describe('origin', () => {
  it.each([
    ['https://packets.example', 'https://packets.example'],
    ['HTTPS://Packets.Example', 'https://packets.example'],
    ['http://localhost:3000', 'http://localhost:3000'],
    ['http://[::1]:3000', 'http://[::1]:3000'],
  ])('takes %s', (text, value) => {
    expect(origin(text)).toBe(value);
  });

  it.each([
    '',
    'packets.example',
    'https://',
    'https://a/',
    'https://a/b',
    'https://a?b',
    'https://u:p@a',
    'ftp://a',
    'file://',
    'null',
    '*',
    'https://a:443',
  ])('rejects %j', (text) => {
    expect(() => origin(text)).toThrow(InvalidArgumentError);
  });
});

describe('networkNamespace', () => {
  it.each([
    ['blue', '/run/netns/blue'],
    ['/proc/1/ns/net', '/proc/1/ns/net'],
    ['./here', './here'],
  ])('takes %s for %s', (text, path) => {
    expect(networkNamespace(text)).toBe(path);
  });

  it.each(['', 'a\0b'])('rejects %j', (text) => {
    expect(() => networkNamespace(text)).toThrow(InvalidArgumentError);
  });
});
