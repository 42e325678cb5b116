import type { Rule } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { RulesFileError, readDocument, writeDocument } from './rules-document.ts';

const rule: Rule = {
  id: 7,
  action: 'deny',
  source: '203.0.113.0/24',
  protocol: 'tcp',
  destination_port: 22,
  reason: 'brute force',
  created_by: 'root',
  created_at: '2026-01-01T00:00:00.000Z',
};
const content = { default_policy: 'permit' as const, rules: [rule], sets: {}, protect: ['192.0.2.1'], next_id: 9 };

describe('a rules file', () => {
  it('is read as it was written', () => {
    const text = writeDocument(content);
    expect(readDocument(text, 0)).toMatchObject({ rules: [rule], nextId: 9, isEdited: false });
    expect(text).toContain('"action": "deny"');
  });

  it('is the same for its checksum however it is laid out, and another when a value differs', () => {
    const text = writeDocument(content);
    expect(readDocument(JSON.stringify(JSON.parse(text)), 0).isEdited).toBe(false);
    expect(readDocument(text.replace('brute force', 'Brute force'), 0).isEdited).toBe(true);
    expect(readDocument(text.replace(/"checksum".*\n/, ''), 0).isEdited).toBe(true);
  });

  it('may be written by hand, with only the required fields of a rule', () => {
    const { rules, nextId } = readDocument(
      '{"version":1,"rules":[{"action":"deny","source":"192.0.2.7/32"},{"id":5,"action":"permit","source":"any"}]}',
      Date.UTC(2026, 0, 2),
    );
    expect(rules).toEqual([
      {
        id: 6,
        action: 'deny',
        source: '192.0.2.7',
        reason: '',
        created_by: 'file',
        created_at: '2026-01-02T00:00:00.000Z',
      },
      {
        id: 5,
        action: 'permit',
        source: 'any',
        reason: '',
        created_by: 'file',
        created_at: '2026-01-02T00:00:00.000Z',
      },
    ]);
    expect(nextId).toBe(7);
  });

  it.each([
    ['nothing', '', /is not JSON/],
    ['half of one', '{"version":1,', /is not JSON/],
    ['null', 'null', /./],
    ['a list', '[]', /./],
    ['another version', '{"version":2}', /version/],
    ['a rule without action', '{"version":1,"rules":[{"source":"any"}]}', /rules\.0\.action/],
    [
      'host bits',
      '{"version":1,"rules":[{"action":"deny","source":"192.0.2.7/24"}]}',
      /rules\.0\.source.*192\.0\.2\.0\/24/,
    ],
    ['an unknown key', '{"version":1,"rulez":[]}', /rulez/],
    [
      'an id twice',
      '{"version":1,"rules":[{"id":1,"action":"deny","source":"any"},{"id":1,"action":"deny","source":"any"}]}',
      /id 1/,
    ],
  ])('is rejected when it is %s', (_, text, problem) => {
    expect(() => readDocument(text, 0)).toThrow(RulesFileError);
    expect(() => readDocument(text, 0)).toThrow(problem);
  });
});
