import { csrfTokenOf } from "../portal/cookie.ts";
import { port, type Rig } from "./rig.ts";

/** Somebody at a tenant's portal, in a browser. */
export interface Person {
  cookie: string;
  /** As the portal's own page asks; `init` may take anything of it away. */
  call(path: string, init?: RequestInit & { host?: string; body?: string }): Promise<Response>;
}

const cookieName = "__Host-session";
export const originOf = (host: string): string => `http://${host}:${port}`;

/** A browser that has this cookie, whether any session is behind it or not. */
export function person(rig: Pick<Rig, "call">, host: string, cookie: string): Person {
  return {
    cookie,
    call(path, { host: at = host, ...init } = {}) {
      const headers = new Headers({
        cookie: `theme=dark; ${cookieName}=${cookie}`,
        origin: originOf(at),
        "x-csrf-token": csrfTokenOf(cookie),
        ...(init.body !== undefined && { "content-type": "application/json" }),
      });
      for (const [name, value] of new Headers(init.headers)) {
        if (value === "none") headers.delete(name);
        else headers.set(name, value);
      }
      return rig.call(at, path, { ...init, headers });
    },
  };
}

/** Signs in with what was mailed. @throws Error when it is no good */
export async function signIn(rig: Pick<Rig, "call">, host: string, proof: object): Promise<Person> {
  const answer = await postFromPage(rig, host, "/portal/v1/login/finish", proof);
  const cookie = new RegExp(`^${cookieName}=([\\w-]{43});`).exec(answer.headers.get("set-cookie") ?? "")?.[1];
  if (cookie === undefined) throw new Error(`not signed in: ${answer.status} ${await answer.text()}`);
  return person(rig, host, cookie);
}

/** What the sign-in page posts. */
export const postFromPage = (rig: Pick<Rig, "call">, host: string, path: string, body: object) =>
  rig.call(host, path, {
    method: "POST",
    headers: { origin: originOf(host), "content-type": "application/json" },
    body: JSON.stringify(body),
  });
