import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { latestSchemaVersion } from "../../tenant/schema.ts";

/**
 * An example of every verb: what stands after it, with the tenant's slug; in an order in which each can be done.
 *
 * @param own the id of a thing of the tenant's own, for verbs that take one
 * @param instance base URL of one that lives
 * @param edge base URL of something that answers as one
 */
export const verbExamples = ({
  own,
  folder,
  instance,
  edge,
}: {
  own: (slug: string, verb: string) => string;
  folder: () => string;
  instance: string;
  edge: () => string;
}): Record<string, (slug: string) => string[]> => ({
  "audit anchor": (slug) => [slug],
  "audit show": (slug) => [slug],
  "audit verify": (slug) => [slug],
  "backup check": () => [],
  "backup create": (slug) => [slug],
  "backup drill": (slug) => [slug],
  "backup list": (slug) => [slug],
  "backup prune": () => [],
  "backup verify": () => [randomUUID()],
  "database-server add": () => ["second"],
  "database-server list": () => [],
  "database-server prepare": () => ["second"],
  "database-server remove": () => ["second"],
  "dead-letter finish": (slug) => [
    ...[slug, own(slug, "dead-letter finish"), "--reason", "a test", "--erp-ref", "7"],
  ],
  "dead-letter list": (slug) => [slug],
  "dead-letter replay": (slug) => [slug, own(slug, "dead-letter replay")],
  doctor: () => [],
  "edge-key add": () => ["--folder", folder()],
  "edge-key list": () => ["--folder", folder()],
  "edge-key retire": () => ["--folder", folder()],
  "edge-key use": () => ["--folder", folder()],
  "embed check": () => [`${edge()}/nothing`],
  "embed page": (slug) => [slug, "--edge", edge()],
  "embed-key add": (slug) => [slug, "--id", "erp-2"],
  "embed-key list": (slug) => [slug],
  "embed-key revoke": (slug) => [slug, own(slug, "embed-key revoke")],
  "flag list": (slug) => [slug],
  "flag set": (slug) => [slug, "partial-payments", "false"],
  "flag unset": (slug) => [slug, "partial-payments"],
  "host add": (slug) => [slug, `pay.${slug}.verbs.test`],
  "host list": (slug) => [slug],
  "host remove": (slug) => [slug, own(slug, "host remove")],
  "instance list": () => [],
  "invoice import": (slug) => [slug, join(import.meta.dirname, "invoices.csv"), "--dry-run"],
  "isolation report": (slug) => [slug, "--reason", "a test"],
  "key rotate": (slug) => [slug],
  "master-key init": () => [],
  "master-key retire": () => [],
  "master-key rotate": () => [],
  "master-key status": () => [],
  "migrate drift": (slug) => [slug],
  "migrate rollback": (slug) => [slug, "--to", String(latestSchemaVersion() - 1)],
  // Undoes the one before.
  "migrate retry": (slug) => [slug],
  "migrate run": (slug) => ["--tenant", slug],
  "migrate status": () => [],
  "payment list": (slug) => [slug],
  "payment resolve": (slug) => [slug, own(slug, "payment resolve"), "--reason", "a test"],
  // Of the one before: nobody knows its account.
  "payment close-attempt": (slug) => [slug, own(slug, "payment close-attempt"), "--reason", "a test"],
  "payment decide": (slug) => [
    ...[slug, own(slug, "payment decide"), "--reason", "a test"],
    ...["--as", "unpaid", "--given-back"],
  ],
  "payment show": (slug) => [slug, own(slug, "payment show")],
  "record-fault list": (slug) => [slug],
  "setting get": (slug) => [slug, "seller.name"],
  "setting list": (slug) => [slug],
  "setting set": (slug) => [slug, "seller.locale", "fr"],
  "setting unset": (slug) => [slug, "seller.locale"],
  "signing-key distrust": () => ["nobody"],
  "signing-key init": () => [],
  "signing-key list": () => [],
  "signing-key show": () => [],
  "signing-key trust": () => ["elsewhere"],
  "tenant create": () => [
    "initech",
    "--name",
    "I",
    "--template",
    "basic-invoice",
    "--admin",
    "i@initech.test",
  ],
  "tenant export": (slug) => [slug, "--out", join(folder(), "export")],
  "tenant import": () => [join(folder(), "nothing"), "--slug", "umbrella"],
  "tenant list": () => [],
  "tenant purge": () => [],
  "tenant repair-role": (slug) => [slug],
  "tenant ring": (slug) => [slug, "early"],
  "tenant show": (slug) => [slug],
  // Its rows stay where they are.
  "tenant move-abort": (slug) => [slug],
  "tenant move": (slug) => [slug, "--instance", instance],
  "tenant promote": (slug) => [slug, "--database-server", "main", "--instance", instance],
  "tenant pin": (slug) => [slug, "--version", "0", "--reason", "a test", "--until", "2999-01-01"],
  "tenant unpin": (slug) => [slug],
  "tenant demote": (slug) => [slug],
  "tenant move-confirm": (slug) => [slug],
  "tenant suspend": (slug) => [slug],
  "tenant resume": (slug) => [slug],
  "tenant delete": (slug) => [slug, "--force-reason", "a test"],
  "tenant restore": (slug) => [slug],
  "tenant restore-abort": (slug) => [slug],
  "tenant restore-backup": (slug) => [slug, own(slug, "tenant restore-backup")],
  "tenant restore-confirm": (slug) => [slug],
  "token mint": (slug) => [slug, "--customer", "42"],
});
