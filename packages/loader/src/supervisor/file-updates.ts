/** Files that are read again, and tokens that are replaced, while servers come and go: each server gets the newest ones, once it has opened its port. */
import type { PlaceFile } from '../ipc/server-messages.ts';
import type { TlsPem } from '../ipc/tls-pem.ts';
import type { TokenDigests } from '../ipc/token-digest.ts';
import type { ServerRun } from './server-run.ts';

type Receiver = Pick<ServerRun, 'send'> | undefined;

export class FileUpdates {
  /** Files that were read again while a server was starting, which has got the earlier ones. */
  #missed: { places?: readonly PlaceFile[]; tls?: TlsPem; tokens?: TokenDigests } = {};
  /** Answers to `places` that are due. */
  #due = 0;

  /** Call it before a server gets its settings: they have the newest files. */
  starting(): void {
    this.#missed = {};
  }

  /** `run`: undefined while no server has opened its port. */
  places(run: Receiver, places: readonly PlaceFile[]): void {
    if (run === undefined) {
      this.#missed.places = places;
      return;
    }
    this.#due++;
    run.send({ type: 'places', places });
  }

  tls(run: Receiver, tls: TlsPem): void {
    if (run === undefined) this.#missed.tls = tls;
    else run.send({ type: 'tls', tls });
  }

  tokens(run: Receiver, tokens: TokenDigests): void {
    if (run === undefined) this.#missed.tokens = tokens;
    else run.send({ type: 'tokens', tokens });
  }

  /** Sends what a server missed while it was starting. Returns whether that includes places. */
  opened(run: Pick<ServerRun, 'send'>): boolean {
    const { places, tls, tokens } = this.#missed;
    this.#missed = {};
    this.#due = 0;
    if (tokens !== undefined) this.tokens(run, tokens);
    if (tls !== undefined) this.tls(run, tls);
    if (places !== undefined) this.places(run, places);
    return places !== undefined;
  }

  /** Returns whether an answer to `places` was due. */
  isAnswer(): boolean {
    if (this.#due === 0) return false;
    this.#due--;
    return true;
  }
}
