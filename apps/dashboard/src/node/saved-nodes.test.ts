import { describe, expect, test } from 'vitest';
import { MAX_NODES, parseSavedNodes } from './saved-nodes.ts';

describe('stored nodes', () => {
  test('survive storage', () => {
    const nodes = [{ loader: 'http://a:1', token: 't', adminToken: null, name: 'one' }];
    expect(parseSavedNodes(JSON.stringify(nodes))).toEqual(nodes);
  });

  test.each([
    null,
    '',
    '{',
    '{}',
    '7',
    '[null, 1, {}]',
    '[{"loader":"file:///x","token":"t"}]',
    '[{"loader":"http://a"}]',
  ])('ignore invalid text: %s', (text) => {
    expect(parseSavedNodes(text)).toEqual([]);
  });

  test('are unique and limited in number', () => {
    const of = (loader: string) => ({ loader, token: 't' });
    expect(parseSavedNodes(JSON.stringify([of('http://a'), of('http://a/')]))).toHaveLength(1);
    const many = Array.from({ length: MAX_NODES + 5 }, (_, i) => of(`http://host-${i}`));
    expect(parseSavedNodes(JSON.stringify(many))).toHaveLength(MAX_NODES);
  });
});
