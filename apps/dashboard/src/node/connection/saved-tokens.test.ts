import { describe, expect, test } from 'vitest';
import { readHash } from './handshake-url.ts';
import { parseSavedTokens, type SavedTokens, targetOf } from './saved-tokens.ts';

const OWN = 'http://localhost:7411';
const OTHER = 'http://localhost:16666';
const NOTHING: SavedTokens = { loader: null, tokens: new Map() };

/** Opens these fragments one after the other, as in one tab. Returns the target and what is stored. */
function after(...hashes: string[]) {
  let saved = NOTHING;
  let target = targetOf(readHash(''), saved, OWN).target;
  for (const hash of hashes) ({ target, save: saved } = targetOf(readHash(hash), saved, OWN));
  return { target, saved };
}

describe('the loader that a page connects to', () => {
  test("is the page's own, with the tokens of the address", () => {
    expect(after('#token=a&admin_token=b').target).toEqual({ loader: OWN, token: 'a', adminToken: 'b' });
    expect(after('#token=a&admin_token=b', '').target).toEqual({ loader: OWN, token: 'a', adminToken: 'b' });
    expect(after().target).toEqual({ loader: OWN, token: null, adminToken: null });
  });

  test.each([`#loader=${OTHER}`, `#loader=${OTHER}&admin_token=x`, `#loader=${OTHER}&token=`, `#loader=${OTHER}&x=y`])(
    'is not changed by a link without a token: %s',
    (link) => {
      expect(after('#token=a&admin_token=b', link).target).toEqual({ loader: OWN, token: 'a', adminToken: 'b' });
      expect(after(link).target).toEqual({ loader: OWN, token: null, adminToken: null });
    },
  );

  test('is changed by a link with a token, and gets only that token', () => {
    const link = `#token=theirs&loader=${OTHER}`;
    const { target, saved } = after('#token=a&admin_token=b', link);
    expect(target).toEqual({ loader: OTHER, token: 'theirs', adminToken: null });
    expect(after('#token=a&admin_token=b', link, '').target).toEqual(target);
    // Its own tokens are still there, for its own loader.
    expect(saved.tokens.get(OWN)).toEqual({ token: 'a', adminToken: 'b' });
    expect(after(link, '#token=a').target).toEqual({ loader: OWN, token: 'a', adminToken: null });
  });

  test('loses the admin token with a read-only URL, and gets it back with an admin token alone', () => {
    expect(after('#token=a&admin_token=b', '#token=a').target.adminToken).toBeNull();
    expect(after('#token=a', '#admin_token=b').target).toEqual({ loader: OWN, token: 'a', adminToken: 'b' });
    expect(after('#admin_token=b').target).toEqual({ loader: OWN, token: null, adminToken: null });
  });
});

test.each([null, '', 'x', '{}', '[1]', '[["a"]]', '[["a",null]]', '[["a",{"token":""}]]', '[["a",{"token":5}]]'])(
  'ignores invalid saved tokens: %s',
  (text) => {
    expect(parseSavedTokens(text)).toEqual(new Map());
  },
);

test('saved tokens survive storage', () => {
  const { tokens } = after('#token=a&admin_token=b', `#token=theirs&loader=${OTHER}`).saved;
  expect(parseSavedTokens(JSON.stringify([...tokens]))).toEqual(tokens);
});
