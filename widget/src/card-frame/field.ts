import type { Typed } from "./format.ts";

export type FieldName = "number" | "expiry" | "cvc";

export interface FieldOptions {
  name: FieldName;
  label: string;
  placeholder: string;
  autocomplete: "cc-number" | "cc-exp" | "cc-csc";
  format: (typed: Typed) => Typed;
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
  readonly #error: HTMLElement;
  readonly #options: FieldOptions;

  constructor(options: FieldOptions) {
    const { name, label, placeholder, autocomplete } = options;
    this.#options = options;
    this.name = name;
    this.input = make("input", {
      id: name,
      name: autocomplete,
      autocomplete,
      placeholder,
      inputmode: "numeric",
      "aria-required": "true",
      "aria-describedby": `${name}-error`,
    });
    this.#error = make("div", { class: "error", id: `${name}-error` });
    const words = make("label", { for: name });
    words.textContent = label;
    const box = make("div", { class: "box" });
    box.append(words, this.input);
    this.element.append(box, this.#error);
    this.input.addEventListener("input", () => this.#typed());
    this.input.addEventListener("blur", () => {
      if (this.input.value) this.validate();
      options.changed();
    });
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") options.submitted();
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

  validate(): boolean {
    this.#show(this.#options.check(this.text));
    return !this.invalid;
  }

  #typed(): void {
    const { input } = this;
    const { text, caret } = this.#options.format({
      text: input.value,
      caret: input.selectionStart ?? input.value.length,
    });
    if (input.value !== text) {
      input.value = text;
      input.setSelectionRange(caret, caret);
    }
    if (this.invalid) this.validate();
    this.#options.changed();
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
