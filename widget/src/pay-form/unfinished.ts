/**
 * Remembers the id of a payment under way across a reload, for this tab only. Best effort: an
 * embedded page may have no storage, and then reading throws too.
 */
const key = "pay:unfinished";

export interface Unfinished {
  read(): string | null;
  /** `null` forgets. */
  write(id: string | null): void;
}

export function makeUnfinished(): Unfinished {
  let memory: string | null = null;
  return {
    read() {
      try {
        return memory ?? sessionStorage.getItem(key);
      } catch {
        return memory;
      }
    },
    write(id) {
      memory = id;
      try {
        if (id) sessionStorage.setItem(key, id);
        else sessionStorage.removeItem(key);
      } catch {
        // Memory holds it until the page goes.
      }
    },
  };
}
