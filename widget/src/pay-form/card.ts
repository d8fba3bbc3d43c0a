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
  /** Of `frameUrl`: where every message of the frame comes from. */
  origin: string;
  /** The window that the form stands in now: the frame's parent, which hears its messages. */
  view: () => Window;
  /** Accessible name of the frame. */
  title: string;
  connect: () => CardConnect;
  changed: (card: Partial<Card>) => void;
  submitted: () => void;
}

/**
 * The form's side of the card frame (`card-frame/protocol.ts`): one frame, a strict check of origin
 * and source, then a private port. It moves tokens and states, never a digit.
 */
export class CardField {
  readonly frame = document.createElement("iframe");
  readonly #options: CardFieldOptions;
  readonly #waiting = new Map<
    number,
    { resolve: (token: CardToken) => void; reject: (error: Error) => void }
  >();
  #port: MessagePort | null = null;
  #view: Window = window;
  #timer = 0;
  #tokens = 0;

  constructor(options: CardFieldOptions) {
    this.#options = options;
    this.title = options.title;
    // The frame learns our origin from the referrer where `ancestorOrigins` is missing.
    this.frame.referrerPolicy = "origin";
  }

  set title(title: string) {
    this.frame.title = title;
  }

  /** Also after the form was moved: the browser has thrown the frame's page away, and every digit in it. */
  start(): void {
    this.dispose();
    this.#view = this.#options.view();
    this.#view.addEventListener("message", this.#onReady);
    this.#await();
    this.frame.src = this.#options.frameUrl;
  }

  dispose(): void {
    this.#view.removeEventListener("message", this.#onReady);
    this.#disconnect();
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

  #await(): void {
    this.#options.changed({ status: "loading", complete: false });
    this.#timer = window.setTimeout(() => {
      this.dispose();
      this.#options.changed({ status: "failed" });
    }, connectTimeoutMs);
  }

  #disconnect(): void {
    clearTimeout(this.#timer);
    this.#port?.close();
    this.#port = null;
    for (const { reject } of this.#waiting.values()) reject(new Error("unreachable"));
    this.#waiting.clear();
  }

  /** Each page that loads in the frame says so once, and gets a port of its own. */
  readonly #onReady = (event: MessageEvent): void => {
    const { origin } = this.#options;
    if (event.origin !== origin || event.source !== this.frame.contentWindow || !event.source) return;
    if (event.data?.type !== "card-ready") return;
    this.#disconnect();
    this.#await();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }: MessageEvent<FromFrame | null>) => {
      if (data) this.#receive(data);
    };
    this.frame.contentWindow?.postMessage(this.#options.connect(), origin, [port2]);
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
