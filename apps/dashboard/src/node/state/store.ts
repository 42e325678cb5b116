import type { Connection, ConnectionEvent } from './connection.ts';
import { nextConnection } from './connection.ts';
import type { Figures } from './figures.ts';
import { NodeState } from './node-state.ts';
import { RulesState, type RulesView } from './rules-state.ts';

/** Numbers that change faster are not readable. */
const FIGURES_EVERY_MS = 250;
/** This many new rows fill a screen: they cannot be followed one by one, and each repaint is expensive. */
const SCREENFUL = 100;
const SCREENFUL_EVERY_MS = 100;

/** The snapshot that components render. A new object for each notification; unchanged parts keep their identity. */
export interface Snapshot {
  readonly connection: Connection;
  /** Origin of the loader, '' until it is known. */
  readonly loader: string;
  readonly figures: Figures;
  /** null until the loader has sent its rules; a loader that enforces none never does. */
  readonly rules: RulesView | null;
  /** Time of the figures, on the clock of `connection`. */
  readonly now: number;
  /** Changes when visible rows have changed. */
  readonly rowsVersion: number;
}

/** Notifies components at most once per animation frame; figures at most four times a second. */
export class Store {
  readonly state: NodeState;
  readonly rules = new RulesState();
  #connection: Connection = { state: 'connecting', since: 0 };
  #loader = '';
  /** The snapshot while the page is prerendered. */
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

  /** Applies a connection event. A new state is shown with the next frame, regardless of the figures. */
  connect(event: ConnectionEvent, loader = this.#loader): void {
    this.become(nextConnection(this.#connection, event), loader);
  }

  /** Like `connect`, but takes the new state itself. */
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

  /** Counts a message that failed its check. */
  badMessage(): void {
    this.state.badMessage();
    this.figuresChanged();
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
    // Figures that are too early wait for the next tick.
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

  /**
   * Returns whether new rows may be painted with the next frame. A few may; a full screen is delayed and scheduled
   * again.
   */
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

  /** Updates ages while no data arrives. Returns a function that stops it. */
  startTicking(): () => void {
    const timer = setInterval(() => this.connect({ type: 'tick', at: performance.now() }), FIGURES_EVERY_MS);
    return () => clearInterval(timer);
  }
}
