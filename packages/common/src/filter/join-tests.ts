/** Joins tests into one. Up to four have dedicated functions: a loop over a list costs more than the tests it calls. */
import type { RecordPredicate } from '../record/view.ts';
import { always, never } from './record-tests.ts';

export function every(tests: readonly RecordPredicate[]): RecordPredicate {
  const [a = always, b = always, c = always, d = always] = tests;
  switch (tests.length) {
    case 0:
    case 1:
      return a;
    case 2:
      return (bytes, at) => a(bytes, at) && b(bytes, at);
    case 3:
      return (bytes, at) => a(bytes, at) && b(bytes, at) && c(bytes, at);
    case 4:
      return (bytes, at) => a(bytes, at) && b(bytes, at) && c(bytes, at) && d(bytes, at);
    default: {
      const all = [...tests];
      return (bytes, at) => {
        for (let i = 0; i < all.length; i++) if (!(all[i] as RecordPredicate)(bytes, at)) return false;
        return true;
      };
    }
  }
}

export function some(tests: readonly RecordPredicate[]): RecordPredicate {
  const [a = never, b = never, c = never, d = never] = tests;
  switch (tests.length) {
    case 0:
    case 1:
      return a;
    case 2:
      return (bytes, at) => a(bytes, at) || b(bytes, at);
    case 3:
      return (bytes, at) => a(bytes, at) || b(bytes, at) || c(bytes, at);
    case 4:
      return (bytes, at) => a(bytes, at) || b(bytes, at) || c(bytes, at) || d(bytes, at);
    default: {
      const any = [...tests];
      return (bytes, at) => {
        for (let i = 0; i < any.length; i++) if ((any[i] as RecordPredicate)(bytes, at)) return true;
        return false;
      };
    }
  }
}

export function not(test: RecordPredicate): RecordPredicate {
  return (bytes, at) => !test(bytes, at);
}
