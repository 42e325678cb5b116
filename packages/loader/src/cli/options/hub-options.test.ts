import { formatJoinToken } from '@packetlog/common/fleet';
import { describe, expect, it } from 'vitest';
import { fingerprint, hubsOf, hubUrl, joinToken, nameOfHost } from './hub-options.ts';

describe('--hub', () => {
  it.each([
    ['https://hub.example', 'https://hub.example'],
    ['https://hub.example:8443/', 'https://hub.example:8443'],
    ['HTTPS://Hub.Example', 'https://hub.example'],
    ['http://localhost:7412', 'http://localhost:7412'],
    ['http://127.0.0.2', 'http://127.0.0.2'],
    ['http://[::1]:7412', 'http://[::1]:7412'],
  ])('accepts %s', (text, origin) => {
    expect(hubUrl(text)).toBe(origin);
  });

  it.each(['http://hub.example', 'http://192.0.2.1:7412', 'http://127.0.0.1.example'])('rejects %s: no TLS', (text) => {
    expect(() => hubUrl(text)).toThrow(/write https:\/\//);
  });

  it.each(['hub.example', 'ftp://hub.example', 'https://hub.example/path', 'https://user@hub.example', ''])(
    'rejects %j',
    (text) => {
      expect(() => hubUrl(text)).toThrow(/without a path/);
    },
  );
});

it('accepts a fingerprint with or without colons, and nothing else', () => {
  const hex = 'ab'.repeat(32);
  for (const text of [`sha256/${hex}`, hex, `SHA256/${hex.toUpperCase()}`, hex.replace(/(..)(?!$)/g, '$1:')]) {
    expect(fingerprint(text)).toBe(hex);
  }
  for (const text of ['', 'ab', `sha1/${hex}`, `${hex}00`]) expect(() => fingerprint(text)).toThrow(/64 hex digits/);
});

it('accepts only join tokens', () => {
  const token = { id: 'abcd2345', secret: 'b'.repeat(43), hubKeyDigest: 'A'.repeat(43) };
  expect(joinToken(formatJoinToken(token))).toEqual(token);
  expect(() => joinToken('secret')).toThrow(/packetlog hub join-token/);
});

describe('the options of a node', () => {
  it('are none without a hub', () => {
    expect(hubsOf({})).toBeUndefined();
    expect(() => hubsOf({ hubCa: 'ca.pem' })).toThrow('use --hub-ca: --hub is missing. Name the hub with --hub URL.');
    expect(() => hubsOf({ hubFingerprint: ['00'] })).toThrow(/^use --hub-fingerprint/);
  });

  it('name each hub once', () => {
    expect(hubsOf({ hub: ['https://a', 'https://b', 'https://a'], nodeName: 'web1' })).toEqual({
      ...{ urls: ['https://a', 'https://b'], name: 'web1', fingerprints: [], ca: undefined, joinToken: undefined },
    });
  });

  it('need one way to check the certificate', () => {
    expect(() => hubsOf({ hub: ['https://a'], hubCa: 'ca.pem', hubFingerprint: ['00'] })).toThrow(/Give one of both/);
  });

  it('have the host name as default', () => {
    expect(nameOfHost('Web1.Example.com')).toBe('web1.example.com');
    expect(() => nameOfHost('web_')).toThrow(/Name it with --node-name NAME/);
  });
});
