/** The frame's half of the handshake (`protocol.ts`), for the page of any vendor. */
import type { FrameConnect, FrameHello, FromFrame, ToFrame } from "./protocol.ts";

export interface FrameSide {
  /** Which the page speaks; one that needs what a form of before does not say leaves that version out. */
  versions: readonly number[];
  /** Draws the fields, tells the height, and returns who hears the form from then on. */
  open: (connect: FrameConnect, send: (message: FromFrame) => void) => (message: ToFrame) => void;
}

/** Says hello to the page around this one, and opens the fields when that is a form. */
export function speakToForm({ versions, open }: FrameSide): void {
  const parentOrigin = originOfParent();
  if (!parentOrigin || parent === window) return;
  const onConnect = (event: MessageEvent<FrameConnect | null>): void => {
    const { data, origin } = event;
    const [port] = event.ports;
    // A form that was taken over from another window of its page speaks for that window: its origin is what counts.
    if (origin !== parentOrigin || data?.type !== "card-connect" || !port) return;
    if (!versions.includes(data.version ?? 1)) return;
    removeEventListener("message", onConnect);
    const send = (message: FromFrame) => port.postMessage(message);
    const receive = open(data, send);
    port.onmessage = (message: MessageEvent<ToFrame>) => receive(message.data);
    send({ type: "connected" });
  };
  addEventListener("message", onConnect);
  const hello: FrameHello = { type: "card-ready", versions };
  parent.postMessage(hello, parentOrigin);
}

/** Of the page that frames this one, or null: then there is nobody to talk to. */
function originOfParent(): string | null {
  const origin = location.ancestorOrigins?.[0] ?? (document.referrer && new URL(document.referrer).origin);
  return origin && origin !== "null" ? origin : null;
}
