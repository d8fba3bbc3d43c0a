import { isDraft, isEnter } from "../typed/composition.ts";
import type { Typed } from "./format.ts";

export type FieldName = "number" | "expiry" | "cvc";

export interface FieldOptions {
  name: FieldName;
  placeholder: string;
  autocomplete: "cc-number" | "cc-exp" | "cc-csc";
  format: (typed: Typed) => Typed;
  /** Once the payer has left the field. Default: as it stands. */
  finish?: (text: string) => string;
  /** Ids of what describes the field beside its error. */
  describedBy?: string;
  /** Words of what is wrong, or "". */
  check: (text: string) => string;
  changed: () => void;
  submitted: () => void;
}

/** One labelled input with its error; validates when left, and while wrong on every key. */
export class Field {
  readonly name: FieldName;
  readonly element = make("div", { class: "field" });
  readonly input: HTMLInputElement;
  readonly #label = make("label", {});
  readonly #error: HTMLElement;
  readonly #options: FieldOptions;
  #seen = "";

  constructor(options: FieldOptions) {
    const { name, placeholder, autocomplete } = options;
    this.#options = options;
    this.name = name;
    this.input = make("input", {
      id: name,
      name: autocomplete,
      autocomplete,
      placeholder,
      inputmode: "numeric",
      "aria-required": "true",
      "aria-describedby": `${options.describedBy ?? ""} ${name}-error`.trim(),
    });
    this.#error = make("div", { class: "error", id: `${name}-error`, "aria-live": "polite" });
    this.#label.htmlFor = name;
    const box = make("div", { class: "box" });
    box.append(this.#label, this.input);
    this.element.append(box, this.#error);
    // While a word is composed the field is the input method's; Firefox tells of the last change twice.
    const typed = (event: Event) => isDraft(event) || this.#typed();
    this.input.addEventListener("input", typed);
    this.input.addEventListener("compositionend", typed);
    // Some password managers fill without `input`; the animation starts with `:autofill` (card-frame.css).
    for (const name of ["change", "animationstart", "focus"])
      this.input.addEventListener(name, () => this.catchUp());
    this.input.addEventListener("blur", () => {
      this.catchUp();
      this.#write(options.finish?.(this.text) ?? this.text);
      if (this.text) this.validate();
      options.changed();
    });
    this.input.addEventListener("keydown", (event) => {
      if (isEnter(event)) options.submitted();
    });
  }

  get text(): string {
    return this.input.value;
  }

  get valid(): boolean {
    return this.#options.check(this.text) === "";
  }

  /** Whether it shows an error. */
  get invalid(): boolean {
    return this.#error.textContent !== "";
  }

  /** In the payer's language, errors that show included. */
  speak(label: string): void {
    this.#label.textContent = label;
    if (this.invalid) this.validate();
  }

  validate(): boolean {
    this.#show(this.#options.check(this.text));
    return !this.invalid;
  }

  /** Reads what was put into it unseen. */
  catchUp(): void {
    if (this.text !== this.#seen) this.#typed();
  }

  #typed(): void {
    const { input } = this;
    const typed = input.value;
    const { text, caret } = this.#options.format({
      text: typed,
      caret: input.selectionStart ?? typed.length,
    });
    this.#write(text, caret);
    // Something was typed and nothing of it can be read: say so rather than leave the field empty without a word.
    if (this.invalid || (typed.trim() && !text)) this.validate();
    this.#options.changed();
  }

  #write(text: string, caret?: number): void {
    this.#seen = text;
    if (this.text === text) return;
    this.input.value = text;
    if (caret !== undefined) this.input.setSelectionRange(caret, caret);
  }

  #show(error: string): void {
    if (this.#error.textContent === error) return;
    this.#error.textContent = error;
    this.input.setAttribute("aria-invalid", String(error !== ""));
  }
}

export type Attributes = Record<string, string | number>;

export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes,
): HTMLElementTagNameMap[Tag] {
  return withAttributes(document.createElement(tag), attributes);
}

export function withAttributes<Made extends Element>(element: Made, attributes: Attributes): Made {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}
