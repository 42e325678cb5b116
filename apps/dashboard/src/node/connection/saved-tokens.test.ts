import { describe, expect, test } from 'vitest';
import { readHash } from './handshake-url.ts';
import { parseSavedTokens, type SavedTokens, targetOf } from './saved-tokens.ts';

const OWN = 'http://localhost:7411';
const OTHER = 'http://localhost:16666';
const NOTHING: SavedTokens = { loader: null, tokens: new Map() };

/** What a tab has after these fragments of its address, one after the other. */
function after(...hashes: string[]) {
  let saved = NOTHING;
  let target = targetOf(readHash(''), saved, OWN).target;
  for (const hash of hashes) ({ target, save: saved } = targetOf(readHash(hash), saved, OWN));
  return { target, saved };
}

describe('the loader that a page asks', () => {
  test('is its own, with the tokens that the address brought', () => {
    expect(after('#token=a&admin_token=b').target).toEqual({ loader: OWN, token: 'a', adminToken: 'b' });
    expect(after('#token=a&admin_token=b', '').target).toEqual({ loader: OWN, token: 'a', adminToken: 'b' });
    expect(after().target).toEqual({ loader: OWN, token: null, adminToken: null });
  });

  test.each([`#loader=${OTHER}`, `#loader=${OTHER}&admin_token=x`, `#loader=${OTHER}&token=`, `#loader=${OTHER}&x=y`])(
    'is not another one because a link says so: %s',
    (link) => {
      expect(after('#token=a&admin_token=b', link).target).toEqual({ loader: OWN, token: 'a', adminToken: 'b' });
      expect(after(link).target).toEqual({ loader: OWN, token: null, adminToken: null });
    },
  );

  test('is another one if the link brings its token, and that one gets no token but its own', () => {
    const link = `#token=theirs&loader=${OTHER}`;
    const { target, saved } = after('#token=a&admin_token=b', link);
    expect(target).toEqual({ loader: OTHER, token: 'theirs', adminToken: null });
    expect(after('#token=a&admin_token=b', link, '').target).toEqual(target);
    // Its own tokens are still there, for its own loader.
    expect(saved.tokens.get(OWN)).toEqual({ token: 'a', adminToken: 'b' });
    expect(after(link, '#token=a').target).toEqual({ loader: OWN, token: 'a', adminToken: null });
  });

  test('loses the right to change rules with a URL to look with, and gets it by an admin token alone', () => {
    expect(after('#token=a&admin_token=b', '#token=a').target.adminToken).toBeNull();
    expect(after('#token=a', '#admin_token=b').target).toEqual({ loader: OWN, token: 'a', adminToken: 'b' });
    expect(after('#admin_token=b').target).toEqual({ loader: OWN, token: null, adminToken: null });
  });
});

test.each([null, '', 'x', '{}', '[1]', '[["a"]]', '[["a",null]]', '[["a",{"token":""}]]', '[["a",{"token":5}]]'])(
  'of saved tokens that cannot be used none is left: %s',
  (text) => {
    expect(parseSavedTokens(text)).toEqual(new Map());
  },
);

test('saved tokens are read as they were written', () => {
  const { tokens } = after('#token=a&admin_token=b', `#token=theirs&loader=${OTHER}`).saved;
  expect(parseSavedTokens(JSON.stringify([...tokens]))).toEqual(tokens);
});
