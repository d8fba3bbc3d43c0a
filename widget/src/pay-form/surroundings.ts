import { unclobbered } from "../page/document.ts";
import { guardTyping } from "../page/typing.ts";

type View = Window & typeof globalThis;

/** The window an element stands in, or null: then nobody sees it. */
export function viewOf(element: Element): View | null {
  return unclobbered(element.ownerDocument).defaultView as View | null;
}

export interface SurroundingsOptions {
  element: HTMLElement;
  root: ShadowRoot;
  /** Style of the form itself, under the seller's. */
  css: string;
  resized: () => void;
  /** The page is back from the browser's memory of pages. */
  shownAgain: () => void;
}

/** What belongs to one document and does not follow an element into another: style sheets, observers, listeners. */
export class Surroundings {
  #view: View | null = null;
  #theme: CSSStyleSheet | null = null;
  #themeCss = "";
  #observer: ResizeObserver | null = null;
  readonly #options: SurroundingsOptions;

  constructor(options: SurroundingsOptions) {
    this.#options = options;
  }

  get view(): Window {
    return this.#view ?? window;
  }

  enter(view: View): void {
    if (view === this.#view) return;
    this.leave();
    const { element, root, css, resized } = this.#options;
    this.#view = view;
    guardTyping(view);
    view.addEventListener("pageshow", this.#onShow);
    this.#observer = new view.ResizeObserver(resized);
    this.#observer.observe(element);
    const base = new view.CSSStyleSheet();
    base.replaceSync(css);
    this.#theme = new view.CSSStyleSheet();
    root.adoptedStyleSheets = [base, this.#theme];
    this.wear(this.#themeCss);
  }

  leave(): void {
    this.#view?.removeEventListener("pageshow", this.#onShow);
    this.#observer?.disconnect();
    this.#view = null;
  }

  /** The seller's style. */
  wear(themeCss: string): void {
    this.#themeCss = themeCss;
    this.#theme?.replaceSync(themeCss);
  }

  readonly #onShow = ({ persisted }: PageTransitionEvent): void => {
    if (persisted) this.#options.shownAgain();
  };
}
