/** Tenant creation beside the least PostgreSQL can do: `CREATE ROLE` and `CREATE DATABASE … TEMPLATE`. */
import { createTenant, type Operator } from "@clarity/server/operate";
import postgres from "postgres";
import { quantile } from "./load.ts";
import { type Figure, figure } from "./report.ts";

export async function creation(input: {
  adminUrl: string;
  operator: Operator;
  rounds: number;
}): Promise<Figure[]> {
  const { operator, rounds } = input;
  const admin = postgres(input.adminUrl, { max: 1, onnotice: () => {} });
  const [row] = await admin<{ name: string }[]>`
    select datname as name from pg_database where datistemplate and datname like '%template\_v%' order by oid desc limit 1`;
  const template = row?.name ?? "";
  const ours: number[] = [];
  const bare: number[] = [];
  const timed = async (into: number[], work: () => Promise<unknown>) => {
    const started = performance.now();
    await work();
    into.push(performance.now() - started);
  };
  for (let round = 0; round < rounds; round++) {
    const name = `bare_${round}`;
    await timed(bare, async () => {
      await admin.unsafe(`create role ${name} login password 'x${round}'`);
      await admin.unsafe(`create database ${name} template ${template} strategy wal_log`);
    });
    await timed(ours, () =>
      createTenant({
        ctx: operator,
        input: {
          slug: `bench-${round}`,
          name: `Bench ${round}`,
          template: "basic-invoice",
          adminEmail: `a@bench-${round}.test`,
        },
      }),
    );
  }
  await admin.end();
  return [0.5, 0.95].map((share) =>
    figure(`tenant creation p${share * 100}`, quantile(ours, share), "ms", quantile(bare, share)),
  );
}
