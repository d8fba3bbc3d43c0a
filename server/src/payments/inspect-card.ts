import { type Refused, refused } from "../../contract/index.ts";
import type { InspectResult, Provider } from "../providers/provider.ts";
import { askProvider, type Deadline, deadlineIn } from "./ask-provider.ts";

/** Looking at a token moves no money: worth less of the payer's time than the calls that do. */
const inspectTimeoutMs = 3_000;

type Card = Extract<InspectResult, { kind: "card" }>;

/** What the token stands for, or why the payment cannot go on. Nothing is stored either way. */
export async function inspectCard(
  provider: Provider,
  token: string,
  deadline: Deadline,
): Promise<Card | Refused> {
  const result: InspectResult = await askProvider(
    Math.min(deadline, deadlineIn(inspectTimeoutMs)),
    (signal) => provider.inspect({ token, signal }),
  );
  if (result.kind === "card") return result;
  return refused(result.kind === "invalid" ? "payment_method_invalid" : "provider_unavailable");
}
