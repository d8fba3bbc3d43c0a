import { describe, expect, test } from "vitest";
import { asToken, sameHolder } from "./tokens.ts";

const jwt = (claims: unknown, signature = "s") =>
  `${btoa('{"alg":"HS256"}')}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.${signature}`;
const mine = { iss: "k1", aud: "pay", sub: "C-1", iat: 1, exp: 2, jti: "a" };

describe("an embed token", () => {
  test.each([
    ["minted anew", { ...mine, iat: 600, exp: 900, jti: "b" }],
    ["by another of the tenant's keys", { ...mine, iss: "k2" }],
    ["with claims that are the host's own", { ...mine, nonce: "x" }],
  ])("%s is the same customer's", (_, claims) => {
    expect(sameHolder(jwt(mine), jwt(claims, "other"))).toBe(true);
  });

  test.each([
    ["another customer", { ...mine, sub: "C-2" }],
    ["fewer invoices", { ...mine, invoices: ["i-1"] }],
    ["no customer", { ...mine, sub: undefined }],
    ["an empty one", { ...mine, sub: "" }],
    ["one that is no text", { ...mine, sub: ["C-1"] }],
  ])("of %s is another's", (_, claims) => {
    expect(sameHolder(jwt(mine), jwt(claims))).toBe(false);
  });

  test("of the same invoices is the same one's, of others another's", () => {
    const of = (...invoices: string[]) => jwt({ ...mine, invoices });
    expect(sameHolder(of("a", "b"), of("a", "b"))).toBe(true);
    expect(sameHolder(of("a", "b"), of("a", "c"))).toBe(false);
    expect(sameHolder(of("a", "b"), of("a"))).toBe(false);
  });

  test("of a customer whose id is not ASCII is read as what it is", () => {
    expect(sameHolder(jwt({ sub: "Müller-Ω" }), jwt({ sub: "Müller-Ω", jti: "x" }))).toBe(true);
    expect(sameHolder(jwt({ sub: "Müller-Ω" }), jwt({ sub: "Müller-Ö" }))).toBe(false);
  });

  test.each(["", "opaque", "a.b.c", "..", "a.bnVsbA.c"])(
    "that cannot be read, %j, is only its own",
    (token) => {
      expect(sameHolder(token, token)).toBe(true);
      expect(sameHolder(token, `${token}x`)).toBe(false);
      expect(sameHolder(token, jwt(mine))).toBe(false);
      expect(sameHolder(jwt(mine), token)).toBe(false);
    },
  );

  test.each([
    [" a.b.c\n", "a.b.c"],
    ["", undefined],
    [" \t", undefined],
    [null, undefined],
    [undefined, undefined],
    [7, undefined],
    [{ toString: () => "a.b.c" }, undefined],
    ["x".repeat(8192), "x".repeat(8192)],
    ["x".repeat(8193), undefined],
  ])("written as %j is %j", (value, token) => {
    expect(asToken(value)).toBe(token);
  });
});
