import { hashOfView, type ViewHash, viewOfHash } from './connection/view-hash.ts';

/** The address bar: keeps filter, range and node, so that the address is a link to what the page shows. */
export class AddressBar {
  #view: ViewHash = { filter: '', range: null, node: null };

  read(): ViewHash {
    this.#view = viewOfHash(location.hash);
    return this.#view;
  }

  /** Writes changes as a new entry of the browser's history, so that "back" undoes them. */
  write(changes: Partial<ViewHash>): void {
    this.#view = { ...this.#view, ...changes };
    history.pushState(null, '', this.#address());
  }

  /** Writes what the address did not say, without a new entry. */
  complete(changes: Partial<ViewHash>): void {
    this.#view = { ...this.#view, ...changes };
    history.replaceState(null, '', this.#address());
  }

  /** Writes what is shown again after another page was visited, whose address does not have it. */
  restore(): void {
    // A hash with tokens is read and removed elsewhere.
    if (location.hash === '' && hashOfView(this.#view) !== '') this.complete({});
  }

  #address(): string {
    return location.pathname + location.search + hashOfView(this.#view);
  }
}
