/**
 * Where the card fields will be loaded from, before there is a session: the edge knows whose host it is. Asked once
 * for a page, when the script starts, so that fields and session come at the same time; the session decides, and what
 * is told here only starts the loading. Empty: not known, and the session's answer is waited for.
 */
export async function earlyFrameUrl(edge: string): Promise<string> {
  try {
    // As the edge's `Link` header preloads it: other credentials would be another request.
    const answer = await fetch(`${edge}/v1/methods`, { redirect: "error" });
    const { methods } = await answer.json();
    return String(methods[0].frameUrl);
  } catch {
    return "";
  }
}
