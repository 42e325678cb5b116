import { hashOfView, type ViewHash, viewOfHash } from './connection/view-hash.ts';

/** The address bar: keeps filter and range, so that the address is a link to what the page shows. */
export class AddressBar {
  #view: ViewHash = { filter: '', range: null };

  read(): ViewHash {
    this.#view = viewOfHash(location.hash);
    return this.#view;
  }

  /** Writes changes as a new entry of the browser's history, so that "back" undoes them. */
  write(changes: Partial<ViewHash>): void {
    this.#view = { ...this.#view, ...changes };
    history.pushState(null, '', location.pathname + location.search + hashOfView(this.#view));
  }

  /** Writes what is shown again after another page was visited, whose address does not have it. */
  restore(): void {
    const hash = hashOfView(this.#view);
    // A hash with tokens is read and removed elsewhere.
    if (hash !== '' && location.hash === '') history.replaceState(null, '', location.pathname + location.search + hash);
  }
}
