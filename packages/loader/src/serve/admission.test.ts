import { expect, it } from 'vitest';
import { admission, MAX_CLIENTS } from './admission.ts';

const tokens = { look: 'token-to-look-0123456789', admin: 'token-to-change-0123456789' };
const reader = { token: tokens.look };
const admin = { ...reader, admin_token: tokens.admin };
const code = (auth: object, readers: number, admins: number) => admission(auth, tokens, { readers, admins })?.code;

it('keeps places for those that may change rules when all others are taken', () => {
  expect(code(reader, MAX_CLIENTS - 1, 24)).toBeUndefined();
  expect(code(reader, MAX_CLIENTS, 0)).toBe('too_many_clients');
  expect(code(admin, MAX_CLIENTS, 0)).toBeUndefined();
  expect(code(admin, MAX_CLIENTS, 23)).toBeUndefined();
  expect(code(admin, MAX_CLIENTS, 24)).toBe('too_many_clients');
  // Admins do not take the places of the others.
  expect(code(reader, MAX_CLIENTS - 1, 1000)).toBeUndefined();
});
