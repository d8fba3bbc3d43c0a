import type { Payment } from "@clarity/bff/contract";
import { ApiError } from "./api.ts";
import type { Sleep } from "./patience.ts";
import { isSessionLost } from "./refusals.ts";

/**
 * The stored payment, or null. One just sent may need a moment to be found.
 * @throws ApiError when that cannot be told
 */
export async function findPayment(ask: () => Promise<Payment>, sleep: Sleep): Promise<Payment | null> {
  const missing = (error: unknown) => {
    if (error instanceof ApiError && !error.transient && !isSessionLost(error)) return null;
    throw error;
  };
  const found = await ask().catch(missing);
  if (found) return found;
  await sleep(1000);
  return ask().catch(missing);
}
