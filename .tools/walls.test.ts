import { expect, test } from "vitest";
import { breaches } from "./walls.ts";

test.each([
  ["server/src/payments/start.ts", 'import postgres from "postgres";', "one file knows the driver"],
  ["server/src/payments/start.ts", 'import { connect } from "../database/connect.ts";', "is handed one"],
  [
    "server/src/operations/doctor/x.ts",
    'import { connect } from "../../database/connect.ts";',
    "is handed one",
  ],
  ["server/src/http/routes.ts", 'import { pool } from "../database/pool.ts";', "never SQL"],
  ["server/src/outbox/run.ts", 'import { x } from "../connectors/netsuite/index.ts";', "adapters.ts"],
  ["server/src/connectors/netsuite/a.ts", 'import { b } from "../d365-fo/b.ts";', "sibling"],
  ["server/src/connectors/d365-fo/a.ts", 'import type { B } from "../netsuite/config.ts";', "sibling"],
  ["server/src/connectors/netsuite/a.ts", 'import { B } from "../../tenant/settings.ts";', "its interface"],
  ["server/src/tenant/settings.ts", 'import { S } from "../providers/sandbox/config.ts";', "configs.ts"],
  [
    "server/src/tenant/tenants.ts",
    'import { Provider } from "../providers/provider.ts";',
    "none of what they do",
  ],
  ["bff/src/edge.ts", 'import { open } from "@clarity/server";', "contract alone"],
  ["widget/src/flow.ts", 'import { Payment } from "@clarity/bff/contract";', "types only"],
  ["e2e/src/tour.spec.ts", 'import { x } from "@clarity/demo";', "no source"],
  ["demo/src/launch.ts", 'import { x } from "../../server/src/app.ts";', "public entry"],
  ["server/src/http/a.ts", 'const x = await import("postgres");', "never SQL"],
])("%s may not say %s", (file, source, why) => {
  expect(breaches(file, source).join()).toContain(why);
});

test.each([
  ["widget/src/flow.ts", 'import type { Payment } from "@clarity/bff/contract";'],
  ["server/src/database/pool.ts", 'import postgres from "postgres";'],
  ["server/src/payments/start.ts", 'import type { Sql } from "../database/connect.ts";'],
  ["server/src/context/adapters.ts", 'import { netsuite } from "../connectors/netsuite/index.ts";'],
  ["server/src/tenant/settings.ts", 'import { ProviderConfig } from "../providers/configs.ts";'],
  ["server/src/connectors/configs.ts", 'import { NetsuiteConfig } from "./netsuite/config.ts";'],
  ["server/src/connectors/netsuite/a.ts", 'import { NetsuiteConfig } from "./config.ts";'],
  ["bff/src/edge.ts", 'import { Problem } from "@clarity/server/contract";'],
])("%s may say %s", (file, source) => {
  expect(breaches(file, source)).toEqual([]);
});
