#!/usr/bin/env node
import { enableCompileCache } from "node:module";

// Half of a command's time would go into stripping types; remembered, it is there at once.
enableCompileCache();
const { main } = await import("./main.ts");

process.exitCode = await main(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  print: (line) => console.log(line),
  printError: (line) => console.error(line),
});
