import { type FrameConnect, type FromFrame, type ToFrame, versions } from "../frame-protocol/protocol.ts";
import { roomFor } from "./frame-theme.ts";
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
  /** What the frame is told first; asked once there is a session. */
  connect: () => FrameConnect;
  changed: (card: Partial<Card>) => void;
  submitted: () => void;
}

interface Waiting {
  /** Begins the time for an answer anew. */
  wait: () => void;
  resolve: (token: CardToken) => void;
  reject: (error: Error) => void;
}

/**
 * The form's side of the card frame (`frame-protocol`): one frame, a strict check of origin and source, then a
 * private port. It moves tokens and states, never a digit. The frame may be loaded before there is a session; it is
 * told nothing until the session has named the same address.
 */
export class CardField {
  readonly frame = document.createElement("iframe");
  readonly frameUrl: string;
  readonly #options: CardFieldOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #sized = new ResizeObserver(() => {
    this.#keepRoom();
    this.send({ type: "width", width: this.frame.clientWidth });
  });
  /** The page has told its height. */
  #isMeasured = false;
  #port: MessagePort | null = null;
  /** Which the loaded page speaks; none: it has not said hello. */
  #speaks: readonly unknown[] = [];
  #confirmed = false;
  #view: Window = window;
  #timer = 0;
  #tokens = 0;

  constructor(options: CardFieldOptions) {
    this.#options = options;
    this.frameUrl = options.frameUrl;
    // The frame learns our origin from the referrer where `ancestorOrigins` is missing.
    this.frame.referrerPolicy = "origin";
  }

  /** Accessible name of the frame. */
  set title(title: string) {
    this.frame.title = title;
  }

  /** Also after the form was moved: the browser has thrown the frame's page away, and every digit in it. */
  start(): void {
    this.dispose();
    this.#view = this.#options.view();
    this.#view.addEventListener("message", this.#onHello);
    this.#sized.observe(this.frame);
    this.#await();
    this.frame.src = this.#options.frameUrl;
  }

  dispose(): void {
    this.#view.removeEventListener("message", this.#onHello);
    this.#sized.disconnect();
    this.#disconnect();
    this.#speaks = [];
  }

  get isConfirmed(): boolean {
    return this.#confirmed;
  }

  /** There is a session, and it names this frame. */
  confirm(): void {
    this.#confirmed = true;
    this.#await();
    this.#connect();
  }

  /** @throws Error `invalid` (the frame shows why), `cancelled` by the payer, or `unreachable` */
  tokenize(): Promise<CardToken> {
    const id = ++this.#tokens;
    let timer = 0;
    const answer = new Promise<CardToken>((resolve, reject) => {
      const wait = () => {
        clearTimeout(timer);
        timer = window.setTimeout(() => reject(new Error("unreachable")), this.#port ? tokenTimeoutMs : 0);
      };
      this.#waiting.set(id, { wait, resolve, reject });
      wait();
      this.send({ type: "tokenize", id });
    });
    return answer.finally(() => {
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

  /** Until the page tells its height, so that nothing moves when it does. */
  #keepRoom(): void {
    const { clientWidth, style } = this.frame;
    if (this.#confirmed && !this.#isMeasured) style.height = roomFor(this.#options.connect(), clientWidth);
  }

  #await(): void {
    this.#options.changed({ status: "loading", complete: false });
    clearTimeout(this.#timer);
    // Of a session that does not come the flow speaks.
    if (!this.#confirmed) return;
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
  readonly #onHello = ({ data, origin, source }: MessageEvent): void => {
    if (origin !== this.#options.origin || source !== this.frame.contentWindow || !source) return;
    if (data?.type !== "card-ready") return;
    this.#disconnect();
    this.#await();
    this.#speaks = Array.isArray(data.versions) ? data.versions : [1];
    this.#connect();
  };

  #connect(): void {
    const version = Math.max(...versions.filter((each) => this.#speaks.includes(each)));
    if (!this.#confirmed) return;
    const { connect, origin } = this.#options;
    const words = connect();
    this.#keepRoom();
    if (version < 1) return;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }: MessageEvent<FromFrame | null>) => {
      if (data) this.#receive(data);
    };
    const width = this.frame.clientWidth;
    this.frame.contentWindow?.postMessage({ ...words, version, width }, origin, [port2]);
  }

  #receive(message: FromFrame): void {
    switch (message.type) {
      case "connected":
        clearTimeout(this.#timer);
        this.#options.changed({ status: "ready" });
        break;
      case "resize":
        if (message.height > 0 && message.height < 2000) {
          this.#isMeasured = true;
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
      case "token-wait":
        this.#waiting.get(message.id)?.wait();
        break;
      case "token-error":
        this.#waiting.get(message.id)?.reject(new Error(message.code));
        break;
      case "submit":
        this.#options.submitted();
    }
  }
}
