import { pastTopSchema } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mmdb } from '../../test/support/fake-mmdb.ts';
import { removePast, writePast } from '../../test/support/past-fixture.ts';
import type { PlaceFile } from '../enrichment/places.ts';
import { SetupError } from '../errors/setup-error.ts';
import type { PastCaller } from '../ipc/past-access.ts';
import { EMPTY_RULESET } from '../rules/ruleset/ruleset.ts';
import { PastQuestions, type PastQuestionsOptions } from './past-questions.ts';

const RANGE = { from_ms: 0, to_ms: 4e12 };
const file = (country: string): PlaceFile => ({
  path: '/geo.mmdb',
  bytes: Buffer.from(mmdb('Country', { '0.0.0.0/0': { country }, '2000::/3': { country } })),
});

let directory = '';
let questions: PastQuestions | undefined;
const failed = vi.fn();
beforeEach(() => {
  failed.mockReset();
  directory = writePast();
});
afterEach(async () => {
  await questions?.close();
  removePast(directory);
});

let clients = 0;
const caller = (): PastCaller => ({ client: ++clients, mayChange: false, gone: new AbortController().signal });

function start(more: Pick<PastQuestionsOptions, 'places'> = {}): PastQuestions {
  questions = new PastQuestions({
    directory,
    recorder: () => ({ bytes: 1, max_bytes: 2, is_anonymized: false }),
    bookmarks: { add: vi.fn(), remove: vi.fn() },
    tables: () => '/proc/self/net',
    trial: () => ({ current: EMPTY_RULESET, protectedNow: [] }),
    failed,
    thread: new URL('./past-thread.ts', import.meta.url),
    ...more,
  });
  return questions;
}

async function countriesOf(asked: PastQuestions): Promise<string[]> {
  const answer = await asked.ask('top', { ...RANGE, group: 'country' }, caller());
  if (!answer.ok) throw new Error(answer.error.message);
  const { groups } = JSON.parse(answer.json) as { groups: { entries: { name: string }[] } };
  return groups.entries.map(({ name }) => name);
}

describe('the files of --geoip', () => {
  it('are read for the first question that needs them, and again when they were replaced', async () => {
    const places = vi.fn(async () => [file('NZ')]);
    const asked = start({ places });
    expect(await asked.ask('top', { ...RANGE, group: 'network' }, caller())).toMatchObject({ ok: true });
    expect(places).not.toHaveBeenCalled();
    expect([await countriesOf(asked), await countriesOf(asked)]).toEqual([['NZ'], ['NZ']]);
    expect(places).toHaveBeenCalledTimes(1);
    places.mockResolvedValue([file('IS')]);
    asked.placesChanged();
    expect(await countriesOf(asked)).toEqual(['IS']);
  });

  it('stay as they were if the new ones cannot be used', async () => {
    const places = vi.fn(async () => [file('NZ')]);
    const asked = start({ places });
    expect(await countriesOf(asked)).toEqual(['NZ']);
    places.mockResolvedValue([{ path: '/bad.mmdb', bytes: Buffer.from('no database') }]);
    asked.placesChanged();
    expect(await countriesOf(asked)).toEqual(['NZ']);
  });

  it.each<[what: string, places: PastQuestionsOptions['places'], message: RegExp]>([
    ['there are none', undefined, /--geoip FILE\.mmdb/],
    ['none can be used', async () => [{ path: '/bad.mmdb', bytes: Buffer.from('x') }], /\/bad\.mmdb.*not an MMDB file/],
    [
      'they cannot be read',
      () =>
        Promise.reject(new SetupError({ step: 'read --geoip', target: '/gone', problem: 'no file', exit: 'usage' })),
      /read --geoip \/gone: no file/,
    ],
  ])('are missing, which the answer says, if %s', async (_, places, message) => {
    const asked = start(places === undefined ? {} : { places });
    const answer = await asked.ask('top', { ...RANGE, group: 'as' }, caller());
    if (!answer.ok) throw new Error(answer.error.message);
    const top = pastTopSchema.parse(JSON.parse(answer.json));
    expect(top.groups_problem).toMatch(message);
    expect(top.groups).toBeUndefined();
    expect(top.sources.distinct).toBeGreaterThan(0);
    expect(failed).not.toHaveBeenCalled();
  });
});
