import { expect, it } from 'vitest';
import { Subscription, sumOfSubscriptions } from './subscription.ts';

it('is pending from the request to the answer, and has the acknowledged filter', () => {
  const subscription = new Subscription();
  expect(subscription.state).toEqual({ filter: null, pending: false });
  const first = subscription.begin();
  expect(subscription.state).toEqual({ filter: null, pending: true });
  first('');
  expect(subscription.state).toEqual({ filter: '', pending: false });
  const second = subscription.begin();
  const pause = subscription.begin();
  second('port 53');
  expect(subscription.state).toEqual({ filter: 'port 53', pending: true });
  pause();
  expect(subscription.state).toEqual({ filter: 'port 53', pending: false });
});

it('ends with the connection, and ignores a later answer', () => {
  const subscription = new Subscription();
  subscription.begin()('tcp');
  const late = subscription.begin();
  subscription.end();
  expect(subscription.state).toEqual({ filter: null, pending: false });
  const next = subscription.begin();
  late('udp');
  expect(subscription.state).toEqual({ filter: null, pending: true });
  next('icmp');
  expect(subscription.state).toEqual({ filter: 'icmp', pending: false });
});

it('has a filter for several connections only if all have the same', () => {
  const settled = (filter: string | null) => ({ filter, pending: false });
  expect(sumOfSubscriptions([])).toEqual(settled(null));
  expect(sumOfSubscriptions([settled('tcp'), settled('tcp')])).toEqual(settled('tcp'));
  expect(sumOfSubscriptions([settled('tcp'), settled('')])).toEqual(settled(null));
  expect(sumOfSubscriptions([settled('tcp'), { filter: 'tcp', pending: true }])).toEqual({
    filter: 'tcp',
    pending: true,
  });
});
