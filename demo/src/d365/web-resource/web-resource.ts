import { readFileSync } from "node:fs";
import type { HostPages } from "../host-setup.ts";

/** Where a model-driven app serves the HTML web resource that the admin has pasted. */
export const webResourcePath = "/WebResources/contoso_pay.html";

/**
 * What is pasted, as README.md shows it: its address and hash made those of this demo, nothing else.
 */
export function webResource({ edgeOrigin, loader }: Pick<HostPages, "edgeOrigin" | "loader">): string {
  const pasted = readFileSync(new URL("contoso_pay.html", import.meta.url), "utf8");
  return pasted
    .replace("https://pay.example.com/v/0.1.0/loader.js", `${edgeOrigin}${loader.path}`)
    .replace("https://pay.example.com", edgeOrigin)
    .replace("sha384-…", loader.integrity);
}

/** The policy a model-driven app sends unless its admin has made it strict. */
export const webResourcePolicy = [
  "script-src * 'unsafe-inline' 'unsafe-eval' blob:",
  "worker-src 'self' blob:",
  "style-src * 'unsafe-inline' blob:",
  "font-src * data:",
  "frame-ancestors 'self' https://*.powerapps.com",
].join("; ");

/** What the host hands a web resource, encoded, and nothing else; several values of one's own go into `data`. */
export function webResourceQuery(given: {
  /** Of the account record, without braces. */
  id: string;
  lcid: number;
  /** The control's custom parameter. */
  data: string;
}): string {
  const query = {
    typename: "account",
    type: "1",
    id: `{${given.id.toUpperCase()}}`,
    orgname: "org5d1c7e2a",
    userlcid: String(given.lcid),
    orglcid: "1033",
    ...(given.data === "" ? {} : { data: given.data }),
  };
  const lowerHex = (text: string) =>
    encodeURIComponent(text).replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase());
  return Object.entries(query)
    .map(([name, value]) => `${name}=${lowerHex(value)}`)
    .join("&");
}

/**
 * The frame in which the form's own scripts run: what an admin adds to the form as a library is here, and what it
 * asks `document` for, it does not find.
 */
export const formScriptFrame = {
  id: "ClientApiFrame_1",
  path: "/uclient/ClientApiFrame.html",
  html: `<!doctype html><html lang="en"><meta charset="utf-8"><title>Form scripts</title></html>`,
} as const;
