import { expect, it } from 'vitest';
import { servedUrls, servedWithoutTokens } from './served-urls.ts';

const served = { url: 'http://localhost:7411', token: 'look', admin_token: 'change', has_pages: true };

it('has a read-only URL and one that can change rules', () => {
  expect(servedUrls(served)).toEqual([
    'Dashboard: http://localhost:7411/#token=look',
    'Admin URL (can change rules): http://localhost:7411/#token=look&admin_token=change',
  ]);
  expect(servedUrls({ ...served, has_pages: false })[0]).toMatch(/^Socket: /);
});

it('prints the command for the tokens instead of them if the output is not private', () => {
  const lines = servedWithoutTokens(served).join('\n');
  expect(lines).toContain('packetlog url');
  expect(lines).not.toMatch(/look#|token=|change/);
});
