/**
 * `npm run attack`: everything that strangers have tried, tried again on what this machine starts for it, on loopback.
 * Prints `N tried, N held` by family, and what fell; exit code 0 only when nothing did. Names on the command line run
 * those families alone.
 */
import { families } from "./attack/kit/families.ts";
import { type Outcome, runFamily } from "./attack/kit/run-family.ts";

const all = await families();
const wanted = process.argv.slice(2);
for (const name of wanted) {
  if (!all.some((family) => family.name === name))
    throw new Error(`no family ${name}; there are: ${all.map((family) => family.name).join(", ")}`);
}

const outcomes: Outcome[] = [];
for (const family of all.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const outcome = await runFamily(family);
  outcomes.push(outcome);
  for (const { check, why } of outcome.fallen) console.log(`FELL ${outcome.name}: ${check}: ${why}`);
  say(outcome.name, [outcome]);
}
say("all", outcomes);
process.exit(outcomes.every(({ fallen }) => fallen.length === 0) ? 0 : 1);

function say(name: string, its: readonly Outcome[]): void {
  const tried = its.reduce((sum, one) => sum + one.tried, 0);
  const fallen = its.reduce((sum, one) => sum + one.fallen.length, 0);
  console.log(`${name}: ${tried} tried, ${tried - fallen} held`);
}
