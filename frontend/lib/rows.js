// @ts-check
/**
 * Rows that stay where they are while what they say changes: a row that is replaced under the pointer swallows the
 * click, and loses the keyboard's place.
 */

/**
 * @template {{id: string}} T
 * @param {HTMLElement} body where the rows are
 * @param {(item: T) => {element: HTMLElement, update: (item: T) => void}} make a row, made once an item
 * @returns {(items: readonly T[]) => void} show these items, in this order
 */
export function keyedRows(body, make) {
  /** @type {Map<string, ReturnType<typeof make>>} */
  const rows = new Map();
  return (items) => {
    const wanted = items.map((item) => {
      const row = rows.get(item.id) ?? make(item);
      rows.set(item.id, row);
      row.update(item);
      return row.element;
    });
    const shown = new Set(items.map(({ id }) => id));
    for (const id of rows.keys()) if (!shown.has(id)) rows.delete(id);
    const isSame = wanted.length === body.childElementCount && wanted.every((each, index) => body.children[index] === each);
    if (!isSame) body.replaceChildren(...wanted);
  };
}
