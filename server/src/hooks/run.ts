import type { Logger } from "pino";
import { z } from "zod";
import { inSpan } from "../telemetry/tracing.ts";
import { HookRefusal, type Hooks, type PipelineContext, type StepName, type Steps } from "./pipeline.ts";

/** A hook that takes longer is treated as one that threw. */
export const hookTimeoutMs = 2_000;

/**
 * What a hook's failure can still stop. Once the provider has said yes there is no way back through
 * a hook: the provider interface gives money back by refund only.
 */
const refusable: Record<StepName, { before: boolean; after: boolean }> = {
  CalculateSurcharge: { before: true, after: true },
  AuthorizePayment: { before: true, after: false },
  CapturePayment: { before: false, after: false },
  SyncPayment: { before: false, after: false },
  SendReceipt: { before: false, after: false },
};

export const stepNames = Object.keys(refusable) as StepName[];

/** A hook broke, or took too long, before money moved. Nothing was charged; `message` is internal. */
export class HookFailure extends Error {}

/** What a step needs of the context it runs in. */
interface HookHost {
  readonly hooks: Hooks;
  readonly log: Logger;
}

export interface StepCall<S extends StepName> {
  ctx: HookHost;
  step: S;
  /** What the hooks are told about the payment. */
  about: PipelineContext;
  input: Steps[S]["input"];
}

/**
 * One step with the tenant's hooks around it.
 * @throws HookRefusal, HookFailure only where `refusable` says a hook may stop the payment.
 */
export async function runStep<S extends StepName>(
  call: StepCall<S> & { run(input: Steps[S]["input"]): Promise<Steps[S]["output"]> },
): Promise<Steps[S]["output"]> {
  const output = await call.run(await beforeStep(call));
  return afterStep({ ...call, output });
}

/**
 * The step's input as the `before` hook leaves it. Hooks work on copies: what they write into belongs to
 * nobody else, neither the lines about to be recorded nor settings that other requests read.
 */
export async function beforeStep<S extends StepName>({ ctx, step, about, input }: StepCall<S>) {
  const hook = ctx.hooks[step]?.before;
  if (!hook) return input;
  return guarded({ ctx, step, phase: "before", otherwise: input }, async () => {
    const replaced = (await hook(structuredClone(about), structuredClone(input))) ?? input;
    const wrong = wrongInput(step, input, replaced);
    if (wrong) throw new HookFailure(wrong);
    return replaced;
  });
}

/**
 * The step's output as the `after` hook leaves it. Only a surcharge may be replaced: the other
 * outputs are facts.
 */
export async function afterStep<S extends StepName>(
  call: Omit<StepCall<S>, "input"> & { output: Steps[S]["output"] },
): Promise<Steps[S]["output"]> {
  const { ctx, step, about, output } = call;
  const hook = ctx.hooks[step]?.after;
  if (!hook) return output;
  return guarded({ ctx, step, phase: "after", otherwise: output }, async () => {
    const replaced = (await hook(structuredClone(about), structuredClone(output))) ?? output;
    if (step !== "CalculateSurcharge") return output;
    const { surchargeMinor } = replaced as Steps["CalculateSurcharge"]["output"];
    if (typeof surchargeMinor !== "bigint" || surchargeMinor < 0n) {
      throw new HookFailure("the surcharge must be a bigint of at least 0n");
    }
    return replaced;
  });
}

interface Guard<T> {
  ctx: HookHost;
  step: StepName;
  phase: "before" | "after";
  otherwise: T;
}

async function guarded<T>({ ctx, step, phase, otherwise }: Guard<T>, hook: () => Promise<T>): Promise<T> {
  try {
    return await inSpan({ name: `hook ${step}.${phase}` }, () => withinTime(hook()));
  } catch (error) {
    if (refusable[step][phase]) {
      if (error instanceof HookRefusal || error instanceof HookFailure) throw error;
      throw new HookFailure(`the ${phase} hook of ${step} threw`, { cause: error });
    }
    ctx.log.error({ err: error, step, phase }, "a hook failed where it can no longer stop the payment");
    return otherwise;
  }
}

async function withinTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new HookFailure(`took longer than ${hookTimeoutMs} ms`)), hookTimeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

const words = z.union([z.string(), z.number()]);

/** What is read of a hook's answer once money has moved. A plugin is not type-checked when it runs. */
const shapes: { readonly [S in StepName]?: z.ZodType } = {
  SyncPayment: z.object({ payment: z.object({ memo: z.string() }) }),
  SendReceipt: z.object({
    to: z.string(),
    subject: words,
    extraLines: z.array(z.object({ label: words, value: words })).optional(),
  }),
};

/** The total was shown to the payer and is recorded: a hook may word the statement, not change the sum. */
function wrongInput<S extends StepName>(
  step: S,
  given: Steps[S]["input"],
  replaced: Steps[S]["input"],
): string | null {
  const fits = shapes[step]?.safeParse(replaced);
  if (fits && !fits.success) return `the answer's ${z.prettifyError(fits.error)}`;
  if ("totalMinor" in given && given.totalMinor !== (replaced as typeof given).totalMinor) {
    return `a hook of ${step} may not change the total`;
  }
  if ("statement" in given) {
    const { statement } = replaced as typeof given;
    if (typeof statement !== "string" || statement.length < 1 || statement.length > 22) {
      return "the statement must have 1 to 22 characters";
    }
  }
  return null;
}
