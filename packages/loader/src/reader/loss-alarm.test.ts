import { noticeSchema } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { LossAlarm } from './loss-alarm.ts';

/** Returns code and count of the notices for these totals, one total a second. */
function notices(...totals: number[]): (string | undefined)[] {
  const alarm = new LossAlarm('somewhere', 'Do something.');
  return totals.map((total, second) => {
    const notice = alarm.update(total, second * 1000, second * 1000);
    return notice && `${notice.code} ${notice.count}`;
  });
}

describe('LossAlarm', () => {
  it.each([
    ['returns nothing while nothing is lost', [0, 0, 0], [undefined, undefined, undefined]],
    ['reports once that loss began', [0, 5, 9, 20], [undefined, 'loss_began 5', undefined, undefined]],
    [
      'reports how much was lost when the loss ended',
      [0, 5, 9, 9, 9],
      [undefined, 'loss_began 5', undefined, 'loss_ended 9', undefined],
    ],
    [
      'counts each period of loss separately',
      [3, 3, 3, 10, 10],
      ['loss_began 3', 'loss_ended 3', undefined, 'loss_began 7', 'loss_ended 7'],
    ],
  ])('%s', (_, totals, wanted) => {
    expect(notices(...totals)).toEqual(wanted);
  });

  it('returns a notice of the protocol, with place and advice', () => {
    const alarm = new LossAlarm('in the test', 'Do something.');
    const began = alarm.update(4, 1000, 1000);
    expect(noticeSchema.parse(began)).toEqual({
      at_ms: 1000,
      level: 'warning',
      code: 'loss_began',
      count: 4,
      message: 'Records are being lost in the test: 4 so far. Do something.',
    });
    expect(noticeSchema.parse(alarm.update(4, 2000, 2000))).toMatchObject({
      level: 'info',
      code: 'loss_ended',
      count: 4,
    });
  });

  it('does not report again what was lost before it started', () => {
    const alarm = new LossAlarm('somewhere', 'Do something.', 1000);
    expect(alarm.update(1000, 0, 0)).toBeUndefined();
    expect(alarm.update(1007, 1000, 1000)).toMatchObject({ code: 'loss_began', count: 7 });
  });
});
