import type { Finding } from "../operations/finding.ts";
import type { Answer } from "./output.ts";
import { oneLine } from "./printable.ts";

/** Fails when one of them is wrong. */
export const findingsAnswer = (findings: readonly Finding[]): Answer => ({
  json: findings,
  text: findings.map(inWords).join("\n"),
  failed: findings.some(({ ok }) => !ok),
});

function inWords({ ok, what, why, advice }: Finding): string {
  const judgement = !ok ? "BAD " : advice ? "note" : "ok  ";
  const lines = [`${judgement} ${what}`];
  if (why) lines.push(`     why: ${why}`);
  if (advice) lines.push(`     do:  ${advice}`);
  return lines.map(oneLine).join("\n");
}
