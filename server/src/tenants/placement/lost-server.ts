import type { MoveRecord } from "./move-record.ts";

/** What it means for the tenant that one of the two servers does not answer, and what to do. */
export function describeLoss(
  { slug, switchedAt }: MoveRecord,
  side: "source" | "target",
  server: string,
): string {
  const silent = `database server ${server} does not answer`;
  if (side === "target" && !switchedAt) {
    return (
      `${silent}, and what the move made there stays; ${slug} is served where it was. When it answers, run this ` +
      `again, or clarity tenant move-abort ${slug}`
    );
  }
  if (side === "source" && switchedAt) {
    return (
      `${silent}, and the old copy of ${slug} stays there; ${slug} is served at its new place. When it answers, ` +
      `run this again, or clarity tenant move-confirm ${slug}`
    );
  }
  return `${silent}, and ${slug} lives there`;
}
