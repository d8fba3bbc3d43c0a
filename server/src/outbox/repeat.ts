/**
 * Does something now and then again and again, each time `everyMs` after the last has ended.
 *
 * @param onError told of a failure; the next time comes all the same
 * @returns ends it, once what is under way has ended
 */
export function repeat(input: {
  everyMs: number;
  run(): Promise<unknown>;
  onError(error: unknown): void;
}): () => Promise<void> {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  const schedule = (inMs: number) => {
    timer = setTimeout(() => {
      running = input
        .run()
        .then(() => {}, input.onError)
        .then(() => {
          if (!stopped) schedule(input.everyMs);
        });
    }, inMs);
  };
  schedule(0);
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await running;
  };
}
