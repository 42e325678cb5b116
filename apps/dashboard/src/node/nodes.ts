import { DEFAULT_ROWS_PER_SECOND } from '@packetlog/common';
import { readHandshakeTarget } from './connection/handshake-target.ts';
import type { HandshakeTarget } from './connection/handshake-url.ts';
import { Loader } from './connection/loader.ts';
import { isNodeOf } from './connection/loader-address.ts';
import { hostOf } from './connection/node-name.ts';
import type { View } from './connection/node-view.ts';
import type { Hub } from './fleet/hub.ts';
import { lazyWithRetry } from './lazy-with-retry.ts';
import { parseSavedNodes, type SavedNode } from './saved-nodes.ts';

const SAVED_KEY = 'packetlog-nodes';
const SHOWN_KEY = 'packetlog-shown-node';

/** Selects all nodes, in place of an address. */
export const ALL_NODES = 'all-nodes';
/** Selects the fleet, where the page's own address is that of a hub. */
export const FLEET = 'fleet';

/** Known nodes and the selected view. */
export interface NodesState {
  /** The loader that serves this page first, then the added ones. */
  readonly loaders: readonly Loader[];
  /** Address of the selected node, ALL_NODES or FLEET. */
  readonly shown: string;
  /** The hub that serves this page; null if a loader does. Then `loaders` is only the selected node. */
  readonly hub: Hub | null;
  readonly view: View;
}

interface ViewOfAll extends View {
  close(): void;
  setFilter(text: string): void;
}

/** The nodes of the page. All stay connected; only visible nodes send rows, and they share the row limit of one. */
export class Nodes {
  readonly #home = new Loader();
  readonly #stopTicking = new Map<Loader, () => void>();
  #saved: readonly SavedNode[] = [];
  readonly #blocked = new Set<string>();
  #allNodes: ViewOfAll | null = null;
  #filter = '';
  #choices = 0;
  #wanted = '';
  #isOpen = false;
  #state: NodesState = { loaders: [this.#home], shown: '', view: this.#home, hub: null };
  readonly #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly get = (): NodesState => this.#state;

  /** The state while the page is prerendered. */
  readonly initial: NodesState = this.#state;
  readonly getInitial = (): NodesState => this.initial;

  /** What `show` selects, also while it is loading: the address of a node, or ALL_NODES. */
  get wanted(): string {
    return this.#wanted;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Nodes added in this browser. */
  get saved(): readonly SavedNode[] {
    return this.#saved;
  }

  /** Connects to all nodes. `linked`: the node of the link, instead of the one that this tab showed before. */
  open(filter: string, linked: string | null = null): void {
    this.#isOpen = true;
    this.#filter = filter;
    document.addEventListener('securitypolicyviolation', this.#onViolation);
    this.#saved = parseSavedNodes(localStorage.getItem(SAVED_KEY));
    const first = linked ?? sessionStorage.getItem(SHOWN_KEY) ?? '';
    this.#home.onHub = () => void this.#enterHub(first);
    this.openHome(readHandshakeTarget());
    for (const node of this.#saved) this.#join(node);
    void this.show(first);
  }

  /** Connects again to the page's loader, with the token that was read from the address bar. */
  openHome(target: HandshakeTarget): void {
    if (this.#state.hub !== null) this.#leaveHub();
    this.#startTicking(this.#home);
    this.#home.open(target, { filter: this.#filter, rowsPerSecond: this.#rowsOf(this.#home) });
    // A saved node that is now the page's own loader would be listed twice.
    const twin = this.#state.loaders.find((loader) => loader !== this.#home && loader.address === target.loader);
    if (twin !== undefined) this.#leave(twin);
    this.#set({ shown: this.#state.shown === '' ? target.loader : this.#state.shown });
  }

  close(): void {
    this.#isOpen = false;
    document.removeEventListener('securitypolicyviolation', this.#onViolation);
    this.#choices++;
    this.#closeAllNodes();
    this.#home.close();
    for (const loader of this.#state.loaders) {
      loader.close();
      this.#stopTicking.get(loader)?.();
    }
    this.#stopTicking.clear();
    this.#set({ loaders: [this.#home], shown: this.#home.address, view: this.#home, hub: null });
  }

  /** Returns whether the page's content security policy blocks connections to this address. */
  isBlocked(address: string): boolean {
    return this.#blocked.has(hostOf(address));
  }

  isHome(loader: Loader): boolean {
    return loader === this.#home;
  }

  /** Adds a node; with `before`, replaces the node of that address. */
  save(node: SavedNode, before?: string): void {
    const rest = this.#saved.map((saved) => (saved.loader === before ? node : saved));
    this.#store(before === undefined ? [...this.#saved, node] : rest);
    const loader = this.#state.loaders.find(({ address }) => address === before);
    if (loader === undefined || before !== node.loader) {
      if (loader !== undefined) this.#leave(loader);
      this.#join(node);
    } else {
      loader.name = node.name;
      loader.open(node, { filter: this.#filter, rowsPerSecond: this.#rowsOf(loader) });
    }
    void this.show(before !== undefined && this.#state.shown === before ? node.loader : this.#state.shown);
  }

  remove(address: string): void {
    this.#store(this.#saved.filter(({ loader }) => loader !== address));
    const loader = this.#state.loaders.find((each) => each.address === address && each !== this.#home);
    if (loader !== undefined) this.#leave(loader);
    void this.show(this.#state.shown);
  }

  /** Selects a node, or ALL_NODES; the first node if the address is unknown. */
  async show(address: string): Promise<void> {
    const choice = ++this.#choices;
    if (this.#state.hub !== null) return this.#showInHub(address);
    const { loaders } = this.#state;
    const isAll = address === ALL_NODES && loaders.length > 1;
    const loader = loaders.find((each) => each.address === address) ?? this.#home;
    this.#wanted = isAll ? ALL_NODES : loader.address;
    if (isAll) {
      const { AllNodes } = await lazyWithRetry(() => import('./all-nodes/all-nodes.ts'));
      if (choice !== this.#choices) return;
      this.#closeAllNodes();
      this.#allNodes = new AllNodes(this.#state.loaders);
      this.#select(ALL_NODES, this.#allNodes);
      return;
    }
    this.#closeAllNodes();
    this.#select(loader.address, loader);
  }

  setFilter(text: string): void {
    this.#filter = text;
    for (const loader of this.#state.loaders) loader.setFilter(text);
    this.#allNodes?.setFilter(text);
  }

  readonly #onViolation = ({ effectiveDirective, blockedURI }: SecurityPolicyViolationEvent): void => {
    if (effectiveDirective === 'connect-src') this.#blocked.add(hostOf(blockedURI));
  };

  /** Takes the place of the connection to the page's own loader, which is a hub. `first`: what to show there. */
  async #enterHub(first: string): Promise<void> {
    const { target } = this.#home;
    const { Hub } = await lazyWithRetry(() => import('./fleet/hub.ts'));
    if (!this.#isOpen || target !== this.#home.target || target === null || target.token === null) return;
    // They are nodes of a loader's page at the same address.
    for (const loader of this.#state.loaders) if (loader !== this.#home) this.#leave(loader);
    const hub = new Hub(this.#home.store, { loader: target.loader, token: target.token });
    this.#home.hub = hub;
    const stop = hub.subscribe(() => {
      stop();
      this.#set({ hub });
      void this.show(first);
    });
  }

  #leaveHub(): void {
    this.#showInHub(FLEET);
    this.#set({ hub: null, shown: '' });
  }

  #showInHub(address: string): void {
    const home = this.#home;
    const isNode = isNodeOf(home.address, address);
    this.#wanted = isNode ? address : FLEET;
    if (this.#state.loaders.some((loader) => loader.address === address && loader !== home)) return;
    for (const loader of this.#state.loaders) if (loader !== home) this.#leave(loader);
    if (!isNode) {
      this.#set({ loaders: [home] });
      this.#select(FLEET, home);
      return;
    }
    const loader = new Loader();
    this.#set({ loaders: [loader], view: loader });
    this.#startTicking(loader);
    loader.open(
      { loader: address, token: home.target?.token ?? null, adminToken: null },
      { filter: this.#filter, rowsPerSecond: this.#rowsOf(loader) },
    );
    this.#select(address, loader);
  }

  #select(shown: string, view: View): void {
    const { view: before } = this.#state;
    if (before !== view && before.store.state.rows.paused) before.setPaused(false);
    sessionStorage.setItem(SHOWN_KEY, shown);
    this.#set({ shown, view });
    for (const loader of this.#state.loaders) loader.setRowsPerSecond(this.#rowsOf(loader));
  }

  #rowsOf(loader: Loader): number {
    const { shown, loaders, view } = this.#state;
    if (shown === ALL_NODES) return Math.floor(DEFAULT_ROWS_PER_SECOND / loaders.length);
    return view === loader ? DEFAULT_ROWS_PER_SECOND : 0;
  }

  #join(node: SavedNode): void {
    if (this.#state.loaders.some(({ address }) => address === node.loader)) return;
    const loader = new Loader();
    loader.name = node.name;
    this.#set({ loaders: [...this.#state.loaders, loader] });
    this.#startTicking(loader);
    loader.open(node, { filter: this.#filter, rowsPerSecond: this.#rowsOf(loader) });
  }

  #leave(loader: Loader): void {
    loader.close();
    this.#stopTicking.get(loader)?.();
    this.#stopTicking.delete(loader);
    this.#set({ loaders: this.#state.loaders.filter((each) => each !== loader) });
  }

  #startTicking(loader: Loader): void {
    if (!this.#stopTicking.has(loader)) this.#stopTicking.set(loader, loader.store.startTicking());
  }

  #closeAllNodes(): void {
    this.#allNodes?.close();
    this.#allNodes = null;
  }

  #store(saved: readonly SavedNode[]): void {
    this.#saved = saved;
    localStorage.setItem(SAVED_KEY, JSON.stringify(saved));
  }

  #set(changes: Partial<NodesState>): void {
    this.#state = { ...this.#state, ...changes };
    for (const listener of this.#listeners) listener();
  }
}
