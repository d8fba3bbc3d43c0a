import type { Command } from "commander";
import { repairRole } from "../operations/servers/repair-role.ts";
import type { CommonOptions, Run } from "./run.ts";

export function addRepairCommands(tenant: Command, run: Run): void {
  tenant
    .command("repair-role <slug>")
    .description("undo what its database role has done to itself: password, bounds; ends its sessions")
    .option("--new-password", "who has the present one shall not get in again; servers hear of it at once")
    .option("--json")
    .action(repair(run));
}

const repair =
  (run: Run) =>
  (slug: string, { newPassword = false, json = false }: CommonOptions & { newPassword?: boolean }) =>
    run({ json }, async (ctx) => {
      const repaired = await repairRole({ ctx, input: { slug, newPassword } });
      const { lifted, ended } = repaired;
      const found = lifted.length > 0 ? `had lifted ${lifted.join(", ")}` : "had lifted nothing";
      const password = newPassword ? "a new password" : "the password that servers have";
      return {
        json: repaired,
        text: `${slug}: its role has ${password}, ${found}; ${ended} of its sessions were ended`,
      };
    });
