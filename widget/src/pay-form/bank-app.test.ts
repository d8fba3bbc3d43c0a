import type { Payment } from "@clarity/bff/contract";
import { describe, expect, test, vi } from "vitest";
import { known, lost, payment, type Script, stage } from "./testing/stage.ts";

const atBank = payment(known, {
  state: "requires_action",
  action: { type: "challenge", url: "https://bank.test/" } as unknown as Payment["action"],
});
const of = (state: Payment["state"], more: Partial<Payment> = {}) => payment(known, { state, ...more });

/** A challenge is open, and the payer confirms or refuses in an app of the bank's. */
async function challenged(script: Script) {
  const world = stage({ pay: [() => atBank], ...script });
  await world.choose("a");
  await world.flow.pay();
  expect(world.flow.state.phase.name).toBe("challenge");
  return world;
}

describe("an answer that the bank has from elsewhere", () => {
  test.each([
    ["captured", "receipt", ["captured"]],
    ["declined", "choosing", ["declined"]],
    ["failed", "choosing", ["failed"]],
  ] as const)("%s: the form is at %s within 3 s of it", async (state, phase, settled) => {
    const { flow, seen } = await challenged({ look: [atBank, atBank, lost(), of(state)] });
    await vi.waitFor(() => expect(flow.state.phase.name).toBe(phase));
    expect(seen.settled).toEqual(settled);
    expect(Math.max(...seen.waits)).toBeLessThan(2500);
    expect(seen.waits).toHaveLength(4);
  });

  test("is waited for half an hour at most, and never asked for more than once in 2 s", async () => {
    const { flow, seen } = await challenged({ look: [atBank] });
    await vi.waitFor(() => expect(seen.looks).toBe(400));
    expect(flow.state.phase.name).toBe("challenge");
    expect(Math.min(...seen.waits)).toBe(2000);
    expect(seen.waits.reduce((sum, ms) => sum + ms)).toBe(30 * 60_000);
  });

  test("back from the app the provider itself is asked; that another is asking already ends nothing", async () => {
    const script: Script = { look: [atBank], resume: [of("processing"), of("captured")] };
    const world = stage({
      pay: [() => atBank],
      ...script,
      seen: async () => {
        world.clock.nowMs += 20_000;
      },
    });
    await world.choose("a");
    await world.flow.pay();
    await vi.waitFor(() => expect(world.flow.state.phase.name).toBe("receipt"));
    expect(world.seen.looks).toBe(0);
    expect(world.seen.phases).toEqual(["loading", "choosing", "paying", "challenge", "receipt"]);
  });

  test("is not waited for once the payer went back to the list", async () => {
    const { flow, seen } = await challenged({ look: [atBank], sleep: async () => {} });
    await flow.another();
    const looks = seen.looks;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(seen.looks - looks).toBeLessThan(2);
    expect(flow.state.phase.name).toBe("choosing");
  });
});
