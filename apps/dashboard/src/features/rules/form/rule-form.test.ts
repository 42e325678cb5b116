import { expect, test } from 'vitest';
import { makeRule } from '../../../../test/support/samples.ts';
import { changesOf, EMPTY_FORM, filledBy, formOf, KEEP, type RuleForm, readForm } from './rule-form.ts';

const read = (over: Partial<RuleForm>) => readForm({ ...EMPTY_FORM, source: '203.0.113.7', ...over });

test('the fields become a draft in canonical form', () => {
  expect(read({ source: ' 203.0.113.7/32 ', protocol: '6', port: '22', reason: ' brute force ' }).draft).toEqual({
    action: 'deny',
    source: '203.0.113.7',
    protocol: 'tcp',
    destination_port: 22,
    reason: 'brute force',
    for: '1h',
  });
});

test.each<[Partial<RuleForm>, keyof RuleForm, RegExp]>([
  [{ source: '' }, 'source', /Enter an address/],
  [{ source: '203.0.113.7/24' }, 'source', /203\.0\.113\.0\/24/],
  [{ protocol: 'tpc' }, 'protocol', /tcp/],
  [{ port: '70000' }, 'port', /65535/],
  [{ protocol: 'icmp', port: '22' }, 'port', /no ports/],
  [{ lasts: 'soon' }, 'lasts', /1h30m/],
])('%o is rejected at its field, with the fix', (over, field, message) => {
  const { draft, problems } = read(over);
  expect(draft).toBeNull();
  expect(problems?.[field]).toMatch(message);
});

test('a proposed rule fills the form, and is the same rule with an expiry', () => {
  const proposed = {
    action: 'deny',
    source: 'any',
    protocol: 'tcp',
    destination_port: '20-22',
    reason: 'only one source sent this',
  } as const;
  expect(readForm({ ...EMPTY_FORM, ...filledBy(proposed) }).draft).toEqual({ ...proposed, for: '1h' });
});

test('an unchanged form changes nothing', () => {
  const { packets, bytes, ...rule } = makeRule({
    protocol: 'tcp',
    destination_port: '20-22',
    expires_at: '2030-01-01T00:00:00Z',
  });
  expect({ packets, bytes }).toEqual({ packets: 0, bytes: 0 });
  const form = formOf(rule);
  expect(form.lasts).toBe(KEEP);
  expect(changesOf(rule, form, readForm(form).draft ?? fail())).toBeNull();
});

test('only changed fields are sent; an emptied field is removed', () => {
  const rule = makeRule({
    protocol: 'tcp',
    destination_port: 22,
    interface: 'eth0',
    expires_at: '2030-01-01T00:00:00Z',
  });
  const form = { ...formOf(rule), port: '', interface: '', lasts: '', reason: 'scan' };
  expect(changesOf(rule, form, readForm(form).draft ?? fail())).toEqual({
    destination_port: null,
    interface: null,
    reason: 'scan',
    expires_at: null,
  });
  const longer = { ...formOf(rule), lasts: '7d' };
  expect(changesOf(rule, longer, readForm(longer).draft ?? fail())).toEqual({ for: '7d' });
});

function fail(): never {
  throw new Error('the form was not read');
}
