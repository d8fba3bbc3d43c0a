import { Command, CommanderError } from "commander";
import { helpText, readEnvironment, WrongEnvironment } from "../../contract/environment/index.ts";
import { RightsMissing } from "../operations/servers/prepare-server.ts";
import { auditCommand } from "./audit.ts";
import { backupCommand } from "./backup.ts";
import { databaseServerCommand } from "./database-server.ts";
import { deadLetterCommand } from "./dead-letter.ts";
import { edgeKeyCommand } from "./edge-key.ts";
import { embedCommand } from "./embed.ts";
import { embedKeyCommand } from "./embed-key.ts";
import { commandLineEnvironment } from "./environment.ts";
import { flagCommand } from "./flag.ts";
import { hostCommand } from "./host.ts";
import { instanceCommand } from "./instance.ts";
import { invoiceCommand } from "./invoice.ts";
import { isolationCommand } from "./isolation.ts";
import { keyCommand, masterKeyCommand } from "./key.ts";
import { migrateCommand } from "./migrate.ts";
import { describeFailure } from "./output.ts";
import { paymentCommand } from "./payment.ts";
import { doctorCommand } from "./platform.ts";
import { oneLine } from "./printable.ts";
import { recordFaultCommand } from "./record-fault.ts";
import { AnsweredBadNews, createRun, verbOf } from "./run.ts";
import { neverAnArgument, refuseSecretArguments } from "./secrets-given.ts";
import { settingCommand } from "./setting.ts";
import { signingKeyCommand } from "./signing-key.ts";
import { tenantCommand } from "./tenant.ts";
import { printing, type Terminal } from "./terminal.ts";
import { tokenCommand } from "./token.ts";

/**
 * Runs one command line: the answer goes to `print`, the cause of a failure to `printError`.
 *
 * @param args without the program's name
 * @returns the exit code; 0 only on success
 */
export async function main(args: readonly string[], outside: Terminal): Promise<number> {
  const terminal = printing(outside);
  const program = createProgram(terminal);
  for (const command of withSubcommands(program)) {
    command
      .exitOverride()
      .showHelpAfterError("(--help lists what it takes)")
      .configureOutput({
        writeOut: (text) => terminal.print(text.trimEnd()),
        // Of an option that is not known its name is enough: the value may be what must not be shown.
        writeErr: (text) => terminal.printError(text.trimEnd().replace(/(--[\w-]+)=[\s\S]*'/, "$1'")),
      });
  }
  try {
    refuseSecretArguments(args);
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof AnsweredBadNews) return 1;
    // It has said what is wrong already.
    if (error instanceof CommanderError) return error.exitCode;
    if (error instanceof WrongEnvironment) warn(terminal, error.warnings);
    const causes = error instanceof WrongEnvironment ? error.lines : [describeFailure(error)];
    for (const cause of causes) terminal.printError(`failed: ${oneLine(cause)}`);
    if (error instanceof RightsMissing)
      for (const line of error.lacks) terminal.printError(`  ${oneLine(line)}`);
    return 1;
  }
}

/** The whole command line; runs nothing yet. */
export function createProgram(terminal: Terminal): Command {
  let verb = "";
  const run = createRun(terminal, () => verb);
  return new Command("clarity")
    .hook("preAction", (_, command) => {
      verb = verbOf(command as Command);
      // Before anything is done, all of it, whichever the command itself would read.
      warn(terminal, readEnvironment(commandLineEnvironment, terminal.env).warnings);
    })
    .description(`${commandLineEnvironment.about}\nSecrets are taken from ${neverAnArgument}.`)
    .addHelpText("after", `\n${helpText(commandLineEnvironment)}`)
    .addCommand(tenantCommand(run, terminal))
    .addCommand(hostCommand(run))
    .addCommand(settingCommand(run, terminal))
    .addCommand(flagCommand(run))
    .addCommand(keyCommand(run))
    .addCommand(masterKeyCommand(run))
    .addCommand(signingKeyCommand(run, terminal))
    .addCommand(edgeKeyCommand(run))
    .addCommand(embedKeyCommand(run))
    .addCommand(embedCommand(run))
    .addCommand(tokenCommand(run))
    .addCommand(invoiceCommand(run))
    .addCommand(paymentCommand(run))
    .addCommand(deadLetterCommand(run))
    .addCommand(recordFaultCommand(run))
    .addCommand(auditCommand(run))
    .addCommand(isolationCommand(run))
    .addCommand(backupCommand(run, terminal))
    .addCommand(databaseServerCommand(run, terminal))
    .addCommand(instanceCommand(run))
    .addCommand(migrateCommand(run, terminal))
    .addCommand(doctorCommand(run, terminal));
}

function warn(terminal: Terminal, lines: readonly string[]): void {
  for (const line of lines) terminal.printError(`warning: ${line}`);
}

const withSubcommands = (command: Command): Command[] => [
  command,
  ...command.commands.flatMap((sub) => withSubcommands(sub as Command)),
];
