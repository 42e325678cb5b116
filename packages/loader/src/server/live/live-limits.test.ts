import { describe, expect, it } from 'vitest';
import { LOOPBACK_PEER } from '../access/peer-address.ts';
import { liveRejection } from './live-limits.ts';
import { type LiveClient, summedFilter } from './live-sums.ts';

const client = (filter: string | undefined, more: Partial<LiveClient> = {}): LiveClient => ({
  isAdmin: false,
  peer: LOOPBACK_PEER,
  summed: filter === undefined ? undefined : summedFilter(filter),
  ...more,
});
const asks = (own: LiveClient, filter: string, others: readonly LiveClient[]) =>
  liveRejection(own, summedFilter(filter).key, [own, ...others]);

describe('the number of filters with live sums', () => {
  const six = [1, 2, 3, 4, 5, 6].map((port) => client(`port ${port}`));

  it('is limited for all clients, and less for administrators', () => {
    expect(asks(client(undefined), 'port 9', six.slice(1))).toBeUndefined();
    expect(asks(client(undefined), 'port 9', six)).toBe(
      'The limit of 6 filters with live sums is reached: use one of those, or clear the filter on another page first.',
    );
    const admin = client(undefined, { isAdmin: true });
    expect(asks(admin, 'port 9', six)).toBeUndefined();
    expect(asks(admin, 'port 9', [...six, client('port 7'), client('port 8')])).toContain('limit of 8 filters');
  });

  it('counts a filter once, however it is written, and not the one that a client gives up', () => {
    expect(asks(client(undefined), 'port 6 and port 6', six)).toBeUndefined();
    expect(asks(client('port 7'), 'port 9', six.slice(1))).toBeUndefined();
    expect(asks(client('udp'), 'port 9', six)).toContain('limit of 6 filters');
  });

  it('is limited for the clients of one address, except on loopback', () => {
    const there = ['tcp', 'udp', 'icmp'].map((filter) => client(filter, { peer: '192.0.2.1' }));
    const another = client(undefined, { peer: '192.0.2.1' });
    expect(asks(another, 'port 9', there)).toContain(
      'The limit of 3 filters with live sums for this address is reached',
    );
    expect(asks(another, 'udp', there)).toBeUndefined();
    expect(asks(client(undefined, { peer: '192.0.2.2' }), 'port 9', there)).toBeUndefined();
    expect(asks(client(undefined, { peer: '192.0.2.1', isAdmin: true }), 'port 9', there)).toBeUndefined();
  });
});
