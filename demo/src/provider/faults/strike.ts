import type { Tx } from "../database/database.ts";
import { ApiError } from "../errors.ts";
import { type Operation, readFault, takeFault } from "./faults.ts";

/** How an answer travels: `hang` never comes, `late` comes late, `break` loses the connection at once. */
export type Manner = "now" | "hang" | "late" | "break" | "conflict";

export interface Performed {
  status: number;
  body: string;
  manner: Manner;
}

/** Does the work of a call that moves money, or fails it in the way that is switched on. */
export async function performUnderFaults(
  { tx, operation }: { tx: Tx; operation: Operation },
  work: () => Promise<Performed>,
): Promise<Performed> {
  const fault = await takeFault({
    sql: tx,
    modes: ["timeout_after_charge", "error_500", "error_500_after", "error_409"],
    operation,
  });
  if (fault === "error_500") return brokenAnswer;
  const performed = await work();
  if (fault === "error_500_after") return brokenAnswer;
  if (fault === "timeout_after_charge") return { ...performed, manner: "hang" };
  if (fault === "error_409") return { ...performed, manner: "conflict" };
  if (operation === "charge" && (await readFault(tx)).mode === "not_found_after_submit") {
    return { ...performed, manner: "break" };
  }
  return performed;
}

/** It stays under the key, as real processors keep theirs. */
const brokenAnswer: Performed = {
  status: 500,
  body: new ApiError("internal", "something went wrong").toBody(),
  manner: "now",
};
