import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { EdgeContext } from "../http/env.ts";

/**
 * The portal's session, in the browser. `__Host-`: of this host alone, whatever other hosts of its domain set, and over
 * https, or on this machine, whose names browsers trust. It is looked at under /portal only; the payer's API knows
 * tokens and never a cookie.
 */
const name = "__Host-session";
const attributes = "Path=/; Secure; HttpOnly; SameSite=Strict";
/** 256 bits in base64url. */
const value = /^[\w-]{43}$/;

export interface NewSession {
  cookie: string;
  digest: string;
}

/** What a server is told of a session: it can find it by that, and nobody can come in with it. */
export const digestOf = (cookie: string): string => createHash("sha256").update(cookie).digest("base64url");

export function newSession(): NewSession {
  const cookie = randomBytes(32).toString("base64url");
  return { cookie, digest: digestOf(cookie) };
}

export const setCookie = (cookie: string, maxAgeS: number): string =>
  `${name}=${cookie}; ${attributes}; Max-Age=${maxAgeS}`;

export const endCookie = `${name}=; ${attributes}; Max-Age=0`;

/** null: there is none that could be ours, or more than one. */
export function readCookie(c: EdgeContext): string | null {
  const header = c.req.header("cookie") ?? "";
  const found = header
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  const [cookie] = found;
  return found.length === 1 && cookie !== undefined && value.test(cookie) ? cookie : null;
}

/** The token a page sends with each change: no other origin can read it, and it says nothing of the cookie. */
export const csrfTokenOf = (cookie: string): string =>
  createHash("sha256").update(`csrf ${cookie}`).digest("base64url");

export function isCsrfToken(given: string | undefined, cookie: string): boolean {
  const [a, b] = [Buffer.from(given ?? ""), Buffer.from(csrfTokenOf(cookie))];
  return a.length === b.length && timingSafeEqual(a, b);
}
