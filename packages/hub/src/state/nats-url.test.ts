import { describe, expect, it } from 'vitest';
import { StateError } from './hub-state.ts';
import { isNatsUrl, parseNatsUrl, shownUrl } from './nats-url.ts';

describe('URLs of the state in NATS', () => {
  it('reads servers, bucket, copies, login and certificates', () => {
    expect(parseNatsUrl('nats://127.0.0.1:4222')).toEqual({
      servers: ['127.0.0.1:4222'],
      bucket: 'packetlog',
      replicas: 1,
    });
    expect(parseNatsUrl('tls://hub:p%40ss@a.example:4222,[::1]:4223?bucket=fleet&replicas=3&ca=/etc/ca.pem')).toEqual({
      servers: ['a.example:4222', '[::1]:4223'],
      bucket: 'fleet',
      replicas: 3,
      user: 'hub',
      password: 'p@ss',
      tls: { caFile: '/etc/ca.pem' },
    });
    expect(parseNatsUrl('tls://a:4222').tls).toEqual({});
  });

  it.each([
    'nats://',
    'nats://a',
    'nats://a:4222/b',
    'nats://a:4222?other=1',
    'nats://a:4222?bucket=a.b',
    'nats://a:4222?replicas=2',
    'http://a:4222',
    '/var/lib/packetlog-hub',
  ])('rejects %s', (text) => {
    expect(() => parseNatsUrl(text)).toThrow(StateError);
  });

  it('shows no password', () => {
    expect(shownUrl(parseNatsUrl('nats://hub:secret@a:4222'))).toBe('nats://a:4222?bucket=packetlog');
    expect(() => parseNatsUrl('nats://hub:secret@a')).toThrow(/nats:\/\/…@a: this is not the URL/);
  });

  it('tells URLs from directories', () => {
    expect(['nats://a:1', 'tls://a:1', '/a', 'nats', './nats:'].map(isNatsUrl)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
