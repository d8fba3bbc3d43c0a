import { Hono } from "hono";
import { z } from "zod";
import { logReport } from "../log.ts";
import type { AppEnv } from "./app-env.ts";
import { readJson } from "./read.ts";

/** Both formats browsers send; of either only which directive it was. */
const Directive = z.string().max(200).catch("");
const Single = z.object({ "csp-report": z.object({ "effective-directive": Directive }) });
const Batch = z.array(z.object({ body: z.object({ effectiveDirective: Directive }) })).max(100);

/** What browsers refused on pages of this origin. */
export const reportRoutes = (): Hono<AppEnv> =>
  new Hono<AppEnv>().post("/reports", async (c) => {
    const reports = await readJson(c, z.union([Batch, Single]));
    const directives = Array.isArray(reports)
      ? reports.map(({ body }) => body.effectiveDirective)
      : [reports["csp-report"]["effective-directive"]];
    logReport(directives.filter((directive) => /^[a-z-]{1,40}$/.test(directive)));
    return c.body(null, 204);
  });
