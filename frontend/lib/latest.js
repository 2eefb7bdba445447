// @ts-check
/** One task at a time; of the wishes that come meanwhile only the newest is carried out. */

/**
 * A slider that is dragged wishes faster than a server answers: each answer is shown, and no wish waits behind an old one.
 * @template T
 * @param {(wish: T) => Promise<void>} task never rejects
 * @returns {(wish: T) => void}
 */
export function newestFirst(task) {
  let isBusy = false;
  /** @type {{wish: T} | null} */
  let next = null;
  const work = async () => {
    isBusy = true;
    while (next !== null) {
      const { wish } = next;
      next = null;
      await task(wish);
    }
    isBusy = false;
  };
  return (wish) => {
    next = { wish };
    if (!isBusy) work();
  };
}

/**
 * The values used last, by key; the one that was not used for longest goes first.
 * @template V
 * @param {number} most
 */
export function recentlyUsed(most) {
  /** @type {Map<string, V>} */
  const kept = new Map();
  return {
    /** @param {string} key */
    get(key) {
      const value = kept.get(key);
      if (value !== undefined) {
        kept.delete(key);
        kept.set(key, value);
      }
      return value;
    },
    /** @param {string} key @param {V} value */
    put(key, value) {
      kept.delete(key);
      kept.set(key, value);
      const [oldest] = kept.keys();
      if (kept.size > most) kept.delete(oldest);
    },
  };
}
