#!/usr/bin/env node
import { Command } from "commander";
import { embedKeyCommand } from "./embed-key.ts";
import { describeFailure } from "./output.ts";
import { doctorCommand, migrateCommand } from "./platform.ts";
import { settingCommand } from "./setting.ts";
import { tenantCommand } from "./tenant.ts";
import { tokenCommand } from "./token.ts";

const program = new Command("clarity")
  .description("Operates the payment platform that npm start runs, or the one the environment names.")
  .addCommand(tenantCommand())
  .addCommand(settingCommand())
  .addCommand(embedKeyCommand())
  .addCommand(tokenCommand())
  .addCommand(migrateCommand())
  .addCommand(doctorCommand())
  .showHelpAfterError("(--help lists what it takes)");

try {
  await program.parseAsync();
} catch (error) {
  console.error(`failed: ${describeFailure(error)}`);
  process.exitCode = 1;
}
