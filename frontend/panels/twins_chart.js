// @ts-check
/** A chart of a run and its twins: its lines over the steps since the checkpoint, and a mark where the change took effect. */

import { integer } from '../lib/format.js';
import { changeWords } from '../lib/ledger.js';
import { twinSavings } from '../lib/savings.js';
import { palette } from '../lib/theme.js';
import { longestLabel } from '../lib/twins.js';
import { chartMenu } from './chart_menu.js';
import { overlayChart } from './overlay_chart.js';

/** Steps that an axis shows at least, however young the twins are. */
const FEWEST_STEPS = 10;

/**
 * @typedef {import('../lib/store.js').TwinsState} TwinsState
 *
 * @param {import('../lib/store.js').Store} store
 * @param {ReturnType<import('../lib/painter.js').createPainter>} painter
 * @param {{title: string, testid: string, empty: string, lines: (twins: TwinsState) => import('../charts/lines.js').Line[]}} what
 */
export function twinsChart(store, painter, { title, testid, empty, lines }) {
  const picture = () => {
    const { twins } = store.state;
    if (twins === null) return null;
    const { change, members, series } = twins;
    return {
      lines: lines(twins), whole: wholeRange(twins), marks: [changeMark(change)], letters: longestLabel(members),
      uirevision: change[0].request_id, key: series ?? '', empty,
    };
  };
  const chart = overlayChart(store, painter, { title, testid, topic: 'twins', picture });
  const savings = () => {
    const [{ twins }, drawn] = [store.state, chart.shown()];
    if (twins === null || drawn === null) return [];
    return twinSavings({ twins, title, name: testid.replace('chart-', 'twin-'), lines: lines(twins), mark: changeMark(twins.change), drawn, colours: palette() });
  };
  chart.head.append(chartMenu(title, `save-${testid.replace('chart-', '')}`, savings));
  return chart;
}

/** From the checkpoint to the last step that any of the runs has. @param {TwinsState} twins @returns {[number, number]} */
function wholeRange({ from, scalars }) {
  const ends = [...scalars.values()].map(({ steps }) => steps.at(-1) ?? 0);
  return [from, Math.max(from + FEWEST_STEPS, ...ends)];
}

/** @param {import('../lib/types.js').LedgerItem[]} change @returns {import('../lib/marks.js').Mark} */
function changeMark(change) {
  const step = change[0].step ?? 0;
  return { key: 'change', step, text: `${change.map((item) => `${item.name} ${changeWords(item)}`).join(', ')} at step ${integer(step)}` };
}
