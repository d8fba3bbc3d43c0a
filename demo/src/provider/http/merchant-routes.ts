import { Hono } from "hono";
import { allowOrigins } from "../accounts/accounts.ts";
import { findToken } from "../cards/tokens.ts";
import { authorize } from "../charges/authorize.ts";
import { capture } from "../charges/capture.ts";
import { expireChallenges } from "../charges/challenge.ts";
import { type Charge, listCharges, readCharge, readChargeById, toView } from "../charges/charge.ts";
import { refund } from "../charges/refund.ts";
import type { Tx } from "../database/database.ts";
import { ApiError } from "../errors.ts";
import { type Operation, takeFault } from "../faults/faults.ts";
import { type Manner, type Performed, performUnderFaults } from "../faults/strike.ts";
import { once } from "../idempotency/once.ts";
import type { AppEnv, Call, Services } from "./app-env.ts";
import { bySecretKey } from "./guards.ts";
import {
  CaptureBody,
  ChargeBody,
  OriginsBody,
  RefundBody,
  readId,
  readIdempotencyKey,
  readJson,
} from "./read.ts";
import { send } from "./send.ts";

/** What a merchant's server calls with its secret key. */
export function merchantRoutes(services: Services): Hono<AppEnv> {
  const { sql, config } = services;
  const guard = bySecretKey(sql);
  const view = (charge: Charge) => toView(charge, config.publicOrigin);

  /** A call that moves money: at most once for its key, under the faults that are on. */
  const perform = async (
    c: Call,
    { operation, body }: { operation: Operation; body: unknown },
    work: (tx: Tx) => Promise<{ json: unknown; manner?: Manner }>,
  ) => {
    const call = { path: c.req.path, body };
    const claim = { sql, accountId: c.var.account.id, key: readIdempotencyKey(c), call };
    const performed = await once(claim, (tx) =>
      performUnderFaults({ tx, operation }, async (): Promise<Performed> => {
        const { json, manner = "now" } = await work(tx);
        return { status: operation === "capture" ? 200 : 201, body: JSON.stringify(json), manner };
      }),
    );
    return send(c, performed, services);
  };

  return new Hono<AppEnv>()
    .post("/charges", guard, async (c) => {
      const body = await readJson(c, ChargeBody);
      return perform(c, { operation: "charge", body }, async (tx) => {
        const input = { ...body, amount: BigInt(body.amount) };
        const { charge, behavior } = await authorize({ tx, accountId: c.var.account.id, input });
        return {
          json: view(charge),
          manner: behavior === "hang" || behavior === "late" ? behavior : "now",
        };
      });
    })
    .post("/charges/:reference/capture", guard, async (c) => {
      const reference = readId(c, "reference");
      const body = await readJson(c, CaptureBody);
      return perform(c, { operation: "capture", body }, async (tx) => {
        const input = { ...body, reference, amount: BigInt(body.amount) };
        return { json: view(await capture({ tx, accountId: c.var.account.id, input })) };
      });
    })
    .post("/charges/:reference/refunds", guard, async (c) => {
      const chargeReference = readId(c, "reference");
      const body = await readJson(c, RefundBody);
      return perform(c, { operation: "refund", body }, async (tx) => {
        const input = { ...body, chargeReference, amount: BigInt(body.amount) };
        return { json: await refund({ tx, accountId: c.var.account.id, input }) };
      });
    })
    .get("/charges/:reference", guard, async (c) => {
      const fault = await takeFault({ sql, modes: ["not_found_after_submit"], operation: null });
      if (fault !== "none") throw new ApiError("not_found", "no charge with that reference");
      await expireChallenges(sql);
      const reference = readId(c, "reference");
      return c.json(view(await readCharge({ sql, accountId: c.var.account.id, reference })));
    })
    .get("/charges/by-id/:id", guard, async (c) => {
      await expireChallenges(sql);
      const id = readId(c, "id");
      return c.json(view(await readChargeById({ sql, accountId: c.var.account.id, id })));
    })
    .get("/charges", guard, async (c) => {
      await expireChallenges(sql);
      return c.json({ data: (await listCharges({ sql, accountId: c.var.account.id })).map(view) });
    })
    .get("/account", guard, (c) => c.json({ id: c.var.account.id }))
    .post("/account/origins", guard, async (c) => {
      const { origins } = await readJson(c, OriginsBody);
      await allowOrigins({ sql, input: { accountId: c.var.account.id, origins } });
      return c.json({ origins });
    })
    .get("/tokens/:token", guard, async (c) => {
      const token = await findToken({ sql, accountId: c.var.account.id, id: readId(c, "token") });
      if (!token) throw new ApiError("not_found", "no such token");
      const { id, brand, funding, last4, country, fingerprint } = token;
      return c.json({ token: id, brand, funding, last4, country, fingerprint });
    });
}
