import type { CardConnect, FromFrame, ToFrame } from "../card-frame/protocol.ts";
import type { Card } from "./state.ts";

/** From asking for the page to `connected`; then the payer is offered another try. */
const connectTimeoutMs = 20_000;
const tokenTimeoutMs = 30_000;

export interface CardToken {
  token: string;
  brand: string;
  funding: string;
  last4: string;
}

export interface CardFieldOptions {
  frameUrl: string;
  /** Accessible name of the frame. */
  title: string;
  connect: () => CardConnect;
  changed: (card: Partial<Card>) => void;
  submitted: () => void;
}

/**
 * The form's side of the card frame (`card-frame/protocol.ts`): one frame, one strict check of
 * origin and source, then a private port. It moves tokens and states, never a digit.
 */
export class CardField {
  readonly frame = document.createElement("iframe");
  readonly #options: CardFieldOptions;
  readonly #origin: string;
  readonly #waiting = new Map<
    number,
    { resolve: (token: CardToken) => void; reject: (error: Error) => void }
  >();
  #port: MessagePort | null = null;
  #timer = 0;
  #tokens = 0;
  #loads = 0;

  constructor(options: CardFieldOptions) {
    this.#options = options;
    this.#origin = new URL(options.frameUrl).origin;
    this.frame.title = options.title;
    // The frame learns our origin from the referrer where `ancestorOrigins` is missing.
    this.frame.referrerPolicy = "origin";
    // A frame that was moved in the page, or reloads itself, is a new page: shake hands again.
    this.frame.addEventListener("load", () => {
      if (++this.#loads > 1) this.start();
    });
  }

  start(): void {
    this.dispose();
    this.#loads = 0;
    this.#options.changed({ status: "loading", complete: false });
    addEventListener("message", this.#onReady);
    this.#timer = window.setTimeout(() => {
      this.dispose();
      this.#options.changed({ status: "failed" });
    }, connectTimeoutMs);
    this.frame.src = this.#options.frameUrl;
  }

  dispose(): void {
    removeEventListener("message", this.#onReady);
    clearTimeout(this.#timer);
    this.#port?.close();
    this.#port = null;
    for (const { reject } of this.#waiting.values()) reject(new Error("unreachable"));
    this.#waiting.clear();
  }

  /** @throws Error `invalid` (the frame shows why) or `unreachable` */
  tokenize(): Promise<CardToken> {
    const id = ++this.#tokens;
    const { promise, resolve, reject } = Promise.withResolvers<CardToken>();
    this.#waiting.set(id, { resolve, reject });
    const timer = setTimeout(() => reject(new Error("unreachable")), this.#port ? tokenTimeoutMs : 0);
    this.send({ type: "tokenize", id });
    return promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(id);
    });
  }

  /** To the first field that is wrong or empty. */
  focus(): void {
    this.frame.focus();
    this.send({ type: "focus", field: "first-invalid" });
  }

  send(message: ToFrame): void {
    this.#port?.postMessage(message);
  }

  readonly #onReady = (event: MessageEvent): void => {
    if (event.origin !== this.#origin || event.source !== this.frame.contentWindow) return;
    if (event.data?.type !== "card-ready") return;
    removeEventListener("message", this.#onReady);
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }: MessageEvent<FromFrame>) => this.#receive(data);
    this.frame.contentWindow?.postMessage(this.#options.connect(), this.#origin, [port2]);
  };

  #receive(message: FromFrame): void {
    switch (message.type) {
      case "connected":
        clearTimeout(this.#timer);
        this.#options.changed({ status: "ready" });
        break;
      case "resize":
        if (message.height > 0 && message.height < 2000) {
          this.frame.style.setProperty("height", `${message.height}px`);
        }
        break;
      case "state": {
        const { complete, brand, funding } = message;
        this.#options.changed({ complete, brand, funding });
        break;
      }
      case "token":
        this.#waiting.get(message.id)?.resolve(message);
        break;
      case "token-error":
        this.#waiting.get(message.id)?.reject(new Error(message.code));
        break;
      case "submit":
        this.#options.submitted();
    }
  }
}
