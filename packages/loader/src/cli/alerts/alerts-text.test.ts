import { expect, it } from 'vitest';
import { type ListedAlert, NO_COUNTS } from '../../ipc/alerts/alerts-access.ts';
import { addedText, historyText, listText, testText } from './alerts-text.ts';

const NOW = Date.UTC(2026, 0, 31, 10, 20, 30);
const QUIET: ListedAlert = {
  ...{ name: 'denied', condition: 'denied > 5/s', to: 'webhook:https://example.org/x', has_authorization: false },
  ...{ repeat_ms: 14_400_000, state: 'ok', waiting: 0 },
};
const FIRING: ListedAlert = {
  ...{ ...QUIET, name: 'chat', to: 'slack:https://hooks.example/***', has_authorization: true, state: 'firing' },
  ...{ since_ms: NOW - 90_000, value: '1,234/s', waiting: 2, problem: 'HTTP 500' },
};

it('lists alerts, then counts that add up', () => {
  const counts = {
    ...NO_COUNTS,
    fired: 1500,
    resolved: 2,
    repeated: 1,
    sent: 3,
    suppressed: 1495,
    failed: 1,
    discarded: 2,
  };
  const report = { alerts: 2, firing: ['chat'], waiting: 2, counts };
  expect(listText({ alerts: [QUIET, FIRING], report }, NOW)).toEqual([
    'denied: denied > 5/s',
    '  ok',
    '  to webhook:https://example.org/x, repeated after 4 h',
    'chat: denied > 5/s',
    '  FIRING for 1 min 30 s, now 1,234/s',
    '  to slack:https://hooks.example/***, authorization ***, repeated after 4 h',
    '  2 events wait for this target',
    '  the last attempt failed: HTTP 500',
    'Events: 1,500 fired, 2 resolved, 1 repeated.',
    'Of them: 3 sent, 1,495 suppressed, 1 failed, 2 discarded, 2 waiting.',
  ]);
});

it('says what to do where there is no alert, and what is wrong', () => {
  const report = { alerts: 0, firing: [], waiting: 0, counts: NO_COUNTS, problem: 'alerts.json is damaged' };
  expect(listText({ alerts: [], report }, NOW)).toEqual([
    'Problem: alerts.json is damaged.',
    expect.stringMatching(/^No alerts\. To add one: packetlog alerts add/),
  ]);
});

it('says what was added, what a target answered, and what happened', () => {
  expect(addedText(QUIET)[0]).toMatch(/^Alert denied: denied > 5\/s, to webhook:.*packetlog alerts test denied\.$/);
  expect(testText({ to: 'x', was_accepted: false, text: 'HTTP 500' })).toEqual(['Not accepted by x: HTTP 500']);
  expect(testText({ to: 'x', was_accepted: true, text: '' })).toEqual(['Accepted by x: no text']);
  expect(historyText([{ at_ms: NOW, name: 'denied', what: 'fired', text: '7/s' }])).toEqual([
    '2026-01-31 10:20:30 UTC  fired     denied: 7/s',
  ]);
  expect(historyText([])).toEqual(['No events yet.']);
});
