import { createPublicKey, hash, type KeyObject, verify } from "node:crypto";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import { Refusal } from "../http/refusal.ts";
import type { ReplayStore } from "./replay.ts";

/** A proof may be this much older or newer than our clock, in seconds (RFC 9449 §11.1). */
export const proofWindowS = 60;

/** The longest proof read; a P-256 one is about 500 characters. */
const maximumLength = 2048;

const Header = z.object({
  typ: z.literal("dpop+jwt"),
  alg: z.enum(["ES256", "EdDSA", "Ed25519"]),
  jwk: z.discriminatedUnion("kty", [
    z.object({ kty: z.literal("EC"), crv: z.literal("P-256"), x: z.string(), y: z.string() }),
    z.object({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: z.string() }),
  ]),
});

const Payload = z.object({
  jti: z.string().min(8).max(128),
  htm: z.string(),
  htu: z.string(),
  iat: z.number(),
  ath: z.string().optional(),
});

interface ProofInput {
  /** Whose host the request came to. */
  tenantId: string;
  /** The `DPoP` header. */
  proof: string | undefined;
  method: string;
  /** The request's address as the browser sees it; query and fragment do not count. */
  url: string;
  /** base64url SHA-256 of the access token that came along; null where none is expected. */
  ath: string | null;
}

/** Who made the proof: the SHA-256 thumbprint (RFC 7638) of the key it proves possession of. */
export interface Proof {
  jkt: string;
  /** The same for the same proof, and for no other. */
  id: string;
}

export type ProofCheck = (input: ProofInput) => Proof;

/** What a protected header says; the same bytes always say the same, so they are read once a session. */
interface ProofKey {
  key: KeyObject;
  digest: "sha256" | null;
  jkt: string;
}

const privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/**
 * Checks DPoP proofs by RFC 9449 §4.3. Synchronous on purpose: one signature check on this thread
 * costs less than a trip through WebCrypto's thread pool, and keys are parsed once a session.
 * The check throws `Refusal` `proof_invalid`, or `unavailable` when no more of the tenant's proofs can be remembered.
 */
export function createProofCheck(options: { replay: ReplayStore; now: () => number }): ProofCheck {
  const keys = new LRUCache<string, ProofKey>({ max: 10_000 });
  return ({ tenantId, proof, method, url, ath }) => {
    if (!proof || proof.length > maximumLength) throw refused("a DPoP proof is required");
    const [header, payload, signature] = segments(proof);
    let known = keys.get(header);
    if (!known) {
      known = readHeader(header);
      keys.set(header, known);
    }
    const claims = readJson(Payload, payload);
    if (claims.htm !== method) throw refused("htm is not this request's method");
    if (claims.htu !== url && !sameAddress(claims.htu, url))
      throw refused("htu is not this request's address");
    if (Math.abs(options.now() / 1000 - claims.iat) > proofWindowS) throw refused("iat is too far from now");
    if (ath !== null && claims.ath !== ath) throw refused("ath is not the access token's");
    if (!isSigned(`${header}.${payload}`, signature, known)) throw refused("the signature does not verify");
    // Last, so that only what is otherwise good is remembered.
    const id = `${known.jkt}.${claims.jti}`;
    const claim = options.replay.claim(tenantId, id);
    if (claim === "full") throw new Refusal("unavailable");
    if (claim === "seen") throw refused("the proof was used before");
    return { jkt: known.jkt, id };
  };
}

/**
 * ES256 signatures are turned into DER here: OpenSSL takes those and a bare `KeyObject` in 76 µs, and
 * `dsaEncoding: "ieee-p1363"` with a key in options in 121 µs.
 */
function isSigned(text: string, signature: string, { key, digest }: ProofKey): boolean {
  const raw = Buffer.from(signature, "base64url");
  if (raw.length !== 64) return false;
  return verify(digest, Buffer.from(text), key, digest === null ? raw : derSignature(raw));
}

/** Two 32-byte numbers (RFC 7518 §3.4) as `SEQUENCE { INTEGER r, INTEGER s }` (RFC 3279 §2.2.3). */
function derSignature(raw: Buffer): Buffer {
  const r = derInteger(raw.subarray(0, 32));
  const s = derInteger(raw.subarray(32));
  return Buffer.concat([Buffer.from([0x30, r.length + s.length]), r, s]);
}

/** X.690 §8.3: no leading zeros but the one that keeps it positive. */
function derInteger(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? bytes.subarray(-1) : bytes.subarray(start);
  const sign = (digits[0] ?? 0) >= 0x80 ? [0] : [];
  return Buffer.from([0x02, sign.length + digits.length, ...sign, ...digits]);
}

function segments(compact: string): [string, string, string] {
  const parts = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(compact);
  if (!parts) throw refused("not a compact JWS");
  return [parts[1] ?? "", parts[2] ?? "", parts[3] ?? ""];
}

function readHeader(segment: string): ProofKey {
  const raw = readJson(z.looseObject({ jwk: z.looseObject({}) }), segment);
  if ("crit" in raw) throw refused("crit is not understood");
  if (privateMembers.some((member) => member in raw.jwk)) throw refused("the jwk holds a private key");
  const parsed = Header.safeParse(raw);
  if (!parsed.success) throw refused("typ, alg or jwk is not accepted");
  const { alg, jwk } = parsed.data;
  if ((alg === "ES256") !== (jwk.kty === "EC")) throw refused("alg does not fit the jwk");
  try {
    const key = createPublicKey({ key: { ...jwk }, format: "jwk" });
    return { key, digest: alg === "ES256" ? "sha256" : null, jkt: thumbprint(jwk) };
  } catch {
    throw refused("the jwk is no key");
  }
}

/** RFC 7638: the required members only, in lexical order, without spaces. */
function thumbprint(jwk: z.infer<typeof Header>["jwk"]): string {
  const { crv, kty, x } = jwk;
  const canonical = jwk.kty === "EC" ? { crv, kty, x, y: jwk.y } : { crv, kty, x };
  return hash("sha256", JSON.stringify(canonical), "base64url");
}

function readJson<T>(schema: z.ZodType<T>, segment: string): T {
  try {
    return schema.parse(JSON.parse(Buffer.from(segment, "base64url").toString("utf8")));
  } catch {
    throw refused("not a DPoP proof");
  }
}

/** Equal after the normalisation RFC 9449 §4.3 asks for, query and fragment aside. */
function sameAddress(claimed: string, actual: string): boolean {
  if (!URL.canParse(claimed)) return false;
  const a = new URL(claimed);
  const b = new URL(actual);
  return a.origin === b.origin && a.pathname === b.pathname && a.username === "" && a.password === "";
}

const refused = (detail: string) => new Refusal("proof_invalid", { detail });
