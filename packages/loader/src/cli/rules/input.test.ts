import { describe, expect, it } from 'vitest';
import { addedManySentence, addedSentence, draftsOf } from './add-rule.ts';
import { onlyIpset } from './import-list.ts';
import { inputLines, withLine } from './input-lines.ts';
import { removalOf } from './remove-rules.ts';

describe('lines of standard input', () => {
  it('are split into words, with quotes and comments as in a shell', () => {
    expect(inputLines('\ufeff# bans\r\ndeny  192.0.2.1 --reason "two \\"words\\"" # why\r\n\n \'a b\'c\n')).toEqual([
      { line: 2, words: ['deny', '192.0.2.1', '--reason', 'two "words"'] },
      { line: 4, words: ['a bc'] },
    ]);
  });

  it('with an open quote are rejected with the line number', () => {
    expect(() => inputLines('ok\ndeny "x')).toThrow(/line 2 .*a quote is not closed/);
  });
});

describe('rules from standard input', () => {
  it('are written as the arguments of the command, whose options are the defaults', () => {
    const text = 'deny 192.0.2.1 --port 22 --protocol tcp --for 1h\npermit 192.0.2.2\n';
    expect(draftsOf(text, undefined, { for: '2h', reason: 'scan' })).toEqual([
      {
        line: 1,
        draft: {
          action: 'deny',
          source: '192.0.2.1',
          protocol: 'tcp',
          destination_port: '22',
          for: '1h',
          reason: 'scan',
        },
      },
      { line: 2, draft: { action: 'permit', source: '192.0.2.2', for: '2h', reason: 'scan' } },
    ]);
  });

  it('have conditions', () => {
    const text =
      'deny any --protocol tcp --tcp-flags syn,!ack --destination 192.0.2.0/24 --length 0-60\ndeny any --fragment\n';
    expect(draftsOf(text, undefined, {}).map(({ draft }) => draft)).toEqual([
      {
        ...{ action: 'deny', source: 'any', protocol: 'tcp', tcp_flags: 'syn,!ack' },
        ...{ destination: '192.0.2.0/24', length: '0-60' },
      },
      { action: 'deny', source: 'any', fragment: true },
    ]);
  });

  it('are only sources if the action is an argument', () => {
    expect(draftsOf('192.0.2.1\n\n2001:db8::1 # x\n', 'deny', { port: '22' })).toEqual([
      { line: 1, draft: { action: 'deny', source: '192.0.2.1', destination_port: '22' } },
      { line: 3, draft: { action: 'deny', source: '2001:db8::1', destination_port: '22' } },
    ]);
  });

  it.each([
    ['deny 192.0.2.1\ndeny 192.0.2.2 --prot tcp\n', undefined, /line 2 .*unknown option/],
    ['deny\n', undefined, /line 1 .*missing required argument/],
    ['192.0.2.1 192.0.2.2\n', 'deny', /line 1 .*one source per line/],
  ])('of %j are rejected with the line', (text, action, message) => {
    expect(() => draftsOf(text, action, {})).toThrow(message);
  });

  it('have the line in place of the index in an error', () => {
    const error = { code: 'invalid' as const, message: 'rules.1.source: "x" is not a source', field: 'rules.1.source' };
    expect(withLine({ ok: false, error }, 'rules', [3, 7])).toMatchObject({
      error: { message: 'line 7: source: "x" is not a source Nothing was changed.' },
    });
  });

  it('are summarized', () => {
    const rule = { id: 1, reason: '' } as never;
    expect(addedManySentence([{ rule }])).toBe('Added 1 rule.');
    expect(addedManySentence([{ rule }, { rule, was: rule }, { rule, was: { id: 1, reason: 'x' } as never }])).toBe(
      'Added 1 rule; updated 1; 1 already existed.',
    );
  });
});

it('a rule that existed is reported as such', () => {
  const was = { id: 3, reason: 'a' } as never;
  const rule = { id: 3, reason: 'b', expires_at: '2030-01-01T01:00:00Z' } as never;
  const now = Date.parse('2030-01-01T00:00:00Z');
  expect(addedSentence({ rule: was, was }, now)).toBe('Rule 3 already has this action and match: nothing changed.');
  expect(addedSentence({ rule, was }, now)).toBe(
    'Rule 3 already has this action and match and was updated: expires in 1 h; reason: b.',
  );
});

describe('a removal', () => {
  const from = (text: string) => async () => text;

  it('names rules by id, source or set', async () => {
    expect((await removalOf(['1', '7'], {}, from(''))).request).toEqual({ ids: [1, 7], matching: [] });
    expect((await removalOf([], { source: '192.0.2.1', action: 'deny', port: '22' }, from(''))).request).toEqual({
      ids: [],
      matching: [{ source: '192.0.2.1', action: 'deny', destination_port: '22' }],
    });
    expect((await removalOf([], { set: 'drop' }, from(''))).request.matching).toEqual([{ source: 'set:drop' }]);
  });

  it('selects by reason, alone or in addition', async () => {
    const matching = async (options: Record<string, unknown>) =>
      (await removalOf([], options, from(''))).request.matching;
    expect(await matching({ reason: 'scan' })).toEqual([{ reason: 'scan' }]);
    expect(await matching({ reason: 'scan', action: 'deny' })).toEqual([{ reason: 'scan', action: 'deny' }]);
    expect(await matching({ reason: 'scan', source: '192.0.2.1' })).toEqual([{ source: '192.0.2.1', reason: 'scan' }]);
  });

  it('selects the rules of the fleet by their group', async () => {
    const { matching } = (await removalOf([], { group: 'web', action: 'deny' }, from(''))).request;
    expect(matching).toEqual([{ action: 'deny', group: 'web' }]);
  });

  it('reads ids and sources from standard input', async () => {
    expect(await removalOf(['-'], { action: 'deny', force: true }, from('7\n# x\n192.0.2.1\nset:drop\n'))).toEqual({
      request: {
        ids: [7],
        matching: [
          { source: '192.0.2.1', action: 'deny' },
          { source: 'set:drop', action: 'deny' },
        ],
        force: true,
      },
      lines: [3, 4],
    });
  });

  it.each([
    [[], {}, '', /no rule is named/],
    [[], { port: '22' }, '', /narrow --source, --set, --reason or --group/],
    [[], { source: '192.0.2.1', set: 'drop' }, '', /a set is replaced as a whole/],
    [['-'], {}, '# nothing\n', /no lines/],
    [['-', '1'], {}, '1', /cannot be combined/],
    [['-'], {}, '192.0.2.1 192.0.2.2\n', /line 1 .*more than one word/],
    [['x'], {}, '', /an id is a number/],
  ])('is rejected for %j, %j', async (ids, options, text, message) => {
    await expect(removalOf(ids, options, from(text))).rejects.toThrow(message);
  });
});

it('one set of the output of ipset save is selected', () => {
  const saved = Buffer.from('create a hash:ip\ncreate b hash:net\nadd a 192.0.2.1\nadd b 192.0.2.2\nadd b 192.0.2.3\n');
  expect(onlyIpset(saved, 'b').toString()).toBe('add b 192.0.2.2\nadd b 192.0.2.3');
  expect(() => onlyIpset(saved, 'c')).toThrow(/the input has a, b/);
  expect(() => onlyIpset(Buffer.from('192.0.2.1\n'), 'a')).toThrow(/not the output of ipset save/);
});
