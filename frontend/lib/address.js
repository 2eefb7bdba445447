// @ts-check
/**
 * What a run's page shows, in its address: the step, the zoom, and what each chart was set to. Whoever opens it sees the
 * same. What is as it would be anyway is left out.
 */

/** @typedef {Pick<import('./store.js').View, 'cursor' | 'range' | 'choice' | 'log'>} Shown */

/**
 * @param {Shown} view
 * @returns {string} from the question mark on; empty where nothing was changed
 */
export function toSearch({ cursor, range, choice, log }) {
  const params = new URLSearchParams();
  if (cursor !== null) params.append('t', String(cursor));
  if (range !== null) params.append('zoom', range.map((step) => String(Math.round(step))).join('-'));
  for (const [chart, view] of Object.entries(choice)) params.append('show', `${chart}:${view}`);
  for (const [chart, isLog] of Object.entries(log)) params.append(isLog ? 'log' : 'lin', chart);
  const text = params.toString().replaceAll('%3A', ':').replaceAll('%2C', ',');
  return text === '' ? '' : `?${text}`;
}

/**
 * What cannot be read is as if it had not been there: an address is typed by people, too.
 * @param {string} search
 * @returns {Shown}
 */
export function fromSearch(search) {
  const params = new URLSearchParams(search);
  const step = params.get('t') ?? '';
  const [, from, to] = /^(\d{1,12})-(\d{1,12})$/.exec(params.get('zoom') ?? '') ?? [];
  const choice = params.getAll('show').flatMap((text) => {
    const at = text.indexOf(':');
    return at > 0 ? [[text.slice(0, at), text.slice(at + 1)]] : [];
  });
  const log = [...params.getAll('log').map((chart) => [chart, true]), ...params.getAll('lin').map((chart) => [chart, false])];
  return {
    cursor: /^\d{1,12}$/.test(step) ? Number(step) : null,
    range: from !== undefined && Number(from) < Number(to) ? [Number(from), Number(to)] : null,
    choice: Object.fromEntries(choice),
    log: Object.fromEntries(log),
  };
}
