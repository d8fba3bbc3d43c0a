import type { Frame, FrameLocator, Page } from "@playwright/test";
import { openBare } from "./bare-page.ts";

/** Any message of the protocol; see widget/src/frame-protocol. */
export interface Message {
  type: string;
  [field: string]: unknown;
}

declare global {
  interface Window {
    /** What the frame sent, in order: to the window, then on the port. */
    heard: Message[];
    port: MessagePort | undefined;
  }
}

const hearing = `<script>
  window.heard = [];
  addEventListener("message", ({ data, source }) => {
    if (source === document.querySelector("iframe")?.contentWindow) heard.push(data);
  });
</script>`;

const greeting = {
  type: "card-connect",
  theme: {
    "--pay-surface": "#fff",
    "--pay-text": "#111",
    "--pay-text-muted": "#555",
    "--pay-placeholder": "#666",
    "--pay-control": "#777",
    "--pay-ring": "#00f",
    "--pay-danger": "#b00",
    "--pay-font": "sans-serif",
    "--pay-font-size": "15px",
    "--pay-leading": "1.5",
    "--pay-space": "4px",
    "--pay-field-height": "40px",
    "--pay-border-width": "1px",
    "--pay-radius-field": "4px",
  },
  dark: false,
  labels: "floating",
  fields: "spaced",
  locale: "en",
  dir: "ltr",
  messages: {
    number: "Card number",
    expiry: "Expiry date",
    cvc: "Security code",
    cvcHint: "3 or 4 digits",
    invalidNumber: "Check the card number.",
    invalidExpiry: "Enter month and year.",
    expiredCard: "This card has expired.",
    invalidCvc: "Enter the digits from your card.",
    group: "Card details",
  },
};

/** A form without anything but its side of the frame protocol, on a host's page. */
export class FrameHost {
  readonly page: Page;
  readonly fields: FrameLocator;
  private readonly url: string;
  private constructor(page: Page, url: string) {
    this.page = page;
    this.url = url;
    this.fields = page.frameLocator("iframe");
  }

  /** @param before markup ahead of the frame, such as room that pushes it out of sight */
  static async open(page: Page, url: string, before = ""): Promise<FrameHost> {
    await page.context().grantPermissions(["local-network-access"]);
    await openBare(page, {
      head: hearing,
      body: `${before}<iframe title="fields" referrerpolicy="origin" style="border:0;width:360px;height:120px" src="${url}"></iframe>`,
    });
    const host = new FrameHost(page, url);
    await host.hear("card-ready");
    return host;
  }

  get frame(): Frame {
    const frame = this.page.frames().find((each) => each.url().startsWith(this.url));
    if (!frame) throw new Error("the frame is not there");
    return frame;
  }

  heard(): Promise<Message[]> {
    return this.page.evaluate(() => window.heard);
  }

  /** The first message that it is, from `since` on; waits for it. */
  async hear(type: string, fits: Record<string, unknown> = {}, since = 0): Promise<Message> {
    const found = await this.page.waitForFunction(
      ([wanted, fields, from]) =>
        window.heard
          .slice(from)
          .find(
            (message) =>
              message.type === wanted &&
              Object.entries(fields).every(([name, value]) => message[name] === value),
          ),
      [type, fits, since] as const,
    );
    return (await found.jsonValue()) as Message;
  }

  /** The greeting with these changes, addressed to the frame's origin. */
  async greet(change: Record<string, unknown> = {}): Promise<void> {
    await this.page.evaluate(
      ([message, origin]) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = ({ data }) => window.heard.push(data);
        window.port = port1;
        document.querySelector("iframe")?.contentWindow?.postMessage(message, origin, [port2]);
      },
      [{ ...greeting, ...change }, new URL(this.url).origin] as const,
    );
  }

  async connect(change: Record<string, unknown> = {}): Promise<this> {
    await this.greet(change);
    await this.hear("connected");
    return this;
  }

  async send(message: Message): Promise<void> {
    await this.page.evaluate((sent) => window.port?.postMessage(sent), message);
  }

  /** Whatever was sent before has been heard by then: messages of a port keep their order. */
  async settled(): Promise<Message> {
    const id = Math.floor(Math.random() * 1e9);
    await this.send({ type: "tokenize", id });
    return this.page
      .waitForFunction((wanted) => window.heard.find((message) => message.id === wanted), id)
      .then((found) => found.jsonValue() as Promise<Message>);
  }
}
