#!/usr/bin/env node
import "../../contract/environment/home.ts";
import { enableCompileCache } from "node:module";

// Half of a command's time would go into stripping types; remembered, it is there at once.
enableCompileCache();
const { main } = await import("./main.ts");

process.once("SIGINT", () => {
  console.error("stopped half-way; run again, it goes on from where it was");
  // No handler is left: it ends us now, and children end with us.
  process.kill(process.pid, "SIGINT");
});

process.exitCode = await main(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  print: (line) => console.log(line),
  printError: (line) => console.error(line),
});
