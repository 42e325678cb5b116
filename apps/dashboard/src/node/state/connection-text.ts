import type { Rejection } from '@packetlog/common';
import { ageText, spanText } from '../../text/clock.ts';
import type { Connection } from './connection.ts';

export interface ConnectionText {
  /** For the status strip: one or two words. */
  readonly label: string;
  /** Age of the newest data, after the label: '0.4 s old'; '' if there is none. */
  readonly age: string;
  /** What is wrong, for the banner; '' while it is live. */
  readonly sentence: string;
  /** What to do about it. */
  readonly advice: string;
  /** Whether to offer "Try again". */
  readonly retry: boolean;
}

const OPEN_URL = 'Run packetlog url as root on that machine, and open the URL that it prints, or paste it here.';

/** Describes the state of the connection. `now` is a reading of the clock of `connection`. */
export function connectionText(connection: Connection, now: number, loader: string): ConnectionText {
  switch (connection.state) {
    case 'live':
      return { label: 'live', age: `${ageText(now - connection.dataAt)} old`, sentence: '', advice: '', retry: false };
    case 'connecting': {
      const waited = now - connection.since;
      const sentence =
        waited < 3_000 ? `Connecting to ${loader}.` : `No answer from ${loader} for ${spanText(waited)}.`;
      const advice = waited < 3_000 ? '' : 'Check that packetlog is running there and that nothing blocks the port.';
      return { label: 'connecting', age: '', sentence, advice, retry: false };
    }
    case 'stale': {
      const age = ageText(now - connection.dataAt);
      const sentence = `Connected, but no data has arrived for ${age}. What you see is that old.`;
      return {
        label: 'stale',
        age: `${age} old`,
        sentence,
        advice: 'It may be overloaded or suspended.',
        retry: false,
      };
    }
    case 'lost': {
      const since = spanText(now - connection.since);
      const advice = 'Retrying. Check that packetlog is running there.';
      return connection.dataAt === null
        ? {
            label: 'no connection',
            age: '',
            sentence: `${loader} has not answered for ${since}.`,
            advice,
            retry: true,
          }
        : {
            label: 'disconnected',
            age: `${ageText(now - connection.dataAt)} old`,
            sentence: `The connection to ${loader} has been lost for ${since}. What you see is older than that.`,
            advice,
            retry: true,
          };
    }
    case 'rejected':
      return { label: 'rejected', age: '', ...rejectionText(connection.rejection) };
    case 'no-token':
      return {
        label: 'no token',
        age: '',
        sentence: 'This page needs an access token.',
        advice: OPEN_URL,
        retry: false,
      };
  }
}

function rejectionText(rejection: Rejection): Pick<ConnectionText, 'sentence' | 'advice' | 'retry'> {
  switch (rejection.code) {
    case 'unauthorized':
      return {
        sentence: 'No access to this loader.',
        // The message names the wrong token, or the time to wait after too many wrong ones.
        advice: rejection.message || OPEN_URL,
        retry: true,
      };
    case 'protocol_mismatch':
      return {
        sentence: 'This page and the loader have different protocol versions.',
        advice: 'Reload the page from the loader itself, or update the older of the two.',
        retry: true,
      };
    case 'too_many_clients':
      return {
        sentence: 'The loader already serves its maximum number of pages.',
        advice: 'Close another PacketLog page, then try again.',
        retry: true,
      };
    case 'invalid':
      return { sentence: 'This page cannot connect there.', advice: rejection.message || OPEN_URL, retry: true };
    case 'unavailable':
      return { sentence: 'This cannot be reached now.', advice: rejection.message || OPEN_URL, retry: true };
    case 'forbidden':
    case 'internal':
      return { sentence: 'The loader rejected this page.', advice: OPEN_URL, retry: true };
  }
}
