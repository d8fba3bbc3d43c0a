/** What the command line touches outside itself. */
export interface Terminal {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean };
  print(line: string): void;
  printError(line: string): void;
}
