/** The sandbox provider as a process of its own. config.ts says what it reads from the environment. */
import { environmentAtStart, onTerminal } from "@clarity/server/contract/environment";
import { configFrom, providerEnvironment } from "./config.ts";
import { startProvider } from "./provider.ts";

const config = configFrom(environmentAtStart(providerEnvironment, onTerminal));
try {
  const provider = await startProvider(config);
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => void provider.close().then(() => process.exit(0)));
  }
  console.log(`provider ready ${provider.url}`);
} catch (error) {
  // Of our own set-up, not of a request: the message is for whoever started this.
  console.error(`provider failed to start: ${error instanceof Error ? error.message : "unknown"}`);
  process.exit(1);
}
