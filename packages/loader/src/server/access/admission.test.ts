import { expect, it } from 'vitest';
import { digestOf } from '../../ipc/token-digest.ts';
import { admission } from './admission.ts';

const reader = { token: 'read-only-token-01234567' };
const admin = { ...reader, admin_token: 'admin-token-0123456789012' };
const tokens = { readOnly: digestOf(reader.token), admin: digestOf(admin.admin_token) };
const limits = { readers: 1000, admins: 24, readersPerAddress: 256 };
const rejection = (auth: object, readers: number, admins: number, readersFromThere = 0) =>
  admission(auth, tokens, { readers, admins, readersFromThere }, limits);
const code = (...given: Parameters<typeof rejection>) => rejection(...given)?.code;

it('keeps places for clients that may change rules when all others are taken', () => {
  expect(code(reader, 999, 24)).toBeUndefined();
  expect(code(reader, 1000, 0)).toBe('too_many_clients');
  expect(code(admin, 1000, 0)).toBeUndefined();
  expect(code(admin, 1000, 23)).toBeUndefined();
  expect(code(admin, 1000, 24)).toBe('too_many_clients');
  // Admins do not use up reader places.
  expect(code(reader, 999, 1000)).toBeUndefined();
});

it('limits the read-only clients of one address, not clients that may change rules', () => {
  expect(code(reader, 300, 0, 255)).toBeUndefined();
  expect(rejection(reader, 300, 0, 256)).toEqual({
    code: 'too_many_clients',
    message: '256 clients are connected from this address already. Close one and try again.',
  });
  expect(code(admin, 300, 0, 256)).toBeUndefined();
});
