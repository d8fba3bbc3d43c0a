import type { OwnScript } from "../page/own-script.ts";

/**
 * Where the card fields will be loaded from, before there is a session: the edge knows whose host it is, and has said
 * it beside this very script, or says it when it is asked. The session decides; what is told here only starts the
 * loading, so that fields and session come at the same time. Empty: not known, and the session's answer is waited for.
 */
export async function earlyFrameUrl(own: Pick<OwnScript, "edge" | "src">): Promise<string> {
  try {
    const told = toldBeside(own.src);
    if (told) return told;
    const { methods } = await (await fetch(`${own.edge}/v1/methods`, { redirect: "error" })).json();
    return String(methods[0].frameUrl);
  } catch {
    return "";
  }
}

/** In `Server-Timing`, the one header of its own answer that a script may read; out of a cache it may be old. */
function toldBeside(src: string): string | undefined {
  const [timing] = performance.getEntriesByName(src, "resource") as PerformanceResourceTiming[];
  return timing?.transferSize
    ? timing.serverTiming.find(({ name }) => name === "frame")?.description
    : undefined;
}
