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
  /** The page has turned dark or light where the element stands. */
  turned: () => void;
  /** The page is back from the browser's memory of pages. */
  shownAgain: () => void;
}

/** What belongs to one document and does not follow an element into another: style sheets, observers, listeners. */
export class Surroundings {
  #view: View | null = null;
  #theme: CSSStyleSheet | null = null;
  #themeCss = "";
  #wasDark = false;
  /** `light-dark()` is what the page decides; the end of its transition tells of a change, whatever made it. */
  readonly probe = document.createElement("i");
  #observer: ResizeObserver | null = null;
  readonly #options: SurroundingsOptions;

  constructor(options: SurroundingsOptions) {
    this.#options = options;
    this.probe.className = "probe";
    this.probe.addEventListener("transitionend", () => this.turn());
    options.root.append(this.probe);
  }

  /** In a page that says nothing of `color-scheme` it is light, whatever the system prefers. */
  get isDark(): boolean {
    return getComputedStyle(this.probe).color === "rgb(255, 255, 255)";
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

  /**
   * The seller's style. By itself it follows the system; here the page around decides what is dark. And its
   * `color-scheme` goes to the form alone, so that the element's own stays the page's.
   */
  wear(themeCss: string): void {
    this.#themeCss = themeCss;
    this.#wasDark = this.isDark;
    this.#theme?.replaceSync(
      themeCss
        .replace(/([{;])color-scheme:/g, "$1--payscheme:")
        .replace("(prefers-color-scheme:dark)", this.#wasDark ? "all" : "not all"),
    );
  }

  /** The page may have turned, also while the element was not shown. */
  turn(): void {
    if (this.isDark === this.#wasDark) return;
    this.wear(this.#themeCss);
    this.#options.turned();
  }

  readonly #onShow = ({ persisted }: PageTransitionEvent): void => {
    if (persisted) this.#options.shownAgain();
  };
}
