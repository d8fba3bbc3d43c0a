import { decodeProtectedHeader } from "jose";
import { verifySigned } from "../../crypto/certificate-key.ts";
import { type KnownSigningKey, listSigningKeys } from "../keys/signing-keys.ts";
import type { Operator } from "../operator.ts";
import { ExportClaims, ExportUntrusted, signatureFile } from "./format.ts";
import type { ReadableExport } from "./read-export.ts";

/** Who vouches for an export. */
export interface Signer {
  /** RFC 7638 thumbprint. */
  readonly keyId: string;
  /** What that platform is called here; null: this one. */
  readonly platform: string | null;
}

/**
 * An export's rows become a tenant's: its keys open sessions, its addresses are sent payments. So one is believed only
 * when a key that this platform knows has signed it. The key that the signature itself carries says nothing.
 *
 * @throws ExportUntrusted
 */
export async function requireTrusted({
  ctx,
  source,
}: {
  ctx: Pick<Operator, "registry">;
  source: ReadableExport;
}): Promise<Signer> {
  const { signature, fingerprint, manifest } = source;
  if (signature === null) throw new ExportUntrusted(`the export is not signed: ${signatureFile} is missing`);
  const { key, claims } = await verify(signature, await listSigningKeys({ ctx }));
  const { tenant, exportedAt, manifestSha256 } = claims;
  const same =
    manifestSha256 === fingerprint && tenant.id === manifest.tenant.id && exportedAt === manifest.exportedAt;
  if (!same) throw new ExportUntrusted("the signature is of another export: the manifest was altered");
  return { keyId: key.id, platform: key.platform };
}

async function verify(
  jws: string,
  known: readonly KnownSigningKey[],
): Promise<{ key: KnownSigningKey; claims: ExportClaims }> {
  const id = keyIdOf(jws);
  const key = known.find((candidate) => candidate.id === id);
  if (!key) {
    throw new ExportUntrusted(
      `the export is signed by ${id ?? "no key that it names"}, which nobody here has said to believe: compare it with ` +
        "what clarity signing-key show prints at the other platform, then clarity signing-key trust",
    );
  }
  if (key.distrustedAt) {
    throw new ExportUntrusted(
      `the export is signed by ${key.id}, which is not believed since ${key.distrustedAt.toISOString()}`,
    );
  }
  try {
    const type = "tenant-export+jws";
    return { key, claims: ExportClaims.parse(await verifySigned({ jws, type, publicJwk: key.publicJwk })) };
  } catch (cause) {
    throw new ExportUntrusted(`the signature does not verify with ${key.id}`, { cause });
  }
}

function keyIdOf(jws: string): string | null {
  try {
    const { kid } = decodeProtectedHeader(jws);
    return typeof kid === "string" && /^[\w-]{43}$/.test(kid) ? kid : null;
  } catch {
    return null;
  }
}
