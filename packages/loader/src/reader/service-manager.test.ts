import { expect, it } from 'vitest';
import { serviceManagerSettings } from '../ipc/service-manager-settings.ts';
import { socketAddress } from '../native/notify-socket.ts';
import { ServiceManager } from './service-manager.ts';

function manager(watchdogMs: number | undefined, settings: { socket?: string } = { socket: '/run/notify' }) {
  const sent: string[] = [];
  const service = new ServiceManager(
    { socket: settings.socket, watchdogMs },
    () => 3,
    (descriptor, text) => sent.push(`${descriptor} ${text}`),
  );
  return { service, sent };
}

it('reads the socket and the watchdog of the environment', () => {
  expect(serviceManagerSettings({ NOTIFY_SOCKET: '/run/n', WATCHDOG_USEC: '30000000' }, 7)).toEqual({
    socket: '/run/n',
    watchdogMs: 30_000,
  });
});

it.each([
  [{ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '8' }, undefined],
  [{ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7' }, 30_000],
  [{ WATCHDOG_USEC: 'soon' }, undefined],
  [{}, undefined],
])('the watchdog of %j is %s ms', (environment, watchdogMs) => {
  expect(serviceManagerSettings(environment, 7).watchdogMs).toBe(watchdogMs);
});

it('sends ready and stopping', () => {
  const { service, sent } = manager(undefined);
  service.ready('Watching eth0');
  service.stopping();
  expect(sent).toEqual(['3 READY=1\nSTATUS=Watching eth0', '3 STOPPING=1']);
});

it('sends a sign of life once in a third of the time', () => {
  const { service, sent } = manager(30_000);
  for (let now = 0; now < 30_000; now += 100) service.alive(now);
  expect(sent).toEqual(['3 WATCHDOG=1', '3 WATCHDOG=1', '3 WATCHDOG=1']);
  expect(service.maxSleepMs).toBe(10_000);
});

it('sends nothing without a socket, and sleeps as long as it likes', () => {
  const { service, sent } = manager(30_000, {});
  service.ready('Watching eth0');
  service.alive(0);
  expect(sent).toEqual([]);
  expect(service.maxSleepMs).toBe(Number.POSITIVE_INFINITY);
});

it('the address of a socket is its path, or a name in the abstract namespace', () => {
  expect(Buffer.from(socketAddress('/run/n')).toString('latin1')).toBe('\x01\0/run/n');
  expect(Buffer.from(socketAddress('@n')).toString('latin1')).toBe('\x01\0\0n');
  expect(() => socketAddress('x'.repeat(108))).toThrow('NOTIFY_SOCKET has 108 bytes');
});

it('sleeps whole milliseconds, at least one', () => {
  expect(manager(1000).service.maxSleepMs).toBe(333);
  expect(manager(0.5).service.maxSleepMs).toBe(1);
});

it('goes on when the manager cannot be reached, or does not read', () => {
  const fail = () => {
    throw new Error('ECONNREFUSED');
  };
  const unreachable = new ServiceManager({ socket: '/run/gone', watchdogMs: 3000 }, fail);
  unreachable.ready('Watching eth0');
  expect(unreachable.maxSleepMs).toBe(Number.POSITIVE_INFINITY);
  const deaf = new ServiceManager({ socket: '/run/notify', watchdogMs: 3000 }, () => 3, fail);
  deaf.alive(0);
  deaf.stopping();
  expect(deaf.maxSleepMs).toBe(1000);
});
