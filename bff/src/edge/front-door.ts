import { addHeaders, answer } from "../http/answer.ts";
import type { EdgeContext } from "../http/env.ts";
import { Refusal } from "../http/refusal.ts";

/** What the front door may say beside its body. */
const passed = ["content-type", "cache-control", "content-security-policy", "etag", "location"];
const timeoutMs = 5_000;

/**
 * The page an operator sees on a bare address such as `127.0.0.1:4000`, where no tenant answers.
 * Reading only; nothing of the request but its path travels on.
 */
export async function answerFrontDoor(c: EdgeContext, frontDoorUrl: string | null): Promise<Response> {
  if (frontDoorUrl === null) throw new Refusal("not_found");
  if (c.req.method !== "GET" && c.req.method !== "HEAD") throw new Refusal("method_not_allowed");
  const { pathname, search } = new URL(c.req.url);
  let page: Response;
  try {
    page = await fetch(frontDoorUrl.replace(/\/+$/, "") + pathname + search, {
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (cause) {
    throw Object.assign(new Refusal("unavailable"), { cause });
  }
  // Its pages bring their own policy; the edge's is for answers that are no pages.
  delete c.get("headers")["content-security-policy"];
  for (const name of passed) {
    const value = page.headers.get(name);
    if (value !== null) addHeaders(c, { [name]: value });
  }
  return answer(c, new Uint8Array(await page.arrayBuffer()), page.status);
}
