import { describe, expect, test } from 'vitest';
import { MAX_NODES } from '../../node/saved-nodes.ts';
import { type NodeForm, readNodeForm } from './node-form.ts';

const page = { protocol: 'http:' };
const form = (over: Partial<NodeForm> = {}): NodeForm => ({
  address: 'web-2:7411',
  token: 'secret',
  name: '',
  ...over,
});
const read = (over: Partial<NodeForm> = {}, taken: readonly string[] = [], at = page) =>
  readNodeForm(form(over), taken, at);

describe('the form of a node', () => {
  test.each<[string, Partial<NodeForm>, object]>([
    ['a host and a port', {}, { loader: 'http://web-2:7411', token: 'secret', adminToken: null, name: '' }],
    ['an address with a path and a query', { address: ' https://web-2/rules?x ' }, { loader: 'https://web-2' }],
    [
      'the URL that packetlog printed',
      { address: 'http://web-2:7411/#token=abc&admin_token=def', token: '' },
      { loader: 'http://web-2:7411', token: 'abc', adminToken: 'def' },
    ],
    ['a token beside such a URL', { address: 'http://web-2:7411/#token=abc', token: ' own ' }, { token: 'own' }],
    ['a name with white space around it', { name: '  the second ' }, { name: 'the second' }],
  ])('%s is accepted', (_, over, node) => {
    expect(read(over)).toMatchObject({ ok: true, node });
  });

  test.each<[string, Partial<NodeForm>, keyof NodeForm, RegExp]>([
    ['nothing', { address: ' ' }, 'address', /such as http/],
    ['no address', { address: 'http://' }, 'address', /^Not the address/],
    ['another protocol', { address: 'ftp://web-2' }, 'address', /^Not the address/],
    ['a script', { address: 'javascript:alert(1)' }, 'address', /^Not the address/],
    ['no token', { token: '' }, 'token', /^Enter the token/],
    ['a token that is too long', { token: 'x'.repeat(257) }, 'token', /256/],
  ])('%s is reported at its field', (_, over, field, sentence) => {
    expect(read(over)).toMatchObject({ ok: false, field, sentence: expect.stringMatching(sentence) });
  });

  test('a node that is already in the list is rejected, and a node beyond the limit', () => {
    expect(read({}, ['http://web-2:7411'])).toMatchObject({ ok: false, field: 'address' });
    const many = Array.from({ length: MAX_NODES }, (_, i) => `http://host-${i}`);
    expect(read({}, many)).toMatchObject({ ok: false, sentence: expect.stringContaining(String(MAX_NODES)) });
  });

  test('a page loaded over https can use plain http only to this machine', () => {
    const secure = { protocol: 'https:' };
    expect(read({}, [], secure)).toMatchObject({ ok: false, sentence: expect.stringContaining('https') });
    expect(read({ address: 'http://localhost:7412' }, [], secure)).toMatchObject({ ok: true });
  });
});
