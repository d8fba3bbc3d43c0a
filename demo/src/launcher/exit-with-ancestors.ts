import { commandLine, identify, isAlive, type ProcessId, parentOf } from "./processes.ts";

const checkEveryMs = 500;

/**
 * `npm start` is a chain: npm, a shell, the runner, we. Whoever kills one of them with -9 wants the
 * demo gone, but no signal reaches us. Calls `stop` when a link of the chain is gone; started
 * directly there is no chain and nothing is watched.
 */
export function watchAncestors(stop: () => void): void {
  const chain: ProcessId[] = [];
  for (let pid = process.ppid; pid > 1 && isLink(commandLine(pid)); pid = parentOf(pid)) {
    const id = identify(pid);
    if (id) chain.push(id);
  }
  if (chain.length === 0) return;
  const timer = setInterval(() => {
    if (chain.every(isAlive)) return;
    clearInterval(timer);
    stop();
  }, checkEveryMs);
  timer.unref();
}

/** The runner, `sh -c "node .tools/run.mjs start"`, and npm itself. */
const isLink = (command: string): boolean => /\.tools\/run\.mjs|^npm |\/npm(?:-cli\.js)? /.test(command);
