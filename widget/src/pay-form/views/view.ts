import type { Flow } from "../flow.ts";
import type { Price } from "../pricing.ts";
import type { State } from "../state.ts";
import type { Words } from "../words.ts";

/** What every view draws from. Views decide nothing: they show `state` and call `flow`. */
export interface View {
  state: State;
  flow: Flow;
  price: Price;
  words: Words;
  ui: Ui;
  cardFrame: HTMLIFrameElement | null;
  challengeFrame: HTMLIFrameElement | null;
  /** Stays in a session that is about to end. */
  goOn: () => void;
  retryCard: () => void;
  print: () => void;
}

/** What only the screen knows. */
export interface Ui {
  find: string;
  /** Lists that are shown whole → how many of their rows are drawn by now. */
  whole: Map<string, number>;
  /** List → how many of those chosen further down are drawn by now. */
  tails: Map<string, number>;
  /** Invoices that are shown because they were chosen once: a row that is let go of stays where it is. */
  kept: Set<string>;
  /** List → the row that Tab comes to: its invoice, and where it stood. */
  stops: Map<string, { id: string; at: number }>;
  /** Invoices whose amount was edited and left. */
  touched: Set<string>;
  /** An amount is being typed; sums are spoken when it pauses. */
  typing: number;
  /** Invoice whose amount an input method is composing. */
  draft: string | null;
  spoken: string;
  /** Of the last choice: what nothing is counted in, once it is taken back. */
  currency: string | null;
  /** Name of what gets the keyboard after the next paint. */
  goTo: string | null;
  update: () => void;
}

/** `update` paints again after a change of it. */
export function newUi(update: () => void): Ui {
  return {
    find: "",
    whole: new Map(),
    tails: new Map(),
    kept: new Set(),
    stops: new Map(),
    touched: new Set(),
    typing: 0,
    draft: null,
    spoken: "",
    currency: null,
    goTo: null,
    update,
  };
}
