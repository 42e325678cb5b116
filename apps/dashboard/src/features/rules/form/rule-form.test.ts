// biome-ignore-all lint/suspicious/noThenProperty: a field of rules, never awaited
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
  [{ tcp_flags: 'syn' }, 'tcp_flags', /protocol tcp/],
  [{ destination: 'server' }, 'destination', /is not a destination/],
  [{ length: '80-60' }, 'length', /60-80/],
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

test('a proposed limit fills the form with its numbers', () => {
  const proposed = {
    action: 'limit',
    source: 'any',
    protocol: 'udp',
    rate: '20/min',
    per: 'source/24',
    burst: 40,
    then: 'block:60s',
    reason: '',
  } as const;
  expect(readForm({ ...EMPTY_FORM, ...filledBy(proposed), lasts: '' }).draft).toEqual(proposed);
});

const CONDITIONS = { tcp_flags: 'syn,!ack', destination: '192.0.2.2', length: '60-80', fragment: true } as const;

test('conditions are read, filled, changed and removed as other fields', () => {
  const written = { ...CONDITIONS, tcp_flags: ' !ack,SYN ', protocol: 'tcp' };
  expect(read(written).draft).toMatchObject({ protocol: 'tcp', ...CONDITIONS });
  expect(filledBy({ action: 'deny', source: 'any', ...CONDITIONS })).toMatchObject(CONDITIONS);
  const rule = makeRule({ protocol: 'tcp', ...CONDITIONS });
  const form = formOf(rule);
  expect(changesOf(rule, form, readForm(form).draft ?? fail())).toBeNull();
  const other = { ...form, tcp_flags: '', destination: '192.0.2.0/24', length: ' ', fragment: false };
  expect(changesOf(rule, other, readForm(other).draft ?? fail())).toEqual({
    tcp_flags: null,
    destination: '192.0.2.0/24',
    length: null,
    fragment: null,
  });
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

const LIMIT = { action: 'limit', protocol: 'udp', rate: '20/min', lasts: '' } as const;

test('a limit has the numbers of its fields, and the usual ones where they are empty', () => {
  const usual = { action: 'limit', source: '203.0.113.7', protocol: 'udp', rate: '20/min', reason: '' };
  expect(read(LIMIT).draft).toEqual(usual);
  expect(read({ ...LIMIT, per: ' source/24 ', burst: '40', then: 'block:60s' }).draft).toEqual({
    ...usual,
    per: 'source/24',
    burst: 40,
    then: 'block:60s',
  });
  expect(read({ ...LIMIT, action: 'deny', burst: '40' }).draft).toMatchObject({ action: 'deny' });
});

test.each<[Partial<RuleForm>, keyof RuleForm, RegExp]>([
  [{ rate: '' }, 'rate', /needs a rate/],
  [{ per: 'address' }, 'per', /is not a bucket/],
  [{ burst: 'many' }, 'burst', /Enter a whole number/],
  [{ burst: '0' }, 'burst', /Enter a whole number/],
  [{ burst: '9999999999' }, 'burst', /Write at most/],
  [{ then: 'wait' }, 'then', /is not a consequence/],
])('a limit with %o is rejected at its field', (over, field, message) => {
  expect(read({ ...LIMIT, ...over }).problems?.[field]).toMatch(message);
});

test('numbers of a limit that were emptied are removed', () => {
  const rule = makeRule({
    action: 'limit',
    protocol: 'udp',
    rate: '20/min',
    per: 'port',
    burst: 40,
    then: 'block:60s',
  });
  const form = formOf(rule);
  expect(changesOf(rule, form, readForm(form).draft ?? fail())).toBeNull();
  const emptied = { ...form, per: '', burst: '20', then: '' };
  expect(changesOf(rule, emptied, readForm(emptied).draft ?? fail())).toEqual({ per: null, burst: 20, then: null });
});

function fail(): never {
  throw new Error('the form was not read');
}
