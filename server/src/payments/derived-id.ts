import { hash } from "node:crypto";

/** A UUIDv8 (RFC 9562 §5.8) made of a text: the same for the same text, wherever and whenever it is made. */
export function derivedId(text: string): string {
  const hex = hash("sha256", text, "hex");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}
