import { expect, test, vi } from 'vitest';
import { Turns } from './turns.ts';

function pending(): { promise: Promise<string>; resolve: (value: string) => void } {
  let resolve: (value: string) => void = () => {};
  const promise = new Promise<string>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

test('requests of one kind are sent one after the other, those of other kinds beside them', async () => {
  const turns = new Turns();
  const sent: string[] = [];
  const [first, second, other] = [pending(), pending(), pending()];
  const ask = (name: string, answer: { promise: Promise<string> }) => () => {
    sent.push(name);
    return answer.promise;
  };
  const answers = [
    turns.take('rates', ask('first', first)),
    turns.take('rates', ask('second', second)),
    turns.take('rows', ask('other', other)),
  ];
  other.resolve('o');
  expect(await answers[2]).toBe('o');
  expect(sent).toEqual(['first', 'other']);
  first.resolve('1');
  second.resolve('2');
  expect(await Promise.all(answers)).toEqual(['1', '2', 'o']);
  expect(sent).toEqual(['first', 'other', 'second']);
});

test('a request that is no longer wanted gives way, or is never sent', async () => {
  const turns = new Turns();
  const sent: string[] = [];
  const [slow, unwanted] = [new AbortController(), new AbortController()];
  const ask = (name: string, answer: Promise<string>) => () => {
    sent.push(name);
    return answer;
  };
  const first = turns.take('rates', ask('slow', new Promise(() => {})), slow.signal);
  const second = turns.take('rates', ask('unwanted', Promise.resolve('2')), unwanted.signal);
  const third = turns.take('rates', ask('wanted', Promise.resolve('3')));
  await vi.waitFor(() => expect(sent).toEqual(['slow']));
  unwanted.abort();
  slow.abort();
  expect(await Promise.all([first, second, third])).toEqual([null, null, '3']);
  expect(sent).toEqual(['slow', 'wanted']);
});

test('a request that fails does not hold up the next', async () => {
  const turns = new Turns();
  await expect(turns.take('rates', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await turns.take('rates', () => Promise.resolve('yes'))).toBe('yes');
});
