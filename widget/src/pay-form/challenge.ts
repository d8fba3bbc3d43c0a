import type { ChallengeDone } from "../card-frame/protocol.ts";

const done: ChallengeDone["type"] = "challenge-done";

export interface Challenge {
  frame: HTMLIFrameElement;
  url: string;
  dispose: () => void;
}

/**
 * The bank's challenge page (3-D Secure) in a frame of its own. It says when it is done; the same
 * strict check of origin and source as for the card frame.
 */
export function openChallenge(url: string, title: string, onDone: () => void): Challenge {
  const frame = document.createElement("iframe");
  const { origin } = new URL(url);
  const onMessage = (event: MessageEvent): void => {
    if (event.origin === origin && event.source === frame.contentWindow && event.data?.type === done)
      onDone();
  };
  addEventListener("message", onMessage);
  frame.title = title;
  frame.referrerPolicy = "origin";
  frame.src = url;
  return { frame, url, dispose: () => removeEventListener("message", onMessage) };
}
