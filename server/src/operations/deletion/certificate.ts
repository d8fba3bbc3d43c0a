import type { UnfinishedWork } from "../../tenant/unfinished-work.ts";
import type { DeletionRecord } from "../records/deletion-record.ts";

/** What the signature vouches for. Instants are ISO 8601, UTC. */
export interface DeletionCertificate {
  readonly type: "tenant-deletion";
  readonly version: 1;
  readonly tenant: { readonly id: string; readonly slug: string; readonly name: string };
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly dueAt: string;
  readonly destroyedBy: string;
  /** After the last row could be written, before the first thing was destroyed. */
  readonly countedAt: string;
  readonly destroyedAt: string;
  readonly destroyed: {
    readonly database: string;
    readonly role: string;
    readonly hosts: readonly string[];
    /**
     * By table; empty when nobody could count: nothing had been made yet, or the database was gone or its server out
     * of reach, for which a reason is given. What such a server still holds is left behind.
     */
    readonly rowCounts: Readonly<Record<string, number>>;
    /** SHA-256, hex, of the tenant's data key as it was wrapped by the master key. */
    readonly wrappedDataKeySha256: string;
  };
  /** Was lost on purpose; `reason` is null when there was nothing to lose. */
  readonly unfinished: UnfinishedWork & { readonly reason: string | null };
}

/** @throws Error when the destruction is not complete */
export function certificateClaims(deletion: DeletionRecord): DeletionCertificate {
  const { stock, destroyedAt } = deletion;
  if (!stock || !destroyedAt) throw new Error(`${deletion.slug} is not destroyed yet`);
  return {
    type: "tenant-deletion",
    version: 1,
    tenant: { id: deletion.tenantId, slug: deletion.slug, name: deletion.name },
    requestedBy: deletion.requestedBy,
    requestedAt: deletion.requestedAt.toISOString(),
    dueAt: deletion.dueAt.toISOString(),
    destroyedBy: stock.takenBy,
    countedAt: stock.takenAt.toISOString(),
    destroyedAt: destroyedAt.toISOString(),
    destroyed: {
      database: deletion.databaseName,
      role: deletion.loginRole,
      hosts: deletion.hosts,
      rowCounts: stock.rowCounts,
      wrappedDataKeySha256: stock.keyFingerprint,
    },
    unfinished: { ...stock.unfinished, reason: deletion.forceReason },
  };
}
