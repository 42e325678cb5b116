import { expect, it } from 'vitest';
import { proposalsText } from './proposals-text.ts';

it('shows each proposed limit, its reason, its dry run and its command', () => {
  const rule = { action: 'limit', source: 'any', protocol: 'tcp', destination_port: 443, rate: '16/min' } as const;
  const proposal = { rule: { ...rule, measure: 'connections' }, sources: 41, p95: 8, most: 1030 } as const;
  const text = proposalsText([{ ...proposal, dry_run: { seen: 1350, over: 14, buckets: 1 } }], 0);
  expect(text).toEqual([
    'Twice what 95 % of the active minutes (UDP: seconds) of sources have at most. Nothing was changed.',
    '',
    'limit any source to tcp port 443 to 16 connections/min per source (/64) [observing]',
    '  41 sources, usually at most 8 connections/min, the most was 1,030',
    '  dry run: at most 14 of 1,350 would have been over, from 1 source',
    '  packetlog rules add limit any --protocol tcp --port 443 --rate 16/min --measure connections --reason proposed',
  ]);
  expect(proposalsText([], 1200)).toEqual([
    'No limit is proposed: no service was used enough in this range. Give a longer one with --from.',
    'Not counted, because there were too many sources: 1,200 packets.',
  ]);
});
