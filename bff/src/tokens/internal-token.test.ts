import { createPublicKey, createSecretKey, generateKeyPairSync, randomBytes } from "node:crypto";
import type { InternalClaims } from "@clarity/server/contract";
import { jwtVerify } from "jose";
import { expect, test } from "vitest";
import { claimsFor } from "../upstream/claims.ts";
import { createInternalTokens } from "./internal-token.ts";

const claims: InternalClaims = {
  ...claimsFor({ tenant: null, requestId: "request-1" }),
  scopes: ["edge"],
};

test("jose verifies what we sign, with either kind of key", async () => {
  const { privateKey } = generateKeyPairSync("ed25519");
  const secret = createSecretKey(randomBytes(32));
  const options = { audience: "shared", typ: "internal+jwt", requiredClaims: ["exp", "iat"] };
  const signed = createInternalTokens({ alg: "EdDSA", key: privateKey }, Date.now)(claims, "shared");
  expect((await jwtVerify(signed, createPublicKey(privateKey), options)).payload).toMatchObject(claims);
  const mac = createInternalTokens({ alg: "HS256", key: secret }, Date.now)(claims, "shared");
  expect((await jwtVerify(mac, secret, options)).payload).toMatchObject(claims);
});
