import type { ChallengeDone } from "../frame-protocol/protocol.ts";

const done: ChallengeDone["type"] = "challenge-done";

/** All a bank's page needs, its own cookies and a banking app included, and no way to take the host page elsewhere. */
const sandbox = "allow-forms allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox";
/** Secure Payment Confirmation and passkeys; the page may send the payer on to another origin of the bank. */
const allow = "payment *; publickey-credentials-get *";

export interface Challenge {
  frame: HTMLIFrameElement;
  url: string;
  dispose: () => void;
}

export interface ChallengeOptions {
  url: string;
  /** Accessible name of the frame. */
  title: string;
  /** The window that the form stands in now. */
  view: Window;
  onDone: () => void;
}

/**
 * The bank's challenge page (3-D Secure) in a frame of its own. It says when it is done; the same
 * strict check of origin and source as for the card frame.
 */
export function openChallenge({ url, title, view, onDone }: ChallengeOptions): Challenge {
  const frame = document.createElement("iframe");
  const { origin } = new URL(url);
  const onMessage = (event: MessageEvent): void => {
    const isFrame = event.source !== null && event.source === frame.contentWindow;
    if (isFrame && event.origin === origin && event.data?.type === done) onDone();
  };
  view.addEventListener("message", onMessage);
  frame.title = title;
  frame.referrerPolicy = "origin";
  frame.setAttribute("sandbox", sandbox);
  frame.allow = allow;
  frame.src = url;
  return { frame, url, dispose: () => view.removeEventListener("message", onMessage) };
}
