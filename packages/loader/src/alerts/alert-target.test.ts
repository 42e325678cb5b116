import { describe, expect, it } from 'vitest';
import type { AlertTarget } from '../ipc/alerts/alerts-access.ts';
import { targetKey, targetProblem, targetText } from './alert-target.ts';

const target = (more: Partial<AlertTarget>): AlertTarget => ({
  ...{ type: 'webhook', url: 'https://example.org/hook', is_secret: false },
  ...more,
});

describe('a target', () => {
  it.each([
    [{}],
    [{ url: 'http://example.org/hook' }],
    [{ url: 'https://example.org/hook?key=1', is_secret: true }],
    [{ url: 'http://localhost:8080/hook', authorization: 'Bearer x' }],
    [{ url: 'http://[::1]:8080/hook', authorization: 'Bearer x' }],
    [{ type: 'slack', url: 'https://hooks.example/T/B/x', is_secret: true }],
    [{ type: 'ntfy', url: 'https://ntfy.example/a-topic', is_secret: true }],
    [{ type: 'alertmanager', url: 'https://am.example:9093/prefix' }],
  ] satisfies [Partial<AlertTarget>][])('can be %j', (more) => {
    expect(targetProblem(target(more))).toBeUndefined();
  });

  it.each([
    [{ url: 'ftp://example.org' }, /"ftp:\/\/example.org" cannot be used: write https/],
    [{ url: 'example.org' }, /cannot be used/],
    [{ url: 'file:///etc/passwd' }, /cannot be used/],
    [{ url: 'https://user:pass@example.org/' }, /user or a password\. Write it to a file.*--secret-file/],
    [{ url: 'https://example.org/?token=1' }, /query of a URL often holds a secret/],
    [{ url: 'https://example.org/#x' }, /fragment/],
    [{ url: 'http://example.org/', authorization: 'Bearer x' }, /travel unencrypted: write https/],
    [{ url: 'http://localhost.example.org/', authorization: 'Bearer x' }, /travel unencrypted/],
    [{ authorization: 'Bearer x\r\nHost: y' }, /characters that a header cannot have/],
    [{ type: 'slack' }, /URL of a target slack is a secret.*--secret-file/],
    [{ type: 'discord' }, /is a secret/],
    [{ type: 'ntfy', url: 'https://ntfy.example/a/b', is_secret: true }, /ends with one topic/],
    [{ type: 'ntfy', url: 'https://ntfy.example/', is_secret: true }, /ends with one topic/],
  ] satisfies [Partial<AlertTarget>, RegExp][])('cannot be %j', (more, message) => {
    expect(targetProblem(target(more))).toMatch(message);
  });

  it('that cannot be used is not quoted if it is a secret', () => {
    expect(targetProblem(target({ url: 'hunter2', is_secret: true }))).not.toMatch(/hunter2/);
  });

  it('is shown without its secrets', () => {
    const secret = target({ type: 'slack', url: 'https://hooks.example/T1/hunter2?x=hunter2', is_secret: true });
    expect(targetText(secret)).toBe('slack:https://hooks.example/***');
    expect(targetText(target({ authorization: 'Bearer hunter2' }))).toBe('webhook:https://example.org/hook');
    expect(targetText(target({ url: 'https://example.org/\u202e' }))).not.toMatch(/\u202e/);
    expect(targetKey(secret)).toMatch(/^[0-9a-f]{16}$/);
    expect(targetKey(secret)).not.toBe(targetKey(target({})));
  });
});
