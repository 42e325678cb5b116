import type { Connection } from '../../node/state/connection.ts';
import { connectionText } from '../../node/state/connection-text.ts';
import { ageText, spanText } from '../../text/clock.ts';

export interface NodeFacts {
  readonly connection: Connection;
  /** Reading of the clock of `connection`. */
  readonly now: number;
  readonly address: string;
  /** Whether its loader serves this page. */
  readonly isHome: boolean;
  /** Whether the page's content security policy blocks connections to it. */
  readonly blocked: boolean;
  /** Origin of this page. */
  readonly page: string;
}

export interface NodeText {
  /** live, stale, rejected, gone, … */
  readonly state: string;
  /** Age of the figures, '' without any. */
  readonly age: string;
  /** What is wrong and what to do; '' while it is live. */
  readonly sentence: string;
}

/** Describes the state of a node, for the list. */
export function nodeText({ connection, now, address, isHome, blocked, page }: NodeFacts): NodeText {
  const { label, age, sentence, advice } = connectionText(connection, now, address);
  const text = (state: string, ...sentences: string[]) => ({
    state,
    age,
    sentence: sentences.filter(Boolean).join(' '),
  });
  if (blocked && connection.state !== 'live' && connection.state !== 'stale')
    return text(
      'rejected',
      `This browser cannot connect there: the loader that serves this page does not allow it. Start that loader with --allow-node ${address}`,
    );
  if (connection.state === 'no-token') return text(label, 'Enter the token that packetlog printed there.');
  if (connection.state === 'rejected') {
    return isHome || connection.rejection.code !== 'unauthorized'
      ? text(label, sentence, advice)
      : text(label, 'Token rejected. Edit the node and enter the token that packetlog printed there.');
  }
  if (connection.state === 'lost') {
    const { dataAt, since } = connection;
    const gone =
      dataAt === null
        ? `No answer for ${spanText(now - since)}.`
        : 'The connection was lost: figures are older than that.';
    const advice = isHome
      ? 'Check that packetlog is still running.'
      : `Check that packetlog is running there, that this address reaches it, and that it was started with --allow-origin ${page}`;
    return { state: 'gone', age: dataAt === null ? '' : `${ageText(now - dataAt)} old`, sentence: `${gone} ${advice}` };
  }
  return text(label, sentence, advice);
}

/** Returns the number of live nodes: 'all 3 live', '2 of 3 live'. */
export function liveCountText(states: readonly Connection['state'][]): string {
  const live = states.filter((state) => state === 'live').length;
  return live === states.length ? `all ${live} live` : `${live} of ${states.length} live`;
}
