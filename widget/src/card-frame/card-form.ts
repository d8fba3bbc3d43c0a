import type {
  CardMessages,
  FrameConnect,
  FrameLooks,
  FrameWords,
  FromFrame,
  ToFrame,
} from "../frame-protocol/protocol.ts";
import { digitsOf } from "../typed/plain.ts";
import { brandMark } from "./brand-mark.ts";
import { type BrandRule, isNumber, ruleOf } from "./brands.ts";
import { isPast, parseExpiry, writeExpiry } from "./expiry.ts";
import { Field, type FieldName, make } from "./field.ts";
import { formatExpiry, formatNumber } from "./format.ts";
import type { ProviderApi } from "./provider-api.ts";

/** The three fields, and what the form outside is told of them. */
export class CardForm {
  readonly #api: ProviderApi;
  readonly #send: (message: FromFrame) => void;
  readonly #fields: Record<FieldName, Field>;
  readonly #mark = make("span", { class: "brand" });
  readonly #brandWords = make("span", { class: "sr", role: "status", id: "brand" });
  readonly #known = new Map<string, string>();
  readonly #group = make("div", { role: "group" });
  readonly #today: () => Date;
  #messages: CardMessages;
  #looking = new AbortController();
  #rule?: BrandRule;
  #bin = "";
  #busy = false;
  #told = "";
  #heightPx = 0;

  constructor(connect: FrameConnect, api: ProviderApi, send: (message: FromFrame) => void) {
    this.#api = api;
    this.#send = send;
    this.#messages = connect.messages;
    const sinceMs = performance.now();
    const { nowMs } = connect;
    this.#today = () => (nowMs ? new Date(nowMs + performance.now() - sinceMs) : new Date());
    this.#fields = this.#build();
    this.#group.append(...Object.values(this.#fields).map(({ element }) => element));
    this.#fields.number.input.after(this.#mark, this.#brandWords);
    this.#speak(connect);
    document.body.append(this.#group);
    this.#wear(connect);
    this.#widen(connect.width ?? 0);
    new ResizeObserver(() => this.#measure()).observe(document.body);
    this.#changed();
  }

  receive(message: ToFrame): void {
    switch (message.type) {
      case "theme":
        this.#wear(message);
        break;
      case "width":
        this.#widen(message.width);
        break;
      case "words":
        this.#speak(message);
        break;
      case "focus":
        this.#focus(message.field);
        break;
      case "lock":
        for (const { input } of Object.values(this.#fields)) input.readOnly = message.locked;
        break;
      case "tokenize":
        void this.#tokenize(message.id);
    }
    this.#measure();
  }

  /** Values come from the form's own element; only `--pay-*` names are taken. */
  #wear({ theme, dark, labels, fields }: Pick<FrameLooks, "theme" | "dark"> & Partial<FrameLooks>): void {
    const { classList, style } = document.documentElement;
    classList.toggle("dark", dark);
    for (const [name, value] of Object.entries(theme)) {
      if (name.startsWith("--pay-")) style.setProperty(name, value);
    }
    if (labels) this.#group.className = fields === "condensed" ? "condensed floating" : labels;
  }

  /** Out of sight a frame learns nothing of its size by itself. */
  #widen(widthPx: number): void {
    document.body.style.width = widthPx > 0 ? `${widthPx}px` : "";
  }

  /** Asks for the height rather than wait to be told: out of sight a frame is told nothing. */
  #measure(): void {
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    if (height === this.#heightPx) return;
    this.#heightPx = height;
    this.#send({ type: "resize", height });
  }

  #speak({ locale, dir, messages }: FrameWords): void {
    this.#messages = messages;
    document.documentElement.lang = locale;
    document.documentElement.dir = dir;
    this.#group.setAttribute("aria-label", messages.group);
    this.#fields.cvc.input.setAttribute("aria-description", messages.cvcHint);
    for (const field of Object.values(this.#fields)) field.speak(messages[field.name]);
  }

  #build(): Record<FieldName, Field> {
    const common = { changed: () => this.#changed(), submitted: () => this.#send({ type: "submit" }) };
    const number = new Field({
      ...common,
      name: "number",
      placeholder: "1234 1234 1234 1234",
      autocomplete: "cc-number",
      describedBy: "brand",
      format: formatNumber,
      check: (text) => (isNumber(digitsOf(text)) ? "" : this.#messages.invalidNumber),
    });
    const expiry = new Field({
      ...common,
      name: "expiry",
      placeholder: "MM / YY",
      autocomplete: "cc-exp",
      format: formatExpiry,
      finish: (text) => {
        const expiry = parseExpiry(text);
        return !expiry || text.includes(" / ") ? text : writeExpiry(expiry);
      },
      check: (text) => {
        const expiry = parseExpiry(text);
        if (!expiry) return this.#messages.invalidExpiry;
        return isPast(expiry, this.#today()) ? this.#messages.expiredCard : "";
      },
    });
    const cvcLength = () => ruleOf(digitsOf(number.text)).cvcLength;
    const cvc = new Field({
      ...common,
      name: "cvc",
      placeholder: "123",
      autocomplete: "cc-csc",
      format: ({ text, caret }) => ({
        text: digitsOf(text).slice(0, 4),
        caret: digitsOf(text.slice(0, caret)).length,
      }),
      check: (text) => (digitsOf(text).length === cvcLength() ? "" : this.#messages.invalidCvc),
    });
    return { number, expiry, cvc };
  }

  #changed(): void {
    const digits = digitsOf(this.#fields.number.text);
    const rule = ruleOf(digits);
    if (rule !== this.#rule) {
      this.#rule = rule;
      this.#mark.replaceChildren(brandMark(rule.brand));
      this.#brandWords.textContent = rule.name;
      this.#fields.cvc.input.placeholder = "1234".slice(0, rule.cvcLength);
    }
    void this.#lookUp(digits.length >= 8 ? digits.slice(0, 8) : "");
    this.#tell();
    this.#measure();
  }

  /** Says whether the card is a credit or a debit card, so that a surcharge is right before paying. */
  async #lookUp(bin: string): Promise<void> {
    if (bin === this.#bin) return;
    this.#bin = bin;
    this.#looking.abort();
    this.#looking = new AbortController();
    if (!bin || this.#known.has(bin)) return;
    try {
      const { funding } = await this.#api.bin(bin, this.#looking.signal);
      this.#known.set(bin, funding);
      this.#tell();
    } catch {
      // Unknown funding costs nothing here: the token's answer decides before anything is charged.
    }
  }

  #tell(): void {
    const fields = Object.values(this.#fields);
    const state: FromFrame = {
      type: "state",
      complete: fields.every(({ valid }) => valid),
      brand: this.#rule?.brand ?? "unknown",
      funding: this.#known.get(this.#bin) ?? "unknown",
      invalid: fields.filter(({ invalid }) => invalid).map(({ name }) => name),
    };
    const text = JSON.stringify(state);
    if (text !== this.#told) this.#send(state);
    this.#told = text;
  }

  async #tokenize(id: number): Promise<void> {
    const fields = Object.values(this.#fields);
    for (const field of fields) field.catchUp();
    const expiry = parseExpiry(this.#fields.expiry.text);
    // Every field is asked, so that all errors show at once.
    if (fields.filter((field) => !field.validate()).length || !expiry || this.#busy) {
      this.#tell();
      return this.#send({ type: "token-error", id, code: "invalid" });
    }
    this.#busy = true;
    const { number, cvc } = this.#fields;
    try {
      const { token, brand, funding, last4 } = await this.#api.tokenize({
        number: digitsOf(number.text),
        expiryMonth: expiry.month,
        expiryYear: expiry.year,
        cvc: digitsOf(cvc.text),
      });
      this.#send({ type: "token", id, token, brand, funding, last4 });
    } catch (error) {
      this.#send({
        type: "token-error",
        id,
        code: (error as Error).message === "invalid" ? "invalid" : "unreachable",
      });
    } finally {
      this.#busy = false;
    }
  }

  #focus(name: string): void {
    const fields = Object.values(this.#fields);
    for (const field of fields) field.catchUp();
    if (name === "first-invalid") for (const field of fields) field.validate();
    const field = fields.find((each) => (name === "first-invalid" ? each.invalid : each.name === name));
    (field ?? this.#fields.number).input.focus();
    this.#tell();
  }
}
