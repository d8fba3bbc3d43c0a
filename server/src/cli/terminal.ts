import { readFileSync } from "node:fs";
import { printable } from "./printable.ts";

/** What the command line touches outside itself. */
export interface Terminal {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean };
  print(line: string): void;
  printError(line: string): void;
}

/** All of standard input, without the last line's end: how a secret is given. */
export async function readInput({ stdin, printError }: Terminal): Promise<string> {
  if (stdin.isTTY) printError("value, then Ctrl-D:");
  const chunks: Uint8Array[] = [];
  for await (const chunk of stdin) chunks.push(chunk);
  return Buffer.concat(chunks)
    .toString("utf8")
    .replace(/\r?\n$/, "");
}

/** Where a secret is instead of on standard input. */
export interface SecretPlace {
  /** A file's path. */
  file?: string;
  /** An environment variable's name. */
  env?: string;
}

/**
 * A secret from the one place it is in, without the last line's end.
 *
 * @throws Error when both places are named, or the variable is not set
 */
export async function readSecret(terminal: Terminal, { file, env }: SecretPlace): Promise<string> {
  if (file !== undefined && env !== undefined) throw new Error("--file or --env, not both");
  if (file !== undefined) return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  if (env === undefined) return readInput(terminal);
  const value = terminal.env[env];
  if (value === undefined) throw new Error(`the environment variable ${env} is not set`);
  return value;
}

/** The one way to an operator's eyes: nothing that others wrote does anything to the terminal. */
export const printing = (terminal: Terminal): Terminal => ({
  env: terminal.env,
  stdin: terminal.stdin,
  print: (line) => terminal.print(printable(line)),
  printError: (line) => terminal.printError(printable(line)),
});
