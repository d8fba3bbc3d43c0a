import type { CardBrand, CardFunding, SurchargeRule } from "../../contract/index.ts";
import type { ErpPayment } from "../connectors/connector.ts";
import type { TenantRef } from "../tenant/tenant-db.ts";

/** What every hook may know about where it runs. */
export interface PipelineContext {
  readonly tenant: TenantRef;
  readonly paymentId: string;
  readonly customerId: string;
  readonly currency: string;
  readonly lines: readonly { invoiceId: string; invoiceNumber: string; amountMinor: bigint }[];
}

/**
 * The steps a payment takes, and what flows through each. `before` hooks may replace a step's
 * input; `after` hooks see its output and may replace it only where `Replace` says so. A hook that
 * throws before money moves refuses the payment; one that throws after is logged and passed over.
 */
export interface Steps {
  CalculateSurcharge: {
    input: {
      amountMinor: bigint;
      card: { brand: CardBrand; funding: CardFunding };
      rules: readonly SurchargeRule[];
    };
    output: { surchargeMinor: bigint };
  };
  AuthorizePayment: {
    input: { totalMinor: bigint; surchargeMinor: bigint; statement: string };
    output: { outcome: string };
  };
  CapturePayment: { input: { totalMinor: bigint }; output: { outcome: string } };
  SyncPayment: { input: { payment: ErpPayment }; output: { erpRef: string } };
  SendReceipt: {
    /** `to`: the e-mail field as the customer's record has it, or whom to write to instead; several are fine. */
    input: { to: string; subject: string; extraLines: { label: string; value: string }[] };
    output: { messageId: string };
  };
}
export type StepName = keyof Steps;

/** A refusal a hook may throw: the payment ends `declined` before any money is asked for. */
export class HookRefusal extends Error {}

export interface StepHooks<S extends StepName> {
  before?(context: PipelineContext, input: Steps[S]["input"]): Steps[S]["input"] | Promise<Steps[S]["input"]>;
  after?(
    context: PipelineContext,
    output: Steps[S]["output"],
  ): Steps[S]["output"] | Promise<Steps[S]["output"]>;
}

export type Hooks = { [S in StepName]?: StepHooks<S> };
