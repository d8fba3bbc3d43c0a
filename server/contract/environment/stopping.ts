import * as kinds from "./kinds.ts";
import { defineVariables } from "./variable.ts";

const ms = kinds.wholeNumber({ most: 600_000, unit: "ms" });

/**
 * What SIGTERM begins, at edge and server: whoever ends them must wait for both, `terminationGracePeriodSeconds` in
 * Kubernetes.
 *
 * @param graceMs the process's default
 */
export const stoppingVariables = <const Grace extends string>(graceMs: Grace) =>
  defineVariables({
    CLARITY_DRAIN_MS: {
      kind: ms,
      help: "how long /readyz says 503 before it stops listening: what a balancer takes to notice",
      default: "0",
    },
    CLARITY_GRACE_MS: {
      kind: ms,
      help: "how long what is under way may take from then on; a payment takes up to 12000",
      default: graceMs,
    },
  });
