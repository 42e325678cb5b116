import { expect, it } from 'vitest';
import type { GrantedPerson } from '../../ipc/fleet/fleet-access.ts';
import { digestOf } from '../../ipc/token-digest.ts';
import { admission, isAdmin, personOf } from './admission.ts';

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

it('admits whom a grant names, to change rules only if it says so', () => {
  const persons: Record<string, GrantedPerson> = {
    look: { person: 'ann', mayChange: false },
    change: { person: 'ben', mayChange: true },
  };
  const granted = (token: string) => persons[token];
  const codeOf = (auth: object) =>
    admission(auth, tokens, { readers: 0, admins: 0, readersFromThere: 0 }, limits, granted)?.code;
  expect(codeOf({ token: 'look' })).toBeUndefined();
  expect(codeOf({ token: 'look', admin_token: 'look' })).toBe('unauthorized');
  expect(codeOf({ token: 'change', admin_token: 'change' })).toBeUndefined();
  expect(codeOf({ token: 'none' })).toBe('unauthorized');
  expect(isAdmin({ token: 'look' }, tokens, granted)).toBe(false);
  expect(isAdmin({ token: 'change', admin_token: 'change' }, tokens, granted)).toBe(true);
  expect(personOf({ token: 'change' }, granted)).toBe('ben');
  expect(personOf(reader, granted)).toBeUndefined();
});
