import { homedir } from "node:os";

/**
 * Imported first by whatever is a process. A container may run as a uid that no passwd names: it has no home then, and
 * who looks for settings there (graphile-worker while it is loaded, AWS' SDK) throws. Container runtimes say `/`.
 */
try {
  homedir();
} catch {
  process.env.HOME = "/";
}
