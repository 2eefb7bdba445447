// @ts-check
/** Event ids, `<milliseconds>-<number>`: the only cursor anywhere; they mean order of arrival. */

/**
 * Negative when `a` came before `b`, 0 when they are the same.
 * @param {string} a
 * @param {string} b
 * @returns {number}
 */
export function compareIds(a, b) {
  const [aTime, aNumber] = parts(a);
  const [bTime, bNumber] = parts(b);
  return aTime - bTime || aNumber - bNumber;
}

/**
 * The id that came first.
 * @param {string[]} ids
 * @returns {string}
 */
export function oldest(ids) {
  return ids.reduce((first, id) => (compareIds(id, first) < 0 ? id : first), ids[0] ?? '0-0');
}

/** @param {string} id @returns {[number, number]} */
function parts(id) {
  const [time, count] = id.split('-');
  return [Number(time || 0), Number(count || 0)];
}
