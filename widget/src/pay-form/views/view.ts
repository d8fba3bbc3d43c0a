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
  /** Currencies whose long list is shown whole. */
  whole: Set<string>;
  /** Invoices whose amount was edited and left. */
  touched: Set<string>;
  /** An amount is being typed. */
  typing: boolean;
  /** Invoice whose amount an input method is composing. */
  draft: string | null;
  spoken: string;
  update: () => void;
}

/** `update` paints again after a change of it. */
export function newUi(update: () => void): Ui {
  return {
    find: "",
    whole: new Set(),
    touched: new Set(),
    typing: false,
    draft: null,
    spoken: "",
    update,
  };
}
