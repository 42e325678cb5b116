import type { Connection, ConnectionEvent } from './connection.ts';
import { nextConnection } from './connection.ts';
import type { Figures } from './figures.ts';
import { NodeState } from './node-state.ts';
import { RulesState, type RulesView } from './rules-state.ts';

/** Numbers that change more often than this cannot be read. */
const FIGURES_EVERY_MS = 250;
/** So many new rows fill any screen: nobody can follow them one by one, and each repaint of a full screen costs. */
const SCREENFUL = 100;
const SCREENFUL_EVERY_MS = 100;

/** What components draw from. A new object for each notification; parts that did not change keep their identity. */
export interface Snapshot {
  readonly connection: Connection;
  /** Origin of the loader, '' until it is known. */
  readonly loader: string;
  readonly figures: Figures;
  /** null until the loader has told its rules; one that enforces none never does. */
  readonly rules: RulesView | null;
  /** The clock of `connection`, when the figures were taken. */
  readonly now: number;
  /** Changes when the rows that are shown have changed. */
  readonly rowsVersion: number;
}

/** What the page draws from. It notifies at most once per animation frame; figures at most four times a second. */
export class Store {
  readonly state: NodeState;
  readonly rules = new RulesState();
  #connection: Connection = { state: 'connecting', since: 0 };
  #loader = '';
  /** As the page was drawn when it was built. */
  readonly initial: Snapshot;
  #snapshot: Snapshot;
  readonly #listeners = new Set<() => void>();
  #rowsVersion = 0;
  #figuresDue = false;
  #urgent = false;
  #frame: number | null = null;
  #rowsPaintedAt = 0;
  #rowsPaintedEnd = 0;
  #rowsTimer: ReturnType<typeof setTimeout> | null = null;

  constructor(state = new NodeState()) {
    this.state = state;
    this.initial = this.#take(0, 0);
    this.#snapshot = this.initial;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): Snapshot => this.#snapshot;

  get connection(): Connection {
    return this.#connection;
  }

  /** The state of the connection is shown with the next frame, whatever the rhythm of the figures. */
  connect(event: ConnectionEvent, loader = this.#loader): void {
    this.become(nextConnection(this.#connection, event), loader);
  }

  /** As `connect`, for who knows the state already. */
  become(next: Connection, loader = this.#loader): void {
    if (next.state !== this.#connection.state || loader !== this.#loader) this.#urgent = true;
    this.#connection = next;
    this.#loader = loader;
    this.#figuresDue = true;
    this.#schedule();
  }

  figuresChanged(urgent = false): void {
    this.#figuresDue = true;
    this.#urgent ||= urgent;
    this.#schedule();
  }

  rowsChanged(): void {
    this.#rowsVersion++;
    this.#schedule();
  }

  #schedule(): void {
    this.#frame ??= requestAnimationFrame(() => this.#flush());
  }

  #flush(): void {
    this.#frame = null;
    const now = performance.now();
    // Figures that are due but too early wait for the store's own tick, which comes as often as they may change.
    const figures = this.#figuresDue && (this.#urgent || now - this.#snapshot.now >= FIGURES_EVERY_MS - 20);
    const rows = this.#rowsVersion !== this.#snapshot.rowsVersion && this.#rowsMayPaint(now);
    if (!figures && !rows) return;
    const rowsVersion = rows ? this.#rowsVersion : this.#snapshot.rowsVersion;
    if (figures) {
      this.#figuresDue = false;
      this.#urgent = false;
      this.#snapshot = this.#take(now, rowsVersion);
    } else {
      this.#snapshot = { ...this.#snapshot, rowsVersion };
    }
    for (const listener of this.#listeners) listener();
  }

  /** Few new rows are painted with the next frame; a screenful that is too early asks again in time. */
  #rowsMayPaint(now: number): boolean {
    const { end } = this.state.rows.live;
    const wait = this.#rowsPaintedAt + SCREENFUL_EVERY_MS - now;
    if (end - this.#rowsPaintedEnd >= SCREENFUL && wait > 0) {
      this.#rowsTimer ??= setTimeout(() => {
        this.#rowsTimer = null;
        this.#schedule();
      }, wait);
      return false;
    }
    this.#rowsPaintedAt = now;
    this.#rowsPaintedEnd = end;
    return true;
  }

  #take(now: number, rowsVersion: number): Snapshot {
    return {
      connection: this.#connection,
      loader: this.#loader,
      figures: this.state.figures(now),
      rules: this.rules.view,
      now,
      rowsVersion,
    };
  }

  /** Ages grow also when nothing comes. Returns the function that stops it. */
  startTicking(): () => void {
    const timer = setInterval(() => this.connect({ type: 'tick', at: performance.now() }), FIGURES_EVERY_MS);
    return () => clearInterval(timer);
  }
}
