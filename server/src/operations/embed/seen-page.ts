import { type Network, readBounded } from "../../network/network.ts";
import { type PageTags, readTags, type Tag } from "./page-tags.ts";
import { type Policy, parsePolicies } from "./policy.ts";

/** A page as whoever embeds the form has written it. */
export interface SeenPage {
  /** Where it was found, redirects followed. */
  readonly url: string;
  readonly origin: string;
  /** What its addresses are relative to. */
  readonly base: string;
  readonly tags: PageTags;
  readonly policies: readonly Policy[];
}

/** Our script in a page. */
export interface OurScript {
  readonly tag: Tag;
  readonly name: "pay-form.js" | "loader.js";
  readonly url: URL;
}

const timeoutMs = 10_000;
/** Longer than any page of a person's, bytes. */
const mostBytes = 8 * 1024 * 1024;

export interface Answered {
  readonly status: number;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
}

/** @throws Error in words that name the address, and the guard's reason when it was not asked */
export async function ask(network: Network, url: string, init: RequestInit = {}): Promise<Answered> {
  try {
    const answer = await network.fetch(url, {
      redirect: "follow",
      signal: AbortSignal.timeout(timeoutMs),
      ...init,
    });
    const body = await readBounded(answer, mostBytes);
    return { status: answer.status, url: answer.url || url, headers: answer.headers, body };
  } catch (cause) {
    throw new Error(`${url} does not answer`, { cause });
  }
}

export function seenPage({ url, headers, body }: Answered): SeenPage {
  const tags = readTags(body);
  const header = headers.get("content-security-policy") ?? "";
  const policies = [header, ...tags.policies].flatMap(parsePolicies);
  const base = URL.parse(tags.base ?? "", url)?.href ?? url;
  return { url, origin: new URL(url).origin, base, tags, policies };
}

/** `https://pay.example.com/v/<version or content>/pay-form.js` */
const ourPath = /^\/v\/[^/]+\/(pay-form|loader)\.js$/;

export function ourScripts({ tags, base }: SeenPage): OurScript[] {
  return tags.scripts.flatMap((tag) => {
    const address = tag.src === undefined ? null : URL.parse(tag.src, base);
    const name = address && ourPath.exec(address.pathname)?.[1];
    return address && name ? [{ tag, name: `${name}.js` as OurScript["name"], url: address }] : [];
  });
}
