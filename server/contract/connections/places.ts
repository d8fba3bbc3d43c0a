/** So many at once of each key, and no more. */
export interface Places {
  /** @returns gives the place back, once, however often it is called; null: all of the key's are taken */
  enter(key: string, most?: number): (() => void) | null;
}

/** @param most of one key, where `enter` says no other */
export function createPlaces(most: number): Places {
  const taken = new Map<string, number>();
  return {
    enter(key, itsMost = most) {
      const now = taken.get(key) ?? 0;
      if (now >= itsMost) return null;
      taken.set(key, now + 1);
      let left = false;
      return () => {
        if (left) return;
        left = true;
        const rest = (taken.get(key) ?? 1) - 1;
        if (rest > 0) taken.set(key, rest);
        else taken.delete(key);
      };
    },
  };
}
